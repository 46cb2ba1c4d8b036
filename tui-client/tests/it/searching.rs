//! Searching without a server: what was received is found, gone to, and left again.

use vt100::Color;

use crate::machine::Machine;
use crate::pty::Terminal;
use crate::rooms::say;

/// Waits until a line with this text has a background: it is the selected message.
fn wait_selected(terminal: &Terminal, text: &str) {
    terminal.wait_screen(&format!("{text:?} selected"), |screen| {
        let (rows, columns) = screen.size();
        (0..rows.get()).any(|row| {
            let line: Vec<_> = (0..columns.get())
                .filter_map(|x| screen.cell(row, x))
                .collect();
            let selected = line.iter().filter(|cell| cell.bgcolor() != Color::Default);
            let selected: String = selected.map(|cell| cell.contents()).collect();
            selected.replace(' ', "").contains(&text.replace(' ', ""))
        })
    });
}

#[test]
fn what_was_received_is_found_without_a_server() {
    let machine = Machine::new();
    let server = machine.serve(0, &[]);
    let mut alice = machine.open("alice", &["alice"]);
    let mut bob = machine.open_connected("bob");
    alice.wait_line("●", "bob");
    alice.key("ctrl-k");
    alice.type_text("bob");
    alice.key("enter");
    alice.wait("to bob");
    alice.resize(80, 12);
    // One by one: lines that are read at once are one message, as pasted ones are.
    say(&mut alice, "the old crane lifts a zebra");
    for line in 1..=12 {
        say(&mut alice, &format!("line {line}"));
    }
    alice.wait_line("line 12", "✓✓");
    alice.wait_gone("zebra");
    bob.wait_line("alice", "13");
    bob.key("ctrl-q");
    bob.wait_end();
    server.kill();
    alice.wait_gone("connected");

    alice.type_text("half a thought");
    alice.key("alt-f");
    alice.wait("Search everywhere");
    alice.type_text("zeb");
    alice.wait_line("you", "to bob");
    alice.wait("1 of 1");
    alice.key("enter");
    alice.wait_gone("Search everywhere");
    wait_selected(&alice, "the old crane lifts a zebra");
    alice.wait("half a thought");
    alice.key("alt-/");
    alice.wait("line 12");
    alice.wait_gone("zebra");
    alice.key("ctrl-q");
    alice.wait_end();

    // It is on the disk, as is what was written.
    let mut alice = machine.open("alice", &["alice"]);
    alice.wait("line 12");
    alice.wait("half a thought");
    alice.key("ctrl-f");
    alice.wait("Search in bob");
    alice.type_text("crane from:bob");
    alice.wait("No results here");
    alice.key("ctrl-w");
    alice.type_text("from:me");
    alice.wait("1 of 1");
    alice.key("enter");
    wait_selected(&alice, "the old crane lifts a zebra");
    alice.key("ctrl-q");
    alice.wait_end();
}
