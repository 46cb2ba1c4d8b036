//! The program `recado-server`: its output, its files and its exit.

use std::collections::BTreeSet;

use recado_shared::{CloseReason, Invite, ServerFrame};

use crate::client::{Client, hello};
use crate::machine::{Machine, read_ticket, signal};
use crate::server::device;

#[tokio::test]
async fn one_command_serves_and_a_signal_drains() {
    for stop in ["-TERM", "-INT"] {
        let machine = Machine::new();
        let mut running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
        let path = machine.path("run/recado/local.ticket");
        let ticket = read_ticket(&path);
        assert_eq!(ticket.address.to_string(), running.address.to_string());

        let connected = Client::connect(running.address, ticket.fingerprint, &device()).await;
        let mut alice = connected.unwrap();
        let hello = hello(Some("alice"), ticket.token);
        assert!(alice.enter(hello).await.registered);
        alice.next_heads().await;
        signal(&running.child, stop).await;
        let reason = ServerFrame::Close(CloseReason::ShuttingDown);
        assert_eq!(alice.next_frame().await, reason);
        drop(alice);
        assert!(running.child.wait().await.unwrap().success());
        assert!(!path.exists());
    }
}

#[tokio::test]
async fn an_invite_is_one_line_and_works_at_once() {
    let machine = Machine::new();
    let mut running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
    let output = machine.output(&["invite", "--expires", "7d"]).await;
    let line = String::from_utf8(output.stdout).unwrap();
    assert_eq!(line.lines().count(), 1);
    let invite: Invite = line.trim_end().parse().unwrap();
    assert_eq!(invite.address.to_string(), running.address.to_string());
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("only this machine can reach"), "{note}");

    let connected = Client::connect(running.address, invite.fingerprint, &device()).await;
    let hello = hello(Some("alice"), invite.token);
    assert!(connected.unwrap().enter(hello).await.registered);

    // An address that is named goes before the noted one, also after the server's end.
    signal(&running.child, "-TERM").await;
    running.child.wait().await.unwrap();
    let named = ["invite", "--address", "chat.example"];
    let output = machine.output(&named).await;
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.starts_with("recado://chat.example:7322/#"), "{line}");
    assert!(output.stderr.is_empty());
}

#[tokio::test]
async fn what_cannot_be_used_is_named() {
    let machine = Machine::new();
    let error = machine.error_of(&["invite"]).await;
    assert!(error.contains("no server data"), "{error}");

    let running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
    let error = machine.error_of(&["--listen", "127.0.0.1:0"]).await;
    assert!(error.contains("another recado-server"), "{error}");

    let address = running.address.to_string();
    let elsewhere = Machine::new();
    let error = elsewhere.error_of(&["--listen", &address]).await;
    assert!(error.contains("--listen"), "{error}");
    assert!(error.contains(&address), "{error}");

    let file = elsewhere.path("file");
    std::fs::write(&file, "").unwrap();
    let inside = file.join("data");
    let inside = inside.to_str().unwrap();
    let error = elsewhere
        .error_of(&["--listen", "127.0.0.1:0", "--data", inside])
        .await;
    assert!(error.contains("--data"), "{error}");
    assert_no_repetition(&error);

    for (arguments, named) in [
        (&["--config", "/nowhere.toml"][..], "/nowhere.toml"),
        (&["--log", "a=b=c"], "--log"),
        (&["invite", "--expires", "7d ago"], "--expires"),
    ] {
        let error = elsewhere.error_of(arguments).await;
        assert!(error.contains(named), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert_no_repetition(&error);
    }
}

/// An error that has its cause in its text must not have it appended once more.
fn assert_no_repetition(error: &str) {
    let parts: Vec<_> = error.trim_end().split(": ").collect();
    let distinct: BTreeSet<_> = parts.iter().collect();
    assert_eq!(distinct.len(), parts.len(), "{error}");
}

#[tokio::test]
async fn the_configuration_says_what_flags_do_not() {
    let machine = Machine::new();
    let output = machine.output(&["config"]).await;
    let template = String::from_utf8(output.stdout).unwrap();
    let settings = template
        .replace("#listen =", "listen = \"127.0.0.1:0\"")
        .replace("#public_address =", "public_address = \"chat.example\"")
        .replace("#policy = \"invite\"", "policy = \"open\"");
    let path = machine.path("config/recado-server/config.toml");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, settings).unwrap();

    let running = machine.serve(&[]).await;
    let ticket = read_ticket(&machine.path("run/recado/local.ticket"));
    let connected = Client::connect(running.address, ticket.fingerprint, &device()).await;
    let welcome = connected.unwrap().enter(hello(Some("alice"), None)).await;
    assert!(welcome.registered);
    let output = machine.output(&["invite"]).await;
    let line = String::from_utf8(output.stdout).unwrap();
    assert!(line.starts_with("recado://chat.example:7322/#"), "{line}");
}
