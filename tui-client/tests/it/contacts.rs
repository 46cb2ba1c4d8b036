//! Message requests, accepting and blocking, through the screens of two real
//! terminals.

use crate::machine::Machine;
use crate::pty::Terminal;
use crate::rooms::{command, quit, say};

/// Opens the conversation with a user.
fn open(terminal: &mut Terminal, name: &str) {
    terminal.key("ctrl-k");
    terminal.type_text(name);
    terminal.key("enter");
}

/// Writes what the server will not take.
fn say_in_vain(terminal: &mut Terminal, text: &str, why: &str) {
    terminal.type_text(text);
    terminal.key("enter");
    terminal.wait(why);
}

#[test]
fn a_stranger_asks_first_is_answered_and_blocked() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let enter = |name| {
        let terminal = machine.open(name, &[name]);
        terminal.wait("connected");
        terminal
    };
    let (mut alice, mut bob) = (enter("alice"), enter("bob"));
    bob.wait_line("●", "alice");
    command(&mut alice, "/contacts ask");
    alice.wait("New people must ask before");
    // A setting holds here at once. When this is answered, the server has it as well.
    command(&mut alice, "/nick alice");
    alice.wait("Your display name is now alice");

    open(&mut bob, "alice");
    bob.wait("to alice");
    say(&mut bob, "hello there");
    alice.wait_line("?", "bob");
    open(&mut alice, "bob");
    alice.wait("Message request from bob");
    alice.wait("hello there");
    say(&mut bob, "it is me");
    alice.wait("it is me");
    say(&mut bob, "from the library");
    say_in_vain(&mut bob, "hello?", "this user has not accepted your");

    // An answer accepts.
    say(&mut alice, "oh, hi");
    alice.wait("to bob");
    bob.wait("oh, hi");
    say(&mut bob, "good to see you");
    alice.wait("good to see you");

    // A blocked user is told only that the message is not accepted.
    command(&mut alice, "/block bob");
    alice.wait("bob is blocked");
    bob.wait_line("○", "alice");
    say_in_vain(&mut bob, "one more thing", "is not accepting");
    command(&mut alice, "/unblock bob");
    alice.wait("bob is unblocked");
    bob.wait_line("●", "alice");
    say(&mut bob, "thank you");
    alice.wait("thank you");

    // The refused command comes back to the message line.
    say_in_vain(&mut bob, "/nick Alice", "Cannot change your display name");
    bob.wait("/nick Alice");
    bob.key("ctrl-u");
    bob.wait_gone("/nick Alice");
    command(&mut bob, "/nick Bob the Builder");
    bob.wait("Your display name is now Bob the Builder");
    quit(alice);
    quit(bob);
}
