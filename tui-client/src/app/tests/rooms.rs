use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, Head, Invitation, Membership, PageRange,
    Presence, ProtocolVersion, Request, RoomEvent, RoomId, RoomName, RoomSummary, Seq, ServerFrame,
    Timestamp, Topic, UserId, Welcome,
};

use super::commands::{contents, requests};
use super::support::*;
use crate::app::{Effect, Event};
use crate::net::NetEvent;
use crate::store::{Snapshot, StoreWrite, StoredConversation};

fn room(client: &Client) -> (String, Option<(Option<String>, u32, Membership)>) {
    let screen = client.app.screen(client.now);
    let open = screen.conversation.expect("the room is open");
    let facts = open.room.map(|room| {
        let topic = room.topic.as_ref().map(ToString::to_string);
        (topic, room.members, room.membership)
    });
    (open.title.to_owned(), facts)
}

fn asked_names(effects: &[Effect]) -> Vec<Vec<UserId>> {
    let names = sent(effects).into_iter().filter_map(|frame| match frame {
        ClientFrame::Request {
            request: Request::Users(users),
            ..
        } => Some(users),
        _ => None,
    });
    names.collect()
}

#[test]
fn a_room_is_listed_with_its_facts() {
    let mut client = Client::connected(vec![room_head(0), head(BOB, 1, 0, 1)]);
    assert_eq!(client.contacts(), ["bob 1", "#lobby", "carol"]);
    client.keys("alt-2");
    assert_eq!(
        room(&client),
        ("#lobby".to_owned(), Some((None, 3, Membership::Member)))
    );
    assert_eq!(client.app.chats.find_room_by_name("#Lobby"), Some(ROOM));
    assert_eq!(client.app.chats.find_room_by_name("bob"), None);
    assert_eq!(client.app.chats.find_person_by_name("@Bob"), Some(BOB));
    assert_eq!(client.app.chats.find_person_by_name("ALICE"), Some(ME));
}

#[test]
fn entries_change_the_facts_and_are_kept() {
    let mut client = Client::in_room(0);
    let topic = Topic::new("release on Friday").unwrap();
    client.room_entry(event(1, BOB, RoomEvent::Topic(Some(topic))));
    client.room_entry(event(2, CAROL, RoomEvent::Left));
    client.room_entry(event(3, UserId(4), RoomEvent::Joined));
    client.room_entry(event(4, UserId(5), RoomEvent::Joined));
    let name = RoomName::new("ops").unwrap();
    let effects = client.room_entry(event(5, BOB, RoomEvent::Renamed(name.clone())));
    let stored = saved(&effects).into_iter().find_map(|save| match save {
        StoreWrite::Heads { heads, .. } => heads[0].room.clone(),
        _ => None,
    });
    let stored = stored.expect("the facts are stored");
    assert_eq!((stored.name, stored.members), (name, 4));
    assert_eq!(
        room(&client),
        (
            "#ops".to_owned(),
            Some((Some("release on Friday".to_owned()), 4, Membership::Member))
        )
    );
    client.room_entry(event(6, BOB, RoomEvent::Kicked(ME)));
    assert_eq!(room(&client).1.unwrap().2, Membership::Kicked);
    let effects = client.say("hello?");
    assert_eq!(texts(&effects), [""; 0]);
    assert_eq!(client.composer(), "hello?", "nothing written is lost");
    assert_eq!(
        client.message(),
        "You were removed from #ops. /join to rejoin"
    );
}

#[test]
fn what_was_true_before_the_head_changes_nothing() {
    let mut client = Client::in_room(0);
    client.heads(vec![room_head(7)]);
    let late = event(7, BOB, RoomEvent::Left);
    client.room_entry(late);
    assert_eq!(room(&client).1.unwrap().1, 3);
}

#[test]
fn an_invitation_stands_on_top_and_nothing_is_asked_of_it() {
    let mut head = room_head(8);
    head.room = Some(facts(2, Membership::Invited));
    head.cursors = Vec::new();
    let mut client = Client::new(Snapshot::default());
    let effects = client.connect(vec![self::head(BOB, 1, 0, 1), head]);
    let rooms = pages(&effects).into_iter().filter(|page| page.1 == ROOM);
    assert_eq!(rooms.count(), 0);
    assert_eq!(client.contacts()[0], "#lobby");
    client.keys("alt-1");
    client.say("may I?");
    assert_eq!(
        client.message(),
        "You are invited to #lobby. /join joins it"
    );
    client.keys("ctrl-u");
    let joined = client.say("/join").into_iter().any(|effect| {
        let Effect::Send(ClientFrame::Request { request, .. }) = effect else {
            return false;
        };
        let content = Content::Room(RoomEvent::Joined);
        matches!(request, Request::Append { conversation, content: c, .. }
            if conversation == ROOM && c == content)
    });
    assert!(joined);
}

#[test]
fn joining_alone_asks_which_room_where_there_is_none_to_join() {
    let mut client = Client::in_room(0);
    client.say("/join");
    assert_eq!(client.message(), "You are already a member of #lobby");
    client.keys("ctrl-u");
    let mut client = Client::connected(vec![head(BOB, 1, 0, 1)]);
    client.keys("alt-1");
    client.say("/join");
    assert_eq!(
        client.message(),
        "Usage: /join ROOM. /rooms lists the rooms you can join"
    );
}

#[test]
fn a_room_that_was_left_is_hidden_once_it_is_closed() {
    let mut client = Client::in_room(0);
    client.room_entry(event(1, ME, RoomEvent::Left));
    assert!(client.contacts().contains(&"#lobby".to_owned()));
    client.keys("alt-2");
    assert!(!client.contacts().contains(&"#lobby".to_owned()));
}

#[test]
fn marks_wait_for_all_the_others() {
    let mut client = Client::in_room(0);
    let effects = client.say("hello");
    let (number, ..) = appends(&effects)[0].clone();
    let (seq, time) = (Seq(1), Timestamp(1));
    client.answer(number, Answer::Accepted { seq, time });
    assert_eq!(client.items(), ["hello accepted"]);
    let moved = |user, delivered, read| ServerFrame::Cursors {
        conversation: ROOM,
        cursors: cursors(user, delivered, read),
    };
    client.frame(moved(BOB, 1, 1));
    assert_eq!(client.items(), ["hello accepted"]);
    client.frame(moved(CAROL, 1, 0));
    assert_eq!(client.items(), ["hello delivered"]);
    client.frame(moved(CAROL, 1, 1));
    assert_eq!(client.items(), ["hello read"]);
    client.room_entry(event(2, UserId(4), RoomEvent::Joined));
    assert_eq!(client.items()[0], "hello read", "they came afterwards");
}

#[test]
fn in_a_large_room_no_member_is_waited_for() {
    let mut client = Client::connected(vec![Head {
        room: Some(facts(33, Membership::Member)),
        cursors: vec![cursors(ME, 0, 0)],
        ..room_head(0)
    }]);
    client.keys("alt-1");
    let effects = client.say("hello");
    let (number, ..) = appends(&effects)[0].clone();
    let (seq, time) = (Seq(1), Timestamp(1));
    client.answer(number, Answer::Accepted { seq, time });
    client.frame(ServerFrame::Cursors {
        conversation: ROOM,
        cursors: cursors(BOB, 1, 1),
    });
    assert_eq!(client.items(), ["hello accepted"]);
}

#[test]
fn several_people_type() {
    let mut client = Client::in_room(0);
    for user in [BOB, CAROL, ME] {
        client.frame(ServerFrame::Typing {
            conversation: ROOM,
            user,
        });
    }
    let typing = |client: &Client| {
        let screen = client.app.screen(client.now);
        let typing = screen.conversation.unwrap().typing;
        typing.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(typing(&client), ["bob", "carol"]);
    client.room_entry(entry(1, BOB));
    assert_eq!(typing(&client), ["carol"]);
}

#[test]
fn names_of_authors_are_asked_once() {
    let mut client = Client::in_room(0);
    let effects = client.room_entry(entry(1, UserId(40)));
    assert_eq!(asked_names(&effects), [vec![UserId(40)]]);
    let effects = client.room_entry(entry(2, UserId(40)));
    assert!(asked_names(&effects).is_empty());
    assert_eq!(
        client.contacts(),
        ["#lobby 2", "bob", "carol"],
        "who has no name is not in the list"
    );
    let effects = client.connect(vec![]);
    assert_eq!(
        asked_names(&effects),
        [vec![UserId(40)]],
        "a new session asks again"
    );
}

#[test]
fn nothing_before_the_joining_is_missing() {
    let mut client = Client::connected(vec![]);
    let effects = client.heads(vec![Head {
        first: Seq(10),
        cursors: vec![cursors(ME, 9, 9)],
        unread: 2,
        ..room_head(11)
    }]);
    let (number, _, range, limit) = pages(&effects)[0];
    assert_eq!((range, limit), (PageRange::Before(Seq(12)), 2));
    client.keys("alt-1");
    let effects = client.page(number, entries(10..=11, BOB), 11);
    assert_eq!(pages(&effects), [], "the rest is not for the user");
    assert_eq!(client.items(), ["m10", "m11"]);
    let screen = client.app.screen(client.now);
    assert!(screen.conversation.unwrap().is_complete);
    assert_eq!(client.contacts()[0], "#lobby 2");
}

#[test]
fn only_messages_of_others_are_unread() {
    let mut client = Client::in_room(0);
    client.keys("alt-2");
    client.room_entry(event(1, CAROL, RoomEvent::Joined));
    let effects = client.room_entry(event(2, BOB, RoomEvent::Topic(None)));
    assert!(!effects.contains(&Effect::Bell));
    client.room_entry(entry(3, BOB));
    assert!(client.contacts().contains(&"#lobby 1".to_owned()));
}

#[test]
fn a_ban_of_a_user_outside_leaves_the_count_alone() {
    let mut client = Client::in_room(0);
    client.room_entry(event(1, CAROL, RoomEvent::Banned(UserId(9))));
    assert_eq!(room(&client).1.unwrap().1, 3);
    client.room_entry(event(2, CAROL, RoomEvent::Banned(BOB)));
    assert_eq!(room(&client).1.unwrap().1, 2);
}

#[test]
fn what_was_before_oneself_is_no_gap_after_a_restart_either() {
    let log: Vec<_> = entries(5..=7, BOB);
    let stored = StoredConversation {
        head: Head {
            first: Seq(5),
            ..room_head(7)
        },
        held: vec![held(5, 7)],
        ..stored(BOB, log, 7)
    };
    let before = Snapshot {
        conversations: vec![stored],
        open: Some(ROOM),
        ..snapshot(vec![])
    };
    let mut client = Client::new(before);
    assert_eq!(client.items(), ["m5", "m6", "m7"]);
    let effects = client.connect(vec![]);
    assert_eq!(pages(&effects), []);
}

fn invited() -> Head {
    Head {
        cursors: vec![cursors(ME, 0, 0)],
        room: Some(facts(3, Membership::Invited)),
        ..room_head(0)
    }
}

#[test]
fn an_invitation_says_who_invites_and_enter_joins() {
    let mut client = Client::connected(vec![]);
    let asked = requests(&client.heads(vec![invited()]));
    let is_asked = |(_, request): &&(_, Request)| *request == Request::Invitations;
    let (number, _) = *asked.iter().find(is_asked).unwrap();
    let by = person(BOB, Presence::Online);
    let room = RoomId(9);
    client.answer(number, Answer::Invitations(vec![Invitation { room, by }]));
    client.keys("alt-1");
    let inviter = |client: &Client| {
        let screen = client.app.screen(client.now);
        let open = screen.conversation.unwrap();
        open.inviter.map(ToOwned::to_owned)
    };
    assert_eq!(inviter(&client), Some("bob".to_owned()));
    let joined = (ROOM, Content::Room(RoomEvent::Joined));
    assert_eq!(contents(&client.keys("enter")), [joined]);
}

#[test]
fn an_older_server_is_not_asked_for_invitations() {
    let mut client = Client::connected(vec![]);
    let Event::Net(NetEvent::Welcomed(welcome)) = welcome(LOG) else {
        panic!("a welcome");
    };
    client.handle(Event::Net(NetEvent::Welcomed(Welcome {
        version: ProtocolVersion::V2,
        ..welcome
    })));
    let asked = requests(&client.heads(vec![invited()]));
    let is_asked = |(_, request): &(_, Request)| *request == Request::Invitations;
    assert!(!asked.iter().any(is_asked), "{asked:?}");
}

#[test]
fn a_room_that_was_renamed_says_its_new_name() {
    for typed in ["/join tea", "/msg #tea hello"] {
        let mut client = Client::talking(0);
        let (number, _) = requests(&client.say(typed))[0];
        let room = RoomSummary {
            room: RoomId(70),
            name: RoomName::new("coffee").unwrap(),
            topic: None,
            members: 2,
        };
        let rooms = vec![room];
        let more = false;
        let effects = client.answer(number, Answer::Rooms { rooms, more });
        assert_eq!(contents(&effects), [], "{typed}");
        assert_eq!(
            client.message(),
            "#tea was renamed to #coffee. Use the new name"
        );
        assert_eq!(client.composer(), typed, "the text is back");
    }
}

#[test]
fn a_name_of_a_room_that_the_user_left_may_be_that_of_another_one() {
    let mut client = Client::in_room(0);
    client.room_entry(event(1, ME, RoomEvent::Left));
    let asked = requests(&client.say("/join lobby"));
    let [(number, Request::FindRooms { .. })] = &asked[..] else {
        panic!("the server is asked: {asked:?}");
    };
    let room = RoomSummary {
        room: RoomId(70),
        name: RoomName::new("lobby").unwrap(),
        topic: None,
        members: 2,
    };
    let (rooms, more) = (vec![room], false);
    let effects = client.answer(*number, Answer::Rooms { rooms, more });
    let joined = Content::Room(RoomEvent::Joined);
    assert_eq!(
        contents(&effects),
        [(ConversationId::Room(RoomId(70)), joined)]
    );
}
