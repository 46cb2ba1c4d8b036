//! Commands that show a value, questions before acts that cannot be undone, quitting, announcements.

use recado_shared::{Content, MessageBody, RoomEvent, ServerFrame, Topic, Visibility};

use super::commands::{contents, requests};
use super::support::*;
use crate::app::screen::Overlay;
use crate::app::session::outbox::LATE_AFTER;
use crate::app::{Effect, Event};
use crate::store::{Snapshot, StoreWrite};

fn announce(client: &mut Client, text: &str) {
    let body = MessageBody::new(text).unwrap();
    client.frame(ServerFrame::Announcement(body));
}

#[test]
fn a_command_without_a_value_shows_it_and_changes_nothing() {
    let mut client = Client::in_room(0);
    for (typed, shown) in [
        ("/topic", "#lobby has no topic. /topic TEXT sets one"),
        ("/nick", "You are alice. /nick TEXT sets a display name"),
        (
            "/history",
            "New members see what was written before they joined",
        ),
        ("/notify", "You will be notified of all messages"),
        ("/contacts", "Anyone can write to you"),
    ] {
        assert_eq!(requests(&client.say(typed)), [], "{typed}");
        assert_eq!(client.message(), shown, "{typed}");
        assert_eq!(client.composer(), "", "{typed}");
    }
}

#[test]
fn the_value_that_was_set_is_the_one_that_is_shown() {
    let mut client = Client::in_room(0);
    let topic = Some(Topic::new("tea at four").unwrap());
    client.room_entry(event(1, BOB, RoomEvent::Topic(topic)));
    client.say("/topic");
    assert_eq!(client.message(), "Topic of #lobby: tea at four");
    client.say("/notify mentions");
    client.say("/notify");
    assert_eq!(client.message(), "You will be notified of mentions only");
    client.say("/contacts ask");
    client.say("/contacts");
    assert_eq!(
        client.message(),
        "New people must ask before writing to you"
    );
}

#[test]
fn a_private_room_is_left_after_a_question_and_a_public_one_at_once() {
    let left = (ROOM, Content::Room(RoomEvent::Left));
    let mut client = Client::in_room(0);
    assert_eq!(contents(&client.say("/leave")), std::slice::from_ref(&left));
    let mut client = Client::in_room(0);
    let private = RoomEvent::Visibility(Visibility::Private);
    client.room_entry(event(1, BOB, private));
    assert_eq!(contents(&client.say("/leave")), []);
    assert_eq!(
        client.question(),
        "Leave #lobby? It is private: to return you need an invitation."
    );
    assert_eq!(contents(&client.keys("enter")), [left]);
}

#[test]
fn the_last_member_leaves_after_a_question() {
    let mut client = Client::in_room(0);
    for (seq, user) in [(1, BOB), (2, CAROL)] {
        client.room_entry(event(seq, user, RoomEvent::Left));
    }
    assert_eq!(contents(&client.say("/leave")), []);
    assert_eq!(
        client.question(),
        "Leave #lobby? You are its last member: the room ends, and its messages are deleted."
    );
    let left = (ROOM, Content::Room(RoomEvent::Left));
    assert_eq!(contents(&client.keys("enter")), [left]);
    // No hint says that one could join it again.
    client.room_entry(event(3, ME, RoomEvent::Left));
    client.say("anyone?");
    assert_eq!(
        client.message(),
        "#lobby was closed. Nothing can be sent there any more"
    );
}

#[test]
fn a_room_is_closed_after_a_question() {
    let mut client = Client::in_room(0);
    assert_eq!(contents(&client.say("/close")), []);
    assert_eq!(
        client.question(),
        "Close #lobby for good? Its messages are deleted."
    );
    assert_eq!(contents(&client.keys("esc")), []);
    client.say("/close");
    let closed = (ROOM, Content::Room(RoomEvent::Closed));
    assert_eq!(contents(&client.keys("enter")), [closed]);
    client.room_entry(event(1, ME, RoomEvent::Closed));
    client.say("anyone?");
    assert_eq!(
        client.message(),
        "#lobby was closed. Nothing can be sent there any more"
    );
    assert_eq!(client.composer(), "anyone?");
}

#[test]
fn quitting_with_unsent_messages_asks_and_says_how_many() {
    let mut client = Client::talking(0);
    client.handle(offline());
    client.say("one");
    client.say("two");
    assert!(!client.keys("ctrl-q").contains(&Effect::Quit));
    assert_eq!(
        client.question(),
        "2 messages are not sent yet. They go out when Recado is open and connected again. Quit?"
    );
    assert!(!client.keys("esc").contains(&Effect::Quit));
    client.keys("ctrl-q");
    assert_eq!(client.keys("ctrl-q").last(), Some(&Effect::Quit));
    client.keys("esc");
    client.say("/quit");
    assert_eq!(client.keys("enter").last(), Some(&Effect::Quit));
    let terminated = client.handle(Event::Terminate);
    assert_eq!(
        terminated.last(),
        Some(&Effect::Quit),
        "a signal asks nothing"
    );
}

#[test]
fn a_message_on_its_way_does_not_hold_up_quitting() {
    let mut client = Client::talking(0);
    client.say("one");
    assert_eq!(client.keys("ctrl-q").last(), Some(&Effect::Quit));
}

#[test]
fn quitting_asks_if_the_server_does_not_answer() {
    let mut client = Client::talking(0);
    client.say("one");
    client.pass(LATE_AFTER);
    assert!(!client.keys("ctrl-q").contains(&Effect::Quit));
    assert_eq!(
        client.question(),
        "1 message is not sent yet. It goes out when Recado is open and connected again. Quit?"
    );
}

#[test]
fn an_announcement_that_was_not_opened_is_shown_after_a_restart() {
    let mut client = Client::talking(0);
    let body = MessageBody::new("The server moves at noon").unwrap();
    let effects = client.frame(ServerFrame::Announcement(body));
    let time = client.now.wall;
    let text = "The server moves at noon".to_owned();
    let added = StoreWrite::Announcement(time, text.clone());
    assert!(saved(&effects).contains(&added), "{effects:?}");
    let mut client = Client::new(Snapshot {
        announcements: vec![(time, "an older one".to_owned()), (time, text)],
        ..snapshot(vec![])
    });
    let line = "Announcement (Alt+N reads and closes it): The server moves at noon";
    assert_eq!(client.message(), line);
    let seen = saved(&client.keys("alt-n"));
    assert!(seen.contains(&StoreWrite::AnnouncementsSeen), "{seen:?}");
    match client.app.screen(client.now).overlay {
        Some(Overlay::Announcements { texts, .. }) => assert_eq!(texts.len(), 2),
        other => panic!("{other:?}"),
    }
    client.keys("alt-n");
    let again = saved(&client.keys("alt-n"));
    assert!(!again.contains(&StoreWrite::AnnouncementsSeen), "{again:?}");
}

#[test]
fn an_announcement_stays_until_it_is_opened() {
    let mut client = Client::talking(0);
    announce(&mut client, "The server moves at noon");
    let line = "Announcement (Alt+N reads and closes it): The server moves at noon";
    assert_eq!(client.message(), line);
    client.type_text("hello");
    client.keys("esc ctrl-u");
    assert_eq!(client.message(), line, "keys do not end it");
    client.say("/nosuch");
    assert!(client.message().contains("Unknown command"));
    client.keys("ctrl-u");
    assert_eq!(client.message(), line, "another notice does not end it");
    let long = format!("long {}", "words".repeat(100));
    announce(&mut client, &long);
    assert!(client.message().chars().count() < 220);
    client.keys("alt-n");
    assert_eq!(client.message(), "");
    match client.app.screen(client.now).overlay {
        Some(Overlay::Announcements { texts, .. }) => {
            let texts: Vec<_> = texts.into_iter().map(|(_, text)| text).collect();
            assert_eq!(texts, [long.as_str(), "The server moves at noon"]);
        }
        other => panic!("{other:?}"),
    }
    client.keys("alt-n");
    assert!(client.app.screen(client.now).overlay.is_none());
    assert_eq!(client.message(), "");
}
