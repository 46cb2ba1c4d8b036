//! Another machine joins with the invite line alone, and every way to fail says so in its own words.

use crate::machine::Machine;

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_joins_with_the_invite_line_alone() {
    let (here, there) = (Machine::new(), Machine::new());
    let _server = here.serve(0, &[]);
    let alice = here.open("alice", &["alice"]);
    alice.wait("connected");
    let invite = here.invite(&[]).await;
    assert!(invite.starts_with("recado://"), "{invite}");
    let bob = there.open("bob", &["join", &invite, "--as", "bob"]);
    bob.wait("connected");
    bob.wait_line("●", "alice");
    alice.wait_line("●", "bob");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_its_own_words() {
    let (here, there) = (Machine::new(), Machine::new());
    let server = here.serve(0, &[]);
    let alice = here.open("alice", &["alice"]);
    alice.wait("connected");

    let join = async |invite: &str, name: &str| there.run(&["join", invite, "--as", name]).await;
    let invite = here.invite(&["--uses", "1"]).await;
    join(&invite, "alice").await.is(3, "taken");
    join(&invite, "aIice").await.is(3, "is too similar to");
    join(&invite, "a b").await.is(2, "names may contain");
    join("recado://", "carol")
        .await
        .is(2, "copy the whole line");

    let (address, secret) = invite.split_once('#').unwrap();
    let (fingerprint, token) = secret.split_once('.').unwrap();
    let wrong = format!("{address}#{}.{token}", "A".repeat(fingerprint.len()));
    let wrong = join(&wrong, "carol").await;
    wrong.is(6, "has changed");
    let unknown = format!("{address}#{fingerprint}.{}", "A".repeat(token.len()));
    let unknown = join(&unknown, "carol").await;
    unknown.is(3, "does not know this invite");

    let for_dave = here.invite(&["--name", "dave"]).await;
    join(&for_dave, "carol").await.is(3, "another name");
    let past = here.invite(&["--expires", "1ms"]).await;
    join(&past, "carol").await.is(3, "expired");

    let carol = there.open("carol", &["join", &invite, "--as", "carol"]);
    carol.wait("connected");
    join(&invite, "dan").await.is(3, "used already");

    server.stop();
    join(&invite, "dan").await.is(4, "Cannot connect to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_and_a_closed_server_say_so() {
    let (here, there) = (Machine::new(), Machine::new());
    let settings = here.path("config/recado-server");
    std::fs::create_dir_all(&settings).unwrap();
    std::fs::write(settings.join("config.toml"), "[limits]\nmax_sessions = 1\n").unwrap();
    let server = here.serve(0, &[]);
    let alice = here.open("alice", &["alice"]);
    alice.wait("connected");
    let invite = here.invite(&[]).await;
    let full = there.run(&["join", &invite, "--as", "bob"]).await;
    full.is(3, "the server is full");
    drop(alice);
    let port = server.kill();
    let _server = here.serve(port, &["--policy", "closed"]);
    let closed = there.run(&["join", &invite, "--as", "bob"]).await;
    closed.is(3, "accepts no new users");
}
