//! Scripts: events and moved time in, exact effects out.

mod admin;
mod device;
mod user;

use std::net::IpAddr;
use std::time::{Duration, Instant};

use recado_shared::limits::{MAX_HEADS_PER_FRAME, MAX_PAGE_LEN, MAX_WATCHED, TYPING_INTERVAL};
use recado_shared::{
    Activity, Answer, ClientFrame, CloseReason, Content, ConversationId, CursorUpdate, DeviceKey,
    Entry, Head, HeadsPage, Hello, InviteToken, LogId, MemberCursors, MessageBody, MessageId,
    NameError, Notice, Now, PageRange, Presence, ProtocolVersion, Refusal, Request, RequestError,
    RequestNumber, Seq, ServerFrame, Stamp, SyncPoint, Timestamp, UserId, UserName, UserProfile,
    Welcome,
};

use super::*;
use crate::config::MAX_USERS_LIMIT;
use crate::session::HEADS_CAPACITY;
use crate::store::{
    Admission, AuthenticatedUser, Login, NameSearch, NewEntry, Query, Read, StoredEntry,
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

fn peer(address: &str) -> Peer {
    Peer {
        key: DeviceKey([3; 32]),
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
        oldest: ProtocolVersion(3),
        newest: ProtocolVersion(4),
        ..hello()
    };
    let version = Refusal::Version {
        oldest: ProtocolVersion::V2,
        newest: ProtocolVersion::V2,
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

#[test]
fn an_accepted_message_goes_to_every_other_session_of_both() {
    let mut desk = Desk::of_two();
    desk.enter(S3, ALICE);
    let asked = origin(S1, 4);
    let write = Write::Append {
        origin: asked,
        new: NewEntry {
            author: ALICE,
            conversation: ALICE_BOB,
            id: MessageId([5; 16]),
            content: content(),
            time: Timestamp(1_000),
            moderates: false,
        },
    };
    desk.check(request(S1, 4, append(ALICE_BOB)), &[Effect::Write(write)]);
    desk.check(
        appended(asked, ALICE, 1, true),
        &[accepted(asked, 1), push(&[S3, S2], entry_frame(ALICE, 1))],
    );
    // A resend is answered and not relayed again.
    desk.check(appended(asked, ALICE, 1, false), &[accepted(asked, 1)]);
}

#[test]
fn a_message_is_relayed_though_its_sender_is_gone() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    desk.check(Event::Closed(S1), &[]);
    desk.check(
        appended(asked, ALICE, 1, true),
        &[push(&[S2], entry_frame(ALICE, 1))],
    );
}

#[test]
fn an_append_that_the_store_refuses_says_why() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    let refused = WriteResult::Append {
        origin: asked,
        conversation: ALICE_BOB,
        result: Err(RequestError::IdReused),
        stamp: Stamp(10),
    };
    desk.check(
        Event::Written(refused),
        &[answer(asked, Err(RequestError::IdReused))],
    );
}

#[test]
fn a_user_who_is_no_member_gets_nothing() {
    let mut desk = Desk::of_two();
    desk.enter(S3, CAROL);
    let not_a_member = [answer(origin(S3, 1), Err(RequestError::NotAMember))];
    let not_accepted = [was_sent(origin(S3, 1), CAROL, RequestError::NotAMember)];
    desk.check(request(S3, 1, append(ALICE_BOB)), &not_accepted);
    let page = Request::Page {
        conversation: ALICE_BOB,
        range: PageRange::After(Seq(0)),
        limit: 1,
    };
    desk.check(request(S3, 1, page), &not_a_member);
    let advance = CursorUpdate {
        conversation: ALICE_BOB,
        delivered: Seq(1),
        read: Seq(1),
    };
    desk.check_frame(S3, ClientFrame::UpdateCursors(advance), &[]);
    desk.check_frame(S3, ClientFrame::Typing(ALICE_BOB), &[]);
}

#[test]
fn moved_cursors_go_to_all_sessions_of_both() {
    let mut desk = Desk::of_two();
    let advance = CursorUpdate {
        conversation: ALICE_BOB,
        delivered: Seq(3),
        read: Seq(2),
    };
    let write = Write::Advance { user: BOB, advance };
    desk.check_frame(
        S2,
        ClientFrame::UpdateCursors(advance),
        &[Effect::Write(write)],
    );
    let cursors = MemberCursors {
        user: BOB,
        delivered: Seq(3),
        read: Seq(2),
    };
    let moved = |moved| {
        Event::Written(WriteResult::Advance {
            conversation: ALICE_BOB,
            moved,
            stamp: Stamp(11),
        })
    };
    let frame = ServerFrame::Cursors {
        conversation: ALICE_BOB,
        cursors,
    };
    desk.check(moved(Some(cursors)), &[push(&[S1, S2], frame)]);
    desk.check(moved(None), &[]);
}

#[test]
fn typing_is_passed_on_once_per_interval_and_not_to_oneself() {
    let mut desk = Desk::of_two();
    desk.enter(S3, ALICE);
    let typing = ServerFrame::Typing {
        conversation: ALICE_BOB,
        user: ALICE,
    };
    let told = [push(&[S2], typing)];
    desk.check_frame(S1, ClientFrame::Typing(ALICE_BOB), &told);
    desk.check_frame(S1, ClientFrame::Typing(ALICE_BOB), &[]);
    desk.pass(TYPING_INTERVAL / 3 * 2);
    desk.check_frame(S1, ClientFrame::Typing(ALICE_BOB), &[]);
    desk.pass(TYPING_INTERVAL / 3);
    desk.check_frame(S1, ClientFrame::Typing(ALICE_BOB), &told);
    let note = ConversationId::direct(ALICE, ALICE);
    desk.check_frame(S1, ClientFrame::Typing(note), &[]);
}

#[test]
fn typing_everywhere_at_once_is_not_remembered_without_end() {
    let mut desk = Desk::of_two();
    for peer in 100..10_000 {
        let conversation = ConversationId::direct(ALICE, UserId(peer));
        desk.check_frame(S1, ClientFrame::Typing(conversation), &[]);
    }
    assert_eq!(desk.relay.sessions[&S1].typing.len(), 16);
}

#[test]
fn the_best_of_all_devices_counts() {
    let mut desk = Desk::of_two();
    let bob_is = |presence_now| [push(&[S1], presence(BOB, presence_now))];
    desk.check_frame(S1, ClientFrame::Watch(vec![BOB]), &bob_is(Presence::Online));
    let away = || ClientFrame::Activity(Activity::Away);
    desk.check_frame(S2, away(), &bob_is(Presence::Away));
    desk.settle();
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
    assert!(desk.relay.devices.is_empty());
}

#[test]
fn pages_and_people_are_read_within_the_limits() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    let page = Request::Page {
        conversation: ALICE_BOB,
        range: PageRange::Before(Seq(9)),
        limit: 9_999,
    };
    let query = Query::Page {
        conversation: ALICE_BOB,
        range: PageRange::Before(Seq(9)),
        limit: 200,
    };
    desk.check(request(S1, 1, page), &[query_of(asked, ALICE, query)]);
    let page = Answer::Page {
        entries: vec![entry(BOB, 8)],
        newest: Seq(8),
    };
    desk.check(
        query_answered(asked, Ok(page.clone())),
        &[answer(asked, Ok(page))],
    );

    let find = Request::FindUsers {
        prefix: "ÉM".to_owned(),
        after: Some(name(ALICE)),
        limit: 9_999,
    };
    let query = Query::FindUsers(NameSearch {
        prefix: "ém".to_owned(),
        after: Some(name(ALICE)),
        limit: 150,
    });
    desk.check(request(S1, 1, find), &[query_of(asked, ALICE, query)]);
    let person = |user, presence| UserProfile {
        user,
        name: name(user),
        presence,
        display: None,
    };
    let people = |of_bob| Answer::Users {
        people: vec![person(BOB, of_bob), person(CAROL, Presence::Offline)],
        more: true,
    };
    desk.check(
        query_answered(asked, Ok(people(Presence::Offline))),
        &[answer(asked, Ok(people(Presence::Online)))],
    );
}

#[test]
fn answers_for_a_session_that_is_gone_find_no_session() {
    let mut desk = Desk::of_two();
    desk.check(Event::Closed(S1), &[]);
    desk.check(heads_read(S1, 10), &[]);
    let page = Answer::Page {
        entries: Vec::new(),
        newest: Seq(0),
    };
    desk.check(query_answered(origin(S1, 1), Ok(page)), &[]);
    desk.check(appended(origin(S1, 1), ALICE, 1, false), &[]);
    desk.check(Event::OutboxFull(S1), &[]);
    desk.check(Event::CaughtUp(S1), &[]);
    desk.check(Event::Closed(S1), &[]);
}

#[test]
fn many_heads_come_in_pages_each_with_its_people() {
    let mut desk = Desk::of_two();
    let count = MAX_HEADS_PER_FRAME as u64 + 1;
    let peers: Vec<UserId> = (0..count).map(|n| UserId(10 + n)).collect();
    let head = |peer| Head {
        conversation: ConversationId::direct(ALICE, peer),
        newest: Seq(1),
        newest_time: Timestamp(5),
        unread: 0,
        cursors: Vec::new(),
        first: Seq(1),
        room: None,
        is_request: false,
    };
    let heads: Vec<_> = peers.iter().copied().map(head).collect();
    let everyone = peers.iter().copied().chain([ALICE]);
    let result = ReadResult::Heads {
        session: S1,
        heads: heads.clone(),
        people: everyone.map(|user| (user, name(user))).collect(),
        stamp: Stamp(12),
    };
    let person = |user, presence| UserProfile {
        user,
        name: name(user),
        presence,
        display: None,
    };
    let page = |heads: &[Head], peers: &[UserId], complete| {
        let others = peers.iter().map(|&user| person(user, Presence::Offline));
        let page = HeadsPage {
            heads: heads.to_vec(),
            people: [person(ALICE, Presence::Online)]
                .into_iter()
                .chain(others)
                .collect(),
            complete,
        };
        send(S1, ServerFrame::Heads(page))
    };
    let first = MAX_PAGE_LEN / catch_up::len_of(&heads[0]);
    desk.check(
        Event::Read(result),
        &[
            page(&heads[..first], &peers[..first], None),
            page(&heads[first..], &peers[first..], Some(Stamp(12))),
        ],
    );
}

#[test]
fn a_session_that_is_behind_gets_no_live_frames_until_caught_up() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    let to_bob = |seq| push(&[S2], entry_frame(ALICE, seq));
    desk.check(
        appended(asked, ALICE, 1, true),
        &[accepted(asked, 1), to_bob(1)],
    );
    // The change with the stamp 11 was left out: heads since 10 make up for it.
    desk.check(Event::OutboxFull(S2), &[send(S2, ServerFrame::Behind)]);
    desk.check(Event::OutboxFull(S2), &[]);
    desk.check(appended(asked, ALICE, 2, true), &[accepted(asked, 2)]);
    // Answers still come.
    let own = origin(S2, 1);
    desk.check(
        appended(own, BOB, 3, true),
        &[accepted(own, 3), push(&[S1], entry_frame(BOB, 3))],
    );
    desk.check(Event::CaughtUp(S2), &[read_heads(S2, BOB, Some(10))]);
    // Live frames flow before the heads are there, so that nothing falls in between.
    desk.check(
        appended(asked, ALICE, 4, true),
        &[accepted(asked, 4), to_bob(4)],
    );
    desk.check(heads_read(S2, 13), &[no_heads(S2, 13)]);
    desk.check(Event::CaughtUp(S2), &[]);
}

#[test]
fn heads_are_read_one_set_at_a_time() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    for seq in 1..=2 {
        desk.relay
            .handle(appended(asked, ALICE, seq, true), desk.now);
        desk.check(Event::OutboxFull(S2), &[send(S2, ServerFrame::Behind)]);
        let since = Some(9 + seq);
        let expected = [read_heads(S2, BOB, since)];
        let expected = if seq == 1 { &expected[..] } else { &[] };
        desk.check(Event::CaughtUp(S2), expected);
    }
    desk.check(
        heads_read(S2, 11),
        &[no_heads(S2, 11), read_heads(S2, BOB, Some(11))],
    );
    desk.check(heads_read(S2, 12), &[no_heads(S2, 12)]);
}

#[test]
fn the_heads_that_may_be_queued_at_a_time_have_room() {
    let mut desk = Desk::of_two();
    let behind = |desk: &mut Desk| {
        desk.check(Event::OutboxFull(S2), &[send(S2, ServerFrame::Behind)]);
    };
    behind(&mut desk);
    let read = [read_heads(S2, BOB, Some(10))];
    desk.check(Event::CaughtUp(S2), &read);
    behind(&mut desk);
    desk.check(Event::CaughtUp(S2), &[]);
    // Everything from here on may wait behind the last mark.
    behind(&mut desk);
    let heads = no_heads(S2, 10);
    desk.check(heads_read(S2, 10), &[heads.clone(), read[0].clone()]);
    desk.check(heads_read(S2, 10), std::slice::from_ref(&heads));
    desk.check(Event::CaughtUp(S2), &read);
    desk.check(heads_read(S2, 10), &[heads]);
    let sets = 3;
    let pages = (MAX_USERS_LIMIT as usize).div_ceil(MAX_HEADS_PER_FRAME);
    assert!(sets * pages <= HEADS_CAPACITY);
}

#[test]
fn a_session_that_caught_up_is_told_presence_again() {
    let mut desk = Desk::of_two();
    let online = push(&[S1], presence(BOB, Presence::Online));
    desk.check_frame(S1, ClientFrame::Watch(vec![BOB]), &[online]);
    desk.settle();
    desk.check(Event::OutboxFull(S1), &[send(S1, ServerFrame::Behind)]);
    desk.check(Event::Closed(S2), &[]);
    desk.settle();
    let offline = push(&[S1], presence(BOB, Presence::Offline));
    desk.check(
        Event::CaughtUp(S1),
        &[read_heads(S1, ALICE, Some(10)), offline],
    );
}

#[test]
fn a_drain_answers_what_is_outstanding_and_refuses_the_rest() {
    let mut desk = Desk::of_two();
    let asked = origin(S1, 1);
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    desk.greet(S3, peer("192.0.2.1"), hello());
    desk.check(Event::Drain, &[refuse(S3, Refusal::ShuttingDown)]);
    desk.check(Event::Drain, &[]);

    let unavailable = answer(origin(S2, 1), Err(RequestError::Unavailable));
    desk.check(request(S2, 1, append(ALICE_BOB)), &[unavailable]);
    let advance = CursorUpdate {
        conversation: ALICE_BOB,
        delivered: Seq(1),
        read: Seq(1),
    };
    desk.check_frame(S2, ClientFrame::UpdateCursors(advance), &[]);
    let late = SessionId(4);
    let refused = [refuse(late, Refusal::ShuttingDown)];
    assert_eq!(desk.greet(late, peer("192.0.2.1"), hello()), refused);

    desk.check(logged_in(S3, Ok(admitted(CAROL, false))), &[]);
    let close = |session| send(session, ServerFrame::Close(CloseReason::ShuttingDown));
    desk.check(
        appended(asked, ALICE, 1, true),
        &[
            accepted(asked, 1),
            push(&[S2], entry_frame(ALICE, 1)),
            close(S1),
            close(S2),
            Effect::Stop,
        ],
    );
    assert_eq!(desk.relay.next_deadline(), None);
    // Late results find no session.
    assert_eq!(desk.greet(late, peer("192.0.2.1"), hello()), refused);
    desk.check(request(S1, 2, append(ALICE_BOB)), &[]);
    desk.check(Event::Closed(S1), &[]);
    desk.check(Event::Deadline, &[]);
    desk.check(Event::StoreFailed, &[]);
}

#[test]
fn a_drain_does_not_wait_for_a_stuck_store() {
    let mut desk = Desk::of_two();
    desk.relay
        .handle(request(S1, 1, append(ALICE_BOB)), desk.now);
    desk.check(Event::Drain, &[]);
    let begun = desk.now.instant;
    let close = |session| send(session, ServerFrame::Close(CloseReason::ShuttingDown));
    desk.check_deadline(&[close(S1), close(S2), Effect::Stop]);
    assert_eq!(desk.now.instant, begun + DRAIN_LIMIT);
}

#[test]
fn answers_after_the_limit_of_a_drain_reach_all_their_sessions() {
    let mut desk = Desk::of_two();
    let (first, second) = (origin(S1, 1), origin(S2, 1));
    for session in [S1, S2] {
        desk.relay
            .handle(request(session, 1, append(ALICE_BOB)), desk.now);
    }
    desk.check(Event::Drain, &[]);
    desk.pass(DRAIN_LIMIT);
    desk.check(
        appended(first, ALICE, 1, true),
        &[accepted(first, 1), push(&[S2], entry_frame(ALICE, 1))],
    );
    let close = |session| send(session, ServerFrame::Close(CloseReason::ShuttingDown));
    desk.check(
        appended(second, BOB, 2, true),
        &[
            accepted(second, 2),
            push(&[S1], entry_frame(BOB, 2)),
            close(S1),
            close(S2),
            Effect::Stop,
        ],
    );
}

#[test]
fn a_failed_store_ends_everything_with_its_reason() {
    let mut desk = Desk::of_two();
    desk.greet(S3, peer("192.0.2.1"), hello());
    let close = |session| send(session, ServerFrame::Close(CloseReason::StoreFailed));
    desk.check(
        Event::StoreFailed,
        &[
            refuse(S3, Refusal::Unavailable),
            close(S1),
            close(S2),
            Effect::Stop,
        ],
    );
}
