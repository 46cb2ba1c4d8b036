//! Bytes of terminals, sent to the real client.

use std::fs;

use crate::machine::{CLIENT, Machine};
use crate::tmux::Tmux;

#[test]
fn a_terminal_that_cannot_draw_is_refused() {
    let machine = Machine::new();
    // With a server, on which a name could be created.
    let server = machine.serve(0, &[]);
    for line in [
        "export TERM=dumb; recado alice",
        "export TERM=dumb; recado demo",
        "unset TERM; recado alice",
        "export TERM=; recado alice",
    ] {
        let refused = machine.open_shell("without a cursor", line);
        assert_eq!(refused.wait_end().exit_code(), 2, "{line}");
        refused.wait("Recado needs a terminal. Use 'recado send'");
        assert!(!refused.text().contains("Create"), "{}", refused.text());
    }
    server.stop();
}

#[test]
fn alt_sends_an_escape_byte_while_the_client_runs() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let mut alice = machine.open("alice", &["alice"]);
    alice.wait_alt_sends_escape(true);
    alice.key("ctrl-q");
    assert!(alice.wait_end().success());
    alice.assert_clean();
}

#[test]
fn no_bytes_lock_the_keyboard_or_become_text() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let _bob = machine.open("bob", &["bob"]);
    let mut alice = machine.open("alice", &["alice"]);
    alice.open_talk("bob");
    // PuTTY's Alt+Up, replies of a terminal, an unfinished sequence, invalid bytes before text.
    alice.send(
        b"\x1b\x1b[A\x1b\x1b[B\x1b]11;rgb:28/28/28\x07\x1b_Gi=1;OK\x1b\\\x1b[?64;1c\x1b[=1;2x",
    );
    alice.type_text("typed");
    alice.wait_line("typed", "");
    let is_clean = |screen: &str| {
        let line = screen.lines().find(|line| line.contains("typed"));
        line.is_some_and(|line| line.trim_matches(|c: char| !c.is_alphanumeric()) == "typed")
    };
    alice.wait_for("nothing but the text", is_clean);
    // A shortcut with a Cyrillic layout, in the kitty keyboard protocol.
    alice.send(b"\x1b[1083::107;5u");
    alice.wait("Go to… ─");
    alice.key("esc");
    alice.wait_gone("Go to… ─");
    // A paste without its end.
    alice.send(b"\x1b[200~ and pasted");
    alice.wait("typed and pasted");
    alice.key("ctrl-q");
    assert!(alice.wait_end().success());
    alice.assert_clean();
}

#[test]
fn late_answers_of_the_terminal_change_what_is_drawn_and_no_typing() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let _bob = machine.open("bob", &["bob"]);
    let mut alice = machine.open("alice", &["alice"]);
    alice.open_talk("bob");
    let corner = |screen: &vt100::Screen| screen.cell(0, 0).map(vt100::Cell::fgcolor);
    let is = |index| move |screen: &vt100::Screen| corner(screen) == Some(vt100::Color::Idx(index));
    alice.wait_screen("the dark theme", is(248));
    // The background is light. The eighth probe, a flag, takes four cells.
    let widths = [1, 1, 1, 2, 2, 2, 2, 4, 3, 2];
    let places = widths
        .map(|width| format!("\x1b[2;{}R", width + 1))
        .concat();
    alice.send(format!("ty\x1b]11;rgb:fdfd/f6f6/e3e3\x1b\\{places}ped 🇯🇵 too").as_bytes());
    alice.wait_screen("the light theme", is(240));
    alice.wait("typed JP too");
    alice.key("ctrl-q");
    assert!(alice.wait_end().success());
    alice.assert_clean();
    let again = machine.open("alice", &["alice"]);
    again.wait("typed JP too");
}

#[test]
fn a_theme_with_an_error_is_named_and_the_client_starts() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let folder = machine.path("config").join("recado");
    fs::create_dir_all(folder.join("themes")).unwrap();
    fs::write(folder.join("config.toml"), "theme = \"mine\"\n").unwrap();
    fs::write(folder.join("themes/mine.toml"), "\nmutd = \"red\"\n").unwrap();
    let mut alice = machine.open("alice", &["alice"]);
    alice.wait("did you mean muted?");
    alice.key("ctrl-q");
    assert!(alice.wait_end().success());
}

#[test]
fn lines_pasted_without_brackets_are_one_message() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let bob = machine.open_connected("bob");
    let mut alice = machine.open("alice", &["alice"]);
    alice.open_talk("bob");
    alice.send(b"u1\ru2\r");
    alice.wait_line("u1", "");
    bob.wait_line("alice", " 1 ");
    alice.send(b"u3\r/nick hacked\r");
    bob.wait_line("alice", " 2 ");
    alice.wait("/nick hacked");
    // A line and Enter in one write is how programs type.
    alice.send(b"u4\r");
    bob.wait_line("alice", " 3 ");
    assert!(!bob.text().contains("hacked"), "{}", bob.text());
}

#[test]
fn a_terminal_that_goes_without_a_signal_ends_the_client_and_keeps_the_draft() {
    let machine = Machine::new();
    let _server = machine.serve(0, &[]);
    let _bob = machine.open_connected("bob");
    let (tmux, end) = Tmux::start_held(&machine, &format!("setsid {CLIENT} alice --yes"));
    let mut alice = tmux.attach("0");
    alice.open_talk("bob");
    alice.type_text("half a thou");
    alice.wait("half a thou");
    tmux.run(&["kill-server"]);
    end.wait();
    machine.open("alice", &["alice"]).wait("half a thou");
}
