//! Erasure of deleted text from every file of the data folder soon after the acknowledgement, and by the next start
//! if the server is killed right then.

use std::path::Path;
use std::time::{Duration, Instant};

use recado_shared::limits::MAX_BODY_LEN;
use recado_shared::tls::Identity;
use recado_shared::{
    Answer, Content, ConversationId, ErasedKind, HistoryVisibility, MessageBody, MessageId,
    PageRange, Request, RoomEvent, RoomName, Seq, UserId, Visibility,
};

use crate::admin::Office;
use crate::client::{Client, hello, id, message};
use crate::machine::read_ticket;
use crate::server::device;

/// All files of a folder, to look for texts in.
fn text_of(dir: &Path) -> String {
    let files = std::fs::read_dir(dir).unwrap();
    let bytes = files.filter_map(|file| std::fs::read(file.unwrap().path()).ok());
    bytes
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .collect()
}

/// Whether a text lies in any file of a folder.
pub(crate) fn is_in_files(dir: &Path, text: &str) -> bool {
    text_of(dir).contains(text)
}

/// Looks again and again until a text lies in no file of a folder.
pub(crate) async fn wait_until_gone(dir: &Path, text: &str) {
    wait_until(|| !is_in_files(dir, text)).await;
}

async fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "the text stays");
        tokio::task::yield_now().await;
    }
}

/// A server, the people on it, and what must not be found.
struct Crime {
    office: Office,
    phone: Identity,
    alice: Client,
    bob: UserId,
    last_id: u128,
    traces: Vec<String>,
}

impl Crime {
    async fn plan() -> Self {
        let office = Office::open().await;
        let bob = office.enter(&device(), "bob").await.user;
        let phone = device();
        let alice = office.enter(&phone, "alice").await;
        Self {
            office,
            phone,
            alice,
            bob,
            last_id: 0,
            traces: Vec::new(),
        }
    }

    fn talk(&self) -> ConversationId {
        ConversationId::direct(self.alice.user, self.bob)
    }

    /// A text that is to be looked for: its words at every part of it.
    fn body(&mut self, name: &str, len: usize) -> MessageBody {
        let mut text = String::new();
        while text.len() + 40 < len || text.is_empty() {
            let trace = format!("{name} lies {} steps on. ", text.len());
            text.push_str(&trace);
            self.traces.push(trace);
        }
        MessageBody::new(text.trim_end()).unwrap()
    }

    async fn put(&mut self, conversation: ConversationId, content: Content) -> Seq {
        self.last_id += 1;
        let id = MessageId(self.last_id.to_be_bytes());
        self.alice.put(conversation, id, content).await.unwrap()
    }

    async fn delete(&mut self, target: Seq) {
        self.put(self.talk(), Content::Deletion { target }).await;
    }

    fn found(&self) -> Vec<&String> {
        let files = text_of(&self.office.machine.path("data/recado-server"));
        let traces = self.traces.iter();
        // The last word of a text has nothing behind it.
        traces
            .filter(|trace| files.contains(trace.trim_end()))
            .collect()
    }

    async fn wait_until_gone(&self) {
        wait_until(|| self.found().is_empty()).await;
    }

    /// A few of the traces lie across two pages.
    fn check_that_it_lies_there(&self) {
        let (found, all) = (self.found().len(), self.traces.len());
        assert!(found * 20 >= all * 19, "{found} of {all}");
    }

    /// Kills the server, and looks before and after the next start. Returns what its log says.
    async fn kill_and_look(mut self, conversation: ConversationId) -> Vec<Content> {
        self.office.running.child.kill().await.unwrap();
        let machine = self.office.machine;
        let running = machine.serve(&["--listen", "127.0.0.1:0"]).await;
        let ticket = read_ticket(&machine.path("run/recado/local.ticket"));
        self.office = Office {
            machine,
            running,
            ticket,
        };
        assert_eq!(self.found(), [&""; 0], "after the next start");
        let mut alice = self.office.connect(&self.phone).await;
        alice.enter(hello(None, None)).await;
        let page = Request::Page {
            conversation,
            range: PageRange::After(Seq::ZERO),
            limit: 100,
        };
        let Ok(Answer::Page { entries, .. }) = alice.answer_among(page).await else {
            panic!("a page");
        };
        entries.into_iter().map(|entry| entry.content).collect()
    }
}

#[tokio::test]
async fn a_deleted_message_is_in_no_file_soon_after_that_is_acknowledged() {
    // Within a page, just beyond one, and the longest.
    for len in [60, 5_000, MAX_BODY_LEN] {
        let mut crime = Crime::plan().await;
        let talk = crime.talk();
        let body = crime.body("the first text", len);
        let target = crime.put(talk, Content::Message(body)).await;
        let body = crime.body("the edited text", len);
        crime.put(talk, Content::Edit { target, body }).await;
        crime.put(talk, message("what is kept")).await;
        crime.check_that_it_lies_there();
        crime.delete(target).await;
        // The longest is not waited for: the server is killed right away.
        if len < MAX_BODY_LEN {
            crime.wait_until_gone().await;
        }
        let log = crime.kill_and_look(talk).await;
        let expected = [
            Content::Erased(ErasedKind::Message),
            Content::Erased(ErasedKind::Edit),
            message("what is kept"),
            Content::Deletion { target },
        ];
        assert_eq!(log, expected);
    }
}

#[tokio::test]
async fn many_versions_of_a_page_in_the_write_ahead_log_go_with_it() {
    let mut crime = Crime::plan().await;
    let talk = crime.talk();
    let body = crime.body("written over and over", 60);
    let target = crime.put(talk, Content::Message(body)).await;
    // Each commit writes the page anew on which the text lies.
    for n in 0..30 {
        crime.put(talk, message(&format!("number {n}"))).await;
    }
    crime.delete(target).await;
    crime.wait_until_gone().await;
    let log = crime.kill_and_look(talk).await;
    assert_eq!(log[0], Content::Erased(ErasedKind::Message));
    assert_eq!(log[30], message("number 29"));
}

#[tokio::test]
async fn the_texts_of_a_removed_user_are_in_no_file() {
    let mut crime = Crime::plan().await;
    let talk = crime.talk();
    let body = crime.body("her text", 60);
    let target = crime.put(talk, Content::Message(body)).await;
    let body = crime.body("her edit", 6_000);
    crime.put(talk, Content::Edit { target, body }).await;
    crime.check_that_it_lies_there();
    crime
        .office
        .stdout_of(&["user", "remove", "alice", "--yes"])
        .await;
    crime.wait_until_gone().await;
    crime.office.running.child.kill().await.unwrap();
    assert_eq!(crime.found(), [&""; 0]);
}

#[tokio::test]
async fn the_texts_of_a_room_that_is_closed_are_in_no_file() {
    let mut crime = Crime::plan().await;
    let create = Request::CreateRoom {
        id: id(200),
        name: RoomName::new("tea").unwrap(),
        visibility: Visibility::Private,
        history: HistoryVisibility::Visible,
    };
    let Ok(Answer::RoomCreated { room, .. }) = crime.alice.answer_among(create).await else {
        panic!("a room");
    };
    let room = ConversationId::Room(room);
    let body = crime.body("in the room", 60);
    crime.put(room, Content::Message(body)).await;
    let to = Seq(2);
    let body = crime.body("also there", 6_000);
    crime.put(room, Content::Reply { to, body }).await;
    crime.check_that_it_lies_there();
    crime
        .office
        .stdout_of(&["room", "close", "#tea", "--yes"])
        .await;
    crime.wait_until_gone().await;
    let log = crime.kill_and_look(room).await;
    let erased = Content::Erased(ErasedKind::Message);
    let expected = [
        Content::Room(RoomEvent::Created),
        erased.clone(),
        erased,
        Content::Room(RoomEvent::Closed),
    ];
    assert_eq!(log, expected);
}
