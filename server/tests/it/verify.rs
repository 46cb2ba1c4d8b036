//! The command `recado-server verify`, and a server with a damaged database.

use std::fs;

use recado_shared::{Answer, ConversationId, MessageId, PageRange, Request, RequestError, Seq};
use serde_json::Value;

use crate::client::{Client, hello, id, message};
use crate::machine::{Machine, read_ticket, signal};
use crate::server::device;

fn report(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

#[tokio::test]
async fn data_is_verified_beside_a_running_server_and_without_one() {
    let machine = Machine::new();
    let mut running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
    let output = machine.output(&["verify"]).await;
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.ends_with("no damage found\n"), "{text}");
    let found = report(&machine.output(&["verify", "--json"]).await);
    assert_eq!(
        (&found["ok"], &found["problem_count"]),
        (&true.into(), &0.into())
    );
    signal(&running.child, "-TERM").await;
    running.child.wait().await.unwrap();
    let found = report(&machine.output(&["verify", "--json"]).await);
    assert_eq!(found["ok"], true);
}

#[tokio::test]
async fn damage_is_named_with_what_to_do_and_the_exit_code_says_so() {
    let machine = Machine::new();
    let mut running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
    signal(&running.child, "-TERM").await;
    running.child.wait().await.unwrap();
    let path = machine.path("data/recado-server/recado.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2 / 4_096 * 4_096;
    bytes[middle..middle + 4_096].fill(0x5a);
    fs::write(&path, bytes).unwrap();
    let output = machine.output(&["verify"]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("recado-server restore FILE"), "{text}");
    let found = report(&machine.output(&["verify", "--json"]).await);
    assert_eq!(found["ok"], false);
    assert_eq!(found["problems"][0]["place"], "the database");
}

async fn page(client: &mut Client, conversation: ConversationId) -> Result<usize, RequestError> {
    let request = Request::Page {
        conversation,
        range: PageRange::After(Seq::ZERO),
        limit: 5,
    };
    match client.answer_among(request).await? {
        Answer::Page { entries, .. } => Ok(entries.len()),
        other => panic!("a page is answered by a page: {other:?}"),
    }
}

#[tokio::test]
async fn a_damaged_conversation_is_named_and_all_others_are_served() {
    let machine = Machine::new();
    let (alices, bobs) = (device(), device());
    let mut running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
    let ticket = read_ticket(&machine.path("run/recado/local.ticket"));
    let connect = async |address, device| {
        let connected = Client::connect(address, ticket.fingerprint, device).await;
        connected.unwrap()
    };
    let mut alice = connect(running.address, &alices).await;
    let mut bob = connect(running.address, &bobs).await;
    alice
        .enter(hello(Some("alice"), ticket.token.clone()))
        .await;
    bob.enter(hello(Some("bob"), ticket.token.clone())).await;
    let shared = ConversationId::direct(alice.user, bob.user);
    let notes = ConversationId::direct(alice.user, alice.user);
    for (conversation, first) in [(shared, 0), (notes, 100)] {
        for n in 1..=60_u128 {
            let id = MessageId((first + n).to_be_bytes());
            let text = message(&format!("entry {n} of {first} ").repeat(20));
            alice.put(conversation, id, text).await.unwrap();
        }
    }
    signal(&running.child, "-TERM").await;
    running.child.wait().await.unwrap();

    let path = machine.path("data/recado-server/recado.db");
    let mut bytes = fs::read(&path).unwrap();
    let first = b"entry 2 of 0 ";
    let at = bytes.windows(first.len()).position(|part| part == first);
    let start = at.unwrap() / 4_096 * 4_096;
    bytes[start..start + 4_096].fill(0x5a);
    fs::write(&path, bytes).unwrap();

    let running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
    let mut alice = connect(running.address, &alices).await;
    let mut bob = connect(running.address, &bobs).await;
    alice.enter(hello(None, None)).await;
    bob.enter(hello(None, None)).await;
    assert_eq!(page(&mut bob, shared).await, Err(RequestError::Damaged));
    assert_eq!(page(&mut alice, notes).await, Ok(5));
    assert_eq!(alice.put(notes, id(1), message("note")).await, Ok(Seq(61)));
    assert_eq!(
        alice.put(shared, id(2), message("hello")).await,
        Ok(Seq(61))
    );
    let found = report(&machine.output(&["verify", "--json"]).await);
    let problems = found["problems"].as_array().unwrap();
    let named = problems
        .iter()
        .filter_map(|problem| problem["place"].as_str());
    let named: Vec<_> = named
        .filter(|place| place.contains("conversation"))
        .collect();
    assert!(!named.is_empty(), "{found}");
    let shared = "the direct conversation of alice and bob";
    assert!(named.iter().all(|place| *place == shared), "{named:?}");
}
