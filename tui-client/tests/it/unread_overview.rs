//! Messages that came while the user was away, through the screens of real terminals.

use crate::machine::Machine;

#[test]
fn answers_and_reactions_are_listed_gone_to_and_read_without_the_server() {
    let machine = Machine::new();
    let server = machine.serve(0, &[]);
    let mut alice = machine.open("alice", &["alice"]);
    let mut bob = machine.open("bob", &["bob"]);
    let carol = machine.open("carol", &["carol"]);
    alice.wait_line("●", "bob");
    alice.wait_line("●", "carol");
    bob.wait_line("●", "alice");
    alice.open_talk("bob");
    alice.type_text("shall we ship?");
    alice.key("enter");
    alice.wait_line("shall we ship?", "✓");
    alice.open_talk("carol");

    bob.open_talk("alice");
    bob.wait("shall we ship?");
    bob.type_text("/reply today");
    bob.key("enter");
    bob.wait_line("today", "✓");
    for key in ["up", "up", "+"] {
        bob.key(key);
    }
    bob.wait("┌ React");
    bob.type_text("1");
    bob.wait("👍 1");
    alice.wait_line("bob", " 1 ");

    // A reaction counts nowhere: only the list tells that it has come.
    alice.key("alt-i");
    alice.wait_line("bob 👍", "shall we ship?");
    alice.key("esc");
    alice.wait_gone("bob 👍");

    // What came is in the local store: the list needs no server.
    let port = server.kill();
    alice.wait_gone("connected");
    alice.key("alt-i");
    alice.wait_line("┃", "bob today");
    alice.wait_line("bob 👍", "shall we ship?");
    alice.key("enter");
    alice.wait("to bob");
    alice.key("alt-/");
    alice.wait("to carol");
    drop(carol);

    // What was said to be read stays so, also for the server.
    let _server = machine.serve(port, &[]);
    alice.wait("connected");
    bob.wait("connected");
    bob.key("esc");
    bob.wait("go to");
    bob.type_text("or tomorrow");
    bob.key("enter");
    alice.wait_line("bob", " 1 ");
    alice.key("alt-i");
    alice.wait("bob or tomorrow");
    alice.key("a");
    alice.wait("Nothing new");
    bob.wait_screen("or tomorrow is read", |screen| {
        let row = screen
            .contents()
            .lines()
            .position(|line| line.contains("or tomorrow"));
        let cells = |row: u16| (0..screen.size().1.get()).filter_map(move |x| screen.cell(row, x));
        row.and_then(|row| u16::try_from(row).ok())
            .is_some_and(|row| cells(row).any(|cell| cell.contents() == "✓" && cell.bold()))
    });
}
