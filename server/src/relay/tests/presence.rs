//! Presence and watch lists.

use super::*;

#[test]
fn the_best_of_all_devices_counts() {
    let mut desk = Desk::of_two();
    let bob_is = |presence_now| [push(&[S1], presence(BOB, presence_now))];
    desk.check_frame(S1, ClientFrame::Watch(vec![BOB]), &bob_is(Presence::Online));
    let away = || ClientFrame::Activity(Activity::Away);
    desk.check_frame(S2, away(), &bob_is(Presence::Away));
    desk.settle();
    // Saying it again changes nothing.
    desk.check_frame(S2, away(), &[]);
    // Another device, with an active user.
    desk.greet(S3, peer("192.0.2.1"), hello());
    let effects = desk
        .relay
        .handle(logged_in(S3, Ok(admitted(BOB, false))), desk.now);
    assert_eq!(effects[2..], bob_is(Presence::Online));
    desk.settle();
    desk.check(Event::Closed(S3), &bob_is(Presence::Away));
    desk.settle();
    desk.check(Event::Closed(S2), &bob_is(Presence::Offline));
    desk.settle();
    assert_eq!(desk.relay.next_deadline(), None);
}

#[test]
fn a_flapping_user_is_announced_once_per_interval_with_the_last_state() {
    let mut desk = Desk::of_two();
    desk.relay.handle(
        Event::Frame {
            session: S1,
            frame: ClientFrame::Watch(vec![BOB]),
        },
        desk.now,
    );
    desk.settle();
    let bob_is = |presence_now| [push(&[S1], presence(BOB, presence_now))];
    let away = || ClientFrame::Activity(Activity::Away);
    let active = || ClientFrame::Activity(Activity::Active);
    let start = desk.now.instant;
    desk.check_frame(S2, away(), &bob_is(Presence::Away));
    desk.check_frame(S2, active(), &[]);
    // A new watcher sees what was announced, so as not to miss what follows.
    desk.check_frame(S1, ClientFrame::Watch(vec![BOB]), &bob_is(Presence::Away));
    desk.check_deadline(&[]);
    desk.check_deadline(&bob_is(Presence::Online));
    assert_eq!(desk.now.instant, start + PRESENCE_INTERVAL);
    // Back where it was within the interval: nothing to say.
    desk.check_frame(S2, away(), &[]);
    desk.check_frame(S2, active(), &[]);
    desk.check_deadline(&[]);
    assert_eq!(desk.relay.next_deadline(), None);
}

#[test]
fn a_long_watch_list_is_cut_and_answered_in_bursts() {
    let mut desk = Desk::of_two();
    let users = (1_000..2_000).map(UserId).collect();
    let watch = Event::Frame {
        session: S1,
        frame: ClientFrame::Watch(users),
    };
    let effects = desk.relay.handle(watch, desk.now);
    let limit = u32::try_from(MAX_WATCHED).unwrap();
    let notice = ServerFrame::Notice(Notice::WatchLimit(limit));
    assert_eq!(effects[0], push(&[S1], notice));
    assert_eq!(effects.len(), 1 + PRESENCE_BURST);
    // Asking again does not make it faster.
    desk.check_frame(
        S1,
        ClientFrame::Watch((1..=600).map(UserId).collect()),
        &[push(&[S1], ServerFrame::Notice(Notice::WatchLimit(limit)))],
    );
    let mut told = Vec::new();
    while let Some(deadline) = desk.relay.next_deadline() {
        desk.now.instant = deadline;
        let effects = desk.relay.handle(Event::Deadline, desk.now);
        assert!(effects.len() <= PRESENCE_BURST);
        told.extend(effects);
    }
    let presence_of = |user| match user {
        ALICE | BOB => Presence::Online,
        _ => Presence::Offline,
    };
    let expected: Vec<_> = (1..=512)
        .map(UserId)
        .map(|user| push(&[S1], presence(user, presence_of(user))))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn the_sessions_of_a_user_watch_only_so_many_users_in_all() {
    let mut desk = Desk::new(Policy::Invite);
    let sessions = (1..=9).map(SessionId);
    let watch = |desk: &mut Desk, session, users: u64| {
        let users = (1_000..1_000 + users).map(UserId).collect();
        let frame = ClientFrame::Watch(users);
        let effects = desk.relay.handle(Event::Frame { session, frame }, desk.now);
        effects.first().cloned()
    };
    let cut = |session, most| {
        let notice = ServerFrame::Notice(Notice::WatchLimit(most));
        Some(push(&[session], notice))
    };
    for session in sessions {
        desk.enter(session, ALICE);
        let effect = watch(&mut desk, session, MAX_WATCHED as u64);
        assert_eq!(effect == cut(session, 0), session == SessionId(9));
    }
    desk.settle();
    let last = SessionId(9);
    assert_eq!(
        watch(&mut desk, S1, 500),
        Some(push(&[S1], presence(UserId(1_000), Presence::Offline)))
    );
    assert_eq!(watch(&mut desk, last, 13), cut(last, 12));
    desk.check(Event::Closed(S1), &[]);
    assert_eq!(watch(&mut desk, last, 600), cut(last, 512));
}

#[test]
fn what_a_session_watched_is_forgotten_with_it() {
    let mut desk = Desk::of_two();
    let users = (1..=512).map(UserId).collect();
    let watch = Event::Frame {
        session: S1,
        frame: ClientFrame::Watch(users),
    };
    desk.relay.handle(watch, desk.now);
    desk.check(Event::Closed(S1), &[]);
    desk.settle();
    desk.check(Event::Closed(S2), &[]);
    desk.settle();
    let fresh = Relay::new(
        config(Policy::Invite),
        StoredMemberships::default(),
        desk.now,
    );
    let left = format!("{:?}", desk.relay.presences);
    assert_eq!(left, format!("{:?}", fresh.presences));
    assert_eq!(desk.relay.online.len(), 0);
}
