//! `recado`, `recado demo` and `recado host` in a real terminal.

use crate::machine::Machine;

#[test]
fn a_demo_is_complete_alone_and_leaves_nothing_behind() {
    let machine = Machine::new();
    let mut demo = machine.open("demo", &["demo"]);
    demo.wait("ada is typing");
    demo.wait("Welcome to Recado!");
    for name in ["basil", "carmen", "mallory", "ハルカ"] {
        demo.wait(name);
    }
    assert_eq!(machine.entries("tmp").len(), 1);
    demo.wait("# workshop");
    demo.wait("invited");
    for line in ["a", "b"] {
        demo.type_text(line);
        demo.key("alt-enter");
    }
    demo.type_text("c");
    demo.key("enter");
    demo.wait("✓✓");
    demo.wait("3 lines, and they arrived");
    demo.type_text("/msg #workshop Friday is fine");
    demo.key("enter");
    demo.wait("(edited)");
    demo.wait("is Friday fine for you?");
    // One of those in the room reacts to it, another replies.
    demo.wait("🎉 1");
    demo.wait(": Friday is fine");
    demo.key("ctrl-q");
    assert!(demo.wait_end().success());
    demo.assert_clean();
    assert_eq!(machine.entries("tmp"), [""; 0]);
    assert_eq!(machine.entries("data"), [""; 0]);
}

#[test]
fn a_host_shows_its_invite_and_others_get_in_with_it() {
    let machine = Machine::new();
    let line = ["host", "--listen", "127.0.0.1:0", "--as", "alice"];
    let mut host = machine.open("alice", &line);
    host.wait("recado join 'recado://127.0.0.1:");
    let path = machine.server_data().join("invite.txt");
    let invite = std::fs::read_to_string(path).unwrap();
    let other = Machine::new();
    let mut guest = other.open("guest", &["join", invite.trim(), "--as", "bob"]);
    guest.wait("alice");
    host.wait("bob");
    // The same name a second time, from another terminal of the same machine.
    let second = machine.open("alice again", &["alice"]);
    second.wait("already open in another window");
    assert!(!second.wait_end().success());
    guest.key("ctrl-q");
    assert!(guest.wait_end().success());
    host.key("ctrl-q");
    assert!(host.wait_end().success());
    host.assert_clean();
    host.wait("The server has stopped.");
}

#[test]
fn a_name_is_asked_for_again_if_it_is_taken() {
    let machine = Machine::new();
    let line = ["host", "--listen", "127.0.0.1:0", "--as", "alice"];
    let mut host = machine.open("alice", &line);
    host.wait("recado join 'recado://127.0.0.1:");
    let path = machine.server_data().join("invite.txt");
    let invite = std::fs::read_to_string(path).unwrap();
    let other = Machine::of("tester");
    let mut guest = other.open("guest", &["join", invite.trim()]);
    guest.wait("Choose a name on this server: [tester]");
    guest.type_text("alice");
    guest.key("enter");
    guest.wait("that name is taken");
    guest.key("enter");
    guest.wait_screen("the full screen", vt100::Screen::alternate_screen);
    guest.wait("alice");
    host.wait("tester");
    guest.key("ctrl-q");
    assert!(guest.wait_end().success());
    host.key("ctrl-q");
    assert!(host.wait_end().success());
}
