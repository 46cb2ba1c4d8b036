//! Tests of the operator's changes to users and rooms.

use recado_shared::{
    DisplayName, DraftText, HistoryVisibility, InviteToken, RequestError, RoomName, Setting,
    Visibility,
};

use super::*;
use crate::id::Ticket;

const BACK: InviteToken = InviteToken([3; 16]);

impl Desk {
    pub(crate) fn change(&mut self, change: AdminChange) -> Result<AdminOutcome, ChangeError> {
        let written = self.write(Write::Admin {
            ticket: Ticket(1),
            change,
            time: Timestamp(50),
        });
        let WriteResult::Admin { result, .. } = written else {
            panic!("a change is answered by a change");
        };
        result
    }
}

fn reset(user: &str) -> AdminChange {
    AdminChange::Reset {
        user: name(user),
        token: BACK,
        expires: Timestamp(2_000),
    }
}

fn rename(user: &str, to: &str) -> AdminChange {
    AdminChange::Rename {
        user: name(user),
        to: name(to),
    }
}

/// A login by a reset invite.
fn back(device: u8, claimed: Option<&str>) -> Login {
    Login {
        token: Some(BACK),
        admission: Admission::Denied(Refusal::Closed),
        ..login(device, claimed)
    }
}

#[test]
fn a_change_of_an_unknown_user_is_rejected() {
    let mut desk = Desk::new();
    for change in [
        reset("alice"),
        rename("alice", "bob"),
        AdminChange::Disable(name("alice")),
        AdminChange::Enable(name("alice")),
    ] {
        assert_eq!(desk.change(change), Err(ChangeError::UnknownUser));
    }
}

#[test]
fn a_disabled_user_cannot_log_in_until_enabled() {
    let mut desk = Desk::new();
    let user = desk.register("alice");
    for _ in 0..2 {
        let disabled = desk.change(AdminChange::Disable(name("ALICE")));
        assert_eq!(disabled, Ok(AdminOutcome::Disabled { user }));
        assert_eq!(desk.login(login(1, None)), Err(Refusal::Disabled));
    }
    let mut desk = desk.reopen();
    assert_eq!(desk.login(login(1, None)), Err(Refusal::Disabled));
    let enabled = desk.change(AdminChange::Enable(name("alice")));
    assert_eq!(enabled, Ok(AdminOutcome::Enabled { user }));
    assert_eq!(desk.login(login(1, None)).unwrap().user, user);
}

#[test]
fn after_a_reset_only_the_invite_brings_the_user_back() {
    let mut desk = Desk::new();
    let user = desk.register("alice");
    let bob = desk.register("bob");
    desk.say(user, bob, 1, "hello");
    assert_eq!(
        desk.change(reset("alice")),
        Ok(AdminOutcome::Reset { user })
    );
    // Neither the old device, nor the name without the invite, nor the invite with another name.
    assert_eq!(desk.login(login(1, Some("alice"))), Err(Refusal::Revoked));
    assert_eq!(desk.login(login(8, Some("alice"))), Err(Refusal::NameTaken));
    let other = desk.login(back(9, Some("carol")));
    assert_eq!(other, Err(Refusal::InviteForOtherName));

    let admitted = desk.login(back(9, None)).unwrap();
    assert_eq!((admitted.user, admitted.registered), (user, false));
    assert_eq!(admitted.name, name("alice"));
    assert_eq!(desk.login(login(9, None)).unwrap().user, user);
    let mut again = message(user, bob, 2, "again");
    if let Write::Append { new, .. } = &mut again {
        new.by = DeviceKey([9; 32]);
    }
    assert_eq!(desk.append(again).unwrap().entry.seq, Seq(2));
    // Once.
    assert_eq!(desk.login(back(10, None)), Err(Refusal::Closed));
}

#[test]
fn a_reset_invite_ends_and_a_second_reset_ends_the_first() {
    let mut desk = Desk::new();
    desk.register("alice");
    desk.change(reset("alice")).unwrap();
    let late = Login {
        time: Timestamp(2_000),
        ..back(9, None)
    };
    assert_eq!(desk.login(late), Err(Refusal::Closed));
    let again = AdminChange::Reset {
        user: name("alice"),
        token: InviteToken([4; 16]),
        expires: Timestamp(2_000),
    };
    desk.change(again).unwrap();
    assert_eq!(desk.login(back(9, None)), Err(Refusal::Closed));
}

#[test]
fn a_former_name_is_not_issued_again() {
    let mut desk = Desk::new();
    let user = desk.register("alice");
    let bob = desk.register("bob");
    desk.say(user, bob, 1, "hello");
    let before = heads_after(&mut desk, bob, 0).1;
    assert_eq!(
        desk.change(rename("alice", "bob")),
        Err(ChangeError::NameTaken)
    );
    assert_eq!(
        desk.change(rename("alice", "b0b")),
        Err(ChangeError::NameTooSimilar)
    );
    let to = name("Alicia");
    let renamed = AdminOutcome::Renamed {
        user,
        name: to.clone(),
    };
    assert_eq!(desk.change(rename("alice", "Alicia")), Ok(renamed));
    assert_eq!(desk.login(login(1, None)).unwrap().name, to);
    // Its owner has another one now, so it is like a taken name and not one itself.
    let refused = desk.login(login(9, Some("alice")));
    assert_eq!(refused, Err(Refusal::NameTooSimilar));
    // A client that was offline gets it with its next heads.
    let (people, _) = heads_after(&mut desk, bob, before);
    assert!(people.contains(&(user, to)), "{people:?}");
    // Back to the first one, which is still theirs.
    assert!(desk.change(rename("alicia", "Alice")).is_ok());
}

fn heads_after(desk: &mut Desk, user: UserId, since: u64) -> (Vec<(UserId, UserName)>, u64) {
    let read = Read::Heads {
        session: SESSION,
        user,
        since: Some(recado_shared::Stamp(since)),
    };
    match desk.read(read) {
        ReadResult::Heads { people, stamp, .. } => (people, stamp.0),
        other @ (ReadResult::Agreed { .. } | ReadResult::Answer { .. }) => {
            panic!("no heads: {other:?}")
        }
    }
}

#[test]
fn an_administrator_sees_people_and_invites() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let bob = desk.register("Bob");
    desk.say(alice, bob, 1, "hello");
    desk.change(AdminChange::Disable(name("bob"))).unwrap();
    desk.change(reset("alice")).unwrap();
    let mut admin = open_admin(desk.dir()).unwrap();
    let users = admin.users().unwrap();
    let seen: Vec<_> = users
        .iter()
        .map(|facts| (facts.name.as_str(), facts.state, facts.devices))
        .collect();
    let expected = [
        ("alice", UserState::Active, 0),
        ("Bob", UserState::Disabled, 1),
    ];
    assert_eq!(seen, expected);
    let detail = admin.user(&name("BOB")).unwrap().unwrap();
    assert_eq!((detail.conversations, detail.entries), (1, 0));
    let keys: Vec<_> = detail.devices.iter().map(|device| device.key).collect();
    assert_eq!(keys, [DeviceKey([2; 32])]);
    assert!(admin.user(&name("carol")).unwrap().is_none());

    let invites = admin.invites().unwrap();
    let [invite] = invites.as_slice() else {
        panic!("one invite: {invites:?}");
    };
    assert!(invite.is_reset && invite.for_name == Some(name("alice")));
    assert!(admin.revoke_invite(&invite.digest).unwrap());
    assert!(!admin.revoke_invite(&invite.digest).unwrap());
    assert_eq!(desk.login(back(9, None)), Err(Refusal::Closed));
}

#[test]
fn a_folder_without_a_server_is_changed_and_one_in_use_is_not() {
    let empty = tempfile::tempdir().unwrap();
    let change = || AdminChange::Disable(name("alice"));
    let error = administer(empty.path(), change(), Timestamp(1)).unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
    assert_eq!(std::fs::read_dir(empty.path()).unwrap().count(), 0);

    let mut desk = Desk::new();
    let user = desk.register("alice");
    let error = administer(desk.dir(), change(), Timestamp(1)).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    let dir = desk.close();
    let result = administer(dir.path(), change(), Timestamp(1)).unwrap();
    assert_eq!(result, Ok(AdminOutcome::Disabled { user }));
    let mut desk = Desk::open(dir);
    assert_eq!(desk.login(login(1, None)), Err(Refusal::Disabled));
}

#[test]
fn what_stood_behind_the_closing_of_an_account_is_not_done() {
    let mut desk = Desk::new();
    let (alice, bob) = (desk.register("alice"), desk.register("bob"));
    desk.say(alice, bob, 1, "hello");
    let by_alice = |change: UserChange| Write::User {
        origin: ORIGIN,
        user: alice,
        by: device_of(alice),
        change,
    };
    let draft = Setting::Draft {
        conversation: ConversationId::direct(alice, bob),
        text: DraftText::new("one more thing").unwrap(),
    };
    let remove = Write::Admin {
        ticket: Ticket(1),
        change: AdminChange::Remove(name("alice")),
        time: Timestamp(2),
    };
    let room = NewRoom {
        author: alice,
        by: device_of(alice),
        id: message_id(3),
        name: RoomName::new("tea").unwrap(),
        visibility: Visibility::Public,
        history: HistoryVisibility::Visible,
        time: Timestamp(3),
    };
    let batch = [
        remove,
        message(alice, bob, 2, "one more thing"),
        by_alice(UserChange::Set(draft)),
        by_alice(UserChange::Display(DisplayName::new("Ally").ok())),
        Write::CreateRoom {
            origin: ORIGIN,
            new: room,
        },
    ];
    let written = desk.writer.commit(&batch).unwrap();
    let refused = Some(RequestError::Unavailable);
    for written in &written[1..] {
        let error = match written {
            WriteResult::Append { result, .. } => result.as_ref().err(),
            WriteResult::User { result, .. } => result.as_ref().err(),
            WriteResult::CreateRoom { result, .. } => result.as_ref().err(),
            other => panic!("{other:?}"),
        };
        assert_eq!(error.copied(), refused, "{written:?}");
    }
    let late = desk.append(message(bob, alice, 4, "too late"));
    assert_eq!(late, Err(RequestError::NotAccepting));
}
