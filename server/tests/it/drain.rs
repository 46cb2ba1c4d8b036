//! How a server ends.

use recado_server::{Server, ServerError};
use recado_shared::{Answer, Farewell, Invite, ServerFrame};

use tokio::net::TcpListener;

use crate::client::id;
use crate::server::{TestServer, device};

#[tokio::test]
async fn everybody_is_told_and_what_was_sent_is_answered_first() {
    let server = TestServer::start().await;
    let mut alice = server.newcomer(&device(), "alice").await;
    let mut bob = server.newcomer(&device(), "bob").await;
    alice.hear().await;
    let note = alice.append(alice.user, id(1), "note to self");
    assert!(matches!(
        alice.answer(note).await,
        Ok(Answer::Accepted { .. })
    ));

    let (serving, ..) = server.stop();
    let farewell = ServerFrame::Farewell(Farewell::ShuttingDown);
    for client in [&mut alice, &mut bob] {
        assert_eq!(client.hear().await, farewell);
        assert_eq!(client.hear_or_end().await, None);
    }
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_ticket_is_there_while_the_server_is() {
    let server = TestServer::start().await;
    let _alice = server.newcomer(&device(), "alice").await;
    let path = server.config.ticket.clone().unwrap();
    let line = std::fs::read_to_string(&path).unwrap();
    let ticket: Invite = line.parse().unwrap();
    assert_eq!(ticket.address.to_string(), server.address.to_string());
    assert_eq!(ticket.fingerprint, server.fingerprint);
    assert_eq!(ticket.token.as_ref(), Some(&server.local_token));

    let (serving, _config, _dir) = server.stop();
    serving.await.unwrap().unwrap();
    assert!(!path.exists());
}

#[tokio::test]
async fn a_folder_serves_one_server_at_a_time() {
    let server = TestServer::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let second = Server::prepare(listener, server.config.clone()).await;
    let error = second.unwrap_err();
    assert!(matches!(error, ServerError::Store(_)), "{error}");
    // The next one starts where this one ends.
    server.restart().await;
}
