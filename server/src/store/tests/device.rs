//! Devices of users: linked, named, revoked.

use recado_shared::limits::MAX_DEVICES;
use recado_shared::{Device, DeviceName, InviteToken, Limit, RequestError};

use super::*;

type Outcome = Result<(), RequestError>;

fn key(device: u8) -> DeviceKey {
    DeviceKey([device; 32])
}

fn called(name: &str) -> DeviceName {
    DeviceName::new(name).unwrap()
}

fn name_it(device: u8, name: &str) -> DeviceChange {
    let (key, name) = (key(device), DeviceName::new(name).unwrap());
    DeviceChange::Name { key, name }
}

impl Desk {
    /// Lets a user's oldest device change something.
    fn change_device(&mut self, user: UserId, change: DeviceChange, time: u64) -> Outcome {
        let by = self.devices(user)[0].key;
        self.change_by(by, user, change, time)
    }

    fn change_by(
        &mut self,
        by: DeviceKey,
        user: UserId,
        change: DeviceChange,
        time: u64,
    ) -> Outcome {
        let written = self.write(Write::Device {
            origin: ORIGIN,
            user,
            by,
            change,
            time: Timestamp(time),
        });
        let WriteResult::Device { result, .. } = written else {
            panic!("a change of a device is answered by one");
        };
        result
    }

    fn link(&mut self, user: UserId, device: u8, name: Option<DeviceName>, time: u64) -> Outcome {
        let key = key(device);
        self.change_device(user, DeviceChange::Link { key, name }, time)
    }

    fn revoke(&mut self, user: UserId, device: u8) -> Outcome {
        self.change_device(user, DeviceChange::Revoke(key(device)), 3_000)
    }

    fn devices(&mut self, user: UserId) -> Vec<Device> {
        let Answer::Devices(devices) = self.query(user, Query::Devices) else {
            panic!("devices are answered by devices");
        };
        devices
    }
}

fn device(device: u8, name: Option<DeviceName>, added: u64, seen: Option<u64>) -> Device {
    Device {
        key: key(device),
        name,
        added: Timestamp(added),
        seen: seen.map(Timestamp),
        is_online: false,
    }
}

#[test]
fn a_linked_device_comes_in_as_its_user() {
    let mut desk = Desk::new();
    let registering = Login {
        device_name: Some(called("laptop")),
        ..login(1, Some("alice"))
    };
    let alice = desk.login(registering).unwrap().user;
    assert_eq!(desk.link(alice, 2, Some(called("phone")), 2_000), Ok(()));
    let mut desk = desk.reopen();
    let laptop = device(1, Some(called("laptop")), 1_000, Some(1_000));
    let phone = device(2, Some(called("phone")), 2_000, None);
    assert_eq!(desk.devices(alice), [laptop.clone(), phone.clone()]);

    let waiting = Login {
        device_name: Some(called("never asked")),
        admission: Admission::Denied(Refusal::LinkPending),
        time: Timestamp(2_500),
        ..login(2, None)
    };
    let admitted = desk.login(waiting).unwrap();
    assert_eq!((admitted.user, admitted.registered), (alice, false));
    let phone = Device {
        seen: Some(Timestamp(2_500)),
        ..phone
    };
    assert_eq!(desk.devices(alice), [laptop, phone]);
    assert_eq!(desk.devices(UserId(9)), []);
}

#[test]
fn a_key_is_one_users() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let bob = desk.register("bob");
    for user in [alice, bob] {
        assert_eq!(
            desk.link(user, 2, None, 2_000),
            Err(RequestError::UnknownCode)
        );
    }
    assert_eq!(desk.login(login(2, None)).unwrap().user, bob);
}

#[test]
fn only_ones_own_devices_are_named() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let bob = desk.register("bob");
    assert_eq!(desk.change_device(alice, name_it(1, "desk"), 2_000), Ok(()));
    let unknown = Err(RequestError::UnknownDevice);
    assert_eq!(desk.change_device(alice, name_it(2, "x"), 2_000), unknown);
    assert_eq!(desk.change_device(alice, name_it(9, "x"), 2_000), unknown);
    assert_eq!(desk.revoke(alice, 2), unknown);
    assert_eq!(desk.revoke(alice, 9), unknown);
    assert_eq!(desk.devices(alice)[0].name, Some(called("desk")));
    assert_eq!(desk.devices(bob)[0].name, None);
}

#[test]
fn a_user_has_so_many_devices_and_keeps_one() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let most = u8::try_from(MAX_DEVICES).unwrap();
    for device in 2..=most {
        assert_eq!(desk.link(alice, device, None, 2_000), Ok(()));
    }
    let full = Err(RequestError::Limit(Limit::Devices));
    assert_eq!(desk.link(alice, most + 1, None, 2_000), full);
    assert_eq!(desk.devices(alice).len(), MAX_DEVICES);
    for device in 2..=most {
        assert_eq!(desk.revoke(alice, device), Ok(()));
    }
    assert_eq!(desk.revoke(alice, 1), Err(RequestError::LastDevice));
    assert_eq!(desk.link(alice, most + 1, None, 2_000), Ok(()));
    assert_eq!(desk.revoke(alice, 1), Ok(()));
}

#[test]
fn a_revoked_key_cannot_log_in_until_it_is_linked_again() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let bob = desk.register("bob");
    desk.link(alice, 3, Some(called("phone")), 2_000).unwrap();
    desk.revoke(alice, 3).unwrap();
    let mut desk = desk.reopen();
    assert_eq!(desk.devices(alice).len(), 1);
    // The policy is open, but a revoked key must not register a new name.
    for claimed in [None, Some("alice"), Some("eve")] {
        assert_eq!(
            desk.login(login(3, claimed)),
            Err(Refusal::Revoked),
            "{claimed:?}"
        );
    }
    let closed = Login {
        admission: Admission::Denied(Refusal::Closed),
        ..login(3, None)
    };
    assert_eq!(desk.login(closed), Err(Refusal::Revoked));
    assert_eq!(desk.link(bob, 3, None, 2_000), Ok(()));
    assert_eq!(desk.login(login(3, None)).unwrap().user, bob);
    desk.revoke(bob, 3).unwrap();
    // An invite is asked for on purpose.
    let token = InviteToken([9; 16]);
    create_invite(desk.dir(), &token, 1, None, None).unwrap();
    let invited = Login {
        admission: Admission::ByInvite(token),
        ..login(3, Some("eve"))
    };
    assert!(desk.login(invited).unwrap().registered);
    assert!(!desk.login(login(3, None)).unwrap().registered);
}

#[test]
fn devices_that_the_administrator_took_are_revoked() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    desk.link(alice, 2, None, 2_000).unwrap();
    let token = InviteToken([9; 16]);
    let reset = AdminChange::Reset {
        user: name("alice"),
        token: token.clone(),
        expires: Timestamp(9_000),
    };
    assert_eq!(desk.change(reset), Ok(AdminOutcome::Reset { user: alice }));
    for device in [1, 2] {
        assert_eq!(
            desk.login(login(device, Some("eve"))),
            Err(Refusal::Revoked)
        );
    }
    let back = Login {
        token: Some(token),
        device_name: Some(called("old laptop")),
        ..login(1, None)
    };
    assert_eq!(desk.login(back).unwrap().user, alice);
    let devices = desk.devices(alice);
    assert_eq!(
        devices,
        [device(1, Some(called("old laptop")), 1_000, Some(1_000))]
    );
    assert_eq!(desk.revoke(alice, 1), Err(RequestError::LastDevice));
}

#[test]
fn the_oldest_of_too_many_revoked_keys_are_forgotten() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    let key = |n: u64| {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&n.to_be_bytes());
        DeviceKey(key)
    };
    let change = |change, time| Write::Device {
        origin: ORIGIN,
        user: alice,
        by: DeviceKey([1; 32]),
        change,
        time: Timestamp(time),
    };
    let link = |n| {
        let (key, name) = (key(n), None);
        change(DeviceChange::Link { key, name }, n)
    };
    let revoke = |n| change(DeviceChange::Revoke(key(n)), n);
    let batch: Vec<_> = (1..=1_001).flat_map(|n| [link(n), revoke(n)]).collect();
    desk.writer.commit(&batch).unwrap();
    let mut come = |n| {
        let key = key(n);
        desk.login(Login {
            key,
            ..login(0, None)
        })
    };
    // A stranger's, not alice's.
    assert_eq!(come(1), Err(Refusal::NameNeeded));
    assert_eq!(come(2), Err(Refusal::Revoked));
    assert_eq!(come(1_001), Err(Refusal::Revoked));
}

#[test]
fn a_device_that_was_taken_meanwhile_changes_nothing() {
    let mut desk = Desk::new();
    let alice = desk.register("alice");
    desk.link(alice, 2, None, 2_000).unwrap();
    desk.revoke(alice, 2).unwrap();
    let link = DeviceChange::Link {
        key: key(3),
        name: None,
    };
    for change in [link, name_it(1, "mine"), DeviceChange::Revoke(key(1))] {
        let result = desk.change_by(key(2), alice, change, 2_000);
        assert_eq!(result, Err(RequestError::Unavailable));
    }
    assert_eq!(desk.devices(alice), [device(1, None, 1_000, Some(1_000))]);
}
