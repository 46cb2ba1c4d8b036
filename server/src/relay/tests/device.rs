//! Devices that ask to be linked, and what users do about theirs.

use recado_shared::device::{DEVICE_NAME_EXTENSION, LINK_EXTENSION};
use recado_shared::limits::{LINK_POLL, MAX_PENDING_LINKS, PENDING_LINK_TTL};
use recado_shared::{Device, DeviceName, Extension, LinkCode, PendingDevice};

use super::*;
use crate::store::DeviceChange;

const NEW: DeviceKey = DeviceKey([7; 32]);
const HERE: &str = "192.0.2.1";

fn phone() -> DeviceName {
    DeviceName::new("phone").unwrap()
}

/// The hello of a device that asks to be linked.
fn linking(name: &[u8]) -> Hello {
    let extension = |kind, value: &[u8]| Extension {
        kind,
        value: value.to_vec(),
    };
    Hello {
        name: None,
        extensions: vec![
            extension(99, b"of later"),
            extension(DEVICE_NAME_EXTENSION, name),
            extension(LINK_EXTENSION, b""),
        ],
        ..hello()
    }
}

fn answered(to: SessionId, result: Result<Answer, RequestError>) -> Effect {
    answer(origin(to, 1), result)
}

impl Desk {
    fn handle(&mut self, event: Event) -> Vec<Effect> {
        self.relay.handle(event, self.now)
    }

    /// A device says hello and the store knows no user of it. Returns the answer, and whether the
    /// store was asked.
    fn ask_for_link(&mut self, key: DeviceKey, address: &str, name: &[u8]) -> (Refusal, bool) {
        let session = SessionId(500);
        let peer = Peer {
            key,
            ..peer(address)
        };
        let mut effects = self.greet(session, peer, linking(name));
        let is_stored = match effects.as_slice() {
            [Effect::Write(Write::Login(login))] => {
                assert_eq!(
                    login.admission,
                    Admission::Denied(Refusal::LinkPending),
                    "a registration is not reserved"
                );
                effects = self.handle(logged_in(session, Err(Refusal::LinkPending)));
                true
            }
            _ => false,
        };
        self.handle(Event::Closed(session));
        match effects.pop() {
            Some(Effect::Send {
                frame: ServerFrame::Refused(refusal),
                ..
            }) => (refusal, is_stored),
            other => panic!("{other:?}"),
        }
    }

    fn asks(&mut self, session: SessionId, asked: Request) -> Vec<Effect> {
        self.handle(request(session, 1, asked))
    }

    fn find(&mut self, code: LinkCode) -> Result<PendingDevice, RequestError> {
        let mut effects = self.asks(S1, Request::FindDevice(code));
        let Some(Effect::Send {
            frame: ServerFrame::Answer { result, .. },
            ..
        }) = effects.pop()
        else {
            panic!("a request is answered");
        };
        result.map(|answer| {
            let Answer::PendingDevice(found) = answer else {
                panic!("{answer:?}");
            };
            found
        })
    }

    fn device_changed(
        &mut self,
        change: DeviceChange,
        result: Result<(), RequestError>,
    ) -> Vec<Effect> {
        self.handle(Event::Written(WriteResult::Device {
            origin: origin(S1, 1),
            user: ALICE,
            change,
            result,
        }))
    }
}

#[test]
fn a_device_waits_until_it_is_linked() {
    let mut desk = Desk::new(Policy::Open);
    desk.enter(S1, ALICE);
    let code = LinkCode::of(&NEW);
    assert_eq!(desk.find(code), Err(RequestError::UnknownCode));
    let first = desk.ask_for_link(NEW, HERE, b"phone");
    assert_eq!(first, (Refusal::LinkPending, true));
    // Repetitions cost the store nothing.
    desk.now.instant += LINK_POLL;
    let again = desk.ask_for_link(NEW, HERE, b"phone");
    assert_eq!(again, (Refusal::LinkPending, false));
    let found = PendingDevice {
        key: NEW,
        name: Some(phone()),
    };
    assert_eq!(desk.find(code), Ok(found));

    let change = DeviceChange::Link {
        key: NEW,
        name: Some(phone()),
    };
    let write = Write::Device {
        origin: origin(S1, 1),
        user: ALICE,
        by: DeviceKey([3; 32]),
        change: change.clone(),
        time: desk.now.wall,
    };
    let link = Request::LinkDevice {
        key: NEW,
        name: Some(phone()),
    };
    assert_eq!(desk.asks(S1, link), [Effect::Write(write)]);
    assert_eq!(
        desk.device_changed(change, Ok(())),
        [answered(S1, Ok(Answer::Done))]
    );
    assert_eq!(desk.find(code), Err(RequestError::UnknownCode));
    // The store knows it now.
    let peer = Peer {
        key: NEW,
        ..peer(HERE)
    };
    let effects = desk.greet(S2, peer, linking(b"phone"));
    assert!(matches!(effects[..], [Effect::Write(Write::Login(_))]));
    let effects = desk.handle(logged_in(S2, Ok(admitted(ALICE, false))));
    assert!(matches!(
        effects[0],
        Effect::Send {
            to: S2,
            frame: ServerFrame::Welcome(_)
        }
    ));
}

#[test]
fn only_a_device_that_waits_is_linked() {
    let mut desk = Desk::new(Policy::Open);
    desk.enter(S1, ALICE);
    let link = || Request::LinkDevice {
        key: NEW,
        name: None,
    };
    let unknown = [answered(S1, Err(RequestError::UnknownCode))];
    assert_eq!(desk.asks(S1, link()), unknown);
    desk.ask_for_link(NEW, HERE, b"");
    let other = LinkCode::of(&DeviceKey([8; 32]));
    assert_eq!(desk.find(other), Err(RequestError::UnknownCode));
    desk.now.instant += PENDING_LINK_TTL;
    assert_eq!(desk.asks(S1, link()), unknown);
    let code = LinkCode::of(&NEW);
    assert_eq!(desk.find(code), Err(RequestError::UnknownCode));
    let again = desk.ask_for_link(NEW, HERE, b"");
    assert_eq!(again, (Refusal::LinkPending, true));
}

#[test]
fn a_device_that_the_store_does_not_link_goes_on_waiting() {
    let mut desk = Desk::new(Policy::Open);
    desk.enter(S1, ALICE);
    // Names from elsewhere that are none are left out.
    desk.ask_for_link(NEW, HERE, b"\xff\xfe");
    let change = DeviceChange::Link {
        key: NEW,
        name: None,
    };
    let full = RequestError::Limit(recado_shared::Limit::Devices);
    assert_eq!(
        desk.device_changed(change, Err(full)),
        [answered(S1, Err(full))]
    );
    let found = PendingDevice {
        key: NEW,
        name: None,
    };
    assert_eq!(desk.find(LinkCode::of(&NEW)), Ok(found));
}

/// The nth device, which asks from a network of documentation.
fn nth(desk: &mut Desk, n: u8, network: usize) {
    let address = format!("192.0.2.{network}");
    let asked = desk.ask_for_link(DeviceKey([n; 32]), &address, b"").0;
    assert_eq!(asked, Refusal::LinkPending);
}

fn is_waiting(desk: &mut Desk, n: u8) -> bool {
    desk.find(LinkCode::of(&DeviceKey([n; 32]))).is_ok()
}

#[test]
fn a_new_device_takes_the_place_of_the_longest_waiting_one() {
    let mut desk = Desk::new(Policy::Open);
    desk.enter(S1, ALICE);
    let all = u8::try_from(MAX_PENDING_LINKS).unwrap();
    for n in 1..=all {
        nth(&mut desk, n, n.into());
    }
    // The first one goes on asking, and has still waited longest.
    desk.now.instant += LINK_POLL;
    nth(&mut desk, 1, 1);
    nth(&mut desk, all + 1, usize::from(all) + 1);
    assert!(!is_waiting(&mut desk, 1));
    assert!((2..=all + 1).all(|n| is_waiting(&mut desk, n)));
    nth(&mut desk, 1, 1);
    assert!(is_waiting(&mut desk, 1) && !is_waiting(&mut desk, 2));
    let waiting = desk.relay.pending_links.networks();
    assert_eq!(waiting.len(), MAX_PENDING_LINKS);
}

#[test]
fn the_network_with_the_most_devices_loses_one() {
    let mut desk = Desk::new(Policy::Open);
    desk.enter(S1, ALICE);
    let mut n = 0;
    let mut ask = |desk: &mut Desk, network| {
        n += 1;
        nth(desk, n, network);
    };
    let networks = MAX_PENDING_LINKS / PENDING_LINKS_PER_ADDRESS;
    for network in 1..=networks {
        // The last ones take the places of the first ones of their own network.
        for _ in 0..PENDING_LINKS_PER_ADDRESS + 2 {
            ask(&mut desk, network);
        }
    }
    for network in networks + 1..=2 * networks {
        ask(&mut desk, network);
    }
    let links = desk.relay.pending_links.networks();
    let here = |network: usize| format!("192.0.2.{network}").parse::<IpAddr>().unwrap();
    let of = |network| links.iter().filter(|it| **it == here(network)).count();
    let waiting: Vec<_> = (1..=2 * networks).map(of).collect();
    let (many, few) = (PENDING_LINKS_PER_ADDRESS - 1, 1);
    let expected = [vec![many; networks], vec![few; networks]].concat();
    assert_eq!(waiting, expected);
}

#[test]
fn a_device_waits_a_few_minutes_at_most() {
    let mut desk = Desk::new(Policy::Open);
    desk.enter(S1, ALICE);
    let start = desk.now.instant;
    desk.ask_for_link(NEW, HERE, b"");
    while desk.now.instant + LINK_POLL < start + PENDING_LINK_LIMIT {
        desk.now.instant += LINK_POLL;
        let again = desk.ask_for_link(NEW, HERE, b"");
        assert_eq!(again, (Refusal::LinkPending, false));
    }
    desk.now.instant += LINK_POLL;
    assert!(desk.find(LinkCode::of(&NEW)).is_err());
    let again = desk.ask_for_link(NEW, HERE, b"");
    assert_eq!(again, (Refusal::LinkPending, true), "a new request");
}

#[test]
fn a_disabled_user_s_device_does_not_wait() {
    let mut desk = Desk::new(Policy::Open);
    let peer = Peer {
        key: NEW,
        ..peer(HERE)
    };
    desk.greet(S2, peer, linking(b""));
    let refused = desk.handle(logged_in(S2, Err(Refusal::Disabled)));
    assert_eq!(refused, [refuse(S2, Refusal::Disabled)]);
}

#[test]
fn a_list_of_devices_says_which_are_online() {
    let mut desk = Desk::new(Policy::Open);
    desk.enter(S1, ALICE);
    assert_eq!(
        desk.asks(S1, Request::Devices),
        [query_of(origin(S1, 1), ALICE, Query::Devices)]
    );
    let device = |key, is_online| Device {
        key,
        name: None,
        added: Timestamp(1),
        seen: None,
        is_online,
    };
    let own = peer(HERE).key;
    let stored = vec![device(own, false), device(NEW, false)];
    let devices = vec![device(own, true), device(NEW, false)];
    assert_eq!(
        desk.handle(query_answered(origin(S1, 1), Ok(Answer::Devices(stored)))),
        [answered(S1, Ok(Answer::Devices(devices)))]
    );
}

#[test]
fn a_revoked_device_s_sessions_end() {
    let mut desk = Desk::new(Policy::Open);
    desk.enter(S1, ALICE);
    let phone = Peer {
        key: NEW,
        ..peer(HERE)
    };
    for session in [S2, S3] {
        desk.greet(session, phone, hello());
        desk.handle(logged_in(session, Ok(admitted(ALICE, false))));
    }
    let revoke = DeviceChange::Revoke(NEW);
    let close = |session| send(session, ServerFrame::Close(CloseReason::Revoked));
    assert_eq!(
        desk.device_changed(revoke.clone(), Err(RequestError::LastDevice)),
        [answered(S1, Err(RequestError::LastDevice))]
    );
    assert_eq!(
        desk.device_changed(revoke, Ok(())),
        [answered(S1, Ok(Answer::Done)), close(S2), close(S3)]
    );
    // The other device stays, and is told before its own revocation ends it.
    assert_eq!(
        desk.device_changed(DeviceChange::Revoke(peer(HERE).key), Ok(())),
        [answered(S1, Ok(Answer::Done)), close(S1)]
    );
}

#[test]
fn nothing_changes_while_the_server_stops() {
    let mut desk = Desk::new(Policy::Open);
    desk.enter(S1, ALICE);
    desk.ask_for_link(NEW, HERE, b"");
    // What the store still does keeps the sessions.
    desk.asks(S1, Request::RevokeDevice(NEW));
    desk.handle(Event::Drain);
    let link = Request::LinkDevice {
        key: NEW,
        name: None,
    };
    for request in [link, Request::RevokeDevice(NEW)] {
        let unavailable = answered(S1, Err(RequestError::Unavailable));
        assert_eq!(desk.asks(S1, request), [unavailable]);
    }
    let refused = desk.ask_for_link(NEW, HERE, b"");
    assert_eq!(refused, (Refusal::ShuttingDown, false));
}
