//! Tests of logins and registrations, with their refusals.

use recado_shared::InviteToken;

use super::*;

const TOKEN: InviteToken = InviteToken([9; 16]);

/// A device that shows a token.
fn invited(device: u8, claimed: Option<&str>) -> Login {
    Login {
        admission: Admission::ByInvite(TOKEN),
        ..login(device, claimed)
    }
}

/// A server with "alice" and an invite that has these terms.
fn with_invite(uses: u32, expires: Option<u64>, for_name: Option<&str>) -> Desk {
    let mut desk = Desk::new();
    desk.register("alice");
    let for_name = for_name.map(name);
    let expires = expires.map(Timestamp);
    create_invite(desk.dir(), &TOKEN, uses, expires, for_name.as_ref()).unwrap();
    desk
}

#[test]
fn a_new_device_registers_and_comes_back() {
    let mut desk = Desk::new();
    let first = desk.login(login(1, Some("Zoë"))).unwrap();
    let log = first.log;
    assert_eq!(
        first,
        AuthenticatedUser {
            user: UserId(1),
            name: name("Zoë"),
            registered: true,
            log,
            stamp: recado_shared::Stamp(0),
        }
    );
    let mut desk = desk.reopen();
    let back = AuthenticatedUser {
        registered: false,
        ..first
    };
    let stranger = Login {
        admission: Admission::Denied(Refusal::Closed),
        max_users: 0,
        ..login(1, None)
    };
    for resuming in [stranger, login(1, Some("Zoë")), login(1, Some("ZOË"))] {
        assert_eq!(desk.login(resuming), Ok(back.clone()));
    }
    assert_eq!(
        desk.login(login(1, Some("alice"))),
        Err(Refusal::OtherName(name("Zoë")))
    );
    assert_eq!(desk.login(login(2, Some("bob"))).unwrap().user, UserId(2));
}

#[test]
fn a_name_is_given_once() {
    let mut desk = Desk::new();
    desk.register("alice");
    desk.register("Bob");
    let mut refused = |claimed: Option<&str>| desk.login(login(9, claimed)).unwrap_err();
    assert_eq!(refused(None), Refusal::NameNeeded);
    assert_eq!(refused(Some("alice")), Refusal::NameTaken);
    assert_eq!(refused(Some("ALICE")), Refusal::NameTaken);
    assert_eq!(refused(Some("bob")), Refusal::NameTaken);
    assert_eq!(refused(Some("aIice")), Refusal::NameTooSimilar);
    assert_eq!(refused(Some("a1ice")), Refusal::NameTooSimilar);
    assert_eq!(refused(Some("b0b")), Refusal::NameTooSimilar);
    assert_eq!(desk.register("alicia"), UserId(3));
}

#[test]
fn a_freed_name_stays_taken() {
    let mut desk = Desk::new();
    desk.register("alice");
    let beside = Connection::open(desk.dir().join("recado.db")).unwrap();
    beside
        .execute_batch("DELETE FROM devices; DELETE FROM users")
        .unwrap();
    assert_eq!(desk.login(login(2, Some("alice"))), Err(Refusal::NameTaken));
    assert_eq!(desk.register("bob"), UserId(2), "numbers stay taken too");
}

#[test]
fn two_devices_cannot_claim_a_name_in_one_batch() {
    let mut desk = Desk::new();
    let batch = [1, 2].map(|device| Write::Login(login(device, Some("alice"))));
    let written = desk.writer.commit(&batch).unwrap();
    let users: Vec<_> = written
        .into_iter()
        .map(|written| match written {
            WriteResult::Login { result, .. } => result.map(|admitted| admitted.user),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(users, [Ok(UserId(1)), Err(Refusal::NameTaken)]);
}

#[test]
fn a_stranger_cannot_ask_which_names_exist() {
    let mut desk = with_invite(0, None, None);
    for claimed in [None, Some("alice"), Some("unknown")] {
        for refusal in [Refusal::Closed, Refusal::InviteNeeded] {
            let denied = Login {
                admission: Admission::Denied(refusal.clone()),
                ..login(9, claimed)
            };
            assert_eq!(desk.login(denied), Err(refusal));
        }
        assert_eq!(desk.login(invited(9, claimed)), Err(Refusal::InviteUsed));
    }
}

#[test]
fn a_full_server_registers_no_user() {
    let mut desk = Desk::new();
    desk.register("alice");
    let full = |device, claimed| Login {
        max_users: 1,
        ..login(device, Some(claimed))
    };
    assert_eq!(desk.login(full(9, "bob")), Err(Refusal::Full));
    assert!(desk.login(full(1, "alice")).is_ok());
}

#[test]
fn an_invite_admits_as_often_as_it_says() {
    let mut desk = with_invite(2, None, None);
    assert!(desk.login(invited(2, Some("bob"))).unwrap().registered);
    assert!(!desk.login(invited(2, Some("bob"))).unwrap().registered);
    let mut desk = desk.reopen();
    assert!(desk.login(invited(3, Some("carol"))).unwrap().registered);
    assert_eq!(
        desk.login(invited(4, Some("dave"))),
        Err(Refusal::InviteUsed)
    );
    assert!(desk.login(invited(3, None)).is_ok(), "carol is in for good");
}

#[test]
fn a_refused_registration_uses_nothing_up() {
    let mut desk = with_invite(1, None, None);
    let full = Login {
        max_users: 1,
        ..invited(2, Some("bob"))
    };
    assert_eq!(desk.login(full), Err(Refusal::Full));
    assert_eq!(desk.login(invited(2, None)), Err(Refusal::NameNeeded));
    assert_eq!(
        desk.login(invited(2, Some("alice"))),
        Err(Refusal::NameTaken)
    );
    assert_eq!(
        desk.login(invited(2, Some("a1ice"))),
        Err(Refusal::NameTooSimilar)
    );
    assert!(desk.login(invited(2, Some("bob"))).is_ok());
}

#[test]
fn an_invalid_invite_is_refused_with_its_reason() {
    let mut desk = Desk::new();
    assert_eq!(
        desk.login(invited(2, Some("bob"))),
        Err(Refusal::InviteUnknown)
    );
    // Tests log in at the time 1,000.
    let mut desk = with_invite(1, Some(1_000), None);
    assert_eq!(
        desk.login(invited(2, Some("bob"))),
        Err(Refusal::InviteExpired)
    );
    let mut desk = with_invite(1, Some(1_001), None);
    assert!(desk.login(invited(2, Some("bob"))).is_ok());
    let mut desk = with_invite(1, None, Some("Bob"));
    assert_eq!(
        desk.login(invited(2, Some("carol"))),
        Err(Refusal::InviteForOtherName)
    );
    assert!(desk.login(invited(2, Some("bob"))).is_ok());
}

#[test]
fn the_token_of_an_invite_is_not_stored() {
    let desk = with_invite(1, None, None);
    for file in std::fs::read_dir(desk.dir()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(16).any(|window| window == TOKEN.0));
    }
}

#[test]
fn an_administrator_needs_a_folder_of_this_version() {
    let dir = tempfile::tempdir().unwrap();
    let error = open_admin(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);

    std::fs::write(dir.path().join("recado.db"), "").unwrap();
    let error = open_admin(dir.path()).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");

    let stopped = Desk::open(dir).reopen();
    assert!(open_admin(stopped.dir()).is_ok());
}
