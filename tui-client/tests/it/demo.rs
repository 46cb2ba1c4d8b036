//! `recado`, `recado demo` and `recado host` in a real terminal.

use portable_pty::CommandBuilder;

use crate::program::Machine;
use crate::pty::Pty;

const CTRL_Q: &[u8] = b"\x11";

fn start(machine: &Machine, line: &[&str]) -> Pty {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_recado"));
    command.args(line);
    for (name, value) in machine.environment() {
        command.env(name, value);
    }
    command.env("USER", "tester");
    Pty::start(command)
}

#[test]
fn a_demo_is_complete_alone_and_leaves_nothing_behind() {
    let machine = Machine::new();
    let mut pty = start(&machine, &["demo"]);
    pty.shows("ada is typing");
    pty.shows("Welcome to Recado!");
    for name in ["basil", "carmen", "mallory", "ハルカ"] {
        pty.shows(name);
    }
    assert_eq!(machine.entries("tmp").len(), 1);
    pty.write("a\u{1b}\rb\u{1b}\rc\r".as_bytes());
    pty.shows("✓✓");
    pty.shows("3 lines, and they arrived");
    pty.write(CTRL_Q);
    assert!(pty.child.wait().unwrap().success());
    pty.is_restored();
    assert_eq!(machine.entries("tmp"), [""; 0]);
    assert_eq!(machine.entries("data"), [""; 0]);
}

#[test]
fn a_host_shows_its_invite_and_others_get_in_with_it() {
    let machine = Machine::new();
    let line = ["host", "--listen", "127.0.0.1:0", "--as", "alice"];
    let mut host = start(&machine, &line);
    host.shows("recado join 'recado://127.0.0.1:");
    let path = machine.path("data/recado-server/invite.txt");
    let invite = std::fs::read_to_string(path).unwrap();
    let other = Machine::new();
    let mut guest = start(&other, &["join", invite.trim(), "--as", "bob"]);
    guest.shows("alice");
    host.shows("bob");
    // The same name a second time, from another terminal of the same machine.
    let mut second = start(&machine, &["alice"]);
    second.shows("already open in another window");
    assert!(!second.child.wait().unwrap().success());
    guest.write(CTRL_Q);
    assert!(guest.child.wait().unwrap().success());
    host.write(CTRL_Q);
    assert!(host.child.wait().unwrap().success());
    host.is_restored();
    host.shows("The server has stopped.");
}

#[test]
fn a_name_is_asked_for_again_if_it_is_taken() {
    let machine = Machine::new();
    let line = ["host", "--listen", "127.0.0.1:0", "--as", "alice"];
    let mut host = start(&machine, &line);
    host.shows("recado join 'recado://127.0.0.1:");
    let path = machine.path("data/recado-server/invite.txt");
    let invite = std::fs::read_to_string(path).unwrap();
    let other = Machine::new();
    let mut guest = start(&other, &["join", invite.trim()]);
    guest.shows("Your name there? [tester]");
    guest.write(b"alice\r");
    guest.shows("that name is taken");
    guest.write(b"\r");
    guest.until("the full screen", vt100::Screen::alternate_screen);
    guest.shows("alice");
    host.shows("tester");
    guest.write(CTRL_Q);
    assert!(guest.child.wait().unwrap().success());
    host.write(CTRL_Q);
    assert!(host.child.wait().unwrap().success());
}
