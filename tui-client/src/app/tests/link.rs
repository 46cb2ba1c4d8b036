use std::time::Duration;

use recado_shared::{Activity, ClientFrame, Fingerprint, Refusal, ServerFrame};

use super::support::*;
use crate::app::screen::LinkView;
use crate::app::session::link::{AWAY_AFTER, CHECK_AFTER};
use crate::app::{Clipboard, Effect, Event};
use crate::net::NetEvent;
use crate::store::{Snapshot, StoreWrite, StoredMe};

fn link(client: &Client) -> String {
    format!("{:?}", client.app.screen(client.now).link)
}

#[test]
fn the_link_is_connected_once_the_heads_are_complete() {
    let mut client = Client::new(Snapshot::default());
    assert_eq!(link(&client), "Connecting");
    let effects = client.handle(welcome(LOG));
    let me = StoredMe {
        user: ME,
        name: name_of(ME),
        log: LOG,
    };
    assert_eq!(saved(&effects), [StoreWrite::Me(me)]);
    assert_eq!(link(&client), "Connecting");
    client.heads(vec![]);
    assert_eq!(link(&client), "Connected(None)");
    client.handle(Event::Net(NetEvent::RoundTrip(Duration::from_millis(2))));
    assert_eq!(link(&client), "Connected(Some(2ms))");
    assert_eq!(saved(&client.handle(welcome(LOG))), []);
}

#[test]
fn the_way_to_the_next_attempt_is_counted_down_in_steps() {
    let mut client = Client::talking(1);
    let seconds = Duration::from_secs;
    client.handle(Event::Net(NetEvent::Offline {
        reason: "gone".to_owned(),
        retry_in: Duration::from_millis(25_500),
    }));
    let left = |client: &Client| match client.app.screen(client.now).link {
        LinkView::Offline { retry_in, .. } => retry_in,
        other => panic!("{other:?}"),
    };
    let mut steps = vec![left(&client)];
    let mut pauses = Vec::new();
    while let Some(due) = client.app.next_deadline() {
        pauses.push(due - client.now.instant);
        client.pass(due - client.now.instant);
        steps.push(left(&client));
    }
    assert_eq!(steps, [30, 20, 10].map(seconds));
    let first = Duration::from_millis(5_500);
    assert_eq!(pauses, [first, seconds(10)]);
}

#[test]
fn an_attempt_that_was_announced_goes_unsaid() {
    let mut client = Client::talking(1);
    client.handle(offline());
    client.handle(Event::Net(NetEvent::Connecting));
    assert_eq!(link(&client), "Connecting", "the user asked for it");
    client.handle(offline());
    client.pass(Duration::from_secs(3));
    client.handle(Event::Net(NetEvent::Connecting));
    assert!(link(&client).starts_with("Offline"), "{}", link(&client));
}

#[test]
fn a_refusal_says_what_to_do_and_reconnecting_is_up_to_the_person() {
    let mut client = Client::new(Snapshot::default());
    client.handle(Event::Net(NetEvent::Refused(Refusal::InviteUsed)));
    assert!(
        link(&client).contains("Ask for a new one"),
        "{}",
        link(&client)
    );
    assert_eq!(client.app.next_deadline(), None);
    assert_eq!(client.keys("alt-r"), [Effect::Reconnect]);
    assert_eq!(link(&client), "Connecting");
}

#[test]
fn another_key_is_explained() {
    let mut client = Client::new(Snapshot::default());
    let (seen, pinned) = (Fingerprint([1; 32]), Fingerprint([2; 32]));
    client.handle(Event::Net(NetEvent::WrongKey { seen, pinned }));
    let shown = link(&client);
    for part in [&seen.to_string(), &pinned.to_string(), "join again"] {
        assert!(shown.contains(part), "{shown}");
    }
}

#[test]
fn a_person_who_presses_no_key_is_away_until_the_next_key() {
    let mut client = Client::talking(1);
    assert_eq!(
        client.app.next_deadline(),
        Some(client.now.instant + AWAY_AFTER)
    );
    let away = ClientFrame::Activity(Activity::Away);
    assert_eq!(sent(&client.pass(AWAY_AFTER)), std::slice::from_ref(&away));
    assert_eq!(client.app.next_deadline(), None);
    // The next session starts with a person who is taken to be there.
    client.handle(offline());
    assert!(sent(&client.handle(welcome(LOG))).contains(&away));
    assert_eq!(
        sent(&client.keys("esc")),
        [ClientFrame::Activity(Activity::Active)]
    );
}

#[test]
fn a_person_who_comes_back_has_the_link_checked() {
    let mut client = Client::talking(1);
    client.keys("esc");
    client.pass(CHECK_AFTER / 2);
    assert!(!client.keys("esc").contains(&Effect::CheckLink));
    client.pass(CHECK_AFTER);
    assert!(client.keys("a").contains(&Effect::CheckLink));
    assert!(!client.keys("b").contains(&Effect::CheckLink));
    client.pass(CHECK_AFTER);
    assert!(
        client
            .handle(Event::Focus(true))
            .contains(&Effect::CheckLink)
    );
    client.pass(CHECK_AFTER);
    client.handle(offline());
    assert!(!client.keys("esc").contains(&Effect::CheckLink));
}

#[test]
fn a_computer_that_slept_has_the_link_checked() {
    let mut client = Client::talking(1);
    client.keys("esc");
    // Asleep, only the clock on the wall went on.
    client.now.wall.0 += 3_600_000;
    assert!(client.keys("a").contains(&Effect::CheckLink));
    // A clock that is set back says nothing.
    client.now.wall.0 -= 7_200_000;
    assert!(!client.keys("b").contains(&Effect::CheckLink));
}

#[test]
fn what_the_server_says_is_shown() {
    let mut client = Client::talking(1);
    client.frame(ServerFrame::Notice(recado_shared::Notice::Throttled));
    assert!(client.message().contains("sending too fast"));
    client.frame(ServerFrame::Close(recado_shared::CloseReason::ShuttingDown));
    assert_eq!(client.message(), "the server is shutting down");
}

#[test]
fn a_store_that_failed_is_said_for_as_long_as_nothing_else_is() {
    let mut client = Client::talking(1);
    client.handle(Event::StoreFailed("disk full".to_owned()));
    assert!(client.message().contains("disk full"));
    client.keys("up y");
    client.handle(Event::Copied(Clipboard::Terminal));
    assert_eq!(client.message(), "Sent to the terminal's clipboard");
    client.keys("esc");
    assert!(client.message().contains("disk full"));
}

#[test]
fn an_idle_client_that_is_connected_and_away_never_wakes_up() {
    let mut client = Client::talking(1);
    client.pass(AWAY_AFTER);
    assert_eq!(client.app.next_deadline(), None);
    assert_eq!(client.handle(Event::Deadline), []);
}
