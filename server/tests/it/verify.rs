//! The command `recado-server verify`, and a server with a damaged database.

use std::fs;

use serde_json::Value;

use crate::machine::{Machine, signal};

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
    assert!(text.contains("restore a backup"), "{text}");
    let found = report(&machine.output(&["verify", "--json"]).await);
    assert_eq!(found["ok"], false);
    assert_eq!(found["problems"][0]["place"], "the database");
}
