//! A server whose data was put back to an earlier state, and clients that were online, away, or
//! away for longer: nothing stale is shown, and nothing that was accepted since is missed.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::path::PathBuf;

use recado::client::Client;
use serde_json::Value;

use crate::bots::person;
use crate::machine::{Machine, Server};
use crate::pty::Terminal;
use crate::support::within;
use crate::verbs::Tail;

/// The readers of what alice writes.
const READERS: [&str; 4] = ["bob", "carol", "dora", "eve"];

/// How many messages of each kind are written to each reader. More are new than lost, so that each
/// lost one has its place taken by another.
const KEPT: usize = 3;
const LOST: usize = 4;
const NEW: usize = 7;

const GONE: &str = "messages are gone from here on";

fn texts(kind: &str, count: usize) -> Vec<String> {
    (1..=count)
        .map(|number| format!("{kind} {number}"))
        .collect()
}

async fn write(alice: &mut Client, kind: &str, count: usize) {
    for text in texts(kind, count) {
        for reader in READERS {
            within(alice.send(reader, &text)).await.unwrap();
        }
    }
}

/// Takes events of a bot until this text; only those of alice.
async fn read_until(bot: &mut Client, last: &str) -> Vec<String> {
    let mut read = Vec::new();
    while read.last().map(String::as_str) != Some(last) {
        let event = within(bot.next()).await.unwrap();
        read.push(event.text().to_owned());
    }
    read
}

/// Reads with `recado tail` until this text. Returns the texts and the token of the last line.
async fn tail_until(machine: &Machine, after: Option<&str>, last: &str) -> (Vec<String>, String) {
    let mut line = vec!["tail", "--json", "--as", "eve"];
    line.extend(after.into_iter().flat_map(|after| ["--after", after]));
    let mut tail = Tail::start(machine, &line).await;
    let mut read = Vec::new();
    loop {
        let json: Value = tail.next_json().await;
        read.push(json["text"].as_str().unwrap().to_owned());
        if read.last().map(String::as_str) == Some(last) {
            return (read, json["after"].as_str().unwrap().to_owned());
        }
    }
}

/// What the server has of a conversation with alice, by another path than the clients'.
async fn on_server(machine: &Machine, reader: &str) -> Vec<String> {
    let ended = machine
        .run(&["history", "alice", "--json", "--as", reader])
        .await;
    let text = |line: &str| {
        let json: Value = serde_json::from_str(line).unwrap();
        json["text"].as_str().unwrap().to_owned()
    };
    ended.out.lines().map(text).collect()
}

/// Waits until a screen shows exactly these messages of all that were ever written.
fn wait_for_exactly(screen: &Terminal, shown: &BTreeSet<String>) {
    let all: BTreeSet<String> = ["kept", "lost", "new"]
        .into_iter()
        .flat_map(|kind| texts(kind, NEW))
        .collect();
    screen.wait_for("exactly what the server has", |text| {
        let seen = all.iter().filter(|message| text.contains(message.as_str()));
        seen.eq(shown)
    });
}

/// Lets readers be online and away while the data is put back. `keep` remembers its state, `put_back`
/// stops the server and returns it to that state; it returns the port.
async fn check_readers(
    keep: impl AsyncFn(&Machine) -> PathBuf,
    put_back: impl AsyncFnOnce(&Machine, Server, PathBuf) -> u16,
) {
    let machine = Machine::new();
    let mut server = machine.serve(0, &[]);
    for reader in &READERS[1..] {
        machine.create(reader).await;
    }
    let (mut alice, _alice_files) = person(&machine, "alice").await;
    let (mut bob, _bob_files) = person(&machine, "bob").await;
    within(bob.ready()).await.unwrap();
    let mut tail = Tail::start(&machine, &["tail", "--as", "eve"]).await;
    write(&mut alice, "kept", KEPT).await;
    drop(tail);

    let mut carol = machine.open("carol", &["carol"]);
    let mut dora = machine.open("dora", &["dora"]);
    for screen in [&mut carol, &mut dora] {
        screen.wait("connected");
        screen.open_talk("alice");
        screen.wait("kept 3");
    }
    let kept = keep(&machine).await;

    tail = Tail::start(&machine, &["tail", "--json", "--as", "eve"]).await;
    write(&mut alice, "lost", LOST).await;
    let mut token = Value::Null;
    for text in texts("lost", LOST) {
        let line = tail.next_json().await;
        assert_eq!(line["text"], text.as_str());
        token = line["after"].clone();
    }
    drop(tail);
    carol.wait("lost 4");
    dora.wait("lost 4");
    carol.key("ctrl-q");
    assert!(carol.wait_end().success());
    dora.type_text("answer of dora");
    dora.key("enter");
    dora.wait_line("answer of dora", "✓");
    assert_eq!(
        read_until(&mut bob, "lost 4").await,
        [texts("kept", KEPT), texts("lost", LOST)].concat()
    );

    let port = put_back(&machine, server, kept).await;
    server = machine.serve(port, &[]);
    write(&mut alice, "new", NEW).await;

    // A bot that stayed, and a command that goes on with its token.
    assert_eq!(read_until(&mut bob, "new 7").await, texts("new", NEW));
    let token = token.as_str().unwrap();
    let (read, _) = tail_until(&machine, Some(token), "new 7").await;
    assert_eq!(read, texts("new", NEW));

    // A screen that stayed, and one that was away.
    carol = machine.open("carol", &["carol"]);
    for (screen, reader) in [(&mut carol, "carol"), (&mut dora, "dora")] {
        screen.wait("connected");
        screen.wait(GONE);
        let there = on_server(&machine, reader).await;
        assert_eq!(there, [texts("kept", KEPT), texts("new", NEW)].concat());
        wait_for_exactly(screen, &there.into_iter().collect());
    }
    // What dora wrote in the lost time waits for her, and is sent once more by her choice.
    dora.wait("put back to an earlier state");
    dora.key("up");
    dora.wait("answer of dora");
    dora.key("ctrl-q");
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_leaves_nothing_stale_and_nothing_missed() {
    let keep = async |machine: &Machine| {
        let file = machine.path("backup.db");
        let line = ["backup", file.to_str().unwrap()];
        machine.administer(&line).await.is(0, "Backed up");
        file
    };
    let put_back = async |machine: &Machine, server: Server, file: PathBuf| {
        let port = server.port();
        let line = ["restore", file.to_str().unwrap()];
        machine
            .administer(&line)
            .await
            .is(1, "another recado-server is using");
        server.stop();
        machine.administer(&line).await.is(0, "Restored");
        port
    };
    check_readers(keep, put_back).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_lost_its_end_leaves_nothing_stale_and_nothing_missed() {
    let wal = |machine: &Machine| machine.server_data().join("recado.db-wal");
    let keep = async |machine: &Machine| {
        let copy = machine.path("wal");
        std::fs::copy(wal(machine), &copy).unwrap();
        copy
    };
    let put_back = async |machine: &Machine, server: Server, copy: PathBuf| {
        let port = server.kill();
        let kept = copy.metadata().unwrap().len();
        let log = OpenOptions::new().write(true).open(wal(machine)).unwrap();
        assert!(log.metadata().unwrap().len() > kept);
        log.set_len(kept).unwrap();
        port
    };
    check_readers(keep, put_back).await;
}
