//! The program `recado-server`: its output, its files and its exit.

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

use recado_shared::{CloseReason, Invite, Refusal, ServerFrame};

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
    assert!(
        error.contains("another program uses this address"),
        "{error}"
    );
    assert_no_repetition(&error);

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
    let expected = format!("recado://chat.example:{}/#", running.address.port());
    assert!(line.starts_with(&expected), "{line}");
}

#[tokio::test]
async fn the_public_address_is_remembered_and_takes_the_port_of_the_listener() {
    let machine = Machine::new();
    let invite = async || {
        let output = machine.output(&["invite"]).await;
        String::from_utf8(output.stdout).unwrap()
    };
    let here = ["--listen", "localhost:0"];
    let with = |address| [&here[..], &["--public-address", address]].concat();
    for arguments in [with("chat.example"), here.to_vec()] {
        let running = machine.serve(&arguments).await;
        let port = running.address.port();
        let expected = format!("recado://chat.example:{port}/#");
        assert!(invite().await.starts_with(&expected));
        running.stop().await;
        assert!(
            invite().await.starts_with(&expected),
            "also while it is stopped"
        );
    }
    let running = machine.serve(&with("auto")).await;
    let own = format!("recado://{}/#", running.address);
    assert!(invite().await.starts_with(&own));
    running.stop().await;
    let running = machine.serve(&here).await;
    let own = format!("recado://{}/#", running.address);
    assert!(invite().await.starts_with(&own));
}

#[tokio::test]
async fn a_hangup_reloads_the_policy_and_the_limits() {
    let machine = Machine::new();
    let path = machine.path("config.toml");
    let write = |text: &str| std::fs::write(&path, text).unwrap();
    write("listen = \"127.0.0.1:0\"\n");
    let arguments = ["--config", path.to_str().unwrap()];
    let mut running = machine.serve(&arguments).await;
    let ticket = read_ticket(&machine.path("run/recado/local.ticket"));
    let connect = async || {
        let connected = Client::connect(running.address, ticket.fingerprint, &device()).await;
        connected.unwrap()
    };
    let refusal = connect().await.refused(hello(Some("alice"), None)).await;
    assert_eq!(refusal, Refusal::InviteNeeded);

    write("policy = \"open\"\n[limits]\nmax_sessions = 0\n");
    signal(&running.child, "-HUP").await;
    let line = running.line_with("ERROR").await;
    assert!(line.contains("line 3: the setting max_sessions"), "{line}");

    write("policy = \"open\"\nlisten = \"127.0.0.1:1\"\n[limits]\nmax_users = 1\n");
    signal(&running.child, "-HUP").await;
    running.line_with("took over").await;
    let line = running.line_with("restart the server").await;
    assert!(line.ends_with("to take over: listen"), "{line}");
    let connect = async || {
        let connected = Client::connect(running.address, ticket.fingerprint, &device()).await;
        connected.unwrap()
    };
    let mut alice = connect().await;
    assert!(alice.enter(hello(Some("alice"), None)).await.registered);
    let refusal = connect().await.refused(hello(Some("bob"), None)).await;
    assert_eq!(refusal, Refusal::Full);
    running.stop().await;
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn open_files_are_raised_to_what_the_limits_need() {
    let machine = Machine::new();
    let mut command = machine.shell("ulimit -Sn 256; exec \"$0\" --listen 127.0.0.1:0");
    let running = machine.serve_with(&mut command).await;
    let id = running.child.id().unwrap();
    let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line.unwrap().split_whitespace().nth(3).unwrap();
    assert!(soft.parse::<u64>().unwrap() > 5_000, "{limits}");
    running.stop().await;

    let mut command = machine.shell("ulimit -n 256; exec \"$0\" --listen 127.0.0.1:0");
    let running = machine.serve_with(&mut command).await;
    let warning = running.before.join("\n");
    assert!(
        warning.contains("ulimit -Hn") && warning.contains("open_files=256"),
        "{warning}"
    );
}

#[tokio::test]
async fn a_key_that_others_may_read_is_refused_and_no_core_is_dumped() {
    let machine = Machine::new();
    let here = ["--listen", "127.0.0.1:0"];
    let script = "ulimit -Sc $(ulimit -Hc); exec \"$0\" --listen 127.0.0.1:0";
    let running = machine.serve_with(&mut machine.shell(script)).await;
    #[cfg(target_os = "linux")]
    {
        let id = running.child.id().unwrap();
        let limits = std::fs::read_to_string(format!("/proc/{id}/limits")).unwrap();
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max core file size"));
        assert_eq!(
            line.unwrap().split_whitespace().nth(4),
            Some("0"),
            "{limits}"
        );
    }
    running.stop().await;
    let key = machine.path("data/recado-server/server.key");
    let set = |mode| std::fs::set_permissions(&key, Permissions::from_mode(mode)).unwrap();
    set(0o640);
    let error = machine.error_of(&here).await;
    let fix = format!("Run: chmod 600 '{}'", key.display());
    assert_eq!(
        error
            .trim_end()
            .lines()
            .last()
            .unwrap()
            .matches(&fix)
            .count(),
        1,
        "{error}"
    );
    set(0o600);
    machine.serve(&here).await.stop().await;
}
