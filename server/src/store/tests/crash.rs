//! Tests of the data after a killed server.

use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use recado_shared::{Entry, PageRange};
use rusqlite::TransactionBehavior;

use super::*;
use crate::store::folder::wal_checkpoint;
use crate::store::writer::Batch;
use crate::store::writer::row_cache::{MAX_CACHED_ROWS, RowCache};

const FOLDER: &str = "RECADO_TEST_STORE_OF_THE_VICTIM";
const ALICE: UserId = UserId(1);
const BOB: UserId = UserId(2);

/// Not a test by itself, but the program that the next test kills: a store that appends without
/// end, and prints each place that it was told is safe.
#[test]
fn victim() {
    let Some(dir) = std::env::var_os(FOLDER) else {
        return;
    };
    let config = StoreConfig {
        checkpoints: CheckpointThresholds {
            idle_pages: 8,
            busy_pages: 64,
            restart_pages: 256,
        },
        ..StoreConfig::default()
    };
    let (mut handle, mut events) = open(Path::new(&dir), config).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut next = 1;
    for _ in 0..64 {
        handle.write(message(ALICE, BOB, next, "safe?")).unwrap();
        next += 1;
    }
    handle.flush();
    while let Some(StoreEvent::Written(written)) = runtime.block_on(events.recv()) {
        for written in written {
            let WriteResult::Append { result, .. } = written else {
                panic!("{written:?}");
            };
            let Entry { seq, id, .. } = result.unwrap().entry;
            println!("\nsafe {} {seq}", u128::from_be_bytes(id.0));
            handle.write(message(ALICE, BOB, next, "safe?")).unwrap();
            next += 1;
        }
        handle.flush();
    }
}

fn start_victim(dir: &Path) -> (Child, impl Iterator<Item = (u64, u64)>) {
    let mut victim = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store::tests::crash::victim", "--nocapture"])
        .env(FOLDER, dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let stdout = victim.stdout.take().unwrap();
    (victim, acknowledged(stdout))
}

/// Reads (id, place) pairs; the last line may be cut.
fn acknowledged(stdout: ChildStdout) -> impl Iterator<Item = (u64, u64)> {
    let mut reader = BufReader::new(stdout);
    std::iter::from_fn(move || {
        let mut line = String::new();
        (reader.read_line(&mut line).unwrap() > 0).then_some(line)
    })
    .filter_map(|line| {
        let (id, seq) = line
            .strip_prefix("safe ")?
            .strip_suffix('\n')?
            .split_once(' ')?;
        Some((id.parse().unwrap(), seq.parse().unwrap()))
    })
}

/// All entries of the conversation, checked to be dense.
fn whole_log(desk: &mut Desk) -> Vec<Entry> {
    let mut all: Vec<Entry> = Vec::new();
    loop {
        let query = Query::Page {
            conversation: ConversationId::direct(ALICE, BOB),
            range: PageRange::After(all.last().map_or(Seq::ZERO, |entry| entry.seq)),
            limit: 200,
        };
        let Answer::Page { entries, newest } = desk.query(ALICE, query) else {
            panic!("a page is answered by a page");
        };
        if entries.is_empty() {
            assert_eq!(newest.0, u64::try_from(all.len()).unwrap());
            return all;
        }
        for entry in entries {
            assert_eq!(entry.seq, all.last().map_or(Seq(1), |last| last.seq.next()));
            all.push(entry);
        }
    }
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let mut desk = two_people();
    for round in 1..=5 {
        let Desk {
            writer,
            reader,
            folder,
            dir,
            ..
        } = desk;
        drop((writer, reader, folder));
        let (mut victim, mut acknowledged) = start_victim(dir.path());
        let mut safe: Vec<_> = acknowledged.by_ref().take(100 * round).collect();
        assert_eq!(safe.len(), 100 * round, "the victim ended by itself");
        victim.kill().unwrap();
        victim.wait().unwrap();
        safe.extend(acknowledged);

        desk = Desk::open(dir);
        let log = whole_log(&mut desk);
        for (id, seq) in safe {
            let entry = &log[usize::try_from(seq).unwrap() - 1];
            assert_eq!((entry.id, entry.author), (message_id(id), ALICE));
        }
    }
}

fn two_people() -> Desk {
    let mut desk = Desk::new();
    assert_eq!((desk.register("alice"), desk.register("bob")), (ALICE, BOB));
    desk
}

/// Copies a folder as it lies on the disk at this moment, in the middle of whatever goes on.
fn copy_of(dir: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in ["recado.db", "recado.db-wal"] {
        fs::copy(dir.join(file), copy.path().join(file)).unwrap();
    }
    copy
}

#[test]
fn half_a_transaction_is_never_seen() {
    let mut desk = two_people();
    desk.say(ALICE, BOB, 1, "before");
    let mut db = desk.folder.open_writer().unwrap();
    // With hardly any cache the pages reach the disk before the commit does.
    db.pragma_update(None, "cache_size", 1).unwrap();
    let wal_len = |dir: &Path| dir.join("recado.db-wal").metadata().unwrap().len();
    let len_before = wal_len(desk.dir());
    let tx = db
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    let content = text(&"x".repeat(500));
    let mut rows = RowCache::with_capacity(MAX_CACHED_ROWS);
    let mut batch = Batch::begin(&tx, &mut rows, recado_shared::Stamp(1)).unwrap();
    for id in 2..200 {
        let new = NewEntry {
            author: ALICE,
            by: device_of(ALICE),
            conversation: ConversationId::direct(ALICE, BOB),
            id: message_id(id),
            content: content.clone(),
            time: Timestamp(id),
        };
        assert!(batch.append(&new).unwrap().is_new);
    }
    drop(batch);
    assert!(wal_len(desk.dir()) > len_before + 50_000);
    let mut crashed = Desk::open(copy_of(desk.dir()));
    assert_eq!(whole_log(&mut crashed).len(), 1);
    assert_eq!(crashed.say(BOB, ALICE, 1, "after").entry.seq, Seq(2));
    drop(tx);
    assert_eq!(desk.say(BOB, ALICE, 1, "after").entry.seq, Seq(2));
}

#[test]
fn commits_of_a_killed_server_are_synced_before_they_are_answered() {
    let mut desk = two_people();
    desk.say(ALICE, BOB, 1, "written, perhaps not synced");
    let mut crashed = Desk::open(copy_of(desk.dir()));
    // Nothing is left to move into the database, and SQLite syncs what it moves.
    assert_eq!(wal_checkpoint(&crashed.reader, "NOOP").unwrap(), 0);
    assert!(
        !crashed
            .say(ALICE, BOB, 1, "written, perhaps not synced")
            .is_new
    );
}

#[test]
fn a_write_ahead_log_cut_anywhere_gives_a_beginning_of_the_log() {
    let mut desk = two_people();
    // The people go into the database file, the messages stay in the write-ahead log.
    desk = desk.reopen();
    for id in 1..=12 {
        desk.say(ALICE, BOB, id, "one commit each");
    }
    let full = desk.dir().join("recado.db-wal").metadata().unwrap().len();
    let mut seen = Vec::new();
    for step in 0..=40 {
        let copy = copy_of(desk.dir());
        OpenOptions::new()
            .write(true)
            .open(copy.path().join("recado.db-wal"))
            .unwrap()
            .set_len(full * step / 40)
            .unwrap();
        seen.push(whole_log(&mut Desk::open(copy)).len());
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!((seen[0], seen[40]), (0, 12));
}
