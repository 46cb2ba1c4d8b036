//! Another machine joins with the invite line alone, and every way to fail says so in its own words.

use crate::world::Machine;

fn said(output: &std::process::Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn another_machine_joins_with_the_invite_line_alone() {
    let (here, there) = (Machine::new(), Machine::new());
    let _server = here.serve(0, &[]);
    let alice = here.open("alice", &["alice"], 80, 24);
    alice.wait("connected");
    let invite = here.server_verb(&["invite"]);
    assert!(invite.starts_with("recado://"), "{invite}");
    let bob = there.open("bob", &["join", &invite, "--as", "bob"], 80, 24);
    bob.wait("connected");
    bob.wait_line("●", "alice");
    alice.wait_line("●", "bob");
}

#[test]
fn every_refusal_has_its_own_words() {
    let (here, there) = (Machine::new(), Machine::new());
    let server = here.serve(0, &[]);
    let alice = here.open("alice", &["alice"], 80, 24);
    alice.wait("connected");

    let refused = |invite: &str, name: &str, why: &str| {
        let output = there.verb(&["join", invite, "--as", name]);
        let said = said(&output);
        assert!(
            !output.status.success() && said.contains(why),
            "{name}: {said}"
        );
    };
    let invite = here.server_verb(&["invite", "--uses", "1"]);
    refused(&invite, "alice", "taken");
    refused(&invite, "aIice", "looks too much like");
    refused(&invite, "a b", "cannot stand in a name");
    refused("recado://", "carol", "copy the whole line");

    let (address, secret) = invite.split_once('#').unwrap();
    let (fingerprint, token) = secret.split_once('.').unwrap();
    let wrong = format!("{address}#{}.{token}", "A".repeat(fingerprint.len()));
    refused(&wrong, "carol", "is not the one you know");
    let unknown = format!("{address}#{fingerprint}.{}", "A".repeat(token.len()));
    refused(&unknown, "carol", "does not know this invite");

    let for_dave = here.server_verb(&["invite", "--name", "dave"]);
    refused(&for_dave, "carol", "another name");
    let past = here.server_verb(&["invite", "--expires", "1ms"]);
    refused(&past, "carol", "expired");

    let carol = there.open("carol", &["join", &invite, "--as", "carol"], 80, 24);
    carol.wait("connected");
    refused(&invite, "dan", "used already");

    server.stop();
    refused(&invite, "dan", "no server");
}

#[test]
fn a_full_and_a_closed_server_say_so() {
    let (here, there) = (Machine::new(), Machine::new());
    let settings = here.path().join("config/recado-server");
    std::fs::create_dir_all(&settings).unwrap();
    std::fs::write(settings.join("config.toml"), "[limits]\nmax_sessions = 1\n").unwrap();
    let server = here.serve(0, &[]);
    let alice = here.open("alice", &["alice"], 80, 24);
    alice.wait("connected");
    let invite = here.server_verb(&["invite"]);
    let output = there.verb(&["join", &invite, "--as", "bob"]);
    assert!(
        said(&output).contains("the server is full"),
        "{}",
        said(&output)
    );
    drop(alice);
    let port = server.kill();
    let _server = here.serve(port, &["--policy", "closed"]);
    let output = there.verb(&["join", &invite, "--as", "bob"]);
    assert!(
        said(&output).contains("lets nobody new in"),
        "{}",
        said(&output)
    );
}
