//! A disk without space. The limit of a process for the size of its files stands for it: a write beyond it
//! fails like one over a quota, for any user and on any file system.

use recado_shared::{
    Answer, ConversationId, MessageId, PageRange, Refusal, Request, RequestError, Seq,
};
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::client::{Client, hello, message};
use crate::machine::{Machine, Running, read_ticket, signal};
use crate::server::device;

/// Blocks of `ulimit -f`, of 512 or 1,024 bytes as the shell counts them.
const BLOCKS: u32 = 1_024;

async fn serve_limited(machine: &Machine) -> Running {
    let script = format!("trap '' XFSZ; ulimit -S -f {BLOCKS}; exec \"$0\" --listen 127.0.0.1:0");
    machine.serve_with(&mut machine.shell(&script)).await
}

fn lift_limit(running: &Running) {
    let id = i32::try_from(running.child.id().unwrap()).unwrap();
    let unlimited = Rlimit {
        current: None,
        maximum: None,
    };
    prlimit(Pid::from_raw(id), Resource::Fsize, unlimited).unwrap();
}

/// Writes long notes until one is refused. Returns how many were accepted.
async fn fill(client: &mut Client, notes: ConversationId) -> u64 {
    let long = "x".repeat(15_000);
    for number in 1..1_000_u64 {
        let id = MessageId(u128::from(number).to_be_bytes());
        match client.put(notes, id, message(&long)).await {
            Ok(seq) => assert_eq!(seq, Seq(number)),
            Err(error) => {
                assert_eq!(error, RequestError::Unavailable);
                return number - 1;
            }
        }
    }
    panic!("the limit does not hold");
}

async fn newest(client: &mut Client, notes: ConversationId) -> Seq {
    let request = Request::Page {
        conversation: notes,
        range: PageRange::Before(Seq(u64::MAX)),
        limit: 1,
    };
    match client.answer_among(request).await {
        Ok(Answer::Page { entries, .. }) => entries.last().unwrap().seq,
        other => panic!("a page is answered by a page: {other:?}"),
    }
}

#[tokio::test]
async fn on_a_full_disk_a_server_starts_serves_reading_and_recovers_by_itself() {
    let machine = Machine::new();
    let (alices, bobs) = (device(), device());
    let ticket = || read_ticket(&machine.path("run/recado/local.ticket"));

    let mut running = serve_limited(&machine).await;
    let fingerprint = ticket().fingerprint;
    let mut alice = Client::connect(running.address, fingerprint, &alices)
        .await
        .unwrap();
    alice.enter(hello(Some("alice"), ticket().token)).await;
    let notes = ConversationId::direct(alice.user, alice.user);
    let accepted = fill(&mut alice, notes).await;
    assert!(accepted > 10, "{accepted}");
    assert_eq!(newest(&mut alice, notes).await, Seq(accepted));
    signal(&running.child, "-TERM").await;
    assert!(running.child.wait().await.unwrap().success());

    let running = serve_limited(&machine).await;
    let connect = async |device| Client::connect(running.address, fingerprint, device).await;
    let mut bob = connect(&bobs).await.unwrap();
    let refused = bob.refused(hello(Some("bob"), ticket().token)).await;
    assert_eq!(refused, Refusal::Unavailable);
    let mut alice = connect(&alices).await.unwrap();
    alice.enter(hello(None, None)).await;
    assert_eq!(newest(&mut alice, notes).await, Seq(accepted));
    let id = MessageId([9; 16]);
    let again = alice.put(notes, id, message(&"y".repeat(15_000))).await;
    assert_eq!(again, Err(RequestError::Unavailable));

    lift_limit(&running);
    let again = alice.put(notes, id, message(&"y".repeat(15_000))).await;
    assert_eq!(again, Ok(Seq(accepted + 1)));
    let mut bob = connect(&bobs).await.unwrap();
    assert!(
        bob.enter(hello(Some("bob"), ticket().token))
            .await
            .registered
    );
}
