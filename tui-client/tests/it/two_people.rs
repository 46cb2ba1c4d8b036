//! Two people talk: the whole path, through the screens of two real terminals.

use rustix::process::Signal;

use crate::machine::Machine;

#[test]
fn two_people_meet_write_and_see_their_marks() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let mut alice = machine.open_connected("alice");
    let mut bob = machine.open_connected("bob");

    // They see each other online.
    alice.wait_line("●", "bob");
    bob.wait_line("●", "alice");

    // The switcher finds the other.
    alice.key("ctrl-k");
    alice.type_text("bo");
    alice.key("enter");
    alice.wait("to bob");

    // A message goes out and is delivered; bob is not looking at it, so it counts as unread.
    alice.type_text("did the build pass? 🦀");
    alice.key("enter");
    alice.wait_line("did the build pass? 🦀", "✓✓");
    bob.wait_line("alice", "1");

    // Bob opens it, reads, and answers; the count goes.
    bob.key("ctrl-k");
    bob.type_text("ali");
    bob.key("enter");
    bob.wait("did the build pass? 🦀");
    bob.paste("yes,\nin 41 s");
    bob.wait("in 41 s");
    bob.key("enter");
    alice.wait_for("both lines", |screen| {
        screen.contains("yes,") && screen.contains("in 41 s")
    });

    // An open conversation is not read while the terminal has no focus.
    bob.focus(false);
    alice.type_text("then let us ship");
    alice.key("enter");
    bob.wait("then let us ship");
    bob.wait_line("alice  ", " 1 ");
    bob.focus(true);
    bob.wait_for("no unread count", |screen| {
        !screen
            .lines()
            .any(|line| line.contains("alice   ") && line.contains(" 1 "))
    });

    // Quitting leaves both terminals clean, and the other sees it.
    alice.key("ctrl-q");
    assert!(alice.wait_end().success());
    alice.assert_clean();
    bob.wait_line("○", "alice");
    bob.key("ctrl-q");
    assert!(bob.wait_end().success());
    bob.assert_clean();
}

#[test]
fn what_is_typed_while_the_server_is_dead_goes_out_by_itself() {
    let machine = Machine::new();
    let server = machine.serve(0, &[]);
    let mut alice = machine.open("alice", &["alice"]);
    let bob = machine.open("bob", &["bob"]);
    alice.wait("connected");
    bob.wait("connected");
    alice.wait_line("●", "bob");
    alice.key("ctrl-k");
    alice.type_text("bob");
    alice.key("enter");
    alice.wait("to bob");
    alice.type_text("before");
    alice.key("enter");
    alice.wait_line("before", "✓✓");

    let port = server.kill();
    alice.wait_gone("connected");
    alice.type_text("while it was dead");
    alice.key("enter");
    alice.wait("1 queued");

    // Not even a restart of the client loses it, and its history is there without a network.
    alice.key("ctrl-q");
    alice.wait("1 message is not sent yet.");
    alice.key("enter");
    alice.wait_end();
    alice.assert_clean();
    let told = "1 message is not sent yet. It goes out when Recado is open and connected again.";
    let left = alice.text().replace('\n', "");
    assert!(left.contains(told), "{left}");
    let alice = machine.open("alice", &["alice"]);
    alice.wait("while it was dead");
    alice.wait("before");
    alice.wait("1 queued");

    let _server = machine.serve(port, &[]);
    alice.wait_line("while it was dead", "✓✓");
    alice.wait_gone("1 queued");
    drop(bob);
}

#[test]
fn a_signal_restores_the_terminal_and_keeps_the_draft() {
    let machine = Machine::new();
    let server = machine.serve(0, &[]);
    let mut bob = machine.open_connected("bob");
    for signal in [Signal::TERM, Signal::HUP] {
        let mut alice = machine.open("alice", &["alice"]);
        alice.wait_line("●", "bob");
        alice.key("ctrl-k");
        alice.type_text("bob");
        alice.key("enter");
        alice.wait("to bob");
        alice.type_text("half a thought");
        alice.wait("half a thought");
        alice.signal(signal);
        alice.wait_end();
        alice.assert_clean();
        let mut again = machine.open("alice", &["alice"]);
        again.wait("half a thought");
        again.key("ctrl-q");
        again.wait_end();
        // The next round starts from an empty draft again.
        let mut clear = machine.open("alice", &["alice"]);
        clear.wait("half a thought");
        clear.key("ctrl-u");
        clear.wait_gone("half a thought");
        clear.key("ctrl-q");
        clear.wait_end();
    }
    bob.key("ctrl-q");
    bob.wait_end();
    server.stop();
}

#[test]
fn every_size_is_usable_and_resizing_loses_nothing() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let mut bob = machine.open_connected("bob");
    let mut alice = machine.open("alice", &["alice"]);
    alice.wait_line("●", "bob");
    let (column, row) = alice.position_of("bob").unwrap();
    alice.click(column, row);
    alice.wait("to bob");
    for (columns, rows) in [(20, 6), (200, 60), (40, 12), (21, 7), (80, 24)] {
        alice.resize(columns, rows);
        let text = format!("at {columns}");
        alice.type_text(&text);
        alice.key("enter");
        alice.wait(&text);
    }
    alice.wait("at 200");
    bob.key("ctrl-k");
    bob.type_text("alice");
    bob.key("enter");
    bob.wait("at 200");
    bob.wait("at 80");
}
