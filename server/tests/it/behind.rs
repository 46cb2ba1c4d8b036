//! A client that stops reading: it loses live frames, and no message.

use std::collections::BTreeSet;
use std::num::NonZeroU32;

use recado_server::Config;
use recado_server::session::PUSH_CAPACITY;
use recado_shared::limits::{MAX_BODY_LEN, MAX_REQUESTS_IN_FLIGHT};
use recado_shared::{
    Answer, ClientFrame, ConversationId, MessageId, PageRange, Request, Seq, ServerFrame,
};

use crate::client::{Client, message};
use crate::server::{TestServer, device};

/// More than the outbox and the buffers of a connection on one machine hold.
const MESSAGES: u64 = 4 * PUSH_CAPACITY as u64;

fn without_rate_limits(config: &mut Config) {
    let rates = &mut config.limits;
    rates.frames_per_second = NonZeroU32::MAX;
    rates.frame_burst = NonZeroU32::MAX;
    rates.bytes_per_second = NonZeroU32::MAX;
    rates.byte_burst = NonZeroU32::MAX;
}

/// Sends long messages, with as many under way as the server allows.
async fn flood(from: &mut Client, conversation: ConversationId) {
    let text = "x".repeat(MAX_BODY_LEN);
    let mut unanswered = 0;
    let mut accepted = 0;
    for n in 0..MESSAGES {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.to_be_bytes());
        from.ask(Request::Append {
            conversation,
            id: MessageId(id),
            content: message(&text),
        })
        .await;
        unanswered += 1;
        while unanswered == MAX_REQUESTS_IN_FLIGHT || (n + 1 == MESSAGES && unanswered > 0) {
            if let ServerFrame::Answer { result, .. } = from.next_frame().await {
                assert!(matches!(result, Ok(Answer::Accepted { .. })));
                unanswered -= 1;
                accepted += 1;
            }
        }
    }
    assert_eq!(accepted, MESSAGES);
}

#[tokio::test]
async fn a_slow_client_is_behind_and_finds_everything() {
    let server = TestServer::start_with(without_rate_limits).await;
    let mut alice = server.newcomer(&device(), "alice").await;
    let mut bob = server.newcomer(&device(), "bob").await;
    let conversation = ConversationId::direct(alice.user, bob.user);
    flood(&mut alice, conversation).await;

    // What was queued comes first, in order and without a hole.
    let mut seqs = BTreeSet::new();
    loop {
        match bob.next_frame().await {
            ServerFrame::Entry { entry, .. } => {
                assert_eq!(entry.seq, Seq(seqs.len() as u64 + 1));
                seqs.insert(entry.seq);
            }
            ServerFrame::Behind => break,
            other => panic!("unexpected: {other:?}"),
        }
    }
    assert!((seqs.len() as u64) < MESSAGES);
    // Then the heads say how far there is to go, and live frames flow again.
    let page = bob.next_heads().await;
    let newest = page.heads[0].newest;
    assert_eq!(newest, Seq(MESSAGES));
    let request = alice.append(bob.user, MessageId([0xff; 16]), "still there?");
    alice.answer(request).await.unwrap();
    match bob.next_frame().await {
        ServerFrame::Entry { entry, .. } => assert_eq!(entry.seq, newest.next()),
        other => panic!("unexpected: {other:?}"),
    }

    // The rest is pulled.
    while (seqs.len() as u64) < newest.0 {
        let request = Request::Page {
            conversation,
            range: PageRange::After(Seq(seqs.len() as u64)),
            limit: 200,
        };
        match bob.answer(request).await {
            Ok(Answer::Page { entries, .. }) => {
                for entry in entries {
                    assert_eq!(entry.seq, Seq(seqs.len() as u64 + 1));
                    seqs.insert(entry.seq);
                }
            }
            other => panic!("no page: {other:?}"),
        }
    }
    bob.send(&ClientFrame::Leave).await;
}
