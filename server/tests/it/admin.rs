//! Administration of a running server by the real program, with connected clients.

use std::os::unix::fs::PermissionsExt as _;

use recado_shared::{
    Answer, CloseReason, Content, ConversationId, DeviceName, Invite, MessageBody, PageRange,
    Refusal, Request, Seq, ServerFrame,
};

use crate::client::{Client, hello, id};
use crate::erase::{is_in_files, wait_until_gone};
use crate::machine::{Machine, Running, read_ticket, signal};
use crate::server::device;

pub(crate) struct Office {
    pub(crate) machine: Machine,
    pub(crate) running: Running,
    pub(crate) ticket: Invite,
}

impl Office {
    pub(crate) async fn open() -> Self {
        let machine = Machine::new();
        let running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
        let ticket = read_ticket(&machine.path("run/recado/local.ticket"));
        Self {
            machine,
            running,
            ticket,
        }
    }

    pub(crate) async fn connect(&self, device: &recado_shared::tls::Identity) -> Client {
        Client::connect(self.running.address, self.ticket.fingerprint, device)
            .await
            .unwrap()
    }

    /// Lets a user in, who has read the heads.
    pub(crate) async fn enter(&self, device: &recado_shared::tls::Identity, name: &str) -> Client {
        let mut client = self.connect(device).await;
        client
            .enter(hello(Some(name), self.ticket.token.clone()))
            .await;
        client.next_heads().await;
        client
    }

    /// What a run that succeeds prints.
    pub(crate) async fn stdout_of(&self, arguments: &[&str]) -> String {
        let output = self.machine.output(arguments).await;
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{arguments:?}: {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// The code and the error of one that does not.
    async fn failure_of(&self, arguments: &[&str]) -> (Option<i32>, String) {
        failure_of(&self.machine, arguments).await
    }

    async fn stop(mut self) -> Machine {
        signal(&self.running.child, "-TERM").await;
        assert!(self.running.child.wait().await.unwrap().success());
        self.machine
    }
}

async fn failure_of(machine: &Machine, arguments: &[&str]) -> (Option<i32>, String) {
    let output = machine.output(arguments).await;
    assert!(output.stdout.is_empty(), "{arguments:?}");
    let error = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), error)
}

/// Reads up to the close frame, and the end after it.
async fn read_close(client: &mut Client) -> CloseReason {
    loop {
        if let ServerFrame::Close(reason) = client.next_frame().await {
            assert_eq!(client.next_frame_or_end().await, None);
            return reason;
        }
    }
}

#[tokio::test]
async fn users_and_sessions_are_listed_and_all_get_an_announcement() {
    let office = Office::open().await;
    let socket = office.machine.path("data/recado-server/admin.sock");
    let mode = std::fs::metadata(&socket).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let alices = device();
    let mut alice = office.enter(&alices, "alice").await;
    let name = Request::NameDevice {
        key: alices.key(),
        name: DeviceName::new("laptop").unwrap(),
    };
    assert_eq!(alice.answer(name).await, Ok(Answer::Done));

    let users = office.stdout_of(&["user", "list"]).await;
    assert!(
        users.contains("active") && users.ends_with("alice\n"),
        "{users}"
    );
    let users = office.stdout_of(&["user", "list", "--json"]).await;
    let line: serde_json::Value = serde_json::from_str(&users).unwrap();
    assert_eq!(
        (&line["name"], &line["devices"]),
        (&"alice".into(), &1.into())
    );
    let shown = office.stdout_of(&["user", "show", "ALICE"]).await;
    assert!(shown.contains("device         laptop, "), "{shown}");
    let shown = office.stdout_of(&["user", "show", "alice", "--json"]).await;
    let line: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(line["keys"][0]["name"], "laptop");
    let sessions = office.stdout_of(&["sessions", "--json"]).await;
    let line: serde_json::Value = serde_json::from_str(&sessions).unwrap();
    assert_eq!(
        (&line["name"], &line["away"]),
        (&"alice".into(), &false.into())
    );

    let said = office.stdout_of(&["announce", "back in a minute"]).await;
    assert_eq!(said, "Announced to 1 session\n");
    let body = MessageBody::new("back in a minute").unwrap();
    assert_eq!(alice.next_frame().await, ServerFrame::Announcement(body));

    assert_eq!(office.stdout_of(&["policy"]).await, "invite\n");
    assert_eq!(office.stdout_of(&["policy", "open"]).await, "open\n");
    let mut bob = office.connect(&device()).await;
    assert!(bob.enter(hello(Some("bob"), None)).await.registered);
    drop((alice, bob));
    office.stop().await;
    assert!(!socket.exists());
}

#[tokio::test]
async fn what_the_server_does_is_counted_since_its_start() {
    let office = Office::open().await;
    let stats = async || -> serde_json::Value {
        serde_json::from_str(&office.stdout_of(&["stats", "--json"]).await).unwrap()
    };
    let before = stats().await;
    assert_eq!(before["commits"], 0);
    let mut alice = office.enter(&device(), "alice").await;
    let bob = office.enter(&device(), "bob").await;
    let append = alice.append(bob.user, id(1), "hello");
    while !matches!(alice.next_frame().await, ServerFrame::User(_)) {}
    assert!(alice.answer(append).await.is_ok());
    let after = stats().await;
    for (name, count) in [
        ("users", 2),
        ("online", 2),
        ("sessions", 2),
        ("messages", 1),
    ] {
        assert_eq!(after[name], count, "{name}: {after}");
    }
    // Each waited for the one before: two names and a message.
    assert!(after["commits"].as_u64() >= Some(3), "{after}");
    let shown = office.stdout_of(&["stats"]).await;
    assert!(shown.contains("2 online (2 sessions)"), "{shown}");
    assert!(shown.contains("1 since start"), "{shown}");
}

#[tokio::test]
async fn a_new_name_holds_at_once_and_its_owner_comes_back_for_it() {
    let office = Office::open().await;
    let (phone, desk) = (device(), device());
    let mut alice = office.enter(&phone, "alice").await;
    let mut bob = office.enter(&desk, "bob").await;
    let said = office
        .stdout_of(&["user", "rename", "alice", "alicia"])
        .await;
    assert_eq!(said, "User alice renamed to alicia\n");
    assert_eq!(read_close(&mut alice).await, CloseReason::Renamed);
    let ServerFrame::User(person) = bob.next_frame().await else {
        panic!("bob hears of the name");
    };
    assert_eq!(person.name.as_str(), "alicia");
    let welcome = office.connect(&phone).await.enter(hello(None, None)).await;
    assert_eq!(welcome.name.as_str(), "alicia");
    let (code, error) = office.failure_of(&["user", "rename", "bob", "alice"]).await;
    assert_eq!(code, Some(3), "{error}");
}

#[tokio::test]
async fn a_disabled_user_is_refused_also_after_a_restart() {
    let office = Office::open().await;
    let phone = device();
    let mut alice = office.enter(&phone, "alice").await;
    office.stdout_of(&["user", "disable", "alice"]).await;
    assert_eq!(read_close(&mut alice).await, CloseReason::AccountClosed);
    let refused = office
        .connect(&phone)
        .await
        .refused(hello(None, None))
        .await;
    assert_eq!(refused, Refusal::Disabled);

    // The stopped server's data is changed directly, and says so.
    let machine = office.stop().await;
    let output = machine.output(&["user", "enable", "alice"]).await;
    assert!(output.status.success());
    let note = String::from_utf8(output.stderr).unwrap();
    assert!(note.contains("not running"), "{note}");
    let running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
    let ticket = read_ticket(&machine.path("run/recado/local.ticket"));
    let connected = Client::connect(running.address, ticket.fingerprint, &phone).await;
    let welcome = connected.unwrap().enter(hello(None, None)).await;
    assert_eq!(welcome.name.as_str(), "alice");
}

#[tokio::test]
async fn after_a_reset_a_new_device_finds_the_old_conversations() {
    let office = Office::open().await;
    let (lost, new) = (device(), device());
    let mut alice = office.enter(&lost, "alice").await;
    let bob = office.enter(&device(), "bob").await;
    let (me, peer) = (alice.user, bob.user);
    drop(bob);
    let append = alice.append(peer, id(1), "do you remember?");
    while !matches!(alice.next_frame().await, ServerFrame::User(_)) {}
    assert!(alice.answer(append).await.is_ok());

    let line = office.stdout_of(&["user", "reset", "alice"]).await;
    let invite: Invite = line.trim_end().parse().unwrap();
    assert_eq!(read_close(&mut alice).await, CloseReason::Revoked);
    let refused = office.connect(&lost).await.refused(hello(None, None)).await;
    assert_eq!(refused, Refusal::Revoked);

    let mut back = office.connect(&new).await;
    let welcome = back.enter(hello(Some("alice"), invite.token.clone())).await;
    assert_eq!((welcome.user, welcome.registered), (me, false));
    assert_eq!(back.next_heads().await.heads.len(), 1);
    let page = Request::Page {
        conversation: ConversationId::direct(me, peer),
        range: PageRange::After(Seq::ZERO),
        limit: 10,
    };
    let Ok(Answer::Page { entries, .. }) = back.answer(page).await else {
        panic!("a page");
    };
    let body = MessageBody::new("do you remember?").unwrap();
    assert_eq!(entries[0].content, Content::Message(body));
    // Once: the next one is a stranger with a used invite.
    let token = invite.token;
    let refused = office.connect(&device()).await;
    let refused = { refused }.refused(hello(Some("alice"), token)).await;
    assert_eq!(refused, Refusal::InviteUsed);
}

#[tokio::test]
async fn invites_are_listed_and_revoked() {
    let office = Office::open().await;
    let line = office.stdout_of(&["invite", "create", "--uses", "3"]).await;
    let invite: Invite = line.trim_end().parse().unwrap();
    let listed = office.stdout_of(&["invite", "list", "--json"]).await;
    let line: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(line["uses_left"], 3);
    let shown = line["id"].as_str().unwrap();
    let (code, error) = office.failure_of(&["invite", "revoke", "zzzz"]).await;
    assert_eq!(code, Some(3), "{error}");
    office.stdout_of(&["invite", "revoke", shown]).await;
    let mut alice = office.connect(&device()).await;
    let refused = alice.refused(hello(Some("alice"), invite.token)).await;
    assert_eq!(refused, Refusal::InviteUnknown);
}

#[tokio::test]
async fn what_cannot_be_done_says_why_with_a_code_of_its_own() {
    let machine = Machine::new();
    for (arguments, code, named) in [
        (&["policy"][..], 4, "Start recado-server"),
        (&["announce", "hello"], 4, "no server is running"),
        (&["sessions"], 4, "--data"),
        (&["stats"], 4, "no server is running"),
        (&["user", "list"], 1, "no server data"),
        (&["user", "disable", "alice"], 1, "no server data"),
        (&["announce", " "], 1, "cannot announce"),
        (&["user"], 2, "Usage"),
        (&["user", "rename", "alice"], 2, "<NEW>"),
        (&["user", "show", "a b"], 2, "a b"),
        (&["policy", "anarchy"], 2, "closed"),
    ] {
        let (got, error) = failure_of(&machine, arguments).await;
        assert_eq!(got, Some(code), "{arguments:?}: {error}");
        assert!(error.contains(named), "{arguments:?}: {error}");
    }
    let office = Office::open().await;
    for arguments in [
        &["user", "disable", "alice"][..],
        &["user", "show", "alice"],
        &["user", "reset", "alice"],
    ] {
        let (code, error) = office.failure_of(arguments).await;
        assert_eq!(code, Some(3), "{error}");
        assert!(error.contains("user list"), "{error}");
    }
    // What cannot be undone is asked for first, whether or not it exists.
    for arguments in [&["user", "remove", "alice"], &["room", "close", "lobby"]] {
        let (code, error) = office.failure_of(arguments).await;
        assert_eq!(code, Some(3), "{error}");
        assert!(error.contains("Add --yes to confirm it"), "{error}");
    }
}

#[tokio::test]
async fn a_removed_user_leaves_no_text_on_the_disk() {
    let office = Office::open().await;
    let phone = device();
    let mut bob = office.enter(&device(), "bob").await;
    let mut alice = office.enter(&phone, "alice").await;
    let secret = "the key lies under the third stone";
    let append = alice.append(bob.user, id(1), secret);
    assert!(alice.answer(append).await.is_ok());
    let dir = office.machine.path("data/recado-server");
    assert!(is_in_files(&dir, secret));

    office
        .stdout_of(&["user", "remove", "alice", "--yes"])
        .await;
    assert_eq!(read_close(&mut alice).await, CloseReason::AccountClosed);
    wait_until_gone(&dir, secret).await;
    // Bob has the message, and hears that it is to go.
    let mut heard = Vec::new();
    while heard.len() < 2 {
        if let ServerFrame::Entry { entry, .. } = bob.next_frame().await {
            heard.push(entry.content);
        }
    }
    assert_eq!(heard[1], Content::AuthorRemoved);
    let refused = office.connect(&phone).await;
    let token = office.ticket.token.clone();
    let refused = { refused }.refused(hello(Some("alice"), token)).await;
    assert_eq!(refused, Refusal::Revoked);
    let users = office.stdout_of(&["user", "list", "--json"]).await;
    assert!(users.contains("\"removed\""), "{users}");
    let rooms = office.stdout_of(&["room", "list"]).await;
    assert!(rooms.is_empty());
    let (code, error) = office.failure_of(&["room", "close", "#tea", "--yes"]).await;
    assert_eq!(code, Some(3), "{error}");
}
