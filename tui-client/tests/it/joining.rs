//! Joining with an invite, as it is pasted and with every refusal of the server.

use crate::machine::Machine;

#[tokio::test(flavor = "multi_thread")]
async fn another_machine_joins_with_the_invite_line_alone() {
    let (here, there) = (Machine::new(), Machine::new());
    let _server = here.serve(0, &[]);
    let alice = here.open_connected("alice");
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
    let _alice = here.open_connected("alice");

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
    let alice = here.open_connected("alice");
    let invite = here.invite(&[]).await;
    let full = there.run(&["join", &invite, "--as", "bob"]).await;
    full.is(3, "the server is full");
    drop(alice);
    let port = server.kill();
    let _server = here.serve(port, &["--policy", "closed"]);
    let closed = there.run(&["join", &invite, "--as", "bob"]).await;
    closed.is(3, "accepts no new users");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invite_is_taken_as_people_paste_it() {
    let here = Machine::new();
    let _server = here.serve(0, &[]);
    let invite = here.invite(&["--uses", "9"]).await;
    let (start, end) = invite.split_at(30);
    let (middle, end) = end.split_at(20);

    let join = async |words: &[&str], input: &str, name: &str| {
        let there = Machine::new();
        let line = [&["join"], words, &["--as", name]].concat();
        let joined = there.run_with(&line, input).await;
        joined.is(0, &format!("as {name}. Open it with 'recado {name}'"));
    };
    join(&[start, middle, end], "", "ann").await;
    let quoted = format!("<RECADO{}>.", invite.strip_prefix("recado").unwrap());
    join(&[&quoted], "", "ben").await;
    // The token is in no list of processes.
    let mail = format!("Hi,\n> recado join '{start}\n> {middle}\n> {end}'\nsee you!\n");
    join(&[], &mail, "cat").await;
    join(&["-"], &format!("`{invite}`\r\n"), "dan").await;

    let empty = Machine::new();
    let without = empty.run(&["join", "--as", "eve"]).await;
    without.is(2, "No invite was given");
    let cut = empty.run_with(&["join", "--as", "eve"], start).await;
    cut.is(2, "the invite is incomplete");

    let asked = Machine::new();
    let mut eve = asked.open("eve", &["join", "--as", "eve"]);
    eve.wait("Paste the invite, then press Enter:");
    eve.type_text(&format!("look at this:\r{start}\r{middle}\r"));
    eve.wait("Paste the rest");
    eve.type_text(&format!("{end}\r"));
    eve.wait("connected");
    // A terminal on standard error is enough to show the full screen after a pipe.
    let mut fay =
        Machine::new().open_shell("fay", &format!("echo '{invite}' | recado join --as fay"));
    fay.wait("connected");
    fay.key("ctrl-q");
    assert!(fay.wait_end().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_of_another_device_is_taken_as_people_paste_it() {
    let (laptop, phone) = (Machine::new(), Machine::new());
    let server = laptop.serve_inside(0).await;
    let mut line = server.ticket.clone();
    line.token = None;
    let line = format!("run <{line}>.");
    let (start, end) = line.split_at(40);
    let linking = phone.open("linking", &["link", start, end]);
    linking.wait("/link ");
    drop(linking);
    let piped = phone.open_shell("piped", &format!("echo '{line}' | recado link -"));
    piped.wait("/link ");
    phone.run(&["link", "recado://x"]).await.is(2, "incomplete");
    phone
        .run(&["link", "a:1"])
        .await
        .is(2, "does not know the server at a:1");
}
