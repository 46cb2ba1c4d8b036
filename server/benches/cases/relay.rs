//! Steps of the relay core.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Instant;

use recado_server::id::SessionId;
use recado_server::relay::{Event, Peer, Relay, RelayConfig};
use recado_server::store::{
    AuthenticatedUser, HeadsRest, Origin, ReadResult, StoredEntry, StoredMemberships, StoredRoom,
    WriteResult,
};
use recado_server::{Limits, Policy};
use recado_shared::rules::membership::MemberState;
use recado_shared::{
    ClientFrame, ConversationId, DeviceKey, Hello, LogId, Now, ProtocolVersion, Request,
    RequestNumber, Role, RoomId, Stamp, UserId, UserName, Visibility,
};

use super::{ALICE, ALICE_BOB, Meter, TIME, entry, message, message_id};

const LOG: LogId = LogId([1; 16]);
const ROOM: RoomId = RoomId(1);

pub(super) fn append(meter: impl Meter) {
    let (mut relay, now) = relay_of(2);
    let mut number = 0;
    meter.measure(
        || {
            number += 1;
            Event::Frame {
                session: session_of(ALICE),
                frame: ClientFrame::Request {
                    number: RequestNumber(number),
                    request: Request::Append {
                        conversation: ALICE_BOB,
                        id: message_id(number.into()),
                        content: message(),
                    },
                },
            }
        },
        |event| relay.handle(event, now),
    );
}

pub(super) fn written_direct(meter: impl Meter) {
    written(meter, 2, ALICE_BOB);
}

pub(super) fn written_room_of_10(meter: impl Meter) {
    written(meter, 10, ConversationId::Room(ROOM));
}

pub(super) fn written_room_of_1000(meter: impl Meter) {
    written(meter, 1_000, ConversationId::Room(ROOM));
}

/// The store has committed an entry of Alice; the relay delivers it to the other members.
fn written(meter: impl Meter, people: u32, conversation: ConversationId) {
    let (mut relay, now) = relay_of(people);
    let mut number = 0;
    meter.measure(
        || {
            number += 1;
            Event::Written(written_append(number, conversation))
        },
        |event| relay.handle(event, now),
    );
}

fn written_append(number: u32, conversation: ConversationId) -> WriteResult {
    WriteResult::Append {
        origin: Origin {
            session: session_of(ALICE),
            number: RequestNumber(number),
        },
        conversation,
        result: Ok(StoredEntry {
            entry: entry(number.into()),
            is_new: true,
            is_request: false,
        }),
        stamp: Stamp(u64::from(number)),
    }
}

/// A relay with so many people, all online with one device, in sync, and in one room.
fn relay_of(people: u32) -> (Relay, Now) {
    let now = Now {
        instant: Instant::now(),
        wall: TIME,
    };
    let config = RelayConfig {
        policy: Policy::Invite,
        local_token: None,
        limits: Limits {
            max_sessions: 10_000,
            ..Limits::default()
        },
    };
    let people = (1..=people).map(|number| UserId(number.into()));
    let member = MemberState::member(Role::Member);
    let room = StoredRoom {
        room: ROOM,
        visibility: Visibility::Private,
        is_closed: false,
        members: people
            .clone()
            .map(|user| (user, member))
            .collect::<BTreeMap<_, _>>(),
    };
    let memberships = StoredMemberships {
        rooms: vec![room],
        ..StoredMemberships::default()
    };
    let mut relay = Relay::new(config, memberships, now);
    for user in people {
        enter(&mut relay, user, now);
    }
    let mut now = now;
    while let Some(deadline) = relay.next_deadline() {
        now.instant = deadline;
        relay.handle(Event::Deadline, now);
    }
    (relay, now)
}

/// Logs in a user without heads to send.
fn enter(relay: &mut Relay, user: UserId, now: Now) {
    let session = session_of(user);
    let hello = Hello {
        oldest: ProtocolVersion::OLDEST,
        newest: ProtocolVersion::NEWEST,
        software: "bench".to_owned(),
        name: None,
        token: None,
        since: None,
        extensions: Vec::new(),
    };
    let peer = Peer {
        key: DeviceKey([1; 32]),
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let admitted = AuthenticatedUser {
        user,
        name: UserName::new(&format!("user{user}")).expect("it is a name"),
        registered: false,
        log: LOG,
        stamp: Stamp(0),
    };
    let login = WriteResult::Login {
        session,
        result: Ok(admitted),
    };
    let heads = ReadResult::Heads {
        session,
        heads: Vec::new(),
        people: Vec::new(),
        stamp: Stamp(0),
        rest: HeadsRest::default(),
    };
    relay.handle(
        Event::Hello {
            session,
            peer,
            hello,
        },
        now,
    );
    relay.handle(Event::Written(login), now);
    relay.handle(Event::Read(heads), now);
    relay.handle(Event::HeadsWritten(session), now);
}

fn session_of(user: UserId) -> SessionId {
    SessionId(user.0)
}
