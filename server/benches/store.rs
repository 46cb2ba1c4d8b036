//! Cost of an entry in the store, at each power of ten of stored entries. The bench fills a real folder
//! by commits of the store.
//!
//! `cargo bench -p recado-server --bench store [-- LARGEST]`; 10,000,000 entries by default, which
//! take 4 GB and a few minutes. Prints a line of JSON for each size, then a table. Times of
//! single commits mean something only beside those of a bare sync on the same disk.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement that cannot go on stops, and prints what it found"
)]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use recado_server::id::SessionId;
use recado_server::store::{
    Admission, Engine, Login, NewEntry, Origin, Query, Read, ReadResult, Write, WriteResult,
};
use recado_shared::{
    Answer, Content, ConversationId, CursorUpdate, DeviceKey, MessageBody, MessageId, PageRange,
    RequestNumber, Seq, Timestamp, UserId, UserName,
};

/// Direct conversations of one user, each with another peer.
const CONVERSATIONS: u64 = 1_000;

/// Conversations in which people write at the same time.
const BUSY: u64 = 50;

/// Entries of one commit while the folder is filled.
const BATCH: u64 = 4_096;

/// Bytes of a message.
const BODY_LEN: usize = 200;

/// Entries asked for at a time, as clients do.
const PAGE: u16 = 100;

const DEFAULT_LARGEST: u64 = 10_000_000;

const ORIGIN: Origin = Origin {
    session: SessionId(1),
    number: RequestNumber(1),
};

/// The user with many conversations.
const HUB: UserId = UserId(1);

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    // What `cargo bench` says, and `cargo test --all-targets` does not.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return;
    }
    let largest = arguments
        .iter()
        .find_map(|argument| argument.parse().ok())
        .unwrap_or(DEFAULT_LARGEST);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let mut bench = Bench::new(folder.path());
    let mut results = Vec::new();
    let mut size = 1_000;
    while size <= largest {
        bench.fill(size);
        results.push(bench.measure(folder.path()));
        size *= 10;
    }
    table(&results);
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
}

struct Bench {
    engine: Engine,
    numbers: Numbers,
    entries: u64,
    body: MessageBody,
}

/// What was measured at a size. Times are in microseconds, of the thread that does the work where
/// they are named `cpu`.
struct Measured {
    entries: u64,
    file_mb: u64,
    values: Vec<(&'static str, f64)>,
}

impl Bench {
    fn new(dir: &Path) -> Self {
        let mut engine = Engine::open(dir).unwrap();
        let people: Vec<_> = (0..=CONVERSATIONS).map(login).collect();
        for written in engine.commit(&people).unwrap() {
            assert!(matches!(written, WriteResult::Login { result: Ok(_), .. }));
        }
        Self {
            engine,
            numbers: Numbers(0x9e37_79b9_7f4a_7c15),
            entries: 0,
            body: MessageBody::new("recado ".repeat(BODY_LEN / 7)).unwrap(),
        }
    }

    /// A message in one of the conversations from `first` on.
    fn message(&mut self, first: u64) -> Write {
        let peer = first + self.numbers.below(BUSY);
        self.message_to(peer % CONVERSATIONS)
    }

    /// A message. Its id is as clients draw them: in the order of time, as far as their clocks
    /// agree.
    fn message_to(&mut self, peer: u64) -> Write {
        let peer = UserId(2 + peer);
        let is_from_hub = self.numbers.below(2) == 0;
        self.entries += 1;
        let time = 1_700_000_000_000 + self.entries / 16;
        let id = (u128::from(time + self.numbers.below(8)) << 80)
            | (u128::from(self.numbers.next()) << 8);
        let author = if is_from_hub { HUB } else { peer };
        Write::Append {
            origin: ORIGIN,
            new: NewEntry {
                author,
                by: device(author),
                conversation: ConversationId::direct(HUB, peer),
                id: MessageId(id.to_be_bytes()),
                content: Content::Message(self.body.clone()),
                time: Timestamp(time),
            },
        }
    }

    fn batch(&mut self, len: u64) -> Vec<Write> {
        let first = self.numbers.below(CONVERSATIONS);
        (0..len).map(|_| self.message(first)).collect()
    }

    fn commit(&mut self, batch: &[Write]) {
        let written = self.engine.commit(batch).unwrap();
        let is_new = |written: &WriteResult| matches!(written, WriteResult::Append { result: Ok(appended), .. } if appended.is_new);
        assert!(written.iter().all(is_new));
        self.engine.tidy(false).unwrap();
    }

    fn fill(&mut self, entries: u64) {
        // Each conversation has an entry, so that all sizes have the same ones.
        if self.entries == 0 {
            let batch: Vec<_> = (0..CONVERSATIONS)
                .map(|peer| self.message_to(peer))
                .collect();
            self.commit(&batch);
        }
        while self.entries < entries {
            let batch = self.batch(BATCH.min(entries - self.entries));
            self.commit(&batch);
        }
    }

    fn measure(&mut self, dir: &Path) -> Measured {
        let mut values = Vec::new();
        let entries = self.entries;
        for (count, len, cpu, wall) in [
            (300, 1, "insert_1_cpu", "insert_1_wall"),
            (200, 64, "insert_64_cpu", "insert_64_wall"),
            (20, 512, "insert_512_cpu", "insert_512_wall"),
        ] {
            let first = self.numbers.below(CONVERSATIONS);
            let batches: Vec<Vec<_>> = (0..count)
                .map(|_| (0..len).map(|_| self.message(first)).collect())
                .collect();
            let (began, before) = (Instant::now(), cpu_time());
            for batch in &batches {
                self.commit(batch);
            }
            let each = f64::from(count * len);
            values.push((cpu, micros(cpu_time().saturating_sub(before)) / each));
            values.push((wall, micros(began.elapsed()) / each));
        }
        values.push(("advance_cpu", self.advance()));
        let began = Instant::now();
        let parked = tempfile::tempdir().unwrap();
        // A folder has one engine at a time.
        self.engine = Engine::open(parked.path()).unwrap();
        let closing = began.elapsed();
        let began = Instant::now();
        self.engine = Engine::open(dir).unwrap();
        let memberships = self.engine.memberships().unwrap();
        assert!(memberships.rooms.is_empty());
        values.push(("open", micros(began.elapsed())));
        values.push(("close", micros(closing)));
        values.push(("page_newest", self.pages(|newest, _| newest + 1)));
        values.push(("page_middle", self.pages(|newest, _| newest / 2 + 1)));
        values.push((
            "page_anywhere",
            self.pages(|newest, numbers| 1 + numbers.below(newest + 1)),
        ));
        values.push(("heads", self.heads()));
        values.push(("bare_sync", bare_sync(dir)));
        let file_mb = std::fs::metadata(dir.join("recado.db")).unwrap().len() / 1_000_000;
        let measured = Measured {
            entries,
            file_mb,
            values,
        };
        println!("{}", measured.json());
        measured
    }

    /// Cursors that move by one each, ten for each of the busy conversations in a batch.
    fn advance(&mut self) -> f64 {
        let mut spent = Duration::ZERO;
        let mut count = 0_u32;
        for _ in 0..8 {
            let first = self.numbers.below(CONVERSATIONS);
            let batch: Vec<_> = (0..1_000).map(|_| self.message(first)).collect();
            self.commit(&batch);
            let peers = (first..first + BUSY).map(|peer| UserId(2 + peer % CONVERSATIONS));
            let (mut reach, mut moves) = (Vec::new(), Vec::new());
            for user in peers {
                let (_, newest) = self.page(user, Seq(u64::MAX), 1);
                let seqs = newest.0.saturating_sub(10)..newest.0;
                reach.push(advance(user, Seq(seqs.start)));
                moves.extend(seqs.map(|seq| advance(user, Seq(seq + 1))));
            }
            // A cursor that passes many entries counts the member's own among them, each once.
            self.engine.commit(&reach).unwrap();
            let before = cpu_time();
            let written = self.engine.commit(&moves).unwrap();
            spent += cpu_time().saturating_sub(before);
            let is_moved = |written: &&WriteResult| {
                matches!(written, WriteResult::Advance { moved: Some(_), .. })
            };
            count += u32::try_from(written.iter().filter(is_moved).count()).unwrap();
            self.engine.tidy(false).unwrap();
        }
        micros(spent) / f64::from(count)
    }

    /// The median time of pages of random conversations that end before the place that is chosen.
    fn pages(&mut self, before: impl Fn(u64, &mut Numbers) -> u64) -> f64 {
        let mut times = Vec::new();
        for _ in 0..301 {
            let peer = UserId(2 + self.numbers.below(CONVERSATIONS));
            let (_, newest) = self.page(peer, Seq(u64::MAX), 1);
            let before = Seq(before(newest.0, &mut self.numbers));
            let began = Instant::now();
            let _ = self.page(peer, before, PAGE);
            times.push(began.elapsed());
        }
        times.sort();
        micros(times[times.len() / 2])
    }

    fn page(&mut self, peer: UserId, before: Seq, limit: u16) -> (usize, Seq) {
        let question = Read::Query {
            origin: ORIGIN,
            user: HUB,
            query: Query::Page {
                conversation: ConversationId::direct(HUB, peer),
                range: PageRange::Before(before),
                limit,
            },
        };
        match self.engine.answer(question).unwrap() {
            ReadResult::Answer {
                result: Ok(Answer::Page { entries, newest }),
                ..
            } => (entries.len(), newest),
            other => panic!("{other:?}"),
        }
    }

    /// The median time of all heads of the user with many conversations.
    fn heads(&mut self) -> f64 {
        let mut times = Vec::new();
        for _ in 0..11 {
            let began = Instant::now();
            let (session, user) = (SessionId(1), HUB);
            let mut question = Read::Heads {
                session,
                user,
                since: None,
            };
            let mut count = 0;
            loop {
                let answer = self.engine.answer(question).unwrap();
                let ReadResult::Heads { heads, rest, .. } = answer else {
                    panic!("heads are answered by heads");
                };
                count += heads.len() as u64;
                if rest.is_empty() {
                    break;
                }
                question = Read::MoreHeads {
                    session,
                    user,
                    rest,
                };
            }
            times.push(began.elapsed());
            assert_eq!(count, CONVERSATIONS);
        }
        times.sort();
        micros(times[times.len() / 2])
    }
}

impl Measured {
    fn json(&self) -> String {
        let mut line = format!(
            "{{\"entries\":{},\"file_mb\":{}",
            self.entries, self.file_mb
        );
        for (name, value) in &self.values {
            write!(line, ",\"{name}\":{value:.2}").unwrap();
        }
        line.push('}');
        line
    }
}

/// A read cursor of a peer in the conversation with the hub.
fn advance(user: UserId, seq: Seq) -> Write {
    let advance = CursorUpdate {
        conversation: ConversationId::direct(HUB, user),
        delivered: seq,
        read: seq,
    };
    Write::Advance { user, advance }
}

/// The device of a user.
fn device(user: UserId) -> DeviceKey {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&user.0.to_be_bytes());
    DeviceKey(key)
}

fn login(number: u64) -> Write {
    Write::Login(Login {
        session: SessionId(1),
        key: device(UserId(number + 1)),
        device_name: None,
        name: Some(UserName::new(&format!("user{number}")).unwrap()),
        token: None,
        admission: Admission::Granted,
        max_users: u64::MAX,
        time: Timestamp(1),
    })
}

/// The median time in which a write of a few pages over others reaches the disk.
fn bare_sync(dir: &Path) -> f64 {
    let mut file = File::create(dir.join("bare")).unwrap();
    let pages = vec![7; 6 * 4_096];
    let mut times = Vec::new();
    for _ in 0..101 {
        file.rewind().unwrap();
        file.write_all(&pages).unwrap();
        let began = Instant::now();
        file.sync_data().unwrap();
        times.push(began.elapsed());
    }
    times.sort();
    micros(times[times.len() / 2])
}

/// What this thread has run for, where the system says so.
fn cpu_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text
        .split_whitespace()
        .next()
        .and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or(0))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn table(results: &[Measured]) {
    let row = |name: &str, values: &mut dyn Iterator<Item = String>| {
        let mut line = format!("{name:<16}");
        for value in values {
            write!(line, "{value:>12}").unwrap();
        }
        println!("{line}");
    };
    row(
        "entries",
        &mut results.iter().map(|m| m.entries.to_string()),
    );
    row(
        "file, MB",
        &mut results.iter().map(|m| m.file_mb.to_string()),
    );
    let Some(first) = results.first() else { return };
    for (index, (name, _)) in first.values.iter().enumerate() {
        let values = results.iter().map(|m| format!("{:.2}", m.values[index].1));
        row(&format!("{name}, us"), &mut values.into_iter());
    }
}
