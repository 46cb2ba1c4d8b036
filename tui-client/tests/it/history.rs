//! `recado history`: what was said, by real binaries from a real server.

use recado::client::Client;
use serde_json::{Value, json};

use crate::bots::person;
use crate::machine::{Ended, Machine};
use crate::support::within;

/// The objects that were printed, a line each.
pub(crate) fn objects(ended: &Ended) -> Vec<Value> {
    ended.is(0, "");
    let lines = ended.out.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn field<'a>(lines: &'a [Value], name: &str) -> Vec<&'a Value> {
    lines.iter().map(|line| &line[name]).collect()
}

async fn send(client: &mut Client, to: &str, text: &str) -> recado::client::Sent {
    within(client.send(to, text)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_entries_come_oldest_first_in_the_fields_of_tail() {
    let machine = Machine::new();
    let _server = machine.serve_inside(0).await;
    let (mut alice, _folder) = person(&machine, "alice").await;
    machine.create("bob").await;
    for text in ["one", "two", "three"] {
        send(&mut alice, "bob", text).await;
    }
    machine
        .run(&["send", "alice", "yes", "--reply-to", "2"])
        .await
        .is(0, "");

    let lines = objects(&machine.run(&["history", "alice", "--json"]).await);
    let me = &lines[3]["author_id"];
    let expected = json!({
        "conversation": lines[0]["conversation"],
        "kind": "reply",
        "with": "alice",
        "with_id": alice.me().0.to_string(),
        "room": null,
        "author": "bob",
        "author_id": me,
        "own": true,
        "mentions_me": false,
        "seq": 4,
        "id": lines[3]["id"],
        "time": lines[3]["time"],
        "text": "yes",
        "reply_to": 2,
    });
    assert_eq!(lines[3], expected);
    assert_eq!(field(&lines, "seq"), [1, 2, 3, 4]);

    let run = |more: &'static [&'static str]| {
        let line = [&["history", "alice", "--json"], more].concat();
        let machine = &machine;
        async move { objects(&machine.run(&line).await) }
    };
    assert_eq!(field(&run(&["--limit", "2"]).await, "seq"), [3, 4]);
    let before = run(&["--limit", "2", "--before", "4"]).await;
    assert_eq!(field(&before, "seq"), [2, 3]);
    let after = run(&["--limit", "2", "--after", "1"]).await;
    assert_eq!(field(&after, "seq"), [2, 3]);
    let between = run(&["--after", "1", "--before", "4"]).await;
    assert_eq!(field(&between, "seq"), [2, 3]);
    let messages = run(&["--limit", "2", "--kinds", "message"]).await;
    assert_eq!(field(&messages, "seq"), [2, 3]);
    assert_eq!(run(&["--after", "4"]).await, [Value::Null; 0]);
    assert_eq!(run(&["--before", "1"]).await, [Value::Null; 0]);

    let told = machine.run(&["history", "alice", "--limit", "2"]).await;
    told.is(0, "");
    let told: Vec<_> = told.out.lines().collect();
    assert!(told[0].starts_with("     3 20"), "{told:?}");
    assert!(told[0].ends_with(" alice: three"), "{told:?}");
    assert!(told[1].ends_with(" bob to alice: [to 2] yes"), "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_reactions_and_what_was_deleted_are_entries_of_their_own() {
    let machine = Machine::new();
    let _server = machine.serve_inside(0).await;
    let (mut alice, _folder) = person(&machine, "alice").await;
    machine.create("bob").await;
    let kept = send(&mut alice, "bob", "@bob: helo").await;
    within(alice.edit(&kept, "hello")).await.unwrap();
    let gone = send(&mut alice, "bob", "secret").await;
    within(alice.edit(&gone, "secret too")).await.unwrap();
    within(alice.delete(&gone)).await.unwrap();
    machine.run(&["send", "alice", "hi"]).await.is(0, "");
    let hi = loop {
        let event = within(alice.next()).await.unwrap();
        if event.text() == "hi" {
            break event;
        }
    };
    within(alice.react(&hi, "👍")).await.unwrap();

    let lines = objects(&machine.run(&["history", "alice", "--json"]).await);
    let kinds = [
        "message",
        "edit",
        "erased",
        "erased",
        "deletion",
        "message",
        "reaction-added",
    ];
    assert_eq!(field(&lines, "kind"), kinds);
    assert_eq!(lines[0]["mentions_me"], json!(true));
    assert_eq!(
        (&lines[1]["target"], &lines[1]["text"]),
        (&json!(1), &json!("hello"))
    );
    assert_eq!(lines[4]["target"], json!(3));
    assert_eq!(
        (&lines[6]["target"], &lines[6]["emoji"]),
        (&json!(6), &json!("👍"))
    );
    let told = machine.run(&["history", "alice"]).await;
    assert!(!told.out.contains("secret"), "{}", told.out);
    assert!(
        told.out.contains("alice wrote a message that was deleted"),
        "{}",
        told.out
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_page_is_read_and_a_filter_looks_further_back() {
    let machine = Machine::new();
    let _server = machine.serve_inside(0).await;
    let (mut alice, _folder) = person(&machine, "alice").await;
    machine.create("bob").await;
    let first = send(&mut alice, "bob", "the first").await;
    within(alice.edit(&first, "still the first")).await.unwrap();
    for number in 0..450 {
        send(&mut alice, "bob", &format!("number {number}")).await;
    }
    let all = machine
        .run(&["history", "alice", "--json", "--limit", "1000"])
        .await;
    let all = objects(&all);
    let seqs: Vec<u64> = all
        .iter()
        .map(|line| line["seq"].as_u64().unwrap())
        .collect();
    assert_eq!(seqs, (1..=452).collect::<Vec<_>>());
    let edits = machine
        .run(&["history", "alice", "--json", "--kinds", "edit"])
        .await;
    let edits = objects(&edits);
    assert_eq!(field(&edits, "text"), ["still the first"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_have_their_codes() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    machine.create("bob").await;
    let run = async |line: &[&str]| machine.run(line).await;
    run(&["history"]).await.is(2, "Usage");
    run(&["history", "carol"])
        .await
        .is(3, "There is no user \"carol\"");
    run(&["history", "#none"]).await.is(3, "No such room");
    run(&["history", "a b"]).await.is(2, "is not a valid name");
    run(&["history", "bob", "--limit", "0"])
        .await
        .is(2, "--limit");
    // Nothing was said yet.
    let nothing = run(&["history", "bob", "--json"]).await;
    nothing.is(0, "");
    assert_eq!(nothing.out, "");
    server.stop().await;
    run(&["history", "bob"]).await.is(4, "Cannot connect to");
}
