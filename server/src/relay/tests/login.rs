//! Logins, admission and the refusals of a hello.

use super::*;

#[test]
fn a_hello_becomes_a_login_and_a_welcome_with_heads() {
    let mut desk = Desk::new(Policy::Invite);
    let token = InviteToken([2; 16]);
    let hello = Hello {
        token: Some(token.clone()),
        since: Some(SyncPoint {
            log: LOG,
            stamp: Stamp(8),
        }),
        ..hello()
    };
    let login = Write::Login(Login {
        session: S1,
        key: DeviceKey([3; 32]),
        device_name: None,
        name: Some(UserName::new("alice").unwrap()),
        token: Some(token.clone()),
        admission: Admission::ByInvite(token),
        max_users: 7,
        time: Timestamp(1_000),
    });
    assert_eq!(
        desk.greet(S1, peer("192.0.2.1"), hello),
        [Effect::Write(login)]
    );
    let welcome = Welcome {
        version: ProtocolVersion::V2,
        user: ALICE,
        name: name(ALICE),
        registered: true,
        log: LOG,
        now: Timestamp(1_000),
    };
    desk.check(
        logged_in(S1, Ok(admitted(ALICE, true))),
        &[
            send(S1, ServerFrame::Welcome(welcome)),
            read_heads(S1, ALICE, Some(8)),
        ],
    );
    desk.check(heads_read(S1, 10), &[no_heads(S1, 10)]);
}

#[test]
fn heads_of_other_data_or_of_the_future_count_for_nothing() {
    for (log, stamp) in [(LogId([8; 16]), 8), (LOG, 11)] {
        let mut desk = Desk::new(Policy::Invite);
        let since = SyncPoint {
            log,
            stamp: Stamp(stamp),
        };
        let hello = Hello {
            since: Some(since),
            ..hello()
        };
        desk.greet(S1, peer("192.0.2.1"), hello);
        let result = Ok(admitted(ALICE, false));
        let effects = desk.relay.handle(logged_in(S1, result), desk.now);
        assert_eq!(effects[1], read_heads(S1, ALICE, None));
    }
}

#[test]
fn a_hello_that_cannot_be_is_refused_at_once() {
    let mut desk = Desk::new(Policy::Open);
    let from = peer("192.0.2.1");
    let newer = Hello {
        oldest: ProtocolVersion(ProtocolVersion::NEWEST.0 + 1),
        newest: ProtocolVersion(ProtocolVersion::NEWEST.0 + 2),
        ..hello()
    };
    let version = Refusal::Version {
        oldest: ProtocolVersion::OLDEST,
        newest: ProtocolVersion::NEWEST,
    };
    let illegal = Hello {
        name: Some("a b".to_owned()),
        ..hello()
    };
    let talkative = Hello {
        software: "x".repeat(65),
        ..hello()
    };
    for (hello, refusal) in [
        (newer, version),
        (illegal, Refusal::NameIllegal(NameError::Character(' '))),
        (talkative, Refusal::Malformed),
    ] {
        assert_eq!(desk.greet(S1, from, hello), [refuse(S1, refusal)]);
    }
}

#[test]
fn a_refusal_of_the_store_is_passed_on() {
    let mut desk = Desk::new(Policy::Open);
    desk.greet(S1, peer("192.0.2.1"), hello());
    let result = Err(Refusal::NameTaken);
    desk.check(logged_in(S1, result), &[refuse(S1, Refusal::NameTaken)]);
}

#[test]
fn the_policy_and_the_local_token_decide_on_admission() {
    let denied = Admission::Denied;
    let other = InviteToken([4; 16]);
    let by_invite = |token: &InviteToken| Admission::ByInvite(token.clone());
    let far = "192.0.2.1";
    for (policy, address, token, expected) in [
        (Policy::Invite, far, None, denied(Refusal::InviteNeeded)),
        (Policy::Invite, far, Some(&other), by_invite(&other)),
        (Policy::Invite, far, Some(&LOCAL), by_invite(&LOCAL)),
        (Policy::Invite, "::1", Some(&LOCAL), Admission::Granted),
        (Policy::Invite, "::1", Some(&other), by_invite(&other)),
        (Policy::Invite, "::1", None, denied(Refusal::InviteNeeded)),
        (Policy::Open, far, None, Admission::Granted),
        (Policy::Closed, far, Some(&other), denied(Refusal::Closed)),
        (
            Policy::Closed,
            "127.0.0.1",
            Some(&LOCAL),
            Admission::Granted,
        ),
        (
            Policy::Closed,
            "::ffff:127.0.0.1",
            Some(&LOCAL),
            Admission::Granted,
        ),
    ] {
        let mut desk = Desk::new(policy);
        let admission = desk.admission(S1, address, token.cloned());
        assert_eq!(admission, expected, "{policy:?} {address} {token:?}");
    }
    let mut without = Desk::with(RelayConfig {
        local_token: None,
        ..config(Policy::Invite)
    });
    let needed = denied(Refusal::InviteNeeded);
    assert_eq!(without.admission(S1, "::1", None), needed);
}

#[test]
fn an_address_registers_only_so_many_names_in_an_hour() {
    let mut desk = Desk::new(Policy::Open);
    let too_many = Admission::Denied(Refusal::TooManyRegistrations);
    let (here, neighbour, elsewhere) = ("2001:db8::1", "2001:db8::2", "2001:db8:0:1::1");
    // One that is under way counts, one that came to nothing does not.
    assert_eq!(desk.admission(S1, here, None), Admission::Granted);
    assert_eq!(desk.admission(S2, neighbour, None), too_many);
    assert_eq!(desk.admission(S3, elsewhere, None), Admission::Granted);
    desk.relay
        .handle(logged_in(S1, Err(Refusal::NameTaken)), desk.now);
    assert_eq!(desk.admission(S1, here, None), Admission::Granted);
    desk.relay
        .handle(logged_in(S1, Ok(admitted(ALICE, true))), desk.now);

    desk.pass(Duration::from_mins(59));
    assert_eq!(desk.admission(SessionId(4), here, None), too_many);
    let token = InviteToken([4; 16]);
    let by_invite = desk.admission(SessionId(5), here, Some(token.clone()));
    assert_eq!(by_invite, Admission::ByInvite(token));
    desk.pass(Duration::from_mins(1));
    assert_eq!(desk.admission(SessionId(6), here, None), Admission::Granted);
}

#[test]
fn all_addresses_together_register_only_so_many_names_in_an_hour() {
    let mut config = config(Policy::Open);
    config.limits.registrations_per_hour_in_all = 2;
    let mut desk = Desk::with(config);
    let from = |n: u8| format!("192.0.2.{n}");
    for n in 1..=2 {
        let session = SessionId(n.into());
        let admission = desk.admission(session, &from(n), None);
        assert_eq!(admission, Admission::Granted);
        let registered = logged_in(session, Ok(admitted(UserId(n.into()), true)));
        desk.relay.handle(registered, desk.now);
    }
    let too_many = Admission::Denied(Refusal::TooManyRegistrations);
    assert_eq!(desk.admission(S3, &from(3), None), too_many);
    let token = InviteToken([4; 16]);
    let by_invite = desk.admission(SessionId(4), &from(4), Some(token.clone()));
    assert_eq!(by_invite, Admission::ByInvite(token));
    desk.pass(Duration::from_hours(1));
    assert_eq!(
        desk.admission(SessionId(5), &from(5), None),
        Admission::Granted
    );
}

#[test]
fn a_full_server_counts_hellos_too() {
    let mut config = config(Policy::Invite);
    config.limits.max_sessions = 2;
    let mut desk = Desk::with(config);
    desk.enter(S1, ALICE);
    desk.greet(S2, peer("192.0.2.1"), hello());
    let full = [refuse(S3, Refusal::Full)];
    assert_eq!(desk.greet(S3, peer("192.0.2.1"), hello()), full);
    desk.check(Event::Closed(S1), &[]);
    assert_ne!(desk.greet(S3, peer("192.0.2.1"), hello()), full);
}

/// The effects of the login of a known user by a device.
fn enter_by(desk: &mut Desk, session: u64, user: UserId, key: u8) -> Vec<Effect> {
    let session = SessionId(session);
    let device = Peer {
        key: DeviceKey([key; 32]),
        ..peer("192.0.2.1")
    };
    desk.greet(session, device, hello());
    let result = Ok(admitted(user, false));
    desk.relay.handle(logged_in(session, result), desk.now)
}

#[test]
fn a_user_has_only_so_many_sessions_and_keeps_those_that_are_open() {
    let mut config = config(Policy::Invite);
    config.limits.max_sessions_per_user = 3;
    config.limits.max_sessions_per_device = 2;
    let mut desk = Desk::with(config);
    // These sessions agreed on a version that does not know the newer refusal.
    let refused = |session| [refuse(SessionId(session), Refusal::TooManyConnections)];
    for session in [1, 2] {
        assert_ne!(enter_by(&mut desk, session, ALICE, 1), refused(session));
    }
    assert_eq!(
        enter_by(&mut desk, 3, ALICE, 1),
        refused(3),
        "a third of the device"
    );
    assert_ne!(enter_by(&mut desk, 4, ALICE, 2), refused(4));
    assert_eq!(
        enter_by(&mut desk, 5, ALICE, 3),
        refused(5),
        "a fourth of the user"
    );
    assert_ne!(enter_by(&mut desk, 6, BOB, 4), refused(6));
    desk.check(Event::Closed(S1), &[]);
    assert_ne!(enter_by(&mut desk, 7, ALICE, 1), refused(7));
}

#[test]
fn places_are_kept_for_users_without_a_session() {
    let mut config = config(Policy::Invite);
    config.limits.max_sessions = 8;
    let mut desk = Desk::with(config);
    for session in 1..=7 {
        enter_by(&mut desk, session, ALICE, 1);
    }
    assert_eq!(
        enter_by(&mut desk, 8, ALICE, 1),
        [refuse(SessionId(8), Refusal::Full)]
    );
    assert_ne!(
        enter_by(&mut desk, 9, BOB, 2),
        [refuse(SessionId(9), Refusal::Full)]
    );
}

#[test]
fn a_newcomer_is_announced_even_if_gone_meanwhile() {
    let mut desk = Desk::of_two();
    let announced = |presence| {
        let person = UserProfile {
            user: CAROL,
            name: name(CAROL),
            presence,
            display: None,
        };
        push(&[S1, S2], ServerFrame::User(person))
    };
    desk.greet(S3, peer("192.0.2.1"), hello());
    desk.check(Event::Closed(S3), &[]);
    desk.check(
        logged_in(S3, Ok(admitted(CAROL, true))),
        &[announced(Presence::Offline)],
    );
    let again = SessionId(4);
    desk.greet(again, peer("192.0.2.1"), hello());
    let effects = desk
        .relay
        .handle(logged_in(again, Ok(admitted(CAROL, true))), desk.now);
    assert_eq!(effects[2..], [announced(Presence::Online)]);
}

#[test]
fn a_large_server_does_not_announce_new_users() {
    let mut desk = Desk::new(Policy::Invite);
    let online = u64::try_from(DIRECTORY_ANNOUNCE_LIMIT).unwrap();
    for n in 1..=online {
        desk.enter(SessionId(n), UserId(n));
    }
    let late = SessionId(online + 1);
    desk.greet(late, peer("192.0.2.1"), hello());
    let result = Ok(admitted(UserId(online + 1), true));
    let effects = desk.relay.handle(logged_in(late, result), desk.now);
    assert!(matches!(
        effects.as_slice(),
        [Effect::Send { .. }, Effect::Read(_)]
    ));
}
