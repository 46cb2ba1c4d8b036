//! `recado`, `recado demo` and `recado host` in a real terminal.

use rustix::process::Signal;

use crate::machine::Machine;

#[test]
fn a_demo_is_complete_alone_and_leaves_nothing_behind() {
    let machine = Machine::new();
    let before = machine.tree();
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
    assert_eq!(machine.tree(), before);
}

#[test]
fn a_demo_leaves_nothing_behind_after_a_signal() {
    let machine = Machine::new();
    let before = machine.tree();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT] {
        let demo = machine.open("demo", &["demo"]);
        demo.wait("Welcome to Recado!");
        demo.signal(signal);
        assert!(demo.wait_end().success());
        demo.assert_clean();
        assert_eq!(machine.tree(), before, "{signal:?}");
        // As early as there is anything to leave behind.
        let mut demo = machine.open("demo", &["demo"]);
        while machine.tree() == before {
            std::thread::yield_now();
        }
        if signal == Signal::INT {
            demo.key("ctrl-c");
        } else {
            demo.signal(signal);
        }
        assert!(demo.wait_end().success());
        assert_eq!(machine.tree(), before, "{signal:?} at the start");
    }
}

#[test]
fn a_demo_removes_what_a_killed_one_left() {
    let machine = Machine::new();
    let mut first = machine.open("first", &["demo"]);
    first.wait("Welcome to Recado!");
    let running = machine.entries("tmp");
    let killed = machine.open("killed", &["demo"]);
    killed.wait("Welcome to Recado!");
    killed.signal(Signal::KILL);
    killed.wait_end();
    assert_eq!(machine.entries("tmp").len(), 2);
    let mut next = machine.open("next", &["demo"]);
    next.wait("Welcome to Recado!");
    next.key("ctrl-q");
    next.wait_end();
    // The one that runs keeps its folder.
    assert_eq!(machine.entries("tmp"), running);
    first.type_text("still here");
    first.key("enter");
    first.wait("✓✓");
    first.key("ctrl-q");
    first.wait_end();
    assert_eq!(machine.entries("tmp"), [""; 0]);
}

#[test]
fn a_host_shows_its_invite_and_others_get_in_with_it() {
    let machine = Machine::new();
    let line = ["host", "--listen", "127.0.0.1:0", "--as", "alice"];
    let mut host = machine.open("alice", &line);
    host.wait("recado join 'recado://127.0.0.1:");
    let path = machine.server_data().join("invite.txt");
    let invite = std::fs::read_to_string(path).unwrap();
    let line = format!("recado join '{}'", invite.trim());
    // The terminal has it as one line, whatever its width, until the panel is closed.
    host.wait_line("", &line);
    host.resize(40, 24);
    host.wait_line("hold Shift.", "");
    host.wait_line("", &line);
    host.resize(80, 24);
    let other = Machine::new();
    let mut guest = other.open("guest", &["join", invite.trim(), "--as", "bob"]);
    guest.wait("alice");
    host.wait_line("", &line);
    host.key("esc");
    host.wait("bob");
    host.type_text("/invite-link");
    host.wait("show a link");
    host.key("enter");
    host.wait("Up to 9 people");
    host.wait_line("", &line);
    host.key("esc");
    host.wait_gone("Up to 9 people");
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
    host.wait_line("  recado host --listen 127.0.0.1:0 --as alice", "");
    // Another start has another port.
    host.wait_gone("recado://");
}

#[test]
fn a_host_on_a_fixed_port_keeps_its_invite_link() {
    let machine = Machine::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = free.local_addr().unwrap().to_string();
    drop(free);
    let public = ["--public-address", "chat.example:7322"];
    let line = [
        &["host", "--listen", &listen][..],
        &public,
        &["--as", "alice"],
    ]
    .concat();
    let mut host = machine.open("alice", &line);
    host.wait("recado join 'recado://chat.example:7322/#");
    let invite = std::fs::read_to_string(machine.server_data().join("invite.txt")).unwrap();
    assert!(!host.text().contains("cannot reach"), "{}", host.text());
    host.key("ctrl-q");
    assert!(host.wait_end().success());
    host.wait(&format!(
        "recado host --listen {listen} --public-address chat.example:7322 --as alice"
    ));
    host.wait(&format!(
        "recado-server --listen {listen} --public-address chat.example:7322"
    ));
    host.wait(&format!("recado join '{}'", invite.trim()));
    // A later start remembers the public address, until it is forgotten.
    for (more, address) in [
        (&[][..], "chat.example:7322"),
        (&["--public-address", "auto"], &listen),
        (&[], &listen),
    ] {
        let line = [&["host", "--listen", &listen, "--as", "alice"][..], more].concat();
        let mut host = machine.open("alice again", &line);
        host.wait(&format!("recado join 'recado://{address}/#"));
        host.key("ctrl-q");
        assert!(host.wait_end().success());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_of_any_server_makes_invite_links_and_others_do_not() {
    let (machine, other) = (Machine::new(), Machine::new());
    let data = machine.path("elsewhere");
    let _server = machine.serve(0, &["--data", data.to_str().unwrap()]);
    let mut alice = machine.open_connected("alice");
    alice.type_text("/invite-link 1 2h");
    alice.key("enter");
    alice.wait("One person can join");
    let invite = std::fs::read_to_string(data.join("invite.txt")).unwrap();
    alice.wait_line("", &format!("recado join '{}'", invite.trim()));
    let mut bob = other.open("bob", &["join", invite.trim(), "--as", "bob"]);
    bob.wait("connected");
    bob.type_text("/invite-link");
    bob.key("enter");
    bob.wait("only the operator can");
    // The last link is used up: a new one takes its place.
    alice.key("esc");
    alice.wait_gone("One person can join");
    alice.type_text("/invite-link");
    alice.key("enter");
    alice.wait("Up to 10 people");
    let next = std::fs::read_to_string(data.join("invite.txt")).unwrap();
    assert_ne!(next, invite);
}

#[test]
fn a_host_keeps_the_default_and_opens_no_account_that_was_refused() {
    let machine = Machine::new();
    let identities = "data/recado/identities";
    let host = |more: &[&str]| {
        let line = [&["host", "--listen", "127.0.0.1:0"], more].concat();
        let mut host = machine.open("host", &line);
        host.wait("recado join 'recado://127.0.0.1:");
        host.key("ctrl-q");
        assert!(host.wait_end().success());
    };
    let is_used = |name: &str| machine.path(identities).join(name).join("used").exists();
    host(&["--as", "alice"]);
    host(&["--as", "bob"]);
    let names = machine.entries(identities);
    let [alice, bob] = &names[..] else {
        panic!("{names:?}");
    };
    assert!(!is_used(alice) && !is_used(bob));
    let denied = machine.path(identities).join(alice).join("denied");
    std::fs::write(&denied, "this device was revoked").unwrap();
    host(&[]);
    assert!(!is_used(alice) && is_used(bob));
}

#[test]
fn a_name_is_asked_for_again_if_it_is_taken() {
    let machine = Machine::new();
    let line = ["host", "--listen", "127.0.0.1:0", "--as", "alice"];
    let mut host = machine.open("alice", &line);
    host.wait("recado join 'recado://127.0.0.1:");
    host.key("esc");
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
