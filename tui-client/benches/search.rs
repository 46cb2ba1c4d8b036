//! Latency of searches in a million messages, in a real store in a file, through the client's own
//! handle. The database is created once and kept; queries run one after the other. A database of an older
//! schema in its place is rebuilt first, and the time of that is printed.
//!
//! `cargo bench -p recado --bench search`

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on stops, and prints what it found"
)]

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use recado::store::{self, HeldRange, Opened, SearchQuery, SearchResult, StoreEvent, StoreWrite};
use recado_shared::{
    Content, ConversationId, Entry, MessageBody, MessageId, RoomId, Seq, Timestamp, UserId,
};

/// Messages of the database, in this many conversations of as many people.
const MESSAGES: u64 = 1_000_000;
const CONVERSATIONS: u64 = 200;
const PEOPLE: u64 = 300;

/// Messages of one conversation that come together, as pages do.
const PAGE: u64 = 500;

/// The first message, and the time between two.
const START: u64 = 1_700_000_000_000;
const STEP: u64 = 60_000;

/// Different words. A few of them make most of the text, as in any language.
const WORDS: u64 = 20_000;

/// Runs of each query; the median counts.
const RUNS: usize = 21;

/// Hits that the client asks for.
const LIMIT: u16 = 100;

/// The upper bound for every query.
const TARGET: Duration = Duration::from_millis(50);

fn main() {
    // `cargo bench` passes it, `cargo test --all-targets` does not.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let path = database();
    let mut opened = store::open(&path).unwrap();
    wait_for_rebuild(&mut opened);
    println!(
        "{MESSAGES} messages, {RUNS} answers each, the one in the middle (target: {TARGET:?})"
    );
    for (what, query) in questions().into_iter().chain(phrases()) {
        let (median, found) = measure(&mut opened, &query);
        let verdict = if median <= TARGET { "" } else { "  TOO SLOW" };
        println!(
            "{what:<34} {:>9.2} ms  {found}{verdict}",
            median.as_secs_f64() * 1000.0
        );
    }
}

/// Waits until the index is complete.
fn wait_for_rebuild(opened: &mut Opened) {
    let began = Instant::now();
    let mut answers = Vec::new();
    let query = SearchQuery {
        words: vec!["zanzibar".to_owned()],
        limit: LIMIT,
        ..SearchQuery::default()
    };
    loop {
        let asked = Instant::now();
        if ask(opened, &query).missing_before.is_none() {
            break;
        }
        answers.push(asked.elapsed());
        std::thread::sleep(Duration::from_millis(20));
    }
    answers.sort();
    if let Some(slowest) = answers.last() {
        let elapsed = began.elapsed();
        println!(
            "rebuilt the index in {elapsed:.1?}; the slowest answer meanwhile took {slowest:.1?}"
        );
    }
}

fn ask(opened: &mut Opened, query: &SearchQuery) -> SearchResult {
    assert!(opened.handle.search(query.clone()));
    loop {
        match opened.events.blocking_recv() {
            Some(StoreEvent::Found(found)) => return found,
            Some(StoreEvent::Failed(why)) => panic!("{why}"),
            Some(_) => {}
            None => panic!("the question was not answered"),
        }
    }
}

/// A generator of numbers that are the same in every run (xorshift64*).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end
    }

    /// A word: the place of each in the list is about as often as its frequency says (Zipf).
    fn word(&mut self) -> u64 {
        let bits = 64 - WORDS.leading_zeros();
        let end = 1 << (1 + self.below(bits.into()));
        self.below(end).min(WORDS - 1)
    }
}

/// A text of a script without spaces: of a few letters that are in most texts, as in any language.
fn unspaced(numbers: &mut Numbers, first: char, letters: u64) -> String {
    let letter = |numbers: &mut Numbers| {
        let bits = 64 - letters.leading_zeros();
        let end = 1 << (1 + numbers.below(bits.into()));
        let number = u32::try_from(numbers.below(end).min(letters - 1)).unwrap();
        char::from_u32(u32::from(first) + number).unwrap()
    };
    (0..6 + numbers.below(24))
        .map(|_| letter(numbers))
        .collect()
}

fn text(numbers: &mut Numbers, number: u64) -> String {
    let is_rare = number % 200_000 == 77;
    match numbers.below(8) {
        0 if !is_rare => return unspaced(numbers, '一', 3_000),
        1 if !is_rare => return unspaced(numbers, 'ก', 46),
        _ => {}
    }
    let mut text = String::new();
    for _ in 0..4 + numbers.below(13) {
        let word = numbers.word();
        let _ = write!(
            text,
            "{}{word:x} ",
            ["wo", "ka", "li", "tu"][(word % 4) as usize]
        );
    }
    if is_rare {
        text.push_str("zanzibar");
    }
    text
}

/// Every fourth conversation is of two people.
fn conversation(index: u64) -> ConversationId {
    if index.is_multiple_of(4) {
        ConversationId::direct(UserId(1), UserId(2 + index))
    } else {
        ConversationId::Room(RoomId(index))
    }
}

fn entry(numbers: &mut Numbers, index: u64, seq: u64) -> Entry {
    let number = (seq - 1) * CONVERSATIONS + index;
    let author = match conversation(index) {
        ConversationId::Direct(_) if numbers.below(2) == 0 => 1,
        ConversationId::Direct(_) => 2 + index,
        ConversationId::Room(_) => 1 + numbers.below(PEOPLE),
    };
    Entry {
        seq: Seq(seq),
        author: UserId(author),
        id: MessageId(u128::from(number).to_be_bytes()),
        time: Timestamp(START + number * STEP),
        content: Content::Message(MessageBody::new(text(numbers, number)).unwrap()),
    }
}

/// The database, made where it is not there yet.
fn database() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("search-2");
    let (path, done) = (folder.join("store.db"), folder.join("done"));
    if done.exists() {
        return path;
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    let began = Instant::now();
    let opened = store::open(&path).unwrap();
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for page in 0..MESSAGES / CONVERSATIONS / PAGE {
        let first = 1 + page * PAGE;
        for index in 0..CONVERSATIONS {
            let entries = (first..first + PAGE).map(|seq| entry(&mut numbers, index, seq));
            opened.handle.save(StoreWrite::Entries {
                conversation: conversation(index),
                entries: entries.collect(),
                held: vec![HeldRange {
                    first: Seq(1),
                    last: Seq(first + PAGE - 1),
                }],
                settled: Vec::new(),
            });
        }
        // What waits is one transaction.
        opened.handle.flush();
    }
    drop(opened);
    std::fs::write(&done, "").unwrap();
    let size = std::fs::metadata(&path).unwrap().len() / 1_000_000;
    println!(
        "made {} of {size} MB in {:.0?}",
        path.display(),
        began.elapsed()
    );
    path
}

fn words(words: &[&str]) -> SearchQuery {
    SearchQuery {
        words: words.iter().map(ToString::to_string).collect(),
        limit: LIMIT,
        ..SearchQuery::default()
    }
}

/// Phrases, and parts of texts without spaces.
fn phrases() -> Vec<(&'static str, SearchQuery)> {
    vec![
        ("a phrase and one more letter", words(&["wo0 k"])),
        ("a common Chinese character", words(&["一"])),
        ("two common Chinese characters", words(&["一丂"])),
        ("a Chinese phrase", words(&["一丂七丄丅"])),
        ("a rare Chinese phrase", words(&["一齨一"])),
        ("three common Thai letters", words(&["กขฃ"])),
        ("a long Thai word", words(&["กขฃคฅฆงจ"])),
    ]
}

/// Questions that people ask, and those that are the hardest for the index.
fn questions() -> Vec<(&'static str, SearchQuery)> {
    let at = |share: u64| Some(Timestamp(START + MESSAGES / 100 * share * STEP));
    let room = Some(conversation(3));
    vec![
        ("a rare word", words(&["zanzibar"])),
        ("a word that is nowhere", words(&["nowhere"])),
        ("signs that are nowhere", words(&[":-)"])),
        ("a common word and such signs", words(&["wo0", "->"])),
        ("a common word", words(&["wo0"])),
        ("the beginning of many words", words(&["wo0", "tu1"])),
        ("two common words", words(&["wo0", "ka1"])),
        ("a common and a rare word", words(&["wo0", "zanzibar"])),
        ("two words that rarely meet", words(&["lie2a", "tu14b"])),
        (
            "a common word from a person",
            SearchQuery {
                from: Some(UserId(42)),
                ..words(&["wo0"])
            },
        ),
        (
            "a common word in a room",
            SearchQuery {
                conversation: room,
                ..words(&["wo0"])
            },
        ),
        (
            "a common word from and in",
            SearchQuery {
                from: Some(UserId(42)),
                conversation: room,
                ..words(&["wo0"])
            },
        ),
        (
            "all from and in",
            SearchQuery {
                from: Some(UserId(42)),
                conversation: room,
                ..words(&[])
            },
        ),
        (
            "a common word before and after",
            SearchQuery {
                after: at(20),
                before: at(25),
                ..words(&["wo0"])
            },
        ),
        (
            "a rare word long ago",
            SearchQuery {
                before: at(10),
                ..words(&["lie2a"])
            },
        ),
        (
            "all before",
            SearchQuery {
                before: at(50),
                ..words(&[])
            },
        ),
    ]
}

/// The median time of an answer, and what it was.
fn measure(opened: &mut Opened, query: &SearchQuery) -> (Duration, String) {
    let mut times = Vec::new();
    let mut what = String::new();
    for _ in 0..RUNS {
        let began = Instant::now();
        let found = ask(opened, query);
        times.push(began.elapsed());
        let more = if found.more { " and more" } else { "" };
        what = format!("{} hits{more}", found.hits.len());
    }
    times.sort();
    (times[RUNS / 2], what)
}
