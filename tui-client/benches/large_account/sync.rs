//! First sync of the client with an empty store, and quitting in the middle of one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use recado::app::screen::Place;
use recado::store::{self, Snapshot};
use rusqlite::{Connection, OpenFlags};
use rustix::process::Signal;
use tokio::runtime::Runtime;

use crate::account::{Account, LARGE_ROOM};
use crate::terminal::Terminal;
use crate::{millis, percentile, say};

/// Time between two keys.
const KEY_INTERVAL: Duration = Duration::from_millis(100);

/// The upper bound for 99 of 100 keys.
const KEY_TARGET: Duration = Duration::from_millis(16);

/// A key that is not on the screen by then counts as unanswered.
const PATIENCE: Duration = Duration::from_secs(5);

/// A sync that takes longer is given up.
const SYNC_LIMIT: Duration = Duration::from_mins(10);

/// Stored messages after which the client is quit.
const QUIT_AFTER: u64 = 150_000;

const CTRL_K: &[u8] = b"\x0b";
const CTRL_U: &[u8] = b"\x15";
const CTRL_Q: &[u8] = b"\x11";
const BACKSPACE: &[u8] = b"\x7f";
const CTRL_END: &[u8] = b"\x1b[1;5F";
const PAGE_UP: &[u8] = b"\x1b[5~";

/// The text in the input box before the letter that is typed.
const DRAFT: &str = "half a thought ";

/// The beginning of a message that is sent right before quitting.
const LAST_MESSAGE: &str = "the last words before";

/// How many messages the client has on its disk, as another process sees it.
struct Disk(Connection);

impl Disk {
    fn open(path: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Self(Connection::open_with_flags(path, flags).unwrap())
    }

    fn messages(&self) -> u64 {
        let sql = "SELECT coalesce(max(position), 0) FROM entries";
        let count: i64 = self.0.query_row(sql, [], |row| row.get(0)).unwrap();
        count.cast_unsigned()
    }
}

/// Letters that replace each other at the end of the draft, and the time that each took to appear.
struct Typing {
    times: Vec<Duration>,
    unanswered: usize,
    last: Instant,
    letter: u8,
}

impl Typing {
    fn start(terminal: &mut Terminal) -> Self {
        terminal.send(DRAFT.as_bytes());
        terminal.send(b"z");
        terminal.wait(DRAFT);
        Self {
            times: Vec::new(),
            unanswered: 0,
            last: Instant::now(),
            letter: b'a',
        }
    }

    fn type_next(&mut self, terminal: &mut Terminal) {
        std::thread::sleep(KEY_INTERVAL.saturating_sub(self.last.elapsed()));
        self.last = Instant::now();
        let shown = format!("{DRAFT}{}", char::from(self.letter));
        terminal.send(&[BACKSPACE, &[self.letter]].concat());
        if terminal.reaches(PATIENCE, |screen| screen.contains(&shown)) {
            self.times.push(self.last.elapsed());
        } else {
            self.unanswered += 1;
        }
        self.letter = if self.letter == b'y' {
            b'a'
        } else {
            self.letter + 1
        };
    }
}

impl Typing {
    fn say(&mut self) {
        self.times.sort();
        let count = self.times.len();
        let p99 = percentile(&self.times, 99);
        let slowest = percentile(&self.times, 100);
        let times = [percentile(&self.times, 50), p99, slowest];
        let times = times.map(|time| format!("{:.1}", millis(time)));
        let what = format!("{count} keys during a first sync (p50 / p99 / max)");
        let measured = format!("{} ms", times.join(" / "));
        say(&what, "p99 16 ms", &measured, p99 <= KEY_TARGET);
    }
}

pub(crate) fn run(runtime: &Runtime, client: &PathBuf, account: &Account) {
    account.empty_store();
    let server = runtime.block_on(account.serve());
    let (mut terminal, disk, began) = start(client, account);
    let mut typing = Typing::start(&mut terminal);
    while disk.messages() < account.shape.messages && began.elapsed() < SYNC_LIMIT {
        typing.type_next(&mut terminal);
    }
    let (took, stored) = (began.elapsed(), disk.messages());
    typing.say();
    let unanswered = typing.unanswered;
    say(
        "keys that are not answered within 5 s",
        "0",
        &unanswered.to_string(),
        unanswered == 0,
    );
    for (what, field) in [("peak memory", "VmHWM"), ("memory at the end", "VmRSS")] {
        let memory = terminal.memory(field);
        say(what, "60 MB", &format!("{memory} MB"), memory <= 60);
    }
    let is_met = stored >= account.shape.messages && took <= Duration::from_mins(1);
    let seconds = format!("{:.0} s", took.as_secs_f64());
    say("time until all is on the disk", "60 s", &seconds, is_met);
    let each = terminal.thread_time("store") / u32::try_from(stored.max(1)).unwrap();
    let micros = format!("{:.1} µs", millis(each) * 1000.0);
    let what = "CPU time of the store's thread per message";
    say(what, "35 µs", &micros, each <= Duration::from_micros(35));
    drop(terminal);
    runtime.block_on(server.stop());
}

/// Quits in the middle of a first sync, by a key and by a signal.
pub(crate) fn run_quits(runtime: &Runtime, client: &PathBuf, account: &Account) {
    for (what, signal) in [("Ctrl+Q", None), ("SIGTERM", Some(Signal::TERM))] {
        account.empty_store();
        let server = runtime.block_on(account.serve());
        let (mut terminal, disk, _) = start(client, account);
        while disk.messages() < QUIT_AFTER {
            std::thread::sleep(KEY_INTERVAL);
        }
        drop(disk);
        // The server may have given back the draft of the case before.
        let (message, draft) = (format!("{LAST_MESSAGE} {what}"), format!("{DRAFT}{what}"));
        terminal.send(CTRL_U);
        terminal.send(message.as_bytes());
        terminal.wait(&message);
        terminal.send(b"\r");
        // A key that arrives with more text would be part of a paste.
        let is_sent = |screen: &str| {
            screen
                .lines()
                .rev()
                .take(3)
                .all(|line| !line.contains(&message))
        };
        assert!(terminal.reaches(PATIENCE, is_sent), "it is not sent");
        for _ in 0..3 {
            terminal.send(PAGE_UP);
        }
        terminal.send(draft.as_bytes());
        terminal.wait(&draft);
        let began = Instant::now();
        match signal {
            None => terminal.send(CTRL_Q),
            Some(signal) => terminal.signal(signal),
        }
        terminal.wait_end();
        let took = began.elapsed();
        let is_met = took <= Duration::from_millis(300);
        let name = format!("quit by {what} in the middle of a first sync");
        say(&name, "300 ms", &format!("{:.0} ms", millis(took)), is_met);
        drop(terminal);
        let snapshot = store::open(&account.store()).unwrap().snapshot;
        say_kept(&snapshot, &draft);
        // A message that was not sent yet is sent by the next start.
        let mut terminal = Terminal::start(client, account);
        terminal.wait("connected");
        terminal.wait(&draft);
        terminal.send(CTRL_END);
        terminal.wait(&message);
        drop(terminal);
        runtime.block_on(server.stop());
    }
}

fn say_kept(snapshot: &Snapshot, draft: &str) {
    let has_draft = snapshot.drafts.iter().any(|(_, text)| text == draft);
    let open = snapshot.open;
    let opened = snapshot
        .conversations
        .iter()
        .find(|stored| Some(stored.head.conversation) == open);
    let has_place = opened.is_some_and(|stored| stored.place != Place::Newest);
    let outbox = snapshot.outbox.len();
    let kept = format!("draft {has_draft}, place {has_place}, outbox {outbox}");
    say("  afterwards", "all", &kept, has_draft && has_place);
}

/// Starts the client and opens the largest room, as soon as it is in the list.
fn start(client: &PathBuf, account: &Account) -> (Terminal, Disk, Instant) {
    let began = Instant::now();
    let mut terminal = Terminal::start(client, account);
    terminal.wait("connected");
    terminal.send(CTRL_K);
    terminal.wait("Go to");
    terminal.send(LARGE_ROOM.as_bytes());
    terminal.wait(&format!("#{LARGE_ROOM}"));
    terminal.send(b"\r");
    terminal.wait(&format!("to #{LARGE_ROOM}"));
    (terminal, Disk::open(&account.store()), began)
}
