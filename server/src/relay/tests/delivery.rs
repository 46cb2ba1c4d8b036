//! Delivery of entries, cursors and typing notifications.

use recado_shared::{HistoryVisibility, Limit, RoomEvent, RoomId, RoomName, Visibility};

use super::*;

#[test]
fn an_accepted_message_goes_to_every_other_session_of_both() {
    let mut desk = Desk::of_two();
    desk.enter(S3, ALICE);
    let asked = origin(S1, 4);
    let write = Write::Append {
        origin: asked,
        new: NewEntry {
            author: ALICE,
            by: DEVICE,
            conversation: ALICE_BOB,
            id: MessageId([5; 16]),
            content: content(),
            time: Timestamp(1_000),
        },
    };
    desk.check(request(S1, 4, append(ALICE_BOB)), &[Effect::Write(write)]);
    desk.check(
        appended(asked, ALICE, 1, true),
        &[accepted(asked, 1), push(&[S3, S2], entry_frame(ALICE, 1))],
    );
    // A resend is answered and not relayed again.
    desk.check(appended(asked, ALICE, 1, false), &[accepted(asked, 1)]);
}

#[test]
fn a_message_is_relayed_though_its_sender_is_gone() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    desk.check(Event::Closed(S1), &[]);
    desk.check(
        appended(asked, ALICE, 1, true),
        &[push(&[S2], entry_frame(ALICE, 1))],
    );
}

#[test]
fn an_append_that_the_store_refuses_says_why() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    let refused = WriteResult::Append {
        origin: asked,
        conversation: ALICE_BOB,
        result: Err(RequestError::IdReused),
        stamp: Stamp(10),
    };
    desk.check(
        Event::Written(refused),
        &[answer(asked, Err(RequestError::IdReused))],
    );
}

#[test]
fn a_user_who_is_no_member_gets_nothing() {
    let mut desk = Desk::of_two();
    desk.enter(S3, CAROL);
    let not_a_member = [answer(origin(S3, 1), Err(RequestError::NotAMember))];
    let not_accepted = [was_sent(origin(S3, 1), CAROL, RequestError::NotAMember)];
    desk.check(request(S3, 1, append(ALICE_BOB)), &not_accepted);
    let page = Request::Page {
        conversation: ALICE_BOB,
        range: PageRange::After(Seq(0)),
        limit: 1,
    };
    desk.check(request(S3, 1, page), &not_a_member);
    let advance = CursorUpdate {
        conversation: ALICE_BOB,
        delivered: Seq(1),
        read: Seq(1),
    };
    desk.check_frame(S3, ClientFrame::UpdateCursors(advance), &[]);
    desk.check_frame(S3, ClientFrame::Typing(ALICE_BOB), &[]);
}

#[test]
fn moved_cursors_go_to_all_sessions_of_both() {
    let mut desk = Desk::of_two();
    let advance = CursorUpdate {
        conversation: ALICE_BOB,
        delivered: Seq(3),
        read: Seq(2),
    };
    let write = Write::Advance { user: BOB, advance };
    desk.check_frame(
        S2,
        ClientFrame::UpdateCursors(advance),
        &[Effect::Write(write)],
    );
    let cursors = MemberCursors {
        user: BOB,
        delivered: Seq(3),
        read: Seq(2),
    };
    let moved = |moved| {
        Event::Written(WriteResult::Advance {
            conversation: ALICE_BOB,
            moved,
            stamp: Stamp(11),
        })
    };
    let frame = ServerFrame::Cursors {
        conversation: ALICE_BOB,
        cursors,
    };
    desk.check(moved(Some(cursors)), &[push(&[S1, S2], frame)]);
    desk.check(moved(None), &[]);
}

#[test]
fn typing_is_passed_on_once_per_interval_and_not_to_oneself() {
    let mut desk = Desk::of_two();
    desk.enter(S3, ALICE);
    let typing = ServerFrame::Typing {
        conversation: ALICE_BOB,
        user: ALICE,
    };
    let told = [push(&[S2], typing)];
    desk.check_frame(S1, ClientFrame::Typing(ALICE_BOB), &told);
    desk.check_frame(S1, ClientFrame::Typing(ALICE_BOB), &[]);
    desk.pass(TYPING_INTERVAL / 3 * 2);
    desk.check_frame(S1, ClientFrame::Typing(ALICE_BOB), &[]);
    desk.pass(TYPING_INTERVAL / 3);
    desk.check_frame(S1, ClientFrame::Typing(ALICE_BOB), &told);
    let note = ConversationId::direct(ALICE, ALICE);
    desk.check_frame(S1, ClientFrame::Typing(note), &[]);
}

#[test]
fn typing_everywhere_at_once_is_not_remembered_without_end() {
    let mut desk = Desk::of_two();
    for peer in 100..10_000 {
        let conversation = ConversationId::direct(ALICE, UserId(peer));
        desk.check_frame(S1, ClientFrame::Typing(conversation), &[]);
    }
    assert_eq!(desk.relay.sessions[&S1].typing.len(), 16);
}

/// A relay with these limits and Alice in the first session.
fn strict(set: impl FnOnce(&mut Limits)) -> Desk {
    let mut config = config(Policy::Invite);
    set(&mut config.limits);
    let mut desk = Desk::with(config);
    desk.enter(S1, ALICE);
    desk
}

fn room_named(name: &str) -> Request {
    Request::CreateRoom {
        id: MessageId([5; 16]),
        name: RoomName::new(name).unwrap(),
        visibility: Visibility::Public,
        history: HistoryVisibility::default(),
    }
}

#[test]
fn a_user_adds_only_so_many_bytes_in_a_day_and_is_told_what_was_sent_before() {
    // Each message is two bytes and the room of an entry.
    let mut desk = strict(|limits| limits.bytes_per_day = 2 * 130);
    let is_write = |effects: &[Effect]| matches!(effects, [Effect::Write(Write::Append { .. })]);
    for number in 1..=2 {
        let event = request(S1, number, append(ALICE_BOB));
        assert!(is_write(&desk.relay.handle(event, desk.now)));
    }
    let refusal = RequestError::Limit(Limit::BytesPerDay);
    let asked = [was_sent(origin(S1, 3), ALICE, refusal)];
    desk.check(request(S1, 3, append(ALICE_BOB)), &asked);
    // The session agreed on a version without this error.
    let told = [answer(origin(S1, 3), Err(RequestError::Unavailable))];
    desk.check(query_answered(origin(S1, 3), Err(refusal)), &told);
    desk.pass(Duration::from_hours(24));
    let event = request(S1, 4, append(ALICE_BOB));
    assert!(is_write(&desk.relay.handle(event, desk.now)));
}

#[test]
fn a_user_creates_only_so_many_rooms_in_a_day() {
    let mut desk = strict(|limits| limits.rooms_per_day = 1);
    let event = request(S1, 1, room_named("one"));
    let effects = desk.relay.handle(event, desk.now);
    assert!(matches!(
        effects[..],
        [Effect::Write(Write::CreateRoom { .. })]
    ));
    let told = [answer(origin(S1, 2), Err(RequestError::Unavailable))];
    desk.check(request(S1, 2, room_named("two")), &told);
    // Another user has rooms of their own.
    desk.enter(S2, BOB);
    let event = request(S2, 1, room_named("three"));
    let effects = desk.relay.handle(event, desk.now);
    assert!(matches!(
        effects[..],
        [Effect::Write(Write::CreateRoom { .. })]
    ));
}

#[test]
fn a_user_invites_only_so_many_in_an_hour() {
    let mut desk = strict(|limits| limits.invitations_per_hour = 1);
    let room = RoomId(1);
    let conversation = ConversationId::Room(room);
    desk.relay.memberships.add_room(room, Visibility::Private);
    let created = Entry {
        content: Content::Room(RoomEvent::Created),
        ..entry(ALICE, 1)
    };
    desk.relay.memberships.apply(conversation, &created);
    let invite = |number| Request::Append {
        conversation,
        id: MessageId([number; 16]),
        content: Content::Room(RoomEvent::Invited(UserId(number.into()))),
    };
    let is_write = |effects: &[Effect]| matches!(effects, [Effect::Write(Write::Append { .. })]);
    let event = request(S1, 1, invite(8));
    assert!(is_write(&desk.relay.handle(event, desk.now)));
    let event = request(S1, 2, invite(9));
    assert!(!is_write(&desk.relay.handle(event, desk.now)));
    desk.pass(Duration::from_hours(1));
    let event = request(S1, 3, invite(9));
    assert!(is_write(&desk.relay.handle(event, desk.now)));
}
