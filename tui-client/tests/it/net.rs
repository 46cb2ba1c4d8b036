//! The network task and the session library.

use recado::net::{self, ConnectError, Connector, NetEvent, SessionError};
use recado_server::{Config, Policy};
use recado_shared::client::ProtocolError;
use recado_shared::codec::{decode, encode, framing};
use recado_shared::limits::{DEAD_AFTER, PONG_WITHIN, QUIET_PING_AFTER};
use recado_shared::tls::{self, Identity};
use recado_shared::{
    Answer, ClientFrame, CloseReason, Content, ConversationId, Fingerprint, Hello, InviteToken,
    LogId, MessageBody, MessageId, Presence, ProtocolVersion, Refusal, Request, RequestNumber, Seq,
    ServerFrame, Timestamp, UserId, UserName, Welcome,
};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::HandshakeKind;
use tokio_util::codec::Framed;

use crate::support::{Link, LinkState, TestNet, TestServer, config, within};

fn welcomed(event: &NetEvent) -> Option<Welcome> {
    match event {
        NetEvent::Welcomed(welcome) => Some(welcome.clone()),
        _ => None,
    }
}

fn offline(event: &NetEvent) -> Option<String> {
    match event {
        NetEvent::Offline { reason, .. } => Some(reason.clone()),
        _ => None,
    }
}

fn frame(event: &NetEvent) -> Option<ServerFrame> {
    match event {
        NetEvent::Frame(frame) => Some(frame.clone()),
        _ => None,
    }
}

/// The heads of a session's begin, and whether they are complete.
fn heads(event: &NetEvent) -> Option<(usize, bool)> {
    match event {
        NetEvent::Frame(ServerFrame::Heads(page)) => {
            Some((page.heads.len(), page.complete.is_some()))
        }
        _ => None,
    }
}

fn body(text: &str) -> MessageBody {
    MessageBody::new(text).unwrap()
}

fn message(text: &str) -> Content {
    Content::Message(body(text))
}

fn append(number: u32, conversation: ConversationId, text: &str) -> ClientFrame {
    ClientFrame::Request {
        number: RequestNumber(number),
        request: Request::Append {
            conversation,
            id: MessageId([u8::try_from(number).unwrap(); 16]),
            content: Content::Message(body(text)),
        },
    }
}

/// A server, a link to it that can be cut, and alice's client over that link.
async fn over_link(folder: &Path) -> (TestServer, Link, TestNet) {
    let server = TestServer::start(folder).await;
    let link = Link::to(server.port()).await;
    let mut config = config(&server.ticket, "alice");
    config.address = link.address.clone();
    let net = TestNet::spawn(config);
    (server, link, net)
}

#[tokio::test]
async fn a_session_begins_with_heads_and_a_measured_link() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let mut net = TestNet::spawn(config(&server.ticket, "alice"));
    assert_eq!(net.next().await, NetEvent::Connecting);
    let NetEvent::Welcomed(welcome) = net.next().await else {
        panic!("no welcome");
    };
    assert!(welcome.registered);
    assert_eq!(welcome.name.as_str(), "alice");
    // The first ping is answered while the heads are read, so either may come first.
    let (mut begun, mut is_measured) = (None, false);
    while begun.is_none() || !is_measured {
        let event = net.next().await;
        is_measured |= matches!(event, NetEvent::RoundTrip(_));
        begun = begun.or(heads(&event));
    }
    assert_eq!(begun, Some((0, true)));
}

#[tokio::test]
async fn frames_go_both_ways_and_the_last_ones_before_leaving_arrive() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let mut bob = server.join("bob").await;
    let mut net = TestNet::spawn(config(&server.ticket, "alice"));
    let alice = net.until(welcomed).await;
    let talk = ConversationId::direct(alice.user, bob.welcome().user);
    net.handle.send(append(1, talk, "hello"));
    let answer = net
        .until(|event| match frame(event) {
            Some(ServerFrame::Answer { number, result }) => Some((number, result)),
            _ => None,
        })
        .await;
    let (number, Ok(Answer::Accepted { seq, .. })) = answer else {
        panic!("not accepted: {answer:?}");
    };
    assert_eq!((number, seq), (RequestNumber(1), Seq(1)));
    net.handle.send(append(2, talk, "and see you"));
    within(net.handle.leave()).await;
    let mut texts = Vec::new();
    while texts.len() < 2 {
        if let ServerFrame::Entry { entry, .. } = within(bob.next_frame()).await.unwrap() {
            let Content::Message(body) = entry.content else {
                panic!("no message: {entry:?}");
            };
            texts.push(body.as_str().to_owned());
        }
    }
    assert_eq!(texts, ["hello", "and see you"]);
}

#[tokio::test]
async fn a_session_resumes_after_a_restart_of_the_server_with_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let (port, ticket) = (server.port(), server.ticket.clone());
    let mut bob = server.join("bob").await;
    let mut net = TestNet::spawn(config(&ticket, "alice"));
    let alice = net.until(welcomed).await;
    let talk = ConversationId::direct(alice.user, bob.welcome().user);
    let id = MessageId([1; 16]);
    within(bob.append(talk, id, message("before")))
        .await
        .unwrap();
    drop(bob);
    net.until(|event| matches!(frame(event), Some(ServerFrame::Entry { .. })).then_some(()))
        .await;
    server.stop().await;
    assert_eq!(
        net.until(offline).await,
        CloseReason::ShuttingDown.to_string()
    );

    let config = Config::new(folder.path().join("server"));
    let server = TestServer::start_with(config, port).await;
    net.handle.reconnect();
    let again = net.until(welcomed).await;
    assert_eq!((again.user, again.registered), (alice.user, false));
    // A start of the server makes the first session compare its history, and get all heads.
    assert_eq!(net.until(heads).await, (1, true));
    server.stop().await;
}

#[tokio::test]
async fn a_session_after_a_cut_resumes_with_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (server, link, mut net) = over_link(folder.path()).await;
    let alice = net.until(welcomed).await;
    assert_eq!(net.until(heads).await, (0, true));
    let mut bob = server.join("bob").await;
    let talk = ConversationId::direct(alice.user, bob.welcome().user);
    let id = MessageId([1; 16]);
    within(bob.append(talk, id, message("hello")))
        .await
        .unwrap();
    // The first session's heads came before the message, so that conversation changed since.
    for changed in [1, 0] {
        link.set(LinkState::Cut);
        net.until(offline).await;
        link.set(LinkState::Up);
        net.handle.reconnect();
        net.until(welcomed).await;
        assert_eq!(net.until(heads).await, (changed, true));
    }
}

#[tokio::test]
async fn a_cut_link_is_noticed_and_made_again() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, link, mut net) = over_link(folder.path()).await;
    net.until(welcomed).await;
    link.set(LinkState::Cut);
    let why = net.until(offline).await;
    assert!(why.contains("connection"), "{why}");
    link.set(LinkState::Up);
    net.until(welcomed).await;
}

#[tokio::test]
async fn a_silent_link_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, link, mut net) = over_link(folder.path()).await;
    net.until(heads).await;
    link.set(LinkState::Silent);
    // From here on the clock jumps to the next deadline whenever nothing else can happen.
    tokio::time::pause();
    assert_eq!(net.until(offline).await, ProtocolError::Silent.to_string());
}

/// What makes a client wait for the server.
#[derive(Clone, Copy, Debug)]
enum Cause {
    Message,
    Check,
}

#[tokio::test]
async fn a_silent_link_is_reported_soon_while_waiting() {
    for (cause, patience) in [(Cause::Message, DEAD_AFTER), (Cause::Check, PONG_WITHIN)] {
        let folder = tempfile::tempdir().unwrap();
        let (_server, link, mut net) = over_link(folder.path()).await;
        let alice = net.until(welcomed).await;
        net.until(|event| matches!(event, NetEvent::RoundTrip(_)).then_some(()))
            .await;
        link.set(LinkState::Silent);
        tokio::time::pause();
        tokio::time::advance(QUIET_PING_AFTER / 2).await;
        let asked = Instant::now();
        match cause {
            Cause::Message => {
                let talk = ConversationId::direct(alice.user, alice.user);
                net.handle.send(append(1, talk, "are you there?"));
            }
            Cause::Check => net.handle.check(),
        }
        assert_eq!(net.until(offline).await, ProtocolError::Silent.to_string());
        // The clock moves only as far as the next deadline, so this is exact.
        assert_eq!(asked.elapsed().as_secs(), patience.as_secs(), "{cause:?}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn a_link_that_lives_is_only_measured_by_a_check() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let mut net = TestNet::spawn(config(&server.ticket, "alice"));
    for _ in 0..2 {
        net.until(|event| matches!(event, NetEvent::RoundTrip(_)).then_some(()))
            .await;
        net.handle.check();
    }
    net.until(|event| match event {
        NetEvent::Offline { reason, .. } => panic!("{reason}"),
        event => matches!(event, NetEvent::RoundTrip(_)).then_some(()),
    })
    .await;
}

#[tokio::test]
async fn another_key_is_never_talked_to() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let mut config = config(&server.ticket, "alice");
    config.fingerprint = Fingerprint([7; 32]);
    let mut net = TestNet::spawn(config);
    net.next().await;
    let expected = NetEvent::WrongKey {
        seen: server.ticket.fingerprint,
        pinned: Fingerprint([7; 32]),
    };
    assert_eq!(net.next().await, expected);
    net.handle.reconnect();
    assert_eq!(net.next().await, NetEvent::Connecting);
    assert_eq!(net.next().await, expected);
}

#[tokio::test]
async fn a_refused_client_waits_to_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let bob = server.join("bob").await;
    let mut net = TestNet::spawn(config(&server.ticket, "Bob"));
    net.next().await;
    assert_eq!(net.next().await, NetEvent::Refused(Refusal::NameTaken));
    net.handle.reconnect();
    assert_eq!(net.next().await, NetEvent::Connecting);
    assert_eq!(net.next().await, NetEvent::Refused(Refusal::NameTaken));
    drop(bob);
}

#[tokio::test]
async fn a_full_server_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Config::new(folder.path().join("server"));
    settings.policy = Policy::Open;
    settings.limits.max_sessions = 1;
    let server = TestServer::start_with(settings, 0).await;
    let bob = server.join("bob").await;
    let mut net = TestNet::spawn(config(&server.ticket, "alice"));
    let why = net.until(offline).await;
    assert!(why.contains("the server is full"), "{why}");
    within(bob.leave()).await;
    net.handle.reconnect();
    net.until(welcomed).await;
}

#[tokio::test]
async fn a_server_that_moved_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let ticket = server.ticket.clone();
    let mut config = config(&ticket, "alice");
    config.address.port = 1;
    config.token = None;
    config.locate = Some(Arc::new(move || Some(ticket.clone())));
    let mut net = TestNet::spawn(config);
    assert!(net.until(welcomed).await.registered);
}

#[tokio::test]
async fn a_missing_server_is_reported_and_tried_again() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let key = Identity::generate().unwrap();
    let connector = Connector::new(&key, Fingerprint([1; 32])).unwrap();
    let open = async |address: &str| {
        let address = address.parse().unwrap();
        let opening = connector.open(&address, net::hello());
        within(opening).await.unwrap_err()
    };
    let error = open(&format!("127.0.0.1:{port}")).await;
    assert!(
        matches!(error, ConnectError::ConnectionRefused { .. }),
        "{error}"
    );
    assert!(error.is_temporary());
    let error = open("no-such-host.invalid").await;
    assert!(matches!(error, ConnectError::Resolve { .. }), "{error}");
}

#[tokio::test]
async fn a_flood_of_frames_ends_the_session_instead_of_losing_some() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let mut net = TestNet::spawn(config(&server.ticket, "alice"));
    let alice = net.until(welcomed).await;
    let talk = ConversationId::direct(alice.user, alice.user);
    // The runtime has one thread: the task cannot take any of these before the next await.
    for _ in 0..1100 {
        net.handle.send(ClientFrame::Typing(talk));
    }
    assert_eq!(
        net.until(offline).await,
        ProtocolError::Overflow.to_string()
    );
    net.until(welcomed).await;
}

/// A fault of a server after the hello.
#[derive(Clone, Copy, Debug)]
enum Misdeed {
    Garbage,
    Leftover,
    TooLong,
    SecondWelcome,
    UnknownVersion,
    NoWelcome,
    HalfFrame,
    PingFlood,
}

fn a_welcome(version: ProtocolVersion) -> Welcome {
    Welcome {
        version,
        user: UserId(1),
        name: UserName::new("alice").unwrap(),
        registered: true,
        log: LogId([1; 16]),
        now: Timestamp(0),
    }
}

/// Accepts one client and mistreats it.
async fn misbehave(listener: TcpListener, key: Arc<Identity>, misdeed: Misdeed) {
    let acceptor = TlsAcceptor::from(Arc::new(tls::server_config(&key).unwrap()));
    let (tcp, _) = listener.accept().await.unwrap();
    let tls = acceptor.accept(tcp).await.unwrap();
    let mut framed = Framed::new(tls, framing(1 << 20));
    framed.next().await.unwrap().unwrap();
    let welcome = |version| encode(&ServerFrame::Welcome(a_welcome(version))).unwrap();
    let presence = encode(&ServerFrame::Presence {
        user: UserId(1),
        presence: Presence::Online,
    })
    .unwrap();
    let first = match misdeed {
        Misdeed::NoWelcome => presence.clone(),
        Misdeed::UnknownVersion => welcome(ProtocolVersion(99)),
        _ => welcome(ProtocolVersion::V2),
    };
    let rest: Vec<Bytes> = match misdeed {
        Misdeed::Garbage => vec![vec![0xff; 999].into()],
        Misdeed::Leftover => vec![[&presence[..], &[0]].concat().into()],
        Misdeed::TooLong => vec![vec![0; 100_000].into()],
        Misdeed::SecondWelcome => vec![welcome(ProtocolVersion::V2)],
        Misdeed::PingFlood => (0..100_000)
            .map(|number| encode(&ServerFrame::Ping(number)).unwrap())
            .collect(),
        Misdeed::HalfFrame | Misdeed::UnknownVersion | Misdeed::NoWelcome => vec![],
    };
    for payload in std::iter::once(first).chain(rest) {
        // The client may have gone by now.
        let _ = framed.send(payload).await;
    }
    let tls = framed.get_mut();
    if matches!(misdeed, Misdeed::HalfFrame) {
        tls.write_all(&[0, 0, 1]).await.unwrap();
    }
    let _ = tls.shutdown().await;
}

#[tokio::test]
async fn a_hostile_server_gets_a_clear_end() {
    for (misdeed, why) in [
        (Misdeed::Garbage, "a frame is malformed"),
        (Misdeed::Leftover, "1 bytes left over"),
        (Misdeed::TooLong, "longer than allowed"),
        (Misdeed::SecondWelcome, "a second handshake"),
        (Misdeed::UnknownVersion, "did not answer the hello"),
        (Misdeed::NoWelcome, "did not answer the hello"),
        (Misdeed::HalfFrame, "closed the connection"),
        (Misdeed::PingFlood, "connection"),
    ] {
        let key = Arc::new(Identity::generate().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = tokio::spawn(misbehave(listener, Arc::clone(&key), misdeed));
        let ticket = recado_shared::Invite {
            address: address.parse().unwrap(),
            fingerprint: key.fingerprint(),
            token: None,
        };
        let mut net = TestNet::spawn(config(&ticket, "alice"));
        let said = net.until(offline).await;
        assert!(said.contains(why), "{misdeed:?}: {said}");
        drop(net);
        within(server).await.unwrap();
    }
}

#[tokio::test]
async fn the_token_is_not_shown_after_the_first_welcome() {
    let key = Arc::new(Identity::generate().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ticket = recado_shared::Invite {
        address: listener.local_addr().unwrap().to_string().parse().unwrap(),
        fingerprint: key.fingerprint(),
        token: Some(InviteToken([5; 16])),
    };
    let acceptor = TlsAcceptor::from(Arc::new(tls::server_config(&key).unwrap()));
    let mut net = TestNet::spawn(config(&ticket, "alice"));
    let mut shown = Vec::new();
    for answer in [
        ServerFrame::Refused(Refusal::Full),
        ServerFrame::Welcome(a_welcome(ProtocolVersion::V2)),
        ServerFrame::Welcome(a_welcome(ProtocolVersion::V2)),
    ] {
        let (tcp, _) = within(listener.accept()).await.unwrap();
        let tls = within(acceptor.accept(tcp)).await.unwrap();
        let mut framed = Framed::new(tls, framing(1 << 20));
        let hello = within(framed.next()).await.unwrap().unwrap();
        let Ok(ClientFrame::Hello(hello)) = decode(&hello) else {
            panic!("no hello");
        };
        shown.push(hello.token);
        framed.send(encode(&answer).unwrap()).await.unwrap();
        framed.get_mut().shutdown().await.unwrap();
        net.until(offline).await;
        net.handle.reconnect();
    }
    let token = Some(InviteToken([5; 16]));
    assert_eq!(shown, [token.clone(), token, None]);
}

#[tokio::test]
async fn a_client_that_comes_back_resumes_its_tls_session() {
    let key = Arc::new(Identity::generate().unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ticket = recado_shared::Invite {
        address: listener.local_addr().unwrap().to_string().parse().unwrap(),
        fingerprint: key.fingerprint(),
        token: None,
    };
    let acceptor = TlsAcceptor::from(Arc::new(tls::server_config(&key).unwrap()));
    let mut net = TestNet::spawn(config(&ticket, "alice"));
    for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
        let (tcp, _) = within(listener.accept()).await.unwrap();
        let tls = within(acceptor.accept(tcp)).await.unwrap();
        assert_eq!(tls.get_ref().1.handshake_kind(), Some(kind));
        let mut framed = Framed::new(tls, framing(1 << 20));
        within(framed.next()).await.unwrap().unwrap();
        let welcome = ServerFrame::Welcome(a_welcome(ProtocolVersion::V2));
        framed.send(encode(&welcome).unwrap()).await.unwrap();
        net.until(welcomed).await;
        drop(framed);
        net.until(offline).await;
        net.handle.reconnect();
    }
}

#[tokio::test]
async fn what_was_decided_last_is_sent_even_if_the_receiver_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let mut bob = server.join("bob").await;
    let mut net = TestNet::spawn(config(&server.ticket, "alice"));
    let alice = net.until(welcomed).await;
    let talk = ConversationId::direct(alice.user, bob.welcome().user);
    for number in 1..=40 {
        net.handle.send(append(number, talk, "the last words"));
    }
    // As when the user quits: answers come, and are not taken.
    drop(net.events);
    within(net.handle.leave()).await;
    let mut last = Seq::ZERO;
    while last < Seq(40) {
        if let ServerFrame::Entry { entry, .. } = within(bob.next_frame()).await.unwrap() {
            last = entry.seq;
        }
    }
}

#[tokio::test]
async fn requests_find_their_answers_among_other_frames() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let mut alice = server.join("alice").await;
    let mut bob = server.join("bob").await;
    let talk = ConversationId::direct(alice.welcome().user, bob.welcome().user);
    let mut numbers = Vec::new();
    for number in 1..=20_u8 {
        let request = Request::Append {
            conversation: talk,
            id: MessageId([number; 16]),
            content: Content::Message(body("many at once")),
        };
        numbers.push(alice.start(request).unwrap());
    }
    let person = within(alice.find_user("BOB")).await.unwrap().unwrap();
    assert_eq!(person.user, bob.welcome().user);
    assert_eq!(within(alice.find_user("bo")).await.unwrap(), None);
    let mut answered = Vec::new();
    while answered.len() < 20 {
        if let ServerFrame::Answer { number, result } = within(alice.next_frame()).await.unwrap() {
            assert!(matches!(result, Ok(Answer::Accepted { .. })), "{result:?}");
            answered.push(number);
        }
    }
    assert_eq!(answered, numbers);
    let resent = within(alice.append(talk, MessageId([3; 16]), message("many at once"))).await;
    assert_eq!(resent.unwrap().0, Seq(3));
    let stranger = ConversationId::direct(UserId(1), UserId(99));
    let refused = within(bob.append(stranger, MessageId([9; 16]), message("?"))).await;
    assert!(
        matches!(refused, Err(SessionError::Request(_))),
        "{refused:?}"
    );
    within(bob.append(talk, MessageId([9; 16]), message("still here")))
        .await
        .unwrap();
}

#[tokio::test]
async fn one_device_keeps_its_user_and_gets_no_second_name() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let config = config(&server.ticket, "alice");
    let connector = Connector::new(&config.identity, config.fingerprint).unwrap();
    let open = async |name: Option<&str>| {
        let hello = Hello {
            name: name.map(str::to_owned),
            token: config.token.clone(),
            ..net::hello()
        };
        within(connector.open(&config.address, hello)).await
    };
    let first = open(Some("alice")).await.unwrap();
    let again = open(None).await.unwrap();
    assert_eq!(first.welcome().user, again.welcome().user);
    let error = open(Some("bob")).await.unwrap_err();
    assert!(
        error.to_string().contains("already known there as alice"),
        "{error}"
    );
    assert!(!error.is_temporary());
}
