//! Scripts: events and moved time in, exact effects out.

mod admin;
mod delivery;
mod device;
mod drain;
mod erasures;
mod heads;
mod history;
mod login;
mod presence;
mod user;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use recado_shared::limits::{MAX_WATCHED, TYPING_INTERVAL};
use recado_shared::{
    Activity, Answer, ClientFrame, CloseReason, Content, ConversationId, CursorUpdate, DeviceKey,
    Entry, Head, HeadsPage, Hello, InviteToken, LogId, MemberCursors, MessageBody, MessageId,
    NameError, Notice, Now, PageRange, Presence, ProtocolVersion, Refusal, Request, RequestError,
    RequestNumber, Seq, ServerFrame, Stamp, SyncPoint, Timestamp, UserId, UserName, UserProfile,
    Welcome,
};

use super::*;
use crate::store::{
    Admission, AuthenticatedUser, HeadsRest, Login, NameSearch, NewEntry, Query, Read, StoredEntry,
    StoredMemberships,
};

const LOCAL: InviteToken = InviteToken([9; 16]);
const LOG: LogId = LogId([1; 16]);
const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);
const CAROL: UserId = UserId(3);
const ALICE_BOB: ConversationId = ConversationId::direct(ALICE, BOB);
const S1: SessionId = SessionId(1);
const S2: SessionId = SessionId(2);
const S3: SessionId = SessionId(3);

/// A relay at a moment.
struct Desk {
    relay: Relay,
    now: Now,
}

fn config(policy: Policy) -> RelayConfig {
    RelayConfig {
        policy,
        local_token: Some(LOCAL),
        limits: Limits {
            max_sessions: 1_100,
            max_users: 7,
            registrations_per_hour: 1,
            ..Limits::default()
        },
    }
}

fn name(user: UserId) -> UserName {
    UserName::new(&format!("user-{user}")).unwrap()
}

/// The device of all sessions.
const DEVICE: DeviceKey = DeviceKey([3; 32]);

fn peer(address: &str) -> Peer {
    Peer {
        key: DEVICE,
        address: address.parse::<IpAddr>().unwrap(),
    }
}

fn hello() -> Hello {
    Hello {
        oldest: ProtocolVersion::V2,
        newest: ProtocolVersion::V2,
        software: "test/1".to_owned(),
        name: Some("alice".to_owned()),
        token: None,
        since: None,
        extensions: Vec::new(),
    }
}

fn admitted(user: UserId, registered: bool) -> AuthenticatedUser {
    AuthenticatedUser {
        user,
        name: name(user),
        registered,
        log: LOG,
        stamp: Stamp(10),
    }
}

fn logged_in(session: SessionId, result: Result<AuthenticatedUser, Refusal>) -> Event {
    Event::Written(WriteResult::Login { session, result })
}

fn send(to: SessionId, frame: ServerFrame) -> Effect {
    Effect::Send { to, frame }
}

fn push(to: &[SessionId], frame: ServerFrame) -> Effect {
    let to = to.to_vec();
    Effect::Push { to, frame }
}

fn refuse(session: SessionId, refusal: Refusal) -> Effect {
    send(session, ServerFrame::Refused(refusal))
}

fn presence(user: UserId, presence: Presence) -> ServerFrame {
    ServerFrame::Presence { user, presence }
}

fn read_heads(session: SessionId, user: UserId, since: Option<u64>) -> Effect {
    Effect::Read(Read::Heads {
        session,
        user,
        since: since.map(Stamp),
    })
}

fn heads_read(session: SessionId, stamp: u64) -> Event {
    Event::Read(ReadResult::Heads {
        session,
        heads: Vec::new(),
        people: Vec::new(),
        stamp: Stamp(stamp),
        rest: HeadsRest::default(),
    })
}

fn no_heads(to: SessionId, stamp: u64) -> Effect {
    let page = HeadsPage {
        heads: Vec::new(),
        people: Vec::new(),
        complete: Some(Stamp(stamp)),
    };
    send(to, ServerFrame::Heads(page))
}

fn origin(session: SessionId, number: u32) -> Origin {
    Origin {
        session,
        number: RequestNumber(number),
    }
}

fn answer(origin: Origin, result: Result<Answer, RequestError>) -> Effect {
    let number = origin.number;
    send(origin.session, ServerFrame::Answer { number, result })
}

fn request(session: SessionId, number: u32, request: Request) -> Event {
    let number = RequestNumber(number);
    let frame = ClientFrame::Request { number, request };
    Event::Frame { session, frame }
}

fn content() -> Content {
    Content::Message(MessageBody::new("hi").unwrap())
}

fn append(conversation: ConversationId) -> Request {
    Request::Append {
        conversation,
        id: MessageId([5; 16]),
        content: content(),
    }
}

fn query_of(origin: Origin, user: UserId, query: Query) -> Effect {
    Effect::Read(Read::Query {
        origin,
        user,
        query,
    })
}

fn query_answered(origin: Origin, result: Result<Answer, RequestError>) -> Event {
    Event::Read(ReadResult::Answer { origin, result })
}

/// The question whether what is refused was stored before.
fn was_sent(origin: Origin, author: UserId, refusal: RequestError) -> Effect {
    let query = Query::Resend {
        conversation: ALICE_BOB,
        id: MessageId([5; 16]),
        content: content(),
        refusal,
    };
    query_of(origin, author, query)
}

fn entry(author: UserId, seq: u64) -> Entry {
    Entry {
        seq: Seq(seq),
        author,
        id: MessageId([5; 16]),
        time: Timestamp(77),
        content: content(),
    }
}

fn appended(origin: Origin, author: UserId, seq: u64, is_new: bool) -> Event {
    Event::Written(WriteResult::Append {
        origin,
        conversation: ALICE_BOB,
        result: Ok(StoredEntry {
            entry: entry(author, seq),
            is_new,
            is_request: false,
        }),
        stamp: Stamp(10 + seq),
    })
}

fn accepted(origin: Origin, seq: u64) -> Effect {
    let accepted = Answer::Accepted {
        seq: Seq(seq),
        time: Timestamp(77),
    };
    answer(origin, Ok(accepted))
}

fn entry_frame(author: UserId, seq: u64) -> ServerFrame {
    ServerFrame::Entry {
        conversation: ALICE_BOB,
        entry: entry(author, seq),
    }
}

impl Desk {
    fn new(policy: Policy) -> Self {
        Self::with(config(policy))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "an instant can only be had from the clock; scripts move it themselves"
    )]
    fn with(config: RelayConfig) -> Self {
        let now = Now {
            instant: Instant::now(),
            wall: Timestamp(1_000),
        };
        Self {
            relay: Relay::new(config, StoredMemberships::default(), now),
            now,
        }
    }

    /// Alice with the first session, Bob with the second, nothing outstanding.
    fn of_two() -> Self {
        let mut desk = Self::new(Policy::Invite);
        desk.enter(S1, ALICE);
        desk.enter(S2, BOB);
        desk.settle();
        desk
    }

    #[track_caller]
    fn check(&mut self, event: Event, expected: &[Effect]) {
        assert_eq!(self.relay.handle(event, self.now), expected);
    }

    #[track_caller]
    fn check_frame(&mut self, session: SessionId, frame: ClientFrame, expected: &[Effect]) {
        self.check(Event::Frame { session, frame }, expected);
    }

    fn pass(&mut self, time: Duration) {
        self.now.instant += time;
    }

    /// Goes on to the next deadline.
    #[track_caller]
    fn check_deadline(&mut self, expected: &[Effect]) {
        self.now.instant = self.relay.next_deadline().expect("something is due");
        self.check(Event::Deadline, expected);
    }

    /// Lets a known user in with a session, whose heads are read.
    fn enter(&mut self, session: SessionId, user: UserId) {
        let hello = Event::Hello {
            session,
            peer: peer("192.0.2.1"),
            hello: hello(),
        };
        self.relay.handle(hello, self.now);
        self.relay
            .handle(logged_in(session, Ok(admitted(user, false))), self.now);
        self.relay.handle(heads_read(session, 10), self.now);
        self.relay.handle(Event::HeadsWritten(session), self.now);
    }

    /// Passes deadlines until none is left.
    fn settle(&mut self) {
        while let Some(deadline) = self.relay.next_deadline() {
            self.now.instant = deadline;
            self.relay.handle(Event::Deadline, self.now);
        }
    }

    fn greet(&mut self, session: SessionId, peer: Peer, hello: Hello) -> Vec<Effect> {
        let event = Event::Hello {
            session,
            peer,
            hello,
        };
        self.relay.handle(event, self.now)
    }

    /// What the store is asked about a device that greets like this.
    fn admission(
        &mut self,
        session: SessionId,
        address: &str,
        token: Option<InviteToken>,
    ) -> Admission {
        let hello = Hello { token, ..hello() };
        match self.greet(session, peer(address), hello).as_slice() {
            [Effect::Write(Write::Login(login))] => login.admission.clone(),
            other => panic!("no login: {other:?}"),
        }
    }
}
