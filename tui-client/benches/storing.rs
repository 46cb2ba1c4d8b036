//! CPU time of the store's thread per message, as a first sync stores them: pages of all
//! conversations in turn, newest first, through the client's own handle.
//!
//! `cargo bench -p recado --bench storing [-- MESSAGES]`; 1,000,000 messages by default.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on stops, and prints what it found"
)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use fastrand::Rng;
use recado::store::{self, HeldRange, StoreWrite, StoredMe};
use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{
    Content, ConversationId, Entry, LogId, MessageBody, MessageId, RoomId, Seq, Timestamp, UserId,
    UserName,
};

const CONVERSATIONS: u64 = 500;

const PAGE: u64 = MAX_PAGE_ENTRIES as u64;

/// Pages between two waits for the disk, as many as a client has under way.
const PAGES_TOGETHER: u64 = 20;

/// The upper bound of the CPU time per message.
const TARGET: Duration = Duration::from_micros(35);

fn main() {
    // `cargo bench` passes it, `cargo test --all-targets` does not.
    let arguments: Vec<_> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let number = arguments.iter().find_map(|argument| argument.parse().ok());
    let messages: u64 = number.unwrap_or(1_000_000);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let opened = store::open(&folder.path().join("store.db")).unwrap();
    opened.handle.save(StoreWrite::Me(StoredMe {
        user: UserId(1),
        name: UserName::new("me").unwrap(),
        log: LogId([7; 16]),
    }));
    let newest = messages / CONVERSATIONS;
    let mut random = Rng::with_seed(7);
    let began = Instant::now();
    let mut last = newest;
    let mut pages = 0;
    while last > 0 {
        let first = last.saturating_sub(PAGE) + 1;
        for index in 0..CONVERSATIONS {
            let entries = (first..=last).map(|seq| entry(&mut random, index, seq));
            opened.handle.save(StoreWrite::Entries {
                conversation: conversation(index),
                entries: entries.collect(),
                held: vec![HeldRange {
                    first: Seq(first),
                    last: Seq(newest),
                }],
                settled: Vec::new(),
            });
            pages += 1;
            if pages % PAGES_TOGETHER == 0 {
                opened.handle.flush();
            }
        }
        last = first - 1;
    }
    opened.handle.flush();
    let count = u32::try_from(newest * CONVERSATIONS).unwrap();
    let each = store_time() / count;
    let verdict = if each <= TARGET { "" } else { "  TOO SLOW" };
    println!("measured {each:.1?}, target {TARGET:?} of CPU time per message{verdict}");
    println!("{count} messages in {:.1?}", began.elapsed());
    let size = std::fs::metadata(folder.path().join("store.db"))
        .unwrap()
        .len();
    println!("{} MB", size / 1_000_000);
}

/// The CPU time of the store's thread so far.
fn store_time() -> Duration {
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let task = task.unwrap().path();
        let name = std::fs::read_to_string(task.join("comm")).unwrap();
        if name.trim() == "store" {
            let text = std::fs::read_to_string(task.join("schedstat")).unwrap();
            return Duration::from_nanos(text.split(' ').next().unwrap().parse().unwrap());
        }
    }
    panic!("the store has no thread");
}

/// A word: the place of each in the list is about as often as its frequency says (Zipf).
fn word(random: &mut Rng) -> u64 {
    let end = 1 << random.u64(1..=15);
    random.u64(..end).min(19_999)
}

fn text(random: &mut Rng) -> String {
    let mut text = String::new();
    for _ in 0..random.u64(4..17) {
        let word = word(random);
        let start = ["wo", "ka", "li", "tu"][(word % 4) as usize];
        let _ = write!(text, "{start}{word:x} ");
    }
    text
}

/// Every other conversation is of two people.
fn conversation(index: u64) -> ConversationId {
    if index.is_multiple_of(2) {
        ConversationId::direct(UserId(1), UserId(2 + index))
    } else {
        ConversationId::Room(RoomId(index))
    }
}

fn entry(random: &mut Rng, index: u64, seq: u64) -> Entry {
    let number = (seq - 1) * CONVERSATIONS + index;
    let author = match conversation(index) {
        ConversationId::Direct(_) if random.bool() => 1,
        ConversationId::Direct(_) => 2 + index,
        ConversationId::Room(_) => random.u64(1..=300),
    };
    Entry {
        seq: Seq(seq),
        author: UserId(author),
        id: MessageId(u128::from(number).to_be_bytes()),
        time: Timestamp(1_700_000_000_000 + number * 60_000),
        content: Content::Message(MessageBody::new(text(random)).unwrap()),
    }
}
