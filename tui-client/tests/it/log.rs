//! The log of a client that runs.

use std::net::TcpListener;

use crate::machine::Machine;

#[test]
fn a_reason_is_logged_once_and_the_log_of_the_last_start_is_kept() {
    let machine = Machine::new();
    let server = machine.serve(0, &[]);
    let mut alice = machine.open_connected("alice");
    let port = server.kill();
    // In the place of the server, something that closes every connection.
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    for _ in 0..6 {
        alice.key("alt-r");
        drop(listener.accept().unwrap());
    }
    // Attempts before the last one are logged by now.
    let log = std::fs::read_to_string(machine.path("state/recado/recado.log")).unwrap();
    // The end of the session may have this reason as well, as that of a lost connection.
    let closed = |line: &&str| line.contains("reason=the other side closed the connection");
    assert_eq!(log.lines().filter(closed).count(), 1, "{log}");
    assert!(log.lines().count() < 6, "{log}");
    alice.key("ctrl-q");
    assert!(alice.wait_end().success());
    let last = std::fs::read_to_string(machine.path("state/recado/recado.log")).unwrap();
    let mut alice = machine.open("alice again", &["alice"]);
    alice.wait("offline");
    alice.key("ctrl-q");
    assert!(alice.wait_end().success());
    let kept = machine.path("state/recado/recado.last-start.log");
    assert_eq!(std::fs::read_to_string(kept).unwrap(), last);
}
