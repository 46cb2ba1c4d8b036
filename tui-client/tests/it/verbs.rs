//! The verbs as processes, against a server in this one.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Stdio};

use recado::net::session::Session;
use recado_server::invite::{self, InviteTerms};
use recado_shared::{
    ClientFrame, Content, ConversationId, CursorUpdate, MessageBody, MessageId, Presence, Request,
    Seq, ServerFrame, Setting,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use crate::machine::Machine;
use crate::support::within;

/// Takes what arrives until it is a message, and returns its text.
async fn receive(session: &mut Session) -> (ConversationId, Seq, String) {
    loop {
        let frame = within(session.next_frame()).await.unwrap();
        if let ServerFrame::Entry {
            conversation,
            entry,
        } = frame
        {
            let Content::Message(body) = entry.content else {
                panic!("no message: {entry:?}");
            };
            return (conversation, entry.seq, body.as_str().to_owned());
        }
    }
}

async fn say(session: &mut Session, to: &str, number: u8, text: &str) {
    let to = within(session.find_user(to)).await.unwrap().unwrap();
    let talk = ConversationId::direct(session.welcome().user, to.user);
    let body = MessageBody::new(text).unwrap();
    let sent = session.append(talk, MessageId([number; 16]), Content::Message(body));
    within(sent).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn send_ends_well_once_the_message_is_accepted() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let mut bob = server.join("bob").await;
    machine.create("alice").await;
    let sent = machine.run(&["send", "bob", "hello"]).await;
    sent.is(0, "");
    assert_eq!(
        (sent.out.as_str(), receive(&mut bob).await.2.as_str()),
        ("", "hello")
    );
    let sent = machine.run_with(&["send", "BOB"], "two\nlines\n\n").await;
    sent.is(0, "");
    assert_eq!(receive(&mut bob).await.2, "two\nlines\n");
    let coloured = machine
        .run_with(&["send", "bob"], "\x1b[31mred\x1b[0m\r\n")
        .await;
    coloured.is(0, "");
    assert_eq!(receive(&mut bob).await.2, "[31mred[0m");
}

#[tokio::test(flavor = "multi_thread")]
async fn send_says_what_is_wrong_and_has_a_code_for_it() {
    let machine = Machine::new();
    machine
        .run(&["send", "bob", "hi"])
        .await
        .is(1, "recado demo");
    let server = machine.serve_inside(0).await;
    let bob = server.join("bob").await;
    let none = machine.run(&["send", "bob", "hi"]).await;
    none.is(1, "You have no account on the server of this machine yet");
    machine.create("alice").await;
    machine
        .run(&["send", "carol", "hi"])
        .await
        .is(3, "There is no user \"carol\"");
    machine
        .run(&["send", "b/b", "hi"])
        .await
        .is(2, "is not a valid name");
    machine.run(&["send", "bob", " "]).await.is(2, "is empty");
    let long = "x".repeat(20_000);
    machine
        .run(&["send", "bob", &long])
        .await
        .is(2, "send it in parts");
    machine.run(&["send"]).await.is(2, "Usage");
    machine
        .run(&[
            "send",
            "bob",
            "hi",
            "--wait",
            "delivered",
            "--timeout",
            "0.5",
        ])
        .await
        .is(5, "Sent, but not delivered within");
    drop(bob);
    server.stop().await;
    machine
        .run(&["send", "bob", "hi", "--timeout", "0.5"])
        .await
        .is(4, "Cannot connect to");
}

#[tokio::test(flavor = "multi_thread")]
async fn send_each_line_sends_lines_as_they_come_and_outlives_the_server() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let port = server.port();
    let mut bob = server.join("bob").await;
    machine.create("alice").await;
    let mut command = machine.client(&["send", "bob", "--each-line", "--json"]);
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for line in ["one", "\u{1b}[31mtwo\u{1b}[0m"] {
        // A blank line is no message.
        write!(input, "{line}\r\n\n").unwrap();
        let received = receive(&mut bob).await.2;
        assert_eq!(received, line.replace('\u{1b}', ""));
    }
    within(bob.leave()).await;
    server.stop().await;
    writeln!(input, "three").unwrap();
    let server = machine.serve_inside(port).await;
    let ended = spawn_blocking(move || {
        write!(input, "four").unwrap();
        drop(input);
        child.wait_with_output().unwrap()
    });
    let ended = within(ended).await.unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let printed = String::from_utf8(ended.stdout).unwrap();
    let printed: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let seqs: Vec<_> = printed.iter().map(|sent| sent["seq"].clone()).collect();
    assert_eq!(seqs, [json!(1), json!(2), json!(3), json!(4)]);
    let history = machine.run(&["history", "bob"]).await;
    let texts: Vec<_> = history
        .out
        .lines()
        .filter_map(|line| line.rsplit(' ').next())
        .collect();
    assert_eq!(texts, ["one", "[31mtwo[0m", "three", "four"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn send_each_line_says_which_line_was_refused() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let mut bob = server.join("bob").await;
    machine.create("alice").await;
    let sending = ["send", "bob", "--each-line"];
    machine.run_with(&sending, "hi\n").await.is(0, "");
    let alice = within(bob.find_user("alice")).await.unwrap().unwrap();
    let (user, is_on) = (alice.user, true);
    let block = Request::Set(Setting::Blocked { user, is_on });
    let number = bob.start(block).unwrap();
    let is_answer = |frame: &ServerFrame| matches!(frame, ServerFrame::Answer { number: answered, .. } if *answered == number);
    while !is_answer(&within(bob.next_frame()).await.unwrap()) {}
    let refused = machine.run_with(&sending, "\n\nthere?\nnot sent\n").await;
    refused.is(3, "Stopped at line 3; all lines before it were sent.");
    machine
        .run_with(&["send", "carol", "--each-line"], "hi\n")
        .await
        .is(3, "There is no user \"carol\"");
    machine
        .run(&["send", "bob", "text", "--each-line"])
        .await
        .is(2, "cannot be used with");
}

#[tokio::test(flavor = "multi_thread")]
async fn send_can_wait_for_a_device_of_the_recipient() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let mut bob = server.join("bob").await;
    machine.create("alice").await;
    let sending = [
        "send",
        "bob",
        "there?",
        "--as",
        "alice",
        "--wait",
        "delivered",
    ];
    let receiving = async {
        let (conversation, delivered, _) = receive(&mut bob).await;
        let advance = CursorUpdate {
            conversation,
            delivered,
            read: Seq::ZERO,
        };
        bob.send(&ClientFrame::UpdateCursors(advance))
            .await
            .unwrap();
    };
    let (sent, ()) = tokio::join!(machine.run(&sending), receiving);
    sent.is(0, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn send_waits_for_a_server_that_comes_back() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let port = server.port();
    machine.create("me").await;
    machine
        .run(&["send", "me", "first", "--as", "me"])
        .await
        .is(0, "");
    server.stop().await;
    let sending = ["send", "me", "second"];
    let (sent, mut me) = tokio::join!(machine.run(&sending), async {
        let server = machine.serve_inside(port).await;
        let other = server.join("other").await;
        (server, other)
    });
    sent.is(0, "");
    // The same text is in the log once: what is written next is the third.
    let tail = machine.run(&["send", "me", "third"]).await;
    tail.is(0, "");
    within(me.1.find_user("me")).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_another_key_gets_no_message() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    machine.create("me").await;
    machine
        .run(&["send", "me", "mine", "--as", "me"])
        .await
        .is(0, "");
    let port = server.port();
    server.stop().await;
    // Another server takes the place: the same address, another key, and no ticket here.
    let impostor = Machine::new();
    let _server = impostor.serve_inside(port).await;
    machine
        .run(&["send", "me", "secret"])
        .await
        .is(6, "has changed");
}

/// A running `tail`, and its lines.
pub(crate) struct Tail {
    child: Child,
    lines: mpsc::UnboundedReceiver<String>,
}

impl Tail {
    /// Starts it and waits until it follows.
    pub(crate) async fn start(machine: &Machine, line: &[&str]) -> Self {
        let mut child = machine.client(line).spawn().unwrap();
        let (sender, lines) = mpsc::unbounded_channel();
        let (ready, mut following) = mpsc::unbounded_channel();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        std::thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        std::thread::spawn(move || {
            for line in BufReader::new(err).lines().map_while(Result::ok) {
                // There is no reader after the first one.
                let _ = ready.send(line);
            }
        });
        let tail = Self { child, lines };
        while !within(following.recv())
            .await
            .expect("it ended")
            .contains("following")
        {}
        tail
    }

    async fn next(&mut self) -> String {
        within(self.lines.recv()).await.expect("it ended")
    }

    pub(crate) async fn next_json(&mut self) -> Value {
        serde_json::from_str(&self.next().await).unwrap()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tail_prints_each_message_once_also_through_a_restart() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let port = server.port();
    let mut bob = server.join("bob").await;
    machine.create("alice").await;
    machine
        .run(&["send", "bob", "earlier", "--as", "alice"])
        .await
        .is(0, "");
    let mut tail = Tail::start(&machine, &["tail", "--json"]).await;
    say(&mut bob, "alice", 1, "one \"quoted\"\nline").await;
    let line = tail.next_json().await;
    assert!(line["after"].as_str().unwrap().starts_with("1."), "{line}");
    let expected = json!({
        "conversation": line["conversation"],
        "kind": "message",
        "room": null,
        "mentions_me": false,
        "after": line["after"],
        "with": "bob",
        "with_id": bob.welcome().user.to_string(),
        "author": "bob",
        "author_id": bob.welcome().user.to_string(),
        "own": false,
        "seq": 2,
        "id": "01010101010101010101010101010101",
        "time": line["time"],
        "text": "one \"quoted\"\nline",
    });
    assert_eq!(line, expected);
    assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");
    machine.run(&["send", "bob", "two"]).await.is(0, "");
    let line = tail.next_json().await;
    assert_eq!(
        (&line["own"], &line["author"]),
        (&json!(true), &json!("alice"))
    );
    // Printed is delivered.
    loop {
        let frame = within(bob.next_frame()).await.unwrap();
        if matches!(frame, ServerFrame::Cursors { cursors, .. } if cursors.delivered == Seq(2)) {
            break;
        }
    }
    drop(bob);
    server.stop().await;
    let server = machine.serve_inside(port).await;
    let mut carol = server.join("carol").await;
    say(&mut carol, "alice", 1, "three").await;
    say(&mut carol, "alice", 2, "four").await;
    let mut after = String::new();
    for (seq, text) in [(1, "three"), (2, "four")] {
        let line = tail.next_json().await;
        assert_eq!((&line["seq"], &line["text"]), (&json!(seq), &json!(text)));
        if seq == 1 {
            after = line["after"].as_str().unwrap().to_owned();
        }
    }
    // Another run goes on behind a line.
    drop(tail);
    say(&mut carol, "alice", 3, "five").await;
    let mut tail = Tail::start(&machine, &["tail", "--json", "--after", &after]).await;
    for text in ["four", "five"] {
        assert_eq!(tail.next_json().await["text"], json!(text));
    }
    machine
        .run(&["tail", "--after", "x"])
        .await
        .is(2, "Not a resume token");
}

#[tokio::test(flavor = "multi_thread")]
async fn tail_of_one_person_prints_plain_lines_of_that_one() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let mut bob = server.join("bob").await;
    let mut carol = server.join("carol").await;
    machine.create("alice").await;
    machine
        .run(&["tail", "dave"])
        .await
        .is(3, "There is no user \"dave\"");
    let mut tail = Tail::start(&machine, &["tail", "Carol"]).await;
    say(&mut bob, "alice", 1, "not this").await;
    say(&mut carol, "alice", 1, "but\nthis").await;
    let line = tail.next().await;
    assert!(line.ends_with(" carol: but this"), "{line}");
    machine.run(&["send", "carol", "and this"]).await.is(0, "");
    let line = tail.next().await;
    assert!(line.ends_with(" alice to carol: and this"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_goes_ends_tail_quietly() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let mut bob = server.join("bob").await;
    machine.create("alice").await;
    let script = format!(
        "{} tail | head -n 1; echo over",
        env!("CARGO_BIN_EXE_recado")
    );
    let mut shell = machine.program("/bin/sh");
    let mut child = shell.args(["-c", &script]).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("following") {
        line.clear();
        assert!(err.read_line(&mut line).unwrap() > 0, "it ended");
    }
    let mut out = BufReader::new(child.stdout.take().unwrap()).lines();
    say(&mut bob, "alice", 1, "one").await;
    assert!(out.next().unwrap().unwrap().ends_with("bob: one"));
    say(&mut bob, "alice", 2, "two").await;
    assert_eq!(out.next().unwrap().unwrap(), "over");
    child.wait().unwrap();
    let mut rest = String::new();
    while err.read_line(&mut rest).unwrap() > 0 {}
    assert_eq!(rest, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_prints_people_and_whether_they_are_there() {
    let machine = Machine::new();
    let server = machine.serve_inside(0).await;
    let mut bob = server.join("bob").await;
    let zoe = server.join("zoe").await;
    let watch = ClientFrame::Watch(vec![zoe.welcome().user]);
    bob.send(&watch).await.unwrap();
    within(zoe.leave()).await;
    let is_gone = |frame: &ServerFrame| matches!(frame, ServerFrame::Presence { presence, .. } if *presence == Presence::Offline);
    while !is_gone(&within(bob.next_frame()).await.unwrap()) {}
    machine.create("alice").await;
    let listed = machine.run(&["who"]).await;
    let lines: Vec<_> = listed.out.lines().collect();
    assert!(lines[0].ends_with(" alice (you)"), "{lines:?}");
    assert_eq!(lines[1..], ["online   bob", "offline  zoe"]);
    let listed = machine.run(&["who", "--json"]).await;
    let lines: Vec<Value> = listed
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected = json!({
        "name": "bob",
        "id": bob.welcome().user.to_string(),
        "presence": "online",
        "own": false,
    });
    assert_eq!(lines[1], expected);
    assert_eq!(lines[0]["own"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn join_needs_nothing_but_the_line_and_works_once() {
    let server_machine = Machine::new();
    let server = server_machine.serve_inside(0).await;
    let address = Some(server.ticket.address.clone());
    let make = |terms: InviteTerms| {
        let data_dir = server_machine.server_data();
        invite::make(&data_dir, address.clone(), &terms)
            .unwrap()
            .to_string()
    };
    let line = make(InviteTerms::default());
    let machine = Machine::new();
    machine
        .run(&["join", &line[..line.len() - 5], "--as", "dave"])
        .await
        .is(2, "incomplete");
    machine.run(&["join", &line]).await.is(2, "--as NAME");
    machine
        .run(&["join", &line, "--as", "-"])
        .await
        .is(2, "is not a valid name");
    let joined = machine.run(&["join", &line, "--as", "Dave"]).await;
    joined.is(0, "Open it with 'recado Dave'");
    machine.run(&["send", "dave", "to myself"]).await.is(0, "");
    machine
        .run(&["join", &line, "--as", "dave"])
        .await
        .is(0, "Open it with 'recado Dave'");

    let other = Machine::new();
    other
        .run(&["join", &line, "--as", "eve"])
        .await
        .is(3, "has been used already");
    let line = make(InviteTerms::default());
    other
        .run(&["join", &line, "--as", "dave"])
        .await
        .is(3, "that name is taken");
    assert_eq!(other.entries("data/recado/identities"), [""; 0]);
    other
        .run(&["join", &line, "--as", "eve"])
        .await
        .is(0, "Open it with 'recado eve'");
    server.stop().await;
    let empty = Machine::new();
    empty
        .run(&["join", &line, "--as", "fay"])
        .await
        .is(4, "Cannot connect to");
    assert_eq!(empty.entries("data/recado/identities"), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_full_screen_says_that_it_needs_a_terminal() {
    let machine = Machine::new();
    for line in [&[][..], &["demo"], &["host"]] {
        machine.run(line).await.is(2, "needs a terminal");
    }
}
