//! Scripts of settings, contacts, blocks and display names.

use recado_shared::{DisplayName, DraftText, Setting};

use super::*;
use crate::store::{UserChange, UserOutcome};

fn draft() -> Setting {
    Setting::Draft {
        conversation: ALICE_BOB,
        text: DraftText::new("not yet").unwrap(),
    }
}

fn set(number: u32, setting: Setting) -> (Event, Effect, Origin) {
    let origin = origin(S1, number);
    let write = Write::User {
        origin,
        user: ALICE,
        by: DEVICE,
        change: UserChange::Set(setting.clone()),
    };
    let asked = request(S1, number, Request::Set(setting));
    (asked, Effect::Write(write), origin)
}

fn changed(origin: Origin, result: Result<UserOutcome, RequestError>) -> Event {
    Event::Written(WriteResult::User {
        origin,
        user: ALICE,
        result,
        stamp: Stamp(12),
    })
}

#[test]
fn a_setting_is_stored_then_answered_then_told_the_other_devices() {
    let mut desk = Desk::of_two();
    desk.enter(S3, ALICE);
    desk.settle();
    let (asked, write, origin) = set(1, draft());
    desk.check(asked, &[write]);
    let frame = ServerFrame::Setting {
        setting: draft(),
        stamp: Stamp(12),
    };
    desk.check(
        changed(origin, Ok(UserOutcome::Set(draft()))),
        &[answer(origin, Ok(Answer::Done)), push(&[S3], frame)],
    );
}

#[test]
fn a_refused_setting_is_not_relayed() {
    let mut desk = Desk::of_two();
    desk.enter(S3, ALICE);
    desk.settle();
    let (asked, write, origin) = set(1, draft());
    desk.check(asked, &[write]);
    let full = RequestError::Limit(recado_shared::Limit::Settings);
    desk.check(changed(origin, Err(full)), &[answer(origin, Err(full))]);
}

#[test]
fn an_error_newer_than_a_session_is_answered_in_its_words() {
    let mut desk = Desk::of_two();
    desk.settle();
    let not_empty = RequestError::RoomNotEmpty;
    for (number, version, told) in [
        (1, ProtocolVersion::V2, RequestError::Invalid),
        (2, ProtocolVersion::V3, not_empty),
    ] {
        desk.relay.sessions.get_mut(&S1).unwrap().version = version;
        let (asked, write, origin) = set(number, draft());
        desk.check(asked, &[write]);
        desk.check(
            changed(origin, Err(not_empty)),
            &[answer(origin, Err(told))],
        );
    }
}

#[test]
fn nothing_is_set_while_the_server_drains() {
    let mut desk = Desk::of_two();
    let origin = origin(S1, 2);
    // A write that is outstanding keeps the sessions.
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    desk.relay.handle(Event::Drain, desk.now);
    desk.check(
        request(S1, 2, Request::Set(draft())),
        &[answer(origin, Err(RequestError::Unavailable))],
    );
}

fn block(is_on: bool) -> Setting {
    Setting::Blocked { user: BOB, is_on }
}

impl Desk {
    /// Alice, with her first session, blocks Bob, or no longer does.
    fn block(&mut self, is_on: bool) -> Vec<Effect> {
        let (asked, _, origin) = set(9, block(is_on));
        self.relay.handle(asked, self.now);
        let done = changed(origin, Ok(UserOutcome::Set(block(is_on))));
        let mut effects = self.relay.handle(done, self.now);
        assert_eq!(effects.remove(0), answer(origin, Ok(Answer::Done)));
        effects
    }

    fn watch(&mut self, session: SessionId, user: UserId, expected: Presence) {
        let watch = ClientFrame::Watch(vec![user]);
        self.check_frame(
            session,
            watch,
            &[push(&[session], presence(user, expected))],
        );
        self.settle();
    }
}

/// The cursors in a head that a session gets when both have read everything.
fn cursors_in_heads(desk: &mut Desk, session: SessionId) -> Vec<UserId> {
    let cursors = |user| MemberCursors {
        user,
        delivered: Seq(1),
        read: Seq(1),
    };
    let read = Event::Read(ReadResult::Heads {
        session,
        heads: vec![Head {
            conversation: ALICE_BOB,
            newest: Seq(1),
            newest_time: Timestamp(5),
            unread: 0,
            cursors: vec![cursors(ALICE), cursors(BOB)],
            first: Seq(1),
            room: None,
            is_request: false,
        }],
        people: Vec::new(),
        stamp: Stamp(10),
        rest: HeadsRest::default(),
    });
    let effect = desk.relay.handle(read, desk.now).remove(0);
    let Effect::Send {
        frame: ServerFrame::Heads(page),
        ..
    } = effect
    else {
        panic!("no heads: {effect:?}");
    };
    page.heads[0].cursors.iter().map(|it| it.user).collect()
}

#[test]
fn heads_tell_a_blocked_user_only_their_own_cursors() {
    let mut desk = Desk::of_two();
    assert_eq!(cursors_in_heads(&mut desk, S2), [ALICE, BOB]);
    desk.block(true);
    assert_eq!(cursors_in_heads(&mut desk, S2), [BOB]);
    assert_eq!(cursors_in_heads(&mut desk, S1), [ALICE, BOB]);
    desk.block(false);
    assert_eq!(cursors_in_heads(&mut desk, S2), [ALICE, BOB]);
}

#[test]
fn who_is_blocked_sees_neither_presence_nor_typing() {
    let mut desk = Desk::of_two();
    desk.enter(S3, CAROL);
    desk.settle();
    for watcher in [S2, S3] {
        desk.watch(watcher, ALICE, Presence::Online);
    }
    let gone = push(&[S2], presence(ALICE, Presence::Offline));
    assert_eq!(desk.block(true), [gone]);
    assert_eq!(desk.block(true), []);
    desk.watch(S2, ALICE, Presence::Offline);
    let away = ClientFrame::Activity(Activity::Away);
    desk.check_frame(S1, away, &[push(&[S3], presence(ALICE, Presence::Away))]);
    desk.settle();
    // Neither in what names her.
    let person = UserProfile {
        user: ALICE,
        name: name(ALICE),
        display: None,
        presence: Presence::Offline,
    };
    let people = Answer::Users {
        people: vec![person],
        more: false,
    };
    desk.check(
        query_answered(origin(S2, 1), Ok(people.clone())),
        &[answer(origin(S2, 1), Ok(people))],
    );
    for session in [S1, S2] {
        desk.check_frame(session, ClientFrame::Typing(ALICE_BOB), &[]);
    }
    let back = push(&[S2], presence(ALICE, Presence::Away));
    assert_eq!(desk.block(false), [back]);
    desk.pass(TYPING_INTERVAL);
    let typing = ServerFrame::Typing {
        conversation: ALICE_BOB,
        user: ALICE,
    };
    desk.check_frame(S1, ClientFrame::Typing(ALICE_BOB), &[push(&[S2], typing)]);
}

#[test]
fn who_is_blocked_is_refused_once_that_is_stored() {
    let mut desk = Desk::of_two();
    desk.block(true);
    let asked = origin(S2, 1);
    desk.check(
        request(S2, 1, append(ALICE_BOB)),
        &[was_sent(asked, BOB, RequestError::NotAccepting)],
    );
    for (result, told) in [
        (
            Err(RequestError::NotAccepting),
            answer(asked, Err(RequestError::NotAccepting)),
        ),
        // It was stored before, and only its answer got lost.
        (
            Ok(Answer::Accepted {
                seq: Seq(3),
                time: Timestamp(77),
            }),
            accepted(asked, 3),
        ),
    ] {
        desk.check(query_answered(asked, result), &[told]);
    }
    desk.block(false);
    let effects = desk
        .relay
        .handle(request(S2, 2, append(ALICE_BOB)), desk.now);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Write(Write::Append { .. })]
    ));
}

#[test]
fn a_blocked_user_does_not_see_read_cursors() {
    let mut desk = Desk::of_two();
    let cursors = MemberCursors {
        user: ALICE,
        delivered: Seq(2),
        read: Seq(2),
    };
    let moved = || {
        Event::Written(WriteResult::Advance {
            conversation: ALICE_BOB,
            moved: Some(cursors),
            stamp: Stamp(12),
        })
    };
    let frame = ServerFrame::Cursors {
        conversation: ALICE_BOB,
        cursors,
    };
    desk.check(moved(), &[push(&[S1, S2], frame.clone())]);
    desk.block(true);
    desk.check(moved(), &[push(&[S1], frame)]);
}

#[test]
fn settings_are_read_for_their_user() {
    let mut desk = Desk::of_two();
    let origin = origin(S2, 1);
    let query = Query::Settings { after: Stamp(3) };
    desk.check(
        request(S2, 1, Request::Settings { after: Stamp(3) }),
        &[query_of(origin, BOB, query)],
    );
    let told = Answer::Settings {
        settings: vec![draft()],
        stamp: Stamp(9),
        more: true,
    };
    desk.check(
        query_answered(origin, Ok(told.clone())),
        &[answer(origin, Ok(told))],
    );
}

#[test]
fn a_request_to_write_is_told_by_a_head_and_not_by_an_entry() {
    let mut desk = Desk::of_two();
    desk.enter(S3, BOB);
    desk.settle();
    let origin = origin(S2, 1);
    desk.relay
        .handle(request(S2, 1, append(ALICE_BOB)), desk.now);
    let asks = Event::Written(WriteResult::Append {
        origin,
        conversation: ALICE_BOB,
        result: Ok(StoredEntry {
            entry: entry(BOB, 1),
            is_new: true,
            is_request: true,
        }),
        stamp: Stamp(11),
    });
    desk.check(
        asks,
        &[
            accepted(origin, 1),
            push(&[S3], entry_frame(BOB, 1)),
            read_heads(S1, ALICE, Some(10)),
        ],
    );
}

#[test]
fn who_is_behind_gets_no_heads_before_they_have_caught_up() {
    let mut desk = Desk::of_two();
    let asked = origin(S2, 1);
    desk.relay.handle(appended(asked, BOB, 1, true), desk.now);
    desk.check(Event::OutboxFull(S1), &[send(S1, ServerFrame::Behind)]);
    let accepted = Event::Written(WriteResult::User {
        origin: origin(S1, 1),
        user: ALICE,
        result: Ok(UserOutcome::Accepted { is_new: true }),
        stamp: Stamp(12),
    });
    desk.check(accepted, &[answer(origin(S1, 1), Ok(Answer::Done))]);
    desk.check(Event::CaughtUp(S1), &[read_heads(S1, ALICE, Some(10))]);
}

#[test]
fn a_contact_that_is_accepted_changes_the_heads() {
    let mut desk = Desk::of_two();
    for (number, is_new) in [(1, true), (2, false)] {
        let origin = origin(S1, number);
        let write = Write::User {
            origin,
            user: ALICE,
            by: DEVICE,
            change: UserChange::Accept(BOB),
        };
        let accept = request(S1, number, Request::AcceptContact(BOB));
        desk.check(accept, &[Effect::Write(write)]);
        let mut expected = vec![answer(origin, Ok(Answer::Done))];
        if is_new {
            expected.push(read_heads(S1, ALICE, Some(11)));
        }
        let done = changed(origin, Ok(UserOutcome::Accepted { is_new }));
        desk.check(done, &expected);
    }
}

fn called(user: UserId, display: Option<&str>, presence: Presence) -> ServerFrame {
    ServerFrame::User(UserProfile {
        user,
        name: name(user),
        display: display.map(|text| DisplayName::new(text).unwrap()),
        presence,
    })
}

impl Desk {
    /// Alice, with her first session, wants to be called differently.
    fn call(&mut self, display: Option<&str>) -> Vec<Effect> {
        let origin = origin(S1, 8);
        let display = display.map(|text| DisplayName::new(text).unwrap());
        let write = Write::User {
            origin,
            user: ALICE,
            by: DEVICE,
            change: UserChange::Display(display.clone()),
        };
        let asked = request(S1, 8, Request::SetDisplayName(display.clone()));
        self.check(asked, &[Effect::Write(write)]);
        let name = name(ALICE);
        let done = changed(origin, Ok(UserOutcome::Display { name, display }));
        let mut effects = self.relay.handle(done, self.now);
        assert_eq!(effects.remove(0), answer(origin, Ok(Answer::Done)));
        effects
    }
}

#[test]
fn a_display_name_is_announced_to_all() {
    let mut desk = Desk::of_two();
    desk.enter(S3, CAROL);
    desk.settle();
    desk.block(true);
    let wonder = |presence| called(ALICE, Some("Wonder"), presence);
    assert_eq!(
        desk.call(Some("Wonder")),
        [
            push(&[S1, S3], wonder(Presence::Online)),
            push(&[S2], wonder(Presence::Offline)),
        ]
    );
    // It stands in all that names her.
    let stored = UserProfile {
        user: ALICE,
        name: name(ALICE),
        display: None,
        presence: Presence::Offline,
    };
    let ServerFrame::User(person) = wonder(Presence::Online) else {
        panic!("it is a person");
    };
    let people = |person| Answer::Users {
        people: vec![person],
        more: false,
    };
    desk.check(
        query_answered(origin(S3, 1), Ok(people(stored))),
        &[answer(origin(S3, 1), Ok(people(person)))],
    );
    desk.block(false);
    assert_eq!(
        desk.call(None),
        [push(&[S1, S2, S3], called(ALICE, None, Presence::Online))]
    );
}

#[test]
fn a_display_name_ends_where_it_becomes_another_users_name() {
    let mut desk = Desk::of_two();
    desk.call(Some("User-3"));
    desk.greet(S3, peer("192.0.2.1"), hello());
    let effects = desk
        .relay
        .handle(logged_in(S3, Ok(admitted(CAROL, true))), desk.now);
    let plain = push(&[S1, S2, S3], called(ALICE, None, Presence::Online));
    assert!(effects.contains(&plain), "{effects:?}");
}

#[test]
fn a_large_server_announces_only_to_watchers() {
    let mut desk = Desk::of_two();
    for number in 0..=DIRECTORY_ANNOUNCE_LIMIT as u64 {
        desk.enter(SessionId(100 + number), UserId(100 + number));
    }
    desk.settle();
    desk.watch(S2, ALICE, Presence::Online);
    let wonder = called(ALICE, Some("Wonder"), Presence::Online);
    assert_eq!(desk.call(Some("Wonder")), [push(&[S1, S2], wonder)]);
}
