//! The driver with a real server, a real store and a screen: keys in, what is to be read out.

mod first_sync;
mod flood;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use crossterm::event::{Event as TerminalEvent, KeyCode, KeyEvent, KeyModifiers};
use futures_util::Stream;
use jiff::tz::TimeZone;
use ratatui::layout::Size;
use recado::app::keymap::Keymap;
use recado::app::{App, Settings};
use recado::driver::{self, Client, DriverError, Editor, Host, Input, InviteMaker, TerminalIo};
use recado::net::{self, NetConfig, NetEvent};
use recado::store::{self, HeldRange, StoreWrite, StoredMe};
use recado::terminal::Multiplexer;
use recado::terminal::parser::Reply;
use recado::ui::{BuiltIn, TerminalColours, ViewState};
use recado_shared::{
    Content, ConversationId, Entry, Head, LogId, MemberCursors, MessageBody, MessageId, Now, Seq,
    Timestamp, UserId, UserName,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::support::{DEADLINE, TestServer, config, within};

const SIZE: Size = Size {
    width: 80,
    height: 24,
};

/// A screen that is written to, and tells after every frame.
#[derive(Clone)]
struct Screen {
    parser: Arc<Mutex<vt100::Parser>>,
    bytes: Arc<Mutex<Vec<u8>>>,
    frames: watch::Sender<u64>,
}

impl Write for Screen {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.parser.lock().unwrap().process(bytes);
        self.bytes.lock().unwrap().extend_from_slice(bytes);
        self.frames.send_modify(|frames| *frames += 1);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Inputs that a test gives.
#[derive(Clone, Default)]
struct Queue(Arc<Mutex<Queued>>);

#[derive(Default)]
struct Queued {
    inputs: VecDeque<Input>,
    waker: Option<Waker>,
    is_closed: bool,
}

impl Queue {
    fn change(&self, change: impl FnOnce(&mut Queued)) {
        let mut queued = self.0.lock().unwrap();
        change(&mut queued);
        if let Some(waker) = queued.waker.take() {
            waker.wake();
        }
    }
}

impl Stream for Queue {
    type Item = io::Result<Input>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut queued = self.0.lock().unwrap();
        if let Some(input) = queued.inputs.pop_front() {
            return Poll::Ready(Some(Ok(input)));
        }
        if queued.is_closed {
            return Poll::Ready(None);
        }
        queued.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

/// What the driver did with the terminal.
struct TestHost {
    log: mpsc::UnboundedSender<&'static str>,
}

impl TestHost {
    fn note(&self, what: &'static str) {
        // The test may have ended.
        let _ = self.log.send(what);
    }
}

impl Host for TestHost {
    fn suspend(&mut self) -> io::Result<bool> {
        self.note("suspend");
        Ok(true)
    }

    fn lend(&mut self) -> io::Result<()> {
        self.note("lend");
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        self.note("resume");
        Ok(())
    }

    fn leave(&mut self) {
        self.note("leave");
    }

    fn is_ours(&self) -> bool {
        true
    }
}

struct TestClient {
    screen: Screen,
    inputs: Queue,
    host: mpsc::UnboundedReceiver<&'static str>,
    run: JoinHandle<Result<usize, DriverError>>,
}

impl TestClient {
    fn start(folder: &Path, net: NetConfig) -> Self {
        Self::start_with(folder, net, None)
    }

    /// Starts a client that hears of these events instead of those of its network task.
    fn start_with(folder: &Path, net: NetConfig, events: Option<mpsc::Receiver<NetEvent>>) -> Self {
        let (frames, _) = watch::channel(0);
        let screen = Screen {
            parser: Arc::new(Mutex::new(vt100::Parser::new(
                SIZE.height.try_into().unwrap(),
                SIZE.width.try_into().unwrap(),
                0,
            ))),
            bytes: Arc::default(),
            frames,
        };
        let opened = store::open(&folder.join("client.db")).unwrap();
        let settings = Settings {
            name: net.name.clone().unwrap_or_default(),
            keymap: Keymap::default(),
            seed: 1,
            bell: false,
            store_limit: u64::MAX,
            list: recado::app::settings::ListSize::default(),
            is_in_tmux: false,
            time_zone: TimeZone::UTC,
            device: recado_shared::DeviceKey([1; 32]),
            notice: None,
            invite_link: None,
        };
        let now = Now {
            instant: std::time::Instant::now(),
            wall: Timestamp(1_795_000_000_000),
        };
        let client = Client {
            app: App::new(opened.snapshot, settings, now),
            view: ViewState::new(
                TimeZone::UTC,
                BuiltIn::Dark.theme(&TerminalColours::default()),
                now.wall,
            ),
            themes: driver::Themes::default(),
            calibration: driver::Calibration::default(),
            store: opened.handle,
            store_events: opened.events,
            invite_maker: InviteMaker::new(|_| Err("no invites here".to_owned())),
            editor: Editor::new("true", folder.join("editor")),
            ends_if_denied: false,
        };
        let inputs = Queue::default();
        let (log, host) = mpsc::unbounded_channel();
        let terminal_io = TerminalIo {
            writer: screen.clone(),
            inputs: inputs.clone(),
            size: SIZE,
            host: TestHost { log },
            multiplexer: Multiplexer::None,
        };
        let drawn = screen.clone();
        let connect = move |known| {
            let first = drawn.parser.lock().unwrap().screen().contents();
            assert!(first.contains("connecting"), "drawn before: {first:?}");
            let (handle, received) = net::spawn(NetConfig { known, ..net })?;
            Ok((handle, events.unwrap_or(received)))
        };
        Self {
            screen,
            inputs,
            host,
            run: tokio::spawn(driver::run(terminal_io, client, connect)),
        }
    }

    fn input(&self, input: Input) {
        self.inputs.change(|queued| queued.inputs.push_back(input));
    }

    fn key(&self, code: KeyCode, modifiers: KeyModifiers) {
        let key = KeyEvent::new(code, modifiers);
        self.input(Input::Terminal(TerminalEvent::Key(key)));
    }

    fn type_line(&self, text: &str) {
        for c in text.chars() {
            self.key(KeyCode::Char(c), KeyModifiers::NONE);
        }
        self.key(KeyCode::Enter, KeyModifiers::NONE);
    }

    fn text(&self) -> String {
        self.screen.parser.lock().unwrap().screen().contents()
    }

    /// Waits until the screen shows what is wanted.
    async fn sees(&self, wanted: impl Fn(&str) -> bool) {
        let mut frames = self.screen.frames.subscribe();
        let seen = async {
            while !wanted(&self.text()) {
                frames.changed().await.unwrap();
            }
        };
        let seen = tokio::time::timeout(DEADLINE, seen).await;
        assert!(seen.is_ok(), "not seen in:\n{}", self.text());
    }

    async fn quit(mut self) -> Vec<&'static str> {
        self.key(KeyCode::Char('q'), KeyModifiers::CONTROL);
        within(self.run).await.unwrap().unwrap();
        let mut log = Vec::new();
        while let Some(entry) = self.host.recv().await {
            log.push(entry);
        }
        log
    }
}

/// Opens the conversation with the only other person.
async fn open(client: &TestClient, name: &str) {
    client.key(KeyCode::Char('k'), KeyModifiers::CONTROL);
    client.sees(|text| text.contains("Go to… ─")).await;
    client.type_line(name);
    let title = format!("to {name}");
    client.sees(|text| text.contains(&title)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn suspending_draws_nothing_until_resumed_at_another_size() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let mut client = TestClient::start(folder.path(), config(&server.ticket, "alice"));
    client.sees(|text| text.contains("● connected")).await;
    client.key(KeyCode::Char('z'), KeyModifiers::CONTROL);
    assert_eq!(within(client.host.recv()).await, Some("suspend"));
    let before = client.screen.bytes.lock().unwrap().len();
    client.key(KeyCode::F(1), KeyModifiers::NONE);
    client.key(KeyCode::F(1), KeyModifiers::NONE);
    client
        .screen
        .parser
        .lock()
        .unwrap()
        .screen_mut()
        .set_size(12.try_into().unwrap(), 40.try_into().unwrap());
    client.input(Input::Resumed(Size::new(40, 12)));
    assert_eq!(within(client.host.recv()).await, Some("resume"));
    client
        .sees(|text| text.lines().next().is_some_and(|top| top.ends_with('┐')))
        .await;
    let bytes = client.screen.bytes.lock().unwrap()[before..].to_vec();
    assert!(
        bytes.starts_with(b"\x1b[?2026h"),
        "the first thing after it is a whole frame"
    );
    assert!(bytes.windows(4).any(|four| four == b"\x1b[2J"));
    assert_eq!(client.quit().await, ["leave"]);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_that_hangs_up_ends_the_client_and_keeps_the_draft() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let bob = server.join("bob").await;
    let net = config(&server.ticket, "alice");
    let client = TestClient::start(folder.path(), net.clone());
    client.sees(|text| text.contains("bob")).await;
    open(&client, "bob").await;
    for c in "half a thou".chars() {
        client.key(KeyCode::Char(c), KeyModifiers::NONE);
    }
    client.sees(|text| text.contains("half a thou")).await;
    client.inputs.change(|queued| queued.is_closed = true);
    within(client.run).await.unwrap().unwrap();
    let again = TestClient::start(folder.path(), net);
    again.sees(|text| text.contains("half a thou")).await;
    again.input(Input::Terminate);
    within(again.run).await.unwrap().unwrap();
    drop(bob);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_answer_about_the_background_repaints_and_a_theme_is_chosen_by_command() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let bob = server.join("bob").await;
    let client = TestClient::start(folder.path(), config(&server.ticket, "alice"));
    client.sees(|text| text.contains("bob")).await;
    open(&client, "bob").await;
    // The corner of the frame is muted.
    let corner = || {
        let parser = client.screen.parser.lock().unwrap();
        let cell = parser.screen().cell(0, 0).unwrap();
        assert_eq!(cell.contents(), "┌");
        cell.fgcolor()
    };
    assert_eq!(corner(), vt100::Color::Idx(248), "dark is what is taken");
    client.input(Input::Reply(Reply::Background([0xfd, 0xf6, 0xe3])));
    client.sees(|_| corner() == vt100::Color::Idx(240)).await;
    client.type_line("/theme none");
    client
        .sees(|text| text.contains("Theme none until you quit"))
        .await;
    client.sees(|_| corner() == vt100::Color::Default).await;
    client.type_line("/theme drak");
    client.sees(|text| text.contains("did you mean dark")).await;
    assert_eq!(client.quit().await, ["leave"]);
    drop(bob);
    server.stop().await;
}

/// What a client stores that was left with messages of bob's, all of them held, the last ones unread.
fn save_log(path: &Path, newest: u64, unread: u64) {
    let (alice, bob) = (UserId(1), UserId(2));
    let talk = ConversationId::direct(alice, bob);
    let time = Timestamp(1_795_000_000_000);
    let entry = |seq: u64| Entry {
        seq: Seq(seq),
        author: bob,
        id: MessageId(u128::from(seq).to_be_bytes()),
        time,
        content: Content::Message(MessageBody::new(format!("message {seq}")).unwrap()),
    };
    let head = Head {
        conversation: talk,
        newest: Seq(newest),
        newest_time: time,
        unread,
        cursors: vec![MemberCursors {
            user: alice,
            delivered: Seq(newest),
            read: Seq(newest - unread),
        }],
        first: Seq(1),
        room: None,
        is_request: false,
    };
    let store = store::open(path).unwrap().handle;
    for save in [
        StoreWrite::Me(StoredMe {
            user: alice,
            name: UserName::new("alice").unwrap(),
            log: LogId([1; 16]),
        }),
        StoreWrite::Heads {
            heads: vec![head],
            complete: None,
        },
        StoreWrite::Entries {
            conversation: talk,
            entries: (1..=newest).map(entry).collect(),
            held: vec![HeldRange {
                first: Seq(1),
                last: Seq(newest),
            }],
            settled: Vec::new(),
        },
        StoreWrite::Open(talk),
    ] {
        store.save(save);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_opens_at_the_first_unread_message_and_passes_none_over() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let net = config(&server.ticket, "alice");
    // What is unread is here already: nothing comes from a server.
    server.stop().await;
    let path = folder.path().join("client.db");
    save_log(&path, 60, 60);
    let client = TestClient::start(folder.path(), net);
    client.sees(|text| text.contains("── 60 new ──")).await;
    client.sees(|text| text.contains("offline")).await;
    assert!(client.text().contains("message 1 "), "{}", client.text());
    client.quit().await;
    let unread = store::open(&path).unwrap().snapshot.conversations[0]
        .head
        .unread;
    assert!((30..60).contains(&unread), "{unread} are unread");
}

/// Most frames from the key of a jump until it is over: those of the key, of the page that was read,
/// and of the report of what is in sight.
const JUMP_FRAMES: u64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn jumps_in_a_long_conversation_arrive_by_one_page() {
    let folder = tempfile::tempdir().unwrap();
    let server = TestServer::start(folder.path()).await;
    let net = config(&server.ticket, "alice");
    server.stop().await;
    save_log(&folder.path().join("client.db"), 12_000, 0);
    let client = TestClient::start(folder.path(), net);
    client.sees(|text| text.contains("message 12000 ")).await;
    client.sees(|text| text.contains("offline")).await;
    let search = |number: &str| {
        client.key(KeyCode::Char('f'), KeyModifiers::CONTROL);
        client.type_line(number);
    };
    for number in ["17", "11000", "2", "6000"] {
        search(number);
        let hit = format!("message {number} ");
        client
            .sees(|text| text.contains(&hit) && !text.contains("Search in"))
            .await;
        let frames = *client.screen.frames.borrow();
        client.key(KeyCode::End, KeyModifiers::CONTROL);
        client.sees(|text| text.contains("message 12000 ")).await;
        let frames = *client.screen.frames.borrow() - frames;
        assert!(frames <= JUMP_FRAMES, "{frames} frames");
    }
    // Keys that follow before the page is read come after the jump.
    search("17");
    client
        .sees(|text| text.contains("message 17 ") && !text.contains("Search in"))
        .await;
    client.key(KeyCode::End, KeyModifiers::CONTROL);
    client.key(KeyCode::PageUp, KeyModifiers::NONE);
    client
        .sees(|text| text.contains("message 11980 ") && !text.contains("message 12000 "))
        .await;
    client.quit().await;
}
