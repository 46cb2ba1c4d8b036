//! The server of the world: the real relay over the real store, which is in memory.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use recado_server::Limits;
use recado_server::relay::{Effect, Event, Peer, Policy, Relay, RelayConfig, SessionId};
use recado_server::store::{Admission, Engine, Login, Query, Read, ReadResult, Write, WriteResult};
use recado_shared::{
    Answer, ClientFrame, DeviceKey, EpochId, LogId, PageRange, ServerFrame, Timestamp, UserId,
    UserName, codec,
};

use crate::record::Record;
use crate::world::{Clock, Step, may_repeat};

/// Live frames that may be on their way to one session.
const OUTBOX: usize = 6;

/// The key of a user's devices.
fn device_key(user: UserId) -> DeviceKey {
    let mut key = [0; 32];
    key[0] = u8::try_from(user.0).expect("few users");
    DeviceKey(key)
}

pub(crate) fn user_name(user: UserId) -> UserName {
    UserName::new(&format!("user{user}")).expect("a legal name")
}

/// A connection as the server sees it.
#[derive(Debug)]
struct Connection {
    client: usize,
    user: UserId,
    link: u64,
    /// When the last frame arrives that is on its way: none overtakes another.
    last_at: Duration,
    on_their_way: usize,
    is_greeted: bool,
}

pub(crate) struct Server {
    store: Engine,
    pub(crate) record: Record,
    relay: Option<Relay>,
    /// Which start of the process this is: steps of an earlier one mean nothing.
    boot: u64,
    connections: BTreeMap<SessionId, Connection>,
    last_session: u64,
    writes: Vec<Write>,
    /// When the last commit is answered.
    answered_at: Duration,
    deadline: Option<Duration>,
}

impl Server {
    /// A server whose users are numbered from 1.
    pub(crate) fn new(users: u64) -> Self {
        let mut store = Engine::in_memory(LogId([1; 16])).expect("there is memory");
        for user in (1..=users).map(UserId) {
            let login = Login {
                device_name: None,
                session: SessionId(0),
                key: device_key(user),
                name: Some(user_name(user)),
                token: None,
                admission: Admission::Granted,
                max_users: 100,
                time: Timestamp(0),
            };
            let written = store.commit(&[Write::Login(login)]).expect("memory");
            let [WriteResult::Login { result: Ok(of), .. }] = written.as_slice() else {
                panic!("not registered: {written:?}");
            };
            assert_eq!(of.user, user);
        }
        Self {
            store,
            record: Record::default(),
            relay: None,
            boot: 0,
            connections: BTreeMap::new(),
            last_session: 0,
            writes: Vec::new(),
            answered_at: Duration::ZERO,
            deadline: None,
        }
    }

    /// Accepts a connection, if there is a server.
    pub(crate) fn connect(&mut self, client: usize, user: UserId, link: u64) -> Option<SessionId> {
        self.relay.as_ref()?;
        self.last_session += 1;
        let session = SessionId(self.last_session);
        let connection = Connection {
            client,
            user,
            link,
            last_at: Duration::ZERO,
            on_their_way: 0,
            is_greeted: false,
        };
        self.connections.insert(session, connection);
        Some(session)
    }

    pub(crate) fn step(&mut self, step: Step, clock: &mut Clock) {
        match step {
            Step::ToServer { session, bytes } => self.receive(session, &bytes, clock),
            Step::Closed(session) if self.connections.remove(&session).is_some() => {
                self.handle(Event::Closed(session), clock);
            }
            Step::Commit(boot) if boot == self.boot => self.commit(clock),
            Step::Written(boot, written) if boot == self.boot => {
                self.handle(Event::Written(written), clock);
            }
            Step::Read(boot, read) if boot == self.boot => {
                let result = self.store.answer(read.clone()).expect("memory");
                self.check_read(&read, &result);
                let delay = clock.millis(0..30);
                clock.after(delay, Step::ReadDone(boot, result));
            }
            Step::ReadDone(boot, result) if boot == self.boot => {
                self.handle(Event::Read(result), clock);
            }
            Step::ServerDeadline(boot) if boot == self.boot => {
                self.deadline = None;
                self.handle(Event::Deadline, clock);
            }
            Step::ServerCrash => self.crash(clock),
            Step::ServerStart => self.start(clock),
            _ => {}
        }
    }

    fn start(&mut self, clock: &Clock) {
        if self.relay.is_none() {
            self.boot += 1;
            self.store
                .begin_epoch(EpochId(self.boot.to_be_bytes()))
                .expect("memory");
            self.relay = Some(Relay::new(
                RelayConfig {
                    policy: Policy::Closed,
                    local_token: None,
                    limits: Limits::default(),
                },
                self.store.memberships().expect("memory"),
                clock.now(0),
            ));
        }
    }

    /// Everything but the disk is gone, what was not committed or not answered included.
    fn crash(&mut self, clock: &mut Clock) {
        self.relay = None;
        self.boot += 1;
        self.writes.clear();
        self.deadline = None;
        for connection in std::mem::take(&mut self.connections).into_values() {
            let delay = clock.millis(0..1_500);
            let client = connection.client;
            let link = connection.link;
            clock.after(delay, Step::Cut { client, link });
        }
    }

    fn receive(&mut self, session: SessionId, bytes: &[u8], clock: &mut Clock) {
        let Some(connection) = self.connections.get_mut(&session) else {
            return;
        };
        let frame: ClientFrame = codec::decode(bytes).expect("clients write frames");
        match frame {
            ClientFrame::Hello(hello) => {
                connection.is_greeted = true;
                let peer = Peer {
                    key: device_key(connection.user),
                    address: IpAddr::V4(Ipv4Addr::LOCALHOST),
                };
                self.handle(
                    Event::Hello {
                        session,
                        peer,
                        hello,
                    },
                    clock,
                );
            }
            ClientFrame::Leave => {
                self.connections.remove(&session);
                self.handle(Event::Closed(session), clock);
            }
            frame => self.handle(Event::Frame { session, frame }, clock),
        }
    }

    fn commit(&mut self, clock: &mut Clock) {
        // Commits are answered in their order.
        self.answered_at = self.answered_at.max(clock.time + clock.millis(0..25));
        let batch = std::mem::take(&mut self.writes);
        for written in self.store.commit(&batch).expect("memory") {
            self.record.follow(&written);
            clock.at(self.answered_at, Step::Written(self.boot, written));
        }
    }

    /// What a reader gives is what the record says at this moment.
    fn check_read(&self, read: &Read, result: &ReadResult) {
        match (read, result) {
            (
                Read::Query {
                    user,
                    query:
                        Query::Page {
                            conversation,
                            range,
                            limit,
                        },
                    ..
                },
                ReadResult::Answer {
                    result: Ok(Answer::Page { entries, .. }),
                    ..
                },
            ) => {
                let log = self.record.logs.get(conversation);
                let visible = log.map_or(&[][..], |log| log.visible(*user)).iter();
                let limit = usize::from(*limit);
                let expected: Vec<_> = match range {
                    PageRange::After(seq) => visible.filter(|e| e.seq > *seq).take(limit).collect(),
                    PageRange::Before(seq) => {
                        let below: Vec<_> = visible.filter(|e| e.seq < *seq).collect();
                        below[below.len().saturating_sub(limit)..].to_vec()
                    }
                };
                let got: Vec<_> = entries.iter().collect();
                assert_eq!(got, expected, "user {user} reads {conversation:?}");
            }
            (
                Read::Heads { user, .. } | Read::MoreHeads { user, .. },
                ReadResult::Heads { heads, .. },
            ) => {
                for head in heads {
                    let log = &self.record.logs[&head.conversation];
                    let member = &log.members[user];
                    let newest = member.last.unwrap_or(log.newest());
                    assert_eq!((head.first, head.newest), (member.first, newest));
                    assert_eq!(head.unread, log.unread(*user), "user {user}: {head:?}");
                    let own = head.cursors.iter().find(|cursors| cursors.user == *user);
                    assert_eq!(own, Some(&member.cursors));
                    if let Some(facts) = &head.room {
                        let members = usize::try_from(facts.members).expect("few");
                        let now = (log.name.clone(), log.count_members());
                        // Who has gone is told what held then.
                        let known = member.kept.clone().unwrap_or(now);
                        assert_eq!((facts.name.to_string(), members), known);
                        let of_member = (facts.membership, facts.role);
                        assert_eq!(of_member, (member.membership, member.role));
                    }
                }
            }
            _ => {}
        }
    }

    /// Reads beside the relay.
    pub(crate) fn read(&mut self, read: &Read) -> ReadResult {
        let result = self.store.answer(read.clone()).expect("memory");
        self.check_read(read, &result);
        result
    }

    /// A frame was taken from the connection by its client.
    pub(crate) fn taken(&mut self, session: SessionId, frame: &ServerFrame, clock: &mut Clock) {
        let Some(connection) = self.connections.get_mut(&session) else {
            return;
        };
        connection.on_their_way = connection.on_their_way.saturating_sub(1);
        match frame {
            ServerFrame::Behind => self.handle(Event::CaughtUp(session), clock),
            ServerFrame::Heads(_) => self.handle(Event::HeadsWritten(session), clock),
            _ => {}
        }
    }

    fn handle(&mut self, event: Event, clock: &mut Clock) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            let Some(relay) = &mut self.relay else {
                return;
            };
            let effects = relay.handle(event, clock.now(0));
            for effect in effects {
                self.carry_out(effect, clock, &mut events);
            }
        }
        let due = self.relay.as_ref().and_then(Relay::next_deadline);
        if let Some(due) = due.map(|due| clock.time_of(due))
            && self.deadline.is_none_or(|known| due < known)
        {
            self.deadline = Some(due);
            clock.at(due, Step::ServerDeadline(self.boot));
        }
    }

    fn carry_out(&mut self, effect: Effect, clock: &mut Clock, events: &mut Vec<Event>) {
        match effect {
            Effect::Send { to, frame } => {
                self.send(to, &frame, clock);
                if let ServerFrame::Refused(_) | ServerFrame::Close(_) = frame {
                    self.connections.remove(&to);
                }
            }
            Effect::Push { to, frame } => {
                for session in to {
                    let connection = self.connections.get(&session);
                    if connection.is_some_and(|c| c.on_their_way >= OUTBOX) {
                        events.push(Event::OutboxFull(session));
                    } else {
                        self.send(session, &frame, clock);
                    }
                }
            }
            Effect::Write(write) => {
                if self.writes.is_empty() {
                    let delay = clock.millis(1..20);
                    clock.after(delay, Step::Commit(self.boot));
                }
                self.writes.push(write);
            }
            Effect::Read(read) => {
                let delay = clock.millis(0..30);
                clock.after(delay, Step::Read(self.boot, read));
            }
            Effect::AdminAnswer { .. } | Effect::AdminStats { .. } | Effect::Stop => {}
        }
    }

    fn send(&mut self, session: SessionId, frame: &ServerFrame, clock: &mut Clock) {
        let Some(connection) = self.connections.get_mut(&session) else {
            return;
        };
        let copies = if may_repeat(frame) && clock.random.u8(..) < 12 {
            2
        } else {
            1
        };
        for _ in 0..copies {
            let bytes = codec::encode(frame).expect("frames can be written");
            let arrival = clock.time + clock.millis(1..200);
            connection.last_at = connection.last_at.max(arrival);
            connection.on_their_way += 1;
            let (client, link) = (connection.client, connection.link);
            let step = Step::ToClient {
                client,
                link,
                session,
                bytes: bytes.to_vec(),
            };
            clock.at(connection.last_at, step);
        }
    }
}
