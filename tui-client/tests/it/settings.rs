//! Settings and unsent texts on two devices of one person, through the screens of real terminals.

use crate::machine::Machine;
use crate::pty::Terminal;

/// Where a client keeps its keys and what it knows.
const DATA: &str = "data/recado";

fn say(terminal: &mut Terminal, text: &str) {
    terminal.type_text(text);
    terminal.wait(text);
    terminal.key("enter");
}

#[test]
fn two_devices_agree_on_settings_and_unsent_texts() {
    let desk_machine = Machine::new();
    let laptop_machine = Machine::new();
    let server = desk_machine.serve(0, &[]);
    let _bob = desk_machine.open_connected("bob");
    let mut desk = desk_machine.open("desk", &["alice"]);
    desk.wait_line("●", "bob");
    desk.key("ctrl-q");
    desk.wait_end();
    // The other device has the same key.
    laptop_machine.copy(&desk_machine, DATA);
    let mut desk = desk_machine.open("desk", &["alice"]);
    let mut laptop = laptop_machine.open("laptop", &["alice"]);
    desk.wait("connected");
    laptop.wait("connected");

    desk.open_talk("bob");
    say(&mut desk, "/favourite");
    desk.wait_line("bob", "★");
    laptop.wait_line("bob", "★");

    // What is written on one device is gone on with on the other, and sent once.
    desk.type_text("half a thought");
    laptop.wait_line("bob", "✎");
    laptop.open_talk("bob");
    laptop.wait("half a thought");
    laptop.type_text(" and the rest");
    laptop.key("enter");
    laptop.wait_line("half a thought and the rest", "✓");
    desk.wait("half a thought and the rest");
    desk.wait_line("bob", "✎");
    desk.focus(false);
    desk.wait_gone("✎");

    // Without the server a change holds on its device, and goes out later.
    let port = server.kill();
    desk.wait_gone("connected");
    desk.focus(true);
    say(&mut desk, "/quiet 1h");
    desk.wait_line("bob", "muted");
    desk.key("ctrl-q");
    desk.wait_end();
    let desk = desk_machine.open("desk", &["alice"]);
    desk.wait_line("bob", "muted");
    let _server = desk_machine.serve(port, &[]);
    laptop.wait("connected");
    laptop.wait_line("bob", "muted");
}
