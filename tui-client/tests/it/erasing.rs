//! Deleted text is gone: not a byte of it is left on the disk of the server or of a client.
//! Real programs, and every file of theirs.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::machine::{Machine, Server};
use crate::pty::Terminal;
use crate::rooms::{Crew, on_newest, quit};
use crate::support::DEADLINE;

/// How much of a word is left out where it is looked for: an index keeps words without the letters
/// that the word before has too.
const SHARED: usize = 3;

/// All files in a folder and in those below it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // What is looked at may go at any time.
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.map_while(Result::ok) {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() => found.push(entry.path()),
                _ => {}
            }
        }
    }
    found
}

/// In which files of a folder some of these words are, or their ends.
fn traces(folder: &Path, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files(folder) {
        let Ok(mut bytes) = fs::read(&file) else {
            continue;
        };
        bytes.make_ascii_lowercase();
        for word in words {
            let end = &word.as_bytes()[SHARED..];
            if bytes.windows(end.len()).any(|part| part == end) {
                found.push(format!("{word} in {}", file.display()));
            }
        }
    }
    found
}

/// Where a person's client, or the server, keeps everything.
struct Place(PathBuf);

impl Place {
    #[track_caller]
    fn has(&self, words: &[&str]) {
        for word in words {
            self.wait_for(word, |found| !found.is_empty());
        }
    }

    /// Waits until a search for a word is as wanted: the disk follows what the screen shows.
    #[track_caller]
    fn wait_for(&self, word: &str, is_wanted: impl Fn(&[String]) -> bool) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let found = traces(&self.0, &[word]);
            if is_wanted(&found) {
                return;
            }
            let folder = self.0.display();
            assert!(Instant::now() < deadline, "{word} in {folder}: {found:?}");
            std::thread::yield_now();
        }
    }

    #[track_caller]
    fn loses(&self, words: &[&str]) {
        for word in words {
            self.wait_for(word, <[String]>::is_empty);
        }
    }

    #[track_caller]
    fn has_not(&self, words: &[&str]) {
        assert_eq!(traces(&self.0, words), [""; 0]);
    }
}

/// Alice with the server on one machine, bob on another one.
struct Talk {
    here: Machine,
    there: Machine,
}

impl Talk {
    async fn begin() -> (Self, Server) {
        let (here, there) = (Machine::new(), Machine::new());
        let server = here.serve(0, &[]);
        let invite = here.invite(&[]).await;
        there
            .run(&["join", &invite, "--as", "bob"])
            .await
            .is(0, "Joined");
        here.create("alice").await;
        (Self { here, there }, server)
    }

    fn alice(&self) -> Terminal {
        let mut alice = self.here.open("alice", &["alice"]);
        alice.open_talk("bob");
        alice
    }

    fn bob(&self) -> Terminal {
        let mut bob = self.there.open("bob", &["bob"]);
        bob.open_talk("alice");
        bob
    }

    fn of_server(&self) -> Place {
        Place(self.here.server_data())
    }

    fn of_alice(&self) -> [Place; 3] {
        ["data/recado", "state", "config"].map(|name| Place(self.here.path(name)))
    }

    fn of_bob(&self) -> Place {
        Place(self.there.path("."))
    }
}

fn say(terminal: &mut Terminal, text: &str) {
    terminal.type_text(text);
    terminal.key("enter");
    terminal.wait_line(text, "✓✓");
}

/// Gives the newest message another text.
fn edit(terminal: &mut Terminal, text: &str) {
    terminal.key("up");
    terminal.key("e");
    terminal.key("ctrl-u");
    say(terminal, text);
}

/// Deletes the newest message, and waits until the server has done it.
fn delete(terminal: &mut Terminal) {
    terminal.key("up");
    terminal.key("d");
    terminal.wait("for everyone?");
    terminal.key("enter");
    terminal.wait_line("message deleted", "✓");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_text_and_all_that_it_was_is_gone_everywhere() {
    let (talk, server) = Talk::begin().await;
    let (mut alice, bob) = (talk.alice(), talk.bob());
    say(&mut alice, "kept kestrelquill for good");
    say(&mut alice, "the Wyrmhollow is at noon");
    edit(&mut alice, "the Vexthimble is at noon");
    edit(&mut alice, "the Jaxpommel is at one");
    bob.wait("Jaxpommel");
    let gone = ["wyrmhollow", "vexthimble", "jaxpommel"];
    talk.of_server().has(&gone);
    talk.of_alice()[0].has(&gone);
    talk.of_bob().has(&gone);

    delete(&mut alice);
    bob.wait("message deleted");
    talk.of_server().loses(&gone);
    for place in talk.of_alice() {
        place.loses(&gone);
    }
    talk.of_bob().loses(&gone);
    quit(alice);
    quit(bob);
    for place in talk.of_alice() {
        place.has_not(&gone);
    }
    talk.of_bob().has_not(&gone);
    // Only that is gone.
    let kept = ["kestrelquill"];
    talk.of_server().has(&kept);
    talk.of_alice()[0].has(&kept);
    talk.of_bob().has(&kept);
    server.stop();
    talk.of_server().has_not(&gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_a_draft_and_waited_in_the_outbox_is_gone_too() {
    let (talk, server) = Talk::begin().await;
    let bob = talk.bob();
    let mut alice = talk.alice();
    say(&mut alice, "first");
    let gone = ["grubblenook"];
    alice.type_text("a secret Grubblenook");
    alice.wait("a secret Grubblenook");
    quit(alice);
    talk.of_alice()[0].has(&gone);
    alice = talk.alice();
    alice.wait("a secret Grubblenook");
    let port = server.kill();
    alice.wait_gone("connected");
    alice.key("enter");
    alice.wait("1 queued");
    alice.key("ctrl-q");
    alice.wait("1 message is not sent yet.");
    alice.key("enter");
    alice.wait_end();
    talk.of_alice()[0].has(&gone);
    let _server = talk.here.serve(port, &[]);
    let mut alice = talk.alice();
    alice.wait_line("a secret Grubblenook", "✓✓");
    bob.wait("a secret Grubblenook");
    talk.of_bob().has(&gone);
    delete(&mut alice);
    bob.wait("message deleted");
    talk.of_server().loses(&gone);
    for place in talk.of_alice() {
        place.loses(&gone);
    }
    talk.of_bob().loses(&gone);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_away_erases_when_it_comes_back() {
    let (talk, _server) = Talk::begin().await;
    let (mut alice, bob) = (talk.alice(), talk.bob());
    let gone = ["thrumbledock", "fizzwharf"];
    say(&mut alice, "meet at Thrumbledock");
    edit(&mut alice, "meet at Fizzwharf");
    bob.wait("Fizzwharf");
    quit(bob);
    delete(&mut alice);
    talk.of_server().loses(&gone);
    for place in talk.of_alice() {
        place.loses(&gone);
    }
    // A device that is switched off erases nothing.
    talk.of_bob().has(&gone);
    let bob = talk.bob();
    bob.wait("message deleted");
    talk.of_bob().loses(&gone);
    quit(bob);
    talk.of_bob().has_not(&gone);
}

#[test]
fn what_a_moderator_deletes_is_gone_from_every_member() {
    let mut crew = Crew::gather();
    let (alice, bob, carol) = (&mut crew.alice, &mut crew.bob, &crew.carol);
    let gone = ["quibblemast", "snortlebay"];
    say(bob, "off to Quibblemast");
    edit(bob, "off to Snortlebay");
    for terminal in [&*alice, carol] {
        terminal.wait_line("Snortlebay", "(edited)");
    }
    // The server and all three are on this machine.
    let all = Place(crew.machine.path("."));
    all.has(&gone);
    on_newest(alice, "d");
    alice.wait("for everyone?");
    alice.key("enter");
    for terminal in [&*alice, &*bob, carol] {
        terminal.wait("message deleted");
    }
    all.loses(&gone);
    for terminal in [crew.alice, crew.bob, crew.carol] {
        quit(terminal);
    }
    all.has_not(&gone);
}
