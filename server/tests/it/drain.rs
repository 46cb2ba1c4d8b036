//! Draining and shutdown of a server.

use recado_server::{Server, ServerError, listen};
use recado_shared::{
    Answer, CloseReason, ConversationId, Invite, PageRange, Request, RequestError, RequestNumber,
    Seq, ServerFrame,
};

use crate::client::{hello, id};
use crate::server::{TestServer, device};

#[tokio::test]
async fn all_clients_are_closed_and_accepted_messages_are_kept() {
    let server = TestServer::start().await;
    let (alices, mut bob) = (device(), server.newcomer(&device(), "bob").await);
    let mut alice = server.newcomer(&alices, "alice").await;
    bob.next_frame().await;
    for n in 0..50 {
        let note = alice.append(alice.user, id(n), "note to self");
        alice.ask(note).await;
    }
    let (serving, config, dir) = server.stop();
    let reason = ServerFrame::Close(CloseReason::ShuttingDown);
    assert_eq!(bob.next_frame().await, reason);
    assert_eq!(bob.next_frame_or_end().await, None);

    // Each note is accepted, or refused, or was not read any more; then comes the reason.
    let mut accepted = Vec::new();
    loop {
        match alice.next_frame().await {
            ServerFrame::Answer {
                result: Ok(Answer::Accepted { seq, .. }),
                number,
            } => accepted.push((seq, number)),
            ServerFrame::Answer { result, .. } => {
                assert_eq!(result, Err(RequestError::Unavailable));
            }
            last => {
                assert_eq!(last, reason);
                break;
            }
        }
    }
    assert_eq!(alice.next_frame_or_end().await, None);
    drop((alice, bob));
    serving.await.unwrap().unwrap();

    let server = TestServer::serve(config, dir).await;
    let mut alice = server.connect(&alices).await;
    alice.enter(hello(None, None)).await;
    alice.next_heads().await;
    let page = Request::Page {
        conversation: ConversationId::direct(alice.user, alice.user),
        range: PageRange::After(Seq::ZERO),
        limit: 200,
    };
    match alice.answer(page).await {
        Ok(Answer::Page { entries, .. }) => {
            let kept: Vec<_> = entries.iter().map(|entry| (entry.seq, entry.id)).collect();
            let said = |(seq, number): &(Seq, RequestNumber)| {
                (*seq, id(u8::try_from(number.0 - 1).unwrap()))
            };
            assert_eq!(kept, accepted.iter().map(said).collect::<Vec<_>>());
        }
        other => panic!("no page: {other:?}"),
    }
}

#[tokio::test]
async fn the_ticket_is_there_while_the_server_is() {
    let server = TestServer::start().await;
    let _alice = server.newcomer(&device(), "alice").await;
    let path = server.config.ticket_places[0].clone();
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
    let listener = listen(Some("127.0.0.1:0".parse().unwrap())).unwrap();
    let second = Server::prepare(listener, server.config.clone()).await;
    let error = second.unwrap_err();
    assert!(matches!(error, ServerError::Store(_)), "{error}");
    // The next one starts where this one ends.
    server.restart().await;
}
