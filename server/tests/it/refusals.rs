//! Refused connections and registrations, with their reasons.

use recado_server::Policy;
use recado_server::invite::InviteTerms;
use recado_shared::tls;
use recado_shared::{
    Fingerprint, Hello, InviteToken, NameError, ProtocolVersion, Refusal, Request, ServerFrame,
    Timestamp,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{Client, hello};
use crate::server::{TestServer, device, name};

/// What an unknown device is told under this policy.
async fn refusal_under(policy: Policy, hello: Hello) -> Refusal {
    let server = TestServer::start_under(policy).await;
    let mut client = server.connect(&device()).await;
    client.refused(hello).await
}

#[tokio::test]
async fn another_server_key_than_the_pinned_one_is_noticed() {
    let server = TestServer::start().await;
    let pin = Fingerprint([7; 32]);
    let result = Client::connect(server.address, pin, &device()).await;
    let error = result.err().expect("the handshake fails");
    let seen = tls::pin_mismatch(&error).expect("because of the key").seen;
    assert_eq!(seen, server.fingerprint);
}

#[tokio::test]
async fn the_policy_says_what_a_newcomer_needs() {
    let invited = hello(Some("alice"), Some(InviteToken([1; 16])));
    let bare = hello(Some("alice"), None);
    let nameless = hello(None, None);
    for (policy, hello, expected) in [
        (Policy::Invite, &bare, Refusal::InviteNeeded),
        (Policy::Invite, &invited, Refusal::InviteUnknown),
        (Policy::Closed, &bare, Refusal::Closed),
        (Policy::Closed, &invited, Refusal::Closed),
        (Policy::Open, &nameless, Refusal::NameNeeded),
    ] {
        assert_eq!(refusal_under(policy, hello.clone()).await, expected);
    }
    let server = TestServer::start_under(Policy::Open).await;
    let mut client = server.connect(&device()).await;
    assert!(client.enter(bare).await.registered);
}

#[tokio::test]
async fn an_invite_admits_once_in_time_and_under_its_name() {
    let server = TestServer::start().await;
    let mut alice = server.connect(&device()).await;
    let once = server.invite(&InviteTerms::default());
    let welcome = alice.enter(hello(Some("alice"), Some(once.clone()))).await;
    assert!(welcome.registered);

    let expired = server.invite(&InviteTerms {
        expires: Some(Timestamp(1)),
        ..InviteTerms::default()
    });
    let for_bob = server.invite(&InviteTerms {
        name: Some(name("bob")),
        ..InviteTerms::default()
    });
    for (token, expected) in [
        (once, Refusal::InviteUsed),
        (expired, Refusal::InviteExpired),
        (for_bob.clone(), Refusal::InviteForOtherName),
    ] {
        let mut client = server.connect(&device()).await;
        let refusal = client.refused(hello(Some("carol"), Some(token))).await;
        assert_eq!(refusal, expected);
    }
    let mut bob = server.connect(&device()).await;
    assert!(
        bob.enter(hello(Some("Bob"), Some(for_bob)))
            .await
            .registered
    );
}

#[tokio::test]
async fn a_name_is_one_persons_and_legal() {
    let server = TestServer::start_under(Policy::Open).await;
    let alices = device();
    server.newcomer(&alices, "alice").await;
    for (claimed, expected) in [
        ("ALICE", Refusal::NameTaken),
        ("aIice", Refusal::NameTooSimilar),
        ("a b", Refusal::NameIllegal(NameError::Character(' '))),
    ] {
        let mut client = server.connect(&device()).await;
        assert_eq!(client.refused(hello(Some(claimed), None)).await, expected);
    }
    let mut alice = server.connect(&alices).await;
    let refusal = alice.refused(hello(Some("bob"), None)).await;
    assert_eq!(refusal, Refusal::OtherName(name("alice")));
}

#[tokio::test]
async fn versions_without_one_in_common_are_told() {
    let mut future = hello(Some("alice"), None);
    future.oldest = ProtocolVersion(ProtocolVersion::NEWEST.0 + 1);
    future.newest = ProtocolVersion(99);
    let expected = Refusal::Version {
        oldest: ProtocolVersion::OLDEST,
        newest: ProtocolVersion::NEWEST,
    };
    assert_eq!(refusal_under(Policy::Open, future).await, expected);
}

#[tokio::test]
async fn a_full_server_says_so() {
    let one_session = |config: &mut recado_server::Config| {
        config.policy = Policy::Open;
        config.limits.max_sessions = 1;
    };
    let server = TestServer::start_with(one_session).await;
    let _alice = server.newcomer(&device(), "alice").await;
    let mut bob = server.connect(&device()).await;
    assert_eq!(bob.refused(hello(Some("bob"), None)).await, Refusal::Full);

    let one_user = |config: &mut recado_server::Config| {
        config.policy = Policy::Open;
        config.limits.max_users = 1;
    };
    let server = TestServer::start_with(one_user).await;
    let _alice = server.newcomer(&device(), "alice").await;
    let mut bob = server.connect(&device()).await;
    assert_eq!(bob.refused(hello(Some("bob"), None)).await, Refusal::Full);
}

#[tokio::test]
async fn one_session_too_many_of_a_device_is_refused_and_the_open_ones_go_on() {
    let one_session = |config: &mut recado_server::Config| {
        config.limits.max_sessions_per_device = 1;
    };
    let server = TestServer::start_with(one_session).await;
    let device = device();
    let mut alice = server.newcomer(&device, "alice").await;
    let mut second = server.connect(&device).await;
    let expected = Refusal::TooManySessions.for_version(ProtocolVersion::NEWEST);
    assert_eq!(second.refused(hello(None, None)).await, expected);
    assert!(alice.answer(Request::Devices).await.is_ok());
}

#[tokio::test]
async fn one_address_has_no_more_than_its_share() {
    let strict = |config: &mut recado_server::Config| {
        config.policy = Policy::Open;
        config.limits.connections_per_minute = 2;
        config.limits.registrations_per_hour = 1;
    };
    let server = TestServer::start_with(strict).await;
    let mut alice = server.connect(&device()).await;
    alice.enter(hello(Some("alice"), None)).await;
    let mut bob = server.connect(&device()).await;
    let mut third = server.connect(&device()).await;
    // It is told without having greeted.
    assert_eq!(third.next_refusal().await, Refusal::TooManyConnections);
    let refusal = bob.refused(hello(Some("bob"), None)).await;
    assert_eq!(refusal, Refusal::TooManyRegistrations);
}

#[tokio::test]
async fn bytes_that_are_no_hello_are_refused() {
    let server = TestServer::start().await;
    let mut client = server.connect(&device()).await;
    client.send(&recado_shared::ClientFrame::Ping(1)).await;
    assert_eq!(
        client.next_frame().await,
        ServerFrame::Refused(Refusal::Malformed)
    );
    assert_eq!(client.next_frame_or_end().await, None);
}

#[tokio::test]
async fn a_closed_server_knows_its_people() {
    let server = TestServer::start_under(Policy::Closed).await;
    let alices = device();
    // The local ticket belongs to the operator.
    server.newcomer(&alices, "alice").await;
    let mut alice = server.connect(&alices).await;
    assert!(!alice.enter(hello(None, None)).await.registered);
}

#[tokio::test]
async fn a_connection_without_tls_is_closed() {
    let server = TestServer::start().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let mut alert = Vec::new();
    stream.read_to_end(&mut alert).await.unwrap();
    // Record type 21 is an alert (RFC 8446).
    assert_eq!(alert.first(), Some(&21));
    server.newcomer(&device(), "alice").await;
}

#[tokio::test]
async fn a_company_behind_one_address_signs_in_at_once() {
    const PEOPLE: usize = 300;
    let server = TestServer::start_under(Policy::Open).await;
    let mut people = Vec::new();
    for _ in 0..PEOPLE {
        people.push(server.connect(&device()).await);
    }
    // They are connected all at once, and 30 of them are new.
    for (n, client) in people.iter_mut().rev().take(30).enumerate() {
        let name = format!("user{n}");
        assert!(client.enter(hello(Some(&name), None)).await.registered);
    }
}

// Elsewhere a machine has only one loopback address to connect from.
#[cfg(target_os = "linux")]
mod idle {
    use std::io::ErrorKind;
    use std::net::SocketAddr;

    use tokio::io::AsyncWriteExt as _;
    use tokio::net::{TcpSocket, TcpStream};
    use tokio::task::yield_now;

    use super::*;

    const AT_MOST: usize = 32;

    async fn start() -> TestServer {
        TestServer::start_with(|config| {
            config.policy = Policy::Open;
            config.limits.max_unauthenticated = AT_MOST;
        })
        .await
    }

    fn from(network: usize) -> SocketAddr {
        format!("127.0.0.{network}:0").parse().unwrap()
    }

    async fn connect(server: &TestServer, network: usize) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(from(network)).unwrap();
        socket.connect(server.address).await.unwrap()
    }

    /// A newcomer from another address signs in.
    async fn newcomer(server: &TestServer, name: &str) {
        let (address, device) = (server.address, device());
        let client = Client::connect_from(from(99), address, server.fingerprint, &device).await;
        let welcome = client.unwrap().enter(hello(Some(name), None)).await;
        assert!(welcome.registered);
    }

    /// Waits until a connection is closed, and returns which are.
    async fn closed(streams: &[TcpStream]) -> Vec<usize> {
        let is_closed = |stream: &TcpStream| {
            let mut bytes = [0; 4_096];
            loop {
                match stream.try_read(&mut bytes) {
                    Ok(0) => return true,
                    Ok(_) => {}
                    Err(error) => return error.kind() != ErrorKind::WouldBlock,
                }
            }
        };
        loop {
            let closed = (0..streams.len()).filter(|&n| is_closed(&streams[n]));
            let closed: Vec<_> = closed.collect();
            if !closed.is_empty() {
                return closed;
            }
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn connections_that_say_nothing_make_room_for_newcomers() {
        let server = start().await;
        let mut silent = vec![connect(&server, 2).await, connect(&server, 3).await];
        for _ in silent.len()..AT_MOST {
            silent.push(connect(&server, 4).await);
        }
        newcomer(&server, "alice").await;
        assert_eq!(
            closed(&silent).await,
            [2],
            "the first of the address with the most"
        );
    }

    #[tokio::test]
    async fn handshakes_that_are_not_finished_make_room_for_newcomers() {
        let server = start().await;
        let mut started = Vec::new();
        for n in 0..AT_MOST {
            let mut stream = connect(&server, 2).await;
            let hello = client_hello(&server);
            let len = if n % 2 == 0 { hello.len() } else { 100 };
            stream.write_all(&hello[..len]).await.unwrap();
            if n % 2 == 0 {
                stream.readable().await.unwrap();
            }
            started.push(stream);
        }
        newcomer(&server, "alice").await;
        assert_eq!(closed(&started).await.len(), 1);
    }

    #[tokio::test]
    async fn connections_without_a_hello_are_told_why_they_are_closed() {
        let server = start().await;
        let mut waiting = Vec::new();
        for _ in 0..AT_MOST {
            waiting.push(server.connect(&device()).await);
        }
        newcomer(&server, "alice").await;
        assert_eq!(waiting[0].next_refusal().await, Refusal::TooManyConnections);
        // The others go on.
        let welcome = waiting[1].enter(hello(Some("bob"), None)).await;
        assert!(welcome.registered);
    }

    fn client_hello(server: &TestServer) -> Vec<u8> {
        let config = tls::client_config(&device(), server.fingerprint).unwrap();
        let mut client =
            rustls::ClientConnection::new(std::sync::Arc::new(config), tls::server_name()).unwrap();
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).unwrap();
        bytes
    }
}
