//! Tests of rooms without members, and of users who never were members.

use recado_shared::name::fold;

use super::*;

#[test]
fn a_room_ends_with_its_last_member_and_its_name_is_free() {
    let mut club = Club::new(HistoryVisibility::Hidden);
    let [alice, bob, carol] = club.people;
    club.does(bob, RoomEvent::Joined);
    club.says(bob, "not for others");
    club.does(alice, RoomEvent::Renamed(room_name("coffee")));
    club.does(alice, RoomEvent::Invited(carol));
    club.does(bob, RoomEvent::Left);
    let new = |id, name| new_room(bob, id, name, HistoryVisibility::Visible);
    let taken = Err(RequestError::RoomNameTaken);
    assert_eq!(club.desk.create(new(600, "coffee")), taken);
    club.does(alice, RoomEvent::Left);
    assert_eq!(
        club.refuses(bob, RoomEvent::Joined),
        RequestError::UnknownRoom
    );
    let invited = club.membership(carol).map(|(membership, _)| membership);
    assert_eq!(invited, Some(Membership::Left));
    let id = club.id();
    let (entries, _) = page(&mut club.desk, bob, id, PageRange::After(Seq::ZERO));
    let is_text = |entry: &Entry| entry.content.body().is_some();
    assert!(!entries.iter().any(is_text), "{entries:?}");
    // The name, and the one that it had before, are those of other rooms from now on.
    for (id, name) in [(601, "coffee"), (602, "tea")] {
        let (room, _) = club.desk.create(new(id, name)).unwrap();
        assert_ne!(room, club.room);
    }
}

#[test]
fn who_is_banned_without_having_been_there_hears_nothing() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    club.does(alice, RoomEvent::Banned(bob));
    assert_eq!(club.head(bob), None);
    assert_eq!(club.refuses(bob, RoomEvent::Joined), RequestError::Banned);
    club.does(alice, RoomEvent::Unbanned(bob));
    assert_eq!(club.head(bob), None);
    club.does(alice, RoomEvent::Invited(bob));
    let invited = club.membership(bob).map(|(membership, _)| membership);
    assert_eq!(invited, Some(Membership::Invited));
    // An invited user gets a head of the closed room.
    club.does(alice, RoomEvent::Banned(bob));
    let banned = club.membership(bob).map(|(membership, _)| membership);
    assert_eq!(banned, Some(Membership::Banned));
    club.does(carol, RoomEvent::Joined);
    club.does(alice, RoomEvent::Banned(carol));
    assert!(club.head(carol).is_some());
}

#[test]
fn an_invitation_ends_with_the_room() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, _] = club.people;
    club.says(alice, "tea?");
    club.does(alice, RoomEvent::Invited(bob));
    let close = AdminChange::CloseRoom(room_name("tea"));
    club.desk.change(close).unwrap();
    let membership = club.membership(bob).map(|(membership, _)| membership);
    assert_eq!(membership, Some(Membership::Left));
    assert_eq!(club.reads(bob), (Vec::new(), 0));
}

#[test]
fn an_invitation_says_who_sent_it_until_it_is_taken() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    club.does(alice, RoomEvent::Invited(carol));
    let inviters = |club: &mut Club| match club.desk.query(carol, Query::Invitations) {
        Answer::Invitations(invitations) => {
            let inviters = invitations.into_iter();
            inviters.map(|it| (it.room, it.by.user)).collect::<Vec<_>>()
        }
        other => panic!("no invitations: {other:?}"),
    };
    let room = club.room;
    assert_eq!(inviters(&mut club), [(room, alice)]);
    club.does(bob, RoomEvent::Joined);
    club.does(bob, RoomEvent::Invited(carol));
    assert_eq!(inviters(&mut club), [(room, bob)], "the last one counts");
    club.does(carol, RoomEvent::Joined);
    assert_eq!(inviters(&mut club), []);
    club.does(alice, RoomEvent::Kicked(carol));
    assert_eq!(inviters(&mut club), []);
}

#[test]
fn an_owner_closes_a_room_that_is_empty() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    club.does(bob, RoomEvent::Joined);
    club.says(bob, "a secret");
    let refused = club.refuses(alice, RoomEvent::Closed);
    assert_eq!(refused, RequestError::RoomNotEmpty);
    club.does(bob, RoomEvent::Left);
    club.does(alice, RoomEvent::Invited(carol));
    club.does(alice, RoomEvent::Closed);
    for user in [alice, carol] {
        let membership = club.membership(user).map(|(membership, _)| membership);
        assert_eq!(membership, Some(Membership::Left), "{user}");
    }
    assert!(club.desk.memberships()[0].is_closed);
    let refused = club.refuses(bob, RoomEvent::Joined);
    assert_eq!(refused, RequestError::UnknownRoom);
    let id = club.id();
    let (entries, _) = page(&mut club.desk, alice, id, PageRange::After(Seq::ZERO));
    let is_text = |entry: &Entry| entry.content.body().is_some();
    assert!(!entries.iter().any(is_text), "{entries:?}");
}

#[test]
fn a_room_is_found_by_the_name_that_it_had() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, _] = club.people;
    club.does(alice, RoomEvent::Renamed(room_name("Teahouse")));
    club.desk.room(bob, "team");
    club.desk
        .create(new_room(bob, 600, "teapot", HistoryVisibility::Visible))
        .unwrap();
    let mut find = |user, prefix: &str, limit| {
        let query = Query::FindRooms(NameSearch {
            prefix: fold(prefix),
            after: None,
            limit,
        });
        match club.desk.query(user, query) {
            Answer::Rooms { rooms, more } => {
                let names = rooms.iter().map(|room| room.name.to_string());
                (names.collect::<Vec<_>>(), more)
            }
            other => panic!("no rooms: {other:?}"),
        }
    };
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(find(bob, "TEA", 1), (names(&["Teahouse"]), true));
    assert_eq!(
        find(bob, "tea", 9),
        (names(&["Teahouse", "Teahouse", "team", "teapot"]), false)
    );
    assert_eq!(find(bob, "te", 9).0, names(&["Teahouse", "team", "teapot"]));
    assert_eq!(find(bob, "teahouse", 9).0, names(&["Teahouse"]));
}

#[test]
fn who_went_is_told_only_what_held_then() {
    let mut club = Club::new(HistoryVisibility::Visible);
    let [alice, bob, carol] = club.people;
    let topic = |text: &str| RoomEvent::Topic(Some(Topic::new(text).unwrap()));
    club.does(alice, topic("green tea"));
    for user in [bob, carol] {
        club.does(user, RoomEvent::Joined);
    }
    club.does(alice, RoomEvent::Banned(carol));
    club.does(bob, RoomEvent::Left);
    let known = [bob, carol].map(|user| club.head(user).unwrap());
    for (head, members) in known.iter().zip([1, 2]) {
        let info = head.room.as_ref().unwrap();
        assert_eq!((info.name.as_str(), info.members), ("tea", members));
        assert_eq!(info.topic.as_ref().map(Topic::as_str), Some("green tea"));
    }
    club.does(alice, RoomEvent::Renamed(room_name("coffee")));
    club.does(alice, topic("black coffee"));
    club.does(alice, RoomEvent::Visibility(Visibility::Private));
    club.says(alice, "they are gone");
    assert_eq!([bob, carol].map(|user| club.head(user).unwrap()), known);
    // What changes between the two is told, and nothing else.
    club.does(alice, RoomEvent::Unbanned(carol));
    let told = club.head(carol).unwrap().room.unwrap();
    assert_eq!(told.membership, Membership::Kicked);
    assert_eq!(told.name.as_str(), "tea");

    club.does(alice, RoomEvent::Invited(bob));
    club.does(bob, RoomEvent::Joined);
    let back = club.head(bob).unwrap().room.unwrap();
    assert_eq!((back.name.as_str(), back.members), ("coffee", 2));
    let topic = back.topic.as_ref().map(Topic::as_str);
    assert_eq!(topic, Some("black coffee"));
    club.does(bob, RoomEvent::Left);
    let again = club.head(bob).unwrap().room.unwrap();
    assert_eq!(again.name.as_str(), "coffee");
}

#[test]
fn the_topic_of_a_private_room_is_found_by_its_members_alone() {
    let mut desk = Desk::new();
    let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| desk.register(name));
    let new = NewRoom {
        visibility: Visibility::Private,
        ..new_room(alice, 500, "tea", HistoryVisibility::Visible)
    };
    let (room, _) = desk.create(new).unwrap();
    let mut number = 500;
    let mut does = |desk: &mut Desk, author, event| {
        number += 1;
        let write = in_room(room, author, number, Content::Room(event));
        desk.append(write).unwrap();
    };
    // By its present name and by the one that it had.
    let topics = |desk: &mut Desk, user| {
        ["cof", "tea"].map(|prefix| {
            let query = Query::FindRooms(NameSearch {
                prefix: prefix.to_owned(),
                after: None,
                limit: 10,
            });
            match desk.query(user, query) {
                Answer::Rooms { rooms, .. } => {
                    let topics = rooms.into_iter().map(|room| room.topic);
                    topics.collect::<Vec<_>>()
                }
                other => panic!("no rooms: {other:?}"),
            }
        })
    };
    let topic = Some(Topic::new("green tea").unwrap());
    does(&mut desk, alice, RoomEvent::Topic(topic.clone()));
    does(&mut desk, alice, RoomEvent::Renamed(room_name("coffee")));
    does(&mut desk, alice, RoomEvent::Invited(bob));
    let shown = [vec![topic.clone()], vec![topic]];
    assert_eq!(topics(&mut desk, alice), shown);
    // Who is invited finds the room without its topic, and others find no room.
    assert_eq!(topics(&mut desk, bob), [[None], [None]]);
    assert_eq!(topics(&mut desk, carol), [[], []]);
    does(&mut desk, bob, RoomEvent::Joined);
    assert_eq!(topics(&mut desk, bob), shown);
    does(&mut desk, bob, RoomEvent::Left);
    assert_eq!(topics(&mut desk, bob), [[], []]);
}
