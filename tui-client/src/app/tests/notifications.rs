use std::time::Duration;

use recado_shared::{
    Answer, ClientFrame, Content, Head, MessageBody, NotificationLevel, PageRange, Request, Seq,
    Setting, Timestamp, UserId,
};

use super::support::*;
use crate::app::screen::{Item, MessageKind, MessageView};
use crate::app::{Effect, Event};
use crate::store::{LoadedEntries, StoreRead, StoredConversation};

const DAVE: UserId = UserId(4);

fn of_room(level: NotificationLevel) -> Setting {
    let conversation = ROOM;
    Setting::NotificationLevel {
        conversation,
        level,
    }
}

fn blocked(user: UserId) -> Setting {
    let is_on = true;
    Setting::Blocked { user, is_on }
}

/// A client that knows bob, carol and the room, with these settings, with nothing open.
fn with_settings(settings: Vec<Setting>) -> Client {
    let mut client = Client::new(snapshot(vec![]));
    let heads = vec![head(BOB, 0, 0, 0), head(CAROL, 0, 0, 0), room_head(0)];
    client.connect_with(heads, settings);
    client
}

fn said(seq: u64, author: UserId, text: &str) -> recado_shared::Entry {
    recado_shared::Entry {
        content: body(text),
        ..entry(seq, author)
    }
}

fn rings(effects: &[Effect]) -> bool {
    effects.contains(&Effect::Bell)
}

/// Name, unread and mentions of the rows that have something unread.
fn unread(client: &Client) -> Vec<(String, u64, u64)> {
    let rows = client.rows().into_iter().filter(|row| row.unread > 0);
    rows.map(|row| (row.name.to_owned(), row.unread, row.mentions))
        .collect()
}

#[test]
fn mentions_and_replies_to_the_user_are_counted() {
    let mut client = with_settings(vec![]);
    client.room_entry(entry(1, ME));
    client.room_entry(said(2, BOB, "hello all"));
    client.room_entry(said(3, BOB, "@alice: look"));
    let reply = |to, text| Content::Reply {
        to: Seq(to),
        body: MessageBody::new(text).unwrap(),
    };
    for (seq, to) in [(4, 1), (5, 2)] {
        let content = reply(to, "yes");
        client.room_entry(recado_shared::Entry {
            content,
            ..entry(seq, CAROL)
        });
    }
    assert_eq!(unread(&client), [("#lobby".to_owned(), 4, 2)]);
    let target = Seq(3);
    client.room_entry(recado_shared::Entry {
        content: Content::Deletion { target },
        ..entry(6, BOB)
    });
    assert_eq!(unread(&client)[0].2, 1);
    client.keys("alt-1");
    client.viewed(1, 6);
    assert_eq!(unread(&client), []);
}

#[test]
fn a_reply_to_a_message_that_is_not_loaded_is_looked_up() {
    let mut snapshot = snapshot(vec![StoredConversation {
        entries: vec![entry(300, BOB)],
        last_erasing: Seq::ZERO,
        ..stored(BOB, entries(1..=300, BOB), 300)
    }]);
    snapshot.open = Some(with(BOB));
    let mut client = Client::new(snapshot);
    client.connect_with(vec![head(BOB, 300, 300, 0)], vec![]);
    let content = Content::Reply {
        to: Seq(7),
        body: MessageBody::new("that one").unwrap(),
    };
    let reply = recado_shared::Entry {
        content,
        ..entry(301, BOB)
    };
    let effects = client.entry(BOB, reply.clone());
    let load = StoreRead {
        conversation: with(BOB),
        range: PageRange::After(Seq(300)),
        limit: 1,
    };
    assert!(effects.contains(&Effect::Load(load)), "{effects:?}");
    assert_eq!(unread(&client), [("bob".to_owned(), 1, 0)]);
    client.handle(Event::Loaded(LoadedEntries {
        read: load,
        entries: vec![reply],
        about: vec![entry(7, ME)],
    }));
    assert_eq!(unread(&client), [("bob".to_owned(), 1, 1)]);
}

#[test]
fn unread_mentions_come_first_then_people_then_rooms_and_one_can_go_back() {
    let mut client = with_settings(vec![]);
    client.room_entry(said(1, BOB, "@alice"));
    client.entry(CAROL, entry(1, CAROL));
    let other = recado_shared::ConversationId::Room(recado_shared::RoomId(10));
    client.heads(vec![Head {
        conversation: other,
        cursors: vec![cursors(ME, 0, 0)],
        unread: 1,
        ..room_head(1)
    }]);
    client.entry(BOB, entry(1, BOB));
    let mut seen = Vec::new();
    for _ in 0..4 {
        client.keys("alt-a");
        seen.push(client.open());
        client.viewed(1, 1);
    }
    assert_eq!(seen, [ROOM, with(BOB), with(CAROL), other]);
    client.keys("alt-/ alt-/ alt-/");
    assert_eq!(client.open(), ROOM);
}

#[test]
fn levels_say_what_rings_and_what_is_gone_to() {
    let ring = |level: NotificationLevel, text: &str| {
        let mut client = with_settings(vec![of_room(level)]);
        client.handle(Event::Focus(false));
        let rang = rings(&client.room_entry(said(1, BOB, text)));
        client.handle(Event::Focus(true));
        client.keys("alt-a");
        let is_open = client.app.opened() == Some(ROOM);
        (rang, is_open)
    };
    assert_eq!(ring(NotificationLevel::All, "hi"), (true, true));
    assert_eq!(ring(NotificationLevel::Mentions, "hi"), (false, false));
    assert_eq!(ring(NotificationLevel::Mentions, "hi @alice"), (true, true));
    assert_eq!(
        ring(NotificationLevel::Nothing, "hi @alice"),
        (false, false)
    );
}

#[test]
fn a_muted_conversation_is_heard_again_when_the_time_is_up() {
    let mut client = with_settings(vec![]);
    client.keys("alt-1");
    let open = client.open();
    client.say("/quiet 30m");
    let notification_level = |client: &Client| {
        let screen = client.app.screen(client.now);
        screen.conversation.expect("one is open").notification_level
    };
    assert_eq!(open, ROOM);
    assert_eq!(notification_level(&client), NotificationLevel::Nothing);
    client.handle(Event::Focus(false));
    assert!(!rings(&client.room_entry(said(1, BOB, "@alice"))));
    client.keys("esc");
    client.pass(Duration::from_mins(29));
    let due = client.app.next_deadline().unwrap();
    assert!(due <= client.now.instant + Duration::from_mins(1));
    client.pass(Duration::from_mins(1));
    assert_eq!(notification_level(&client), NotificationLevel::All);
    assert!(rings(&client.room_entry(said(2, BOB, "@alice"))));
}

#[test]
fn what_is_kept_quiet_is_not_gone_to_and_that_is_said() {
    let mut client = with_settings(vec![of_room(NotificationLevel::Nothing)]);
    client.room_entry(said(1, BOB, "@alice"));
    client.keys("alt-a");
    assert_eq!(
        client.message(),
        "No unread messages except in muted conversations"
    );
}

#[test]
fn favourites_stay_on_top_by_name_whatever_happens() {
    let mut client = with_settings(vec![]);
    client.entry(CAROL, entry(1, CAROL));
    client.entry(BOB, entry(2, BOB));
    client.keys("alt-a");
    client.say("/fav");
    client.keys("alt-a");
    client.say("/fav");
    let names = |client: &Client| -> Vec<String> {
        client.rows().iter().map(|r| r.name.to_owned()).collect()
    };
    assert_eq!(names(&client), ["bob", "carol", "#lobby"]);
    client.entry(CAROL, entry(9, CAROL));
    client.room_entry(entry(10, BOB));
    assert_eq!(names(&client), ["bob", "carol", "#lobby"]);
    client.say("/unfav");
    assert_eq!(names(&client)[0], "bob");
}

#[test]
fn blocked_people_are_folded_in_rooms_and_do_not_ring() {
    let mut client = with_settings(vec![blocked(BOB)]);
    client.handle(Event::Focus(false));
    assert!(!rings(&client.room_entry(said(1, BOB, "@alice, listen"))));
    assert!(rings(&client.room_entry(said(2, CAROL, "hi"))));
    client.handle(Event::Focus(true));
    assert_eq!(unread(&client), [("#lobby".to_owned(), 2, 0)]);
    client.keys("alt-1");
    let items = client.app.screen(client.now).conversation.unwrap().items;
    let [
        Item::Message(MessageView { body, details, .. }),
        Item::Message(MessageView { body: other, .. }),
    ] = &items[..]
    else {
        panic!("{items:?}");
    };
    assert_eq!(*body, "message from a blocked user");
    assert_eq!(details.kind, MessageKind::Hidden);
    assert_eq!(*other, "hi");
    client.keys("up up v");
    assert_eq!(client.message(), "bob: @alice, listen");
    let mut rows = client.rows().into_iter();
    assert!(
        rows.find(|r| r.conversation == with(BOB))
            .unwrap()
            .is_blocked
    );
}

#[test]
fn a_request_to_write_is_taken_by_a_command_or_an_answer_or_blocked() {
    let asks = || {
        let mut client = Client::new(snapshot(vec![]));
        let request = Head {
            is_request: true,
            cursors: vec![cursors(ME, 0, 0), cursors(DAVE, 0, 0)],
            ..head(DAVE, 1, 0, 1)
        };
        client.connect_with(vec![head(BOB, 5, 5, 0), request], vec![]);
        client.entry(DAVE, entry(1, DAVE));
        assert!(client.rows()[0].is_request, "it stands before the others");
        client.keys("alt-1");
        client
    };
    let is_request = |client: &Client| client.rows()[0].is_request;
    let request_in = |effects: &[Effect]| {
        let request = sent(effects).into_iter().find_map(|frame| match frame {
            ClientFrame::Request { number, request } => Some((number, request)),
            _ => None,
        });
        request.unwrap()
    };
    let mut client = asks();
    let (number, request) = request_in(&client.say("/accept"));
    assert_eq!(request, Request::AcceptContact(DAVE));
    client.answer(number, Answer::Done);
    assert!(!is_request(&client));

    let mut client = asks();
    let (_, request) = request_in(&client.say("/accept bob"));
    assert_eq!(request, Request::AcceptContact(BOB), "who is named");

    let mut client = asks();
    let number = appends(&client.say("hello"))[0].0;
    let (seq, time) = (Seq(2), Timestamp(1));
    client.answer(number, Answer::Accepted { seq, time });
    assert!(!is_request(&client));

    let mut client = asks();
    let effects = client.say("/block");
    assert_eq!(sets(&effects)[0].1, blocked(DAVE));
    assert!(client.rows().iter().any(|row| row.is_blocked));
}
