//! A person's second device: linked, in step with the first one, and taken away again.

use crate::machine::Machine;
use crate::pty::Terminal;

/// The code that a waiting device shows.
fn code_on(terminal: &Terminal) -> String {
    terminal.wait("/link ");
    let text = terminal.text();
    let code = text.split_once("/link ").expect("it was waited for").1;
    code.split_whitespace().next().unwrap().to_owned()
}

/// What a new machine needs to type, as a device that is in prints it.
async fn line_of(machine: &Machine) -> String {
    let listed = machine.run(&["devices", "--as", "alice"]).await;
    assert_eq!(listed.code, 0, "{listed:?}");
    let line = listed.err.split_once("recado link '").unwrap().1;
    line.split_once('\'').unwrap().0.to_owned()
}

fn say(terminal: &mut Terminal, text: &str) {
    terminal.type_text(text);
    terminal.key("enter");
    terminal.wait_line(text, "✓");
}

/// Whether nothing of bob's is unread.
fn has_no_count(screen: &str) -> bool {
    let is_counted = |line: &str| line.contains("● bob") && line.contains(" 1 ");
    !screen.lines().any(is_counted)
}

#[tokio::test]
async fn a_second_device_is_linked_kept_in_step_and_revoked() {
    let (laptop, phone) = (Machine::new(), Machine::new());
    let _server = laptop.serve(0, &[]);
    let mut alice = laptop.open("alice", &["alice"]);
    let mut bob = laptop.open("bob", &["bob"]);
    alice.open_talk("bob");
    say(&mut alice, "before the phone");
    bob.open_talk("alice");
    alice.wait_line("before the phone", "✓✓");

    // The phone shows a code, a verb on the laptop approves it.
    let line = line_of(&laptop).await;
    let linking = phone.open("linking", &["link", &line]);
    let code = code_on(&linking);
    let approve = ["devices", "approve", &code, "--yes", "--name", "phone"];
    let approved = laptop
        .run(&[&approve[..], &["--as", "alice"]].concat())
        .await;
    approved.is(0, "linked");
    linking.wait("Linked this machine to alice");
    assert!(linking.wait_end().success());
    let listed = laptop.run(&["devices", "--json", "--as", "alice"]).await;
    let lines: Vec<_> = listed.out.lines().collect();
    assert_eq!(lines.len(), 2, "{listed:?}");
    assert!(lines[0].contains("\"own\":true"), "{listed:?}");
    assert!(lines[1].contains("\"name\":\"phone\""), "{listed:?}");

    // It has the history; what one device writes is the other's own, what comes goes to both.
    let mut on_phone = phone.open("alice on the phone", &["alice"]);
    on_phone.open_talk("bob");
    on_phone.wait("before the phone");
    say(&mut on_phone, "from the phone");
    // Only own messages have a mark.
    alice.wait_line("from the phone", "✓");
    say(&mut bob, "to both of you");
    alice.wait("to both of you");
    on_phone.wait("to both of you");

    // What is read on one is read on the other; a favourite of one is one of the other.
    alice.focus(false);
    on_phone.focus(false);
    say(&mut bob, "who looks first?");
    alice.wait_line("bob", " 1 ");
    on_phone.wait_line("bob", " 1 ");
    on_phone.focus(true);
    on_phone.wait_for("no unread count", has_no_count);
    alice.wait_for("no unread count", has_no_count);
    on_phone.type_text("/favourite");
    on_phone.key("enter");
    on_phone.wait_line("bob", "★");
    alice.wait_line("bob", "★");

    // Taken away: it says so, shows its history still, and no verb works there.
    let revoked = laptop
        .run(&["devices", "revoke", "phone", "--yes", "--as", "alice"])
        .await;
    revoked.is(0, "");
    on_phone.wait("revoked");
    on_phone.wait("from the phone");
    on_phone.key("ctrl-q");
    assert!(on_phone.wait_end().success());
    let refused = phone
        .run(&["send", "bob", "still me", "--as", "alice"])
        .await;
    refused.is(3, "this device was revoked");

    // Linked again, from within the client this time; the history is still there.
    let linking = phone.open("linking again", &["link", &line]);
    let code = code_on(&linking);
    alice.focus(true);
    alice.type_text(&format!("/link {code}"));
    alice.key("enter");
    alice.wait(&format!("(code {code})"));
    alice.key("enter");
    linking.wait("Linked this machine to alice");
    alice.wait("Device linked");
    let on_phone = phone.open("alice on the phone", &["alice"]);
    on_phone.wait("who looks first?");
    on_phone.wait("connected");
}

#[tokio::test]
async fn the_line_for_a_new_device_has_an_address_that_it_can_reach() {
    let laptop = Machine::new();
    let server = laptop.serve(0, &[]);
    laptop.create("alice").await;
    let listed = async || {
        let listed = laptop.run(&["devices", "--as", "alice"]).await;
        assert_eq!(listed.code, 0, "{listed:?}");
        listed.err
    };
    let said = listed().await;
    assert!(
        said.contains("on this machine, run there:  recado link 'recado://127.0.0.1:"),
        "{said}"
    );
    assert!(
        said.contains("Other machines cannot reach 127.0.0.1:"),
        "{said}"
    );
    server.stop();
    let _server = laptop.serve(0, &["--public-address", "chat.example:7322"]);
    let said = listed().await;
    assert!(
        said.contains("recado link 'recado://chat.example:7322/#"),
        "{said}"
    );
    assert!(!said.contains("//127.0.0.1"), "{said}");
}

#[tokio::test]
async fn an_unknown_code_and_a_wait_that_is_broken_off_say_so() {
    let (laptop, phone) = (Machine::new(), Machine::new());
    let _server = laptop.serve(0, &[]);
    laptop.create("alice").await;
    let approve = [
        "devices",
        "approve",
        "00000-00000",
        "--yes",
        "--as",
        "alice",
    ];
    laptop
        .run(&approve)
        .await
        .is(3, "no device shows that code");
    laptop
        .run(&["devices", "approve", "123", "--as", "alice"])
        .await
        .is(2, "a code has 10 letters and digits");
    laptop
        .run(&["devices", "revoke", "1", "--yes", "--as", "alice"])
        .await
        .is(3, "this is your only device");
    phone.run(&["link"]).await.is(2, "Which server?");

    let line = line_of(&laptop).await;
    let mut linking = phone.open("linking", &["link", &line]);
    let code = code_on(&linking);
    // In this mode the line discipline makes a signal of it.
    linking.key("ctrl-c");
    linking.wait("Not linked");
    assert!(!linking.wait_end().success());
    let folder = "data/recado/identities";
    assert_eq!(phone.entries(folder), [""; 0]);
    let linking = phone.open("linking", &["link", &line]);
    assert_ne!(code_on(&linking), code);
}
