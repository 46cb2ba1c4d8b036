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
        config.limits.max_connections_per_address = 2;
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
async fn refusals_do_not_take_the_place_of_handshakes() {
    let strict = |config: &mut recado_server::Config| {
        config.limits.max_connections_per_address = 1;
        config.limits.max_handshakes = 1;
    };
    let server = TestServer::start_with(strict).await;
    let _silent = TcpStream::connect(server.address).await.unwrap();
    // The only handshake is taken, so that this one is dropped without a word.
    let second = Client::connect(server.address, server.fingerprint, &device()).await;
    assert!(second.is_err());
}

// Elsewhere a machine has only one loopback address to connect from.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_address_does_not_take_all_handshakes() {
    let few_handshakes = |config: &mut recado_server::Config| {
        config.limits.max_handshakes = 2;
        config.limits.max_handshakes_per_address = 1;
    };
    let server = TestServer::start_with(few_handshakes).await;
    let mut silent = TcpStream::connect(server.address).await.unwrap();
    let _silent_too = TcpStream::connect(server.address).await.unwrap();
    let from = "127.0.0.2:0".parse().unwrap();
    let device = device();
    let client = Client::connect_from(from, server.address, server.fingerprint, &device);
    tokio::select! {
        biased;
        _ = silent.read_u8() => panic!("it waited until the silent ones were let go"),
        client = client => assert!(client.is_ok()),
    }
}
