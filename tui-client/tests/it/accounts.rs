//! Accounts: what creates one, which one is used, and what the server and its operator do to it.

use std::io::{ErrorKind, Read as _};
use std::net::TcpListener;

use crate::machine::Machine;

const IDENTITIES: &str = "data/recado/identities";

#[tokio::test(flavor = "multi_thread")]
async fn no_verb_creates_an_account() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    machine.create("alice").await;
    for line in [
        &["send", "alice", "hi"][..],
        &["history", "alice"],
        &["tail"],
        &["who"],
        &["rooms"],
        &["room", "create", "x"],
        &["export", "--all"],
        &["devices"],
    ] {
        let line = [line, &["--as", "alcie"]].concat();
        let refused = machine.run(&line).await;
        refused.is(1, "There is no account 'alcie' on this machine.");
        assert!(
            refused.err.contains("Did you mean '--as alice'?"),
            "{refused:?}"
        );
    }
    for name in ["alcie", "sned", "invite", "nora"] {
        let refused = machine.run(&[name]).await;
        refused.is(2, &format!("Create it with 'recado {name} --yes'"));
    }
    machine
        .run(&["sned"])
        .await
        .is(2, "Did you mean 'recado send'?");
    machine
        .run(&["invite"])
        .await
        .is(2, "Did you mean 'recado-server invite'?");
    for name in ["Send", "ｓｅｎｄ", "HELP"] {
        let verb = if name == "HELP" { "help" } else { "send" };
        let refused = machine.run(&[name, "--yes"]).await;
        refused.is(
            2,
            &format!("is a command, written in small letters: 'recado {verb}'"),
        );
    }
    machine
        .run(&["help", "me"])
        .await
        .is(2, "unrecognized subcommand 'me'");
    let several = machine.run(&["sned", "alice", "hi"]).await;
    several.is(2, "Did you mean 'recado send'?");
    let option = machine.run(&["send", "alice", "hi", "--no-such"]).await;
    assert!(
        option.code == 2 && !option.err.contains("Did you mean"),
        "{option:?}"
    );
    assert_eq!(machine.entries(IDENTITIES).len(), 1);
    let who = machine.run(&["who"]).await;
    assert_eq!(who.out.lines().count(), 1, "{who:?}");
    machine.create("bob").await;
    // A second time it is there already.
    machine
        .run(&["BOB", "--yes"])
        .await
        .is(0, "You are bob here already");
    server.stop().await;
    let gone = machine.run(&["carol", "--yes"]).await;
    gone.is(1, "There is no account 'carol'");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_name_is_created_after_a_yes() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let mut typo = machine.open_shell("typo", "recado sned");
    typo.wait("Did you mean 'recado send'?");
    typo.wait("Create 'sned' on 127.0.0.1:");
    typo.wait("? [y/N]");
    typo.key("enter");
    typo.wait("Nothing was changed.");
    assert!(!typo.wait_end().success());
    assert_eq!(machine.entries(IDENTITIES), [""; 0]);

    // The answer comes from the terminal, and the name is as the server writes it.
    let piped = machine.open_shell("piped", "echo y | recado sned");
    piped.wait("Create it with 'recado sned --yes'");
    assert!(!piped.wait_end().success());
    let mut zoe = machine.open_shell("zoe", "recado Zoe\u{308}");
    zoe.wait("Create 'Zo\u{eb}' on 127.0.0.1:");
    zoe.type_text("y\r");
    zoe.wait("connected");
    zoe.key("ctrl-q");
    assert!(zoe.wait_end().success());
    let mut taken = machine.open_shell("taken", "XDG_DATA_HOME=$PWD/other recado zoë");
    taken.wait("Create 'zoë' on 127.0.0.1:");
    taken.type_text("yes\r");
    taken.wait("that name is taken");
    taken.wait("Choose another name:");
    taken.type_text("yan\r");
    taken.wait("connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_is_waited_for() {
    let machine = Machine::new();
    let mut early = machine.open_shell("early", "recado alice");
    early.wait("Waiting for a server on this machine");
    let server = machine.serve(0, &[]);
    early.wait("Create 'alice' on 127.0.0.1:");
    early.type_text("y\r");
    early.wait("connected");
    early.key("ctrl-q");
    early.wait_end();
    // What a killed server leaves names a port that is closed, and a token that is not valid.
    server.kill();
    let mut early = machine.open_shell("early again", "recado bob");
    early.wait("Waiting for a server on this machine");
    let _server = machine.serve(0, &[]);
    early.wait("Create 'bob' on 127.0.0.1:");
    early.type_text("y\r");
    early.wait("connected");
    // Agreed to on the command line, also for a word that is almost a verb.
    let machine = Machine::new();
    let agreed = machine.open("agreed", &["sned"]);
    agreed.wait("Waiting for a server on this machine");
    let _server = machine.serve(0, &[]);
    agreed.wait("connected");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_is_what_was_opened_without_as() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let open = |line: &[&str], shown: &str| {
        let mut client = machine.open(shown, line);
        client.wait("connected");
        client.wait_line("┌ recado", &format!(" {shown} ┬"));
        client.key("ctrl-q");
        client.wait_end();
    };
    let who = async || {
        let who = machine.run(&["who"]).await;
        who.out
            .lines()
            .find(|line| line.ends_with(" (you)"))
            .unwrap()
            .to_owned()
    };
    open(&["alice"], "alice");
    machine.create("bob").await;
    assert!(who().await.contains("alice"));
    open(&["--as", "bob"], "bob");
    machine
        .run(&["send", "alice", "hi", "--as", "bob"])
        .await
        .is(0, "");
    assert!(who().await.contains("alice"));
    open(&[], "alice");
    open(&["bob"], "bob");
    assert!(who().await.contains("bob"));
    for line in [
        &["send", "alice", "hi"][..],
        &["room", "create", "x"],
        &["devices", "revoke", "1"],
    ] {
        let refused = machine.run(line).await;
        refused.is(2, "Choose one with --as NAME: bob on 127.0.0.1:");
        assert!(refused.err.contains("alice on 127.0.0.1:"), "{refused:?}");
    }
    assert_eq!(machine.run(&["room", "members", "x"]).await.code, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_is_asked_before_an_account_is_removed() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    machine.create("bob").await;
    let remove = ["user", "remove", "bob"];
    let question = "Remove user bob and erase all their messages? This cannot be undone. [y/N]";
    let mut operator = machine.administer_in_terminal(&remove);
    operator.wait(question);
    operator.key("enter");
    operator.wait("nothing was changed");
    assert!(!operator.wait_end().success());
    machine.run(&["who", "--as", "bob"]).await.is(0, "");
    let mut operator = machine.administer_in_terminal(&remove);
    operator.wait(question);
    operator.type_text("y\r");
    assert!(operator.wait_end().success());
    machine.run(&["who", "--as", "bob"]).await.is(3, "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_account_is_not_opened_by_itself() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let admin = async |line: &[&str]| assert_eq!(machine.administer(line).await.code, 0);
    machine.create("alice").await;
    let mut bob = machine.open_connected("bob");
    bob.key("ctrl-q");
    bob.wait_end();
    admin(&["user", "remove", "bob", "--yes"]).await;
    // Also at the first start after it.
    let mut alice = machine.open("alice", &[]);
    alice.wait_line("┌ recado", " alice ┬");
    alice.wait("bob on 127.0.0.1:");
    alice.wait("connected");
    alice.key("ctrl-q");
    alice.wait_end();
    // The only one left writes without a choice.
    machine.run(&["send", "alice", "hi"]).await.is(0, "");
    let by_name = machine.run(&["who", "--as", "bob"]).await;
    by_name.is(3, "this device was revoked");

    // A new name by the operator keeps the identity.
    admin(&["user", "rename", "alice", "alicia"]).await;
    machine.run(&["send", "alicia", "hi"]).await.is(0, "");
    machine
        .run(&["send", "alicia", "hi", "--as", "alicia"])
        .await
        .is(0, "");
    machine
        .run(&["who", "--as", "alice"])
        .await
        .is(1, "There is no account 'alice'");

    // One that is disabled while it is open is not the default either, until it is enabled.
    let mut open = machine.open_connected("alicia");
    admin(&["user", "disable", "alicia"]).await;
    open.wait("access denied");
    open.key("ctrl-q");
    open.wait_end();
    let none = machine.run(&["who"]).await;
    none.is(1, "No account can be opened by itself");
    assert!(none.err.contains("alicia on 127.0.0.1:"), "{none:?}");
    admin(&["user", "enable", "alicia"]).await;
    machine.run(&["who", "--as", "alicia"]).await.is(0, "");
    machine.run(&["who"]).await.is(0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_account_is_not_opened_after_its_removal() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    machine.create("alice").await;
    let removed = machine.administer(&["user", "remove", "alice", "--yes"]);
    assert_eq!(removed.await.code, 0);
    let first = machine.open("first", &[]);
    first.wait("alice on 127.0.0.1:");
    first.wait("'recado --as alice' tries it again");
    assert_eq!(first.wait_end().exit_code(), 3);
    let second = machine.open("second", &[]);
    second.wait("No account can be opened by itself");
    assert!(!second.wait_end().success());
    let mut by_name = machine.open("by name", &["--as", "alice"]);
    by_name.wait("access denied");
    by_name.key("ctrl-q");
    assert!(by_name.wait_end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_frame_of_several_accounts_waits_for_no_server() {
    let machine = Machine::new();
    let server = machine.serve(0, &[]);
    machine.create("alice").await;
    machine.create("bob").await;
    let silent = TcpListener::bind(("127.0.0.1", server.kill())).unwrap();
    let mut client = machine.open("client", &[]);
    let (mut link, _) = silent.accept().unwrap();
    client.wait("┌ recado");
    // The link of the session itself is the first that the server sees, and it is still open.
    link.set_nonblocking(true).unwrap();
    let mut bytes = [0; 4096];
    let ended = loop {
        match link.read(&mut bytes) {
            Ok(0) => break "closed".to_owned(),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break "open".to_owned(),
            Err(error) => break error.to_string(),
        }
    };
    assert_eq!(ended, "open");
    client.key("ctrl-q");
    assert!(client.wait_end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_of_ones_own_says_who_one_is() {
    let (here, there) = (Machine::new(), Machine::new());
    let server = here.serve(0, &[]);
    let invite = here.invite(&[]).await;
    let line = ["join", &invite, "--as", "Carol"];
    there.run(&line).await.is(0, "Joined 127.0.0.1:");
    there
        .run(&line)
        .await
        .is(0, "You are Carol here already. Open it with 'recado Carol'");
    there
        .run(&["join", &invite])
        .await
        .is(0, "You are Carol here already");
    let other = there.run(&["join", &invite, "--as", "dave"]).await;
    other.is(3, "used already");
    assert!(
        other.err.contains("You are Carol here already"),
        "{other:?}"
    );
    let mut again = there.open("carol", &["join", &invite]);
    again.wait("You are Carol here already");
    again.wait("connected");
    again.key("ctrl-q");
    again.wait_end();

    // A fresh one is for a second account, if that is what is meant.
    let fresh = here.invite(&[]).await;
    let mut second = there.open("second", &["join", &fresh]);
    second.wait("You are Carol here already. Press Enter to open it");
    second.type_text("carl\r");
    second.wait("connected");
    second.wait_line("┌ recado", " carl ┬");
    second.key("ctrl-q");
    second.wait_end();
    assert_eq!(there.entries(IDENTITIES).len(), 2);

    // No name is asked for if no one may join.
    let empty = Machine::new();
    let refused = empty.open("refused", &["join", &invite]);
    refused.wait("used already");
    assert!(
        !refused.text().contains("Choose a name"),
        "{}",
        refused.text()
    );
    refused.wait_end();
    let bare = fresh.rsplit_once('.').unwrap().0;
    empty
        .run(&["join", bare, "--as", "eve"])
        .await
        .is(3, "has no token");
    assert_eq!(empty.entries(IDENTITIES), [""; 0]);

    // Who lost all devices gets in again under the same name, with the history of this machine.
    let reset = here.administer(&["user", "reset", "carol"]).await;
    let reset = reset
        .out
        .split_whitespace()
        .find(|word| word.starts_with("recado://"));
    let reset = reset.expect("an invite").to_owned();
    there.run(&["who", "--as", "carol"]).await.is(3, "revoked");
    there
        .run(&["join", &reset, "--as", "carol"])
        .await
        .is(0, "as Carol");
    there.run(&["who", "--as", "carol"]).await.is(0, "");
    assert_eq!(there.entries(IDENTITIES).len(), 2);
    server.stop();
    let unreachable = there.open("unreachable", &["join", &fresh]);
    unreachable.wait("Cannot connect to");
    assert!(!unreachable.wait_end().success());
}
