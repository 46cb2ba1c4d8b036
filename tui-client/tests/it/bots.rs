//! The bots in `examples/`, as processes of their own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::Once;

use recado::client::Client;
use recado::exit::Exit;
use recado::paths::Paths;
use recado_shared::Content;
use tempfile::TempDir;

use crate::machine::Machine;
use crate::support::within;

/// The binary of an example. `cargo test` builds it; where only one kind of tests is run it may be
/// missing, and is built here.
fn example(name: &str) -> PathBuf {
    static BUILD: Once = Once::new();
    let folder = Path::new(env!("CARGO_BIN_EXE_recado")).parent().unwrap();
    let binary = folder.join("examples").join(name);
    if !binary.exists() {
        BUILD.call_once(|| {
            let mut build = Command::new(env!("CARGO"));
            build.args(["build", "--quiet", "--locked", "--examples", "--target-dir"]);
            build.arg(folder.parent().unwrap());
            build.args(folder.ends_with("release").then_some("--release"));
            build.current_dir(env!("CARGO_MANIFEST_DIR"));
            let is_done = build.status().unwrap().success();
            assert!(is_done, "the examples cannot be built");
        });
    }
    binary
}

/// A process that is ended with the test.
struct Bot(Child);

impl Bot {
    /// Starts it and waits until it says something.
    fn start(machine: &Machine, name: &'static str, rooms: &[&str]) -> Self {
        let mut command = machine.program(example("echo_bot"));
        command.args(rooms).env("RECADO_NAME", name);
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        let mut err = BufReader::new(child.stderr.take().unwrap());
        err.read_line(&mut line).unwrap();
        assert!(line.contains("echoing as"), "{line}");
        std::thread::spawn(move || for _ in err.lines() {});
        Self(child)
    }
}

impl Drop for Bot {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A person in this process, on a server of `machine`.
pub(crate) async fn person(machine: &Machine, name: &str) -> (Client, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let client = again(machine, &folder, name).await;
    (client, folder)
}

/// The same person once more.
async fn again(machine: &Machine, folder: &TempDir, name: &str) -> Client {
    let paths = Paths::below(folder.path());
    let ticket = machine.local_ticket().to_string();
    within(Client::join_server_at(&paths, &ticket, name))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_echo_answers_once_also_after_its_server_was_restarted() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let port = server.port();
    let (mut alice, _folder) = person(&machine, "alice").await;
    machine.create("echo").await;
    let bot = Bot::start(&machine, "echo", &[]);
    let first = within(alice.send("echo", "one\ntwo")).await.unwrap();
    let answer = within(alice.next()).await.unwrap();
    assert_eq!(
        (answer.author(), answer.text()),
        ("echo".to_owned(), "one\ntwo")
    );
    let Content::Reply { to, .. } = answer.content else {
        panic!("no reply: {answer:?}");
    };
    assert_eq!(to, first.seq);
    assert!(!answer.is_own && answer.is_direct() && answer.is_message());

    server.stop().await;
    let _server = machine.serve_inside(port).await;
    let second = within(alice.send("ECHO", "three")).await.unwrap();
    let answer = within(alice.next()).await.unwrap();
    assert_eq!((answer.text(), answer.seq), ("three", second.seq.next()));
    drop(bot);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_notifier_tells_how_a_command_ended() {
    let machine = Machine::new();
    let _server = machine.serve_inside(0).await;
    let (mut alice, _folder) = person(&machine, "alice").await;
    machine.create("ci").await;
    let run = |arguments: &[&str]| {
        let mut command = machine.program(example("build_notifier"));
        command.args(arguments).env("RECADO_NAME", "ci");
        within(tokio::task::spawn_blocking(move || {
            command.output().unwrap()
        }))
    };
    let script = "echo one; printf '\\033[31mred'; exit 3";
    let ended = run(&["alice", "/bin/sh", "-c", script]).await.unwrap();
    assert_eq!(ended.status.code(), Some(3), "{ended:?}");
    let told = within(alice.next()).await.unwrap();
    let text = told.text();
    assert!(text.starts_with("✘ /bin/sh -c"), "{text}");
    assert!(text.contains("exit status: 3 after"), "{text}");
    assert!(text.ends_with("one\n[31mred"), "{text}");

    let ended = run(&["nora", "/bin/true"]).await.unwrap();
    assert_eq!(ended.status.code(), Some(1), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_stopped_goes_on_behind_what_it_was_given() {
    let machine = Machine::new();
    let _server = machine.serve_inside(0).await;
    let (mut alice, a) = person(&machine, "alice").await;
    let (mut bob, _b) = person(&machine, "bob").await;
    let (mut carol, _c) = person(&machine, "carol").await;
    within(bob.send("alice", "before")).await.unwrap();
    // Also what it was given before it stopped is not given again.
    assert_eq!(within(alice.next()).await.unwrap().text(), "before");
    let token = alice.after().unwrap();
    within(bob.send("alice", "one")).await.unwrap();
    within(carol.send("alice", "two")).await.unwrap();
    within(alice.leave()).await;

    let mut alice = again(&machine, &a, "alice").await;
    alice.resume_after(token).unwrap();
    let mut texts = Vec::new();
    for _ in 0..2 {
        texts.push(within(alice.next()).await.unwrap().text().to_owned());
    }
    texts.sort_unstable();
    assert_eq!(texts, ["one", "two"]);
    within(bob.send("alice", "three")).await.unwrap();
    assert_eq!(within(alice.next()).await.unwrap().text(), "three");
    let other = "1.00000000.1".parse().unwrap();
    assert_eq!(alice.resume_after(other).unwrap_err().exit, Exit::Usage);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_are_told_with_their_code() {
    let machine = Machine::new();
    let _server = machine.serve_inside(0).await;
    let (mut alice, _folder) = person(&machine, "alice").await;
    let error = within(alice.send("nora", "x")).await.unwrap_err();
    assert_eq!(error.exit, Exit::Refused);
    let error = within(alice.send("alice", "")).await.unwrap_err();
    assert_eq!(error.exit, Exit::Usage);
    let error = "1.07".parse::<recado::client::ResumeToken>().unwrap_err();
    assert!(error.to_string().contains("Not a resume token"), "{error}");
}
