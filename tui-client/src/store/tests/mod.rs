mod closing;
mod erasure;
mod pages;
mod roll_back;
mod rooms;
mod searching;

use std::fs;
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use recado_shared::{
    Content, ConversationId, Entry, Head, LogId, MemberCursors, MessageBody, MessageId, PageRange,
    Seq, Stamp, SyncPoint, Timestamp, UserId, UserName,
};

use super::*;
use crate::model::{ItemId, Place};

const ME: UserId = UserId(1);
const BOB: UserId = UserId(2);
const TALK: ConversationId = ConversationId::direct(ME, BOB);

fn body(text: &str) -> MessageBody {
    MessageBody::new(text).unwrap()
}

fn id(number: u64) -> MessageId {
    let mut bytes = [0; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    MessageId(bytes)
}

fn pending(number: u64, text: &str) -> Pending {
    Pending {
        id: id(number),
        conversation: TALK,
        content: Content::Message(body(text)),
        typed: Timestamp(number),
        state: PendingState::Waiting,
    }
}

fn entry(seq: u64, author: UserId, number: u64) -> Entry {
    Entry {
        seq: Seq(seq),
        author,
        id: id(number),
        time: Timestamp(1000 + seq),
        content: Content::Message(body(&format!("entry {seq}"))),
    }
}

fn held(first: u64, last: u64) -> HeldRange {
    HeldRange {
        first: Seq(first),
        last: Seq(last),
    }
}

fn cursors(user: UserId, delivered: u64, read: u64) -> MemberCursors {
    MemberCursors {
        user,
        delivered: Seq(delivered),
        read: Seq(read),
    }
}

fn me(log: u8) -> StoredMe {
    StoredMe {
        user: ME,
        name: UserName::new("alice").unwrap(),
        log: LogId([log; 16]),
    }
}

fn head(newest: u64) -> Head {
    Head {
        conversation: TALK,
        newest: Seq(newest),
        newest_time: Timestamp(1000 + newest),
        unread: 3,
        cursors: vec![cursors(ME, newest, 1), cursors(BOB, 2, 2)],
        first: Seq(1),
        room: None,
        is_request: false,
    }
}

fn entries(range: std::ops::RangeInclusive<u64>) -> StoreWrite {
    StoreWrite::Entries {
        conversation: TALK,
        entries: range.clone().map(|seq| entry(seq, BOB, seq)).collect(),
        held: vec![held(*range.start(), *range.end())],
        settled: vec![],
    }
}

/// A folder of its own, and the store's path in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity/recado.db");
    (folder, path)
}

/// Saves, closes, opens again and returns what is there.
fn after(path: &Path, saves: impl IntoIterator<Item = StoreWrite>) -> Snapshot {
    let mut opened = open(path).unwrap();
    for save in saves {
        opened.handle.save(save);
    }
    opened.handle.flush();
    assert_eq!(opened.events.try_recv().ok(), None, "the store failed");
    drop(opened);
    open(path).unwrap().snapshot
}

#[test]
fn what_is_saved_is_in_the_next_snapshot() {
    let (_folder, path) = place();
    assert_eq!(open(&path).unwrap().snapshot, Snapshot::default());
    let since = SyncPoint {
        log: LogId([1; 16]),
        stamp: Stamp(u64::MAX),
    };
    let place = Place::At {
        item: ItemId::Entry(Seq(2)),
        row: 1,
    };
    let other = ConversationId::direct(ME, UserId(9));
    let name = UserName::new("bob").unwrap();
    let removed = StoredPerson {
        is_removed: true,
        ..StoredPerson::named(BOB, name.clone())
    };
    let snapshot = after(
        &path,
        [
            StoreWrite::Me(me(1)),
            StoreWrite::Users(vec![StoredPerson::named(BOB, name.clone())]),
            StoreWrite::Users(vec![removed.clone()]),
            StoreWrite::Heads {
                heads: vec![head(3)],
                complete: Some(since),
            },
            entries(1..=3),
            StoreWrite::Cursors(TALK, cursors(BOB, 3, 2)),
            StoreWrite::Place(TALK, place),
            StoreWrite::Draft {
                conversation: other,
                text: "not yet".to_owned(),
            },
            StoreWrite::Queue(pending(7, "hello")),
            StoreWrite::Open(TALK),
        ],
    );
    let expected = Snapshot {
        epochs: vec![],
        lost: vec![],
        me: Some(me(1)),
        since: Some(since),
        people: vec![removed],
        settings: Vec::new(),
        settings_stamp: Stamp::default(),
        conversations: vec![StoredConversation {
            head: Head {
                cursors: vec![cursors(ME, 3, 1), cursors(BOB, 3, 2)],
                ..head(3)
            },
            held: vec![held(1, 3)],
            place,
            entries: (1..=3).map(|seq| entry(seq, BOB, seq)).collect(),
            last_erasing: Seq::ZERO,
        }],
        commands: Vec::new(),
        outbox: vec![pending(7, "hello")],
        drafts: vec![(other, "not yet".to_owned())],
        open: Some(TALK),
        announcements: Vec::new(),
    };
    assert_eq!(snapshot, expected);
}

#[test]
fn announcements_stay_until_they_are_seen_and_the_oldest_make_room() {
    let (_folder, path) = place();
    let add = |number: usize| {
        let time = Timestamp(number as u64);
        StoreWrite::Announcement(time, format!("notice {number}"))
    };
    let first = after(
        &path,
        [add(1), StoreWrite::Me(me(1)), StoreWrite::Me(me(2))],
    );
    assert_eq!(first.announcements, [(Timestamp(1), "notice 1".to_owned())]);
    // Also by a program that ends: the server does not send them again.
    let more = (2..=MAX_ANNOUNCEMENTS + 2).map(|number| add(number).without_cache().unwrap());
    let full = after(&path, more).announcements;
    assert_eq!(full.len(), MAX_ANNOUNCEMENTS);
    assert_eq!(full[0], (Timestamp(3), "notice 3".to_owned()));
    let seen = StoreWrite::AnnouncementsSeen.without_cache();
    assert_eq!(after(&path, seen).announcements, []);
    assert_eq!(after(&path, [add(9)]).announcements.len(), 1);
}

#[test]
fn the_outbox_keeps_the_order_of_typing_and_clears_the_draft() {
    let (_folder, path) = place();
    let draft = |text: &str| StoreWrite::Draft {
        conversation: TALK,
        text: text.to_owned(),
    };
    let command = StoredCommand {
        id: id(5),
        conversation: ConversationId::direct(ME, UserId(9)),
        text: "/react 👍".to_owned(),
    };
    let snapshot = after(
        &path,
        [
            draft("second"),
            // Ids that do not grow, as after a clock that was set back.
            StoreWrite::Queue(pending(9, "first")),
            StoreWrite::Queue(pending(3, "second")),
            StoreWrite::Queue(pending(9, "first")),
            StoreWrite::Queue(pending(5, "third")),
            StoreWrite::Command(command.clone()),
            StoreWrite::SetPending {
                id: id(3),
                state: PendingState::Failed("no such person".to_owned()),
            },
        ],
    );
    assert_eq!(snapshot.drafts, []);
    assert_eq!(snapshot.commands, [command]);
    let states: Vec<_> = snapshot.outbox.iter().map(|p| (p.id, &p.state)).collect();
    let failed = PendingState::Failed("no such person".to_owned());
    assert_eq!(
        states,
        [
            (id(9), &PendingState::Waiting),
            (id(3), &failed),
            (id(5), &PendingState::Waiting)
        ]
    );
    let snapshot = after(
        &path,
        [StoreWrite::TakeBack {
            id: id(3),
            conversation: TALK,
            draft: "second, again".to_owned(),
        }],
    );
    assert_eq!(snapshot.outbox.len(), 2);
    assert_eq!(snapshot.drafts, [(TALK, "second, again".to_owned())]);
}

#[test]
fn entries_settle_the_outbox_but_only_with_the_users_own() {
    let (_folder, path) = place();
    let snapshot = after(
        &path,
        [
            StoreWrite::Me(me(1)),
            StoreWrite::Queue(pending(1, "one")),
            StoreWrite::Queue(pending(2, "two")),
            StoreWrite::Queue(pending(3, "three")),
            StoreWrite::Entries {
                conversation: TALK,
                // Bob's ids are his own: the same number does not settle mine.
                entries: vec![entry(1, ME, 1), entry(2, BOB, 3)],
                held: vec![held(1, 2)],
                settled: vec![id(2)],
            },
        ],
    );
    assert_eq!(snapshot.outbox, [pending(3, "three")]);
    assert_eq!(snapshot.conversations[0].head.newest, Seq(2));
    assert_eq!(snapshot.conversations[0].head.newest_time, Timestamp(1002));
}

#[test]
fn another_log_drops_the_cache_and_keeps_what_was_typed() {
    let (_folder, path) = place();
    let queued = pending(7, "still to go");
    let snapshot = after(
        &path,
        [
            StoreWrite::Me(me(1)),
            StoreWrite::Heads {
                heads: vec![head(3)],
                complete: Some(SyncPoint {
                    log: LogId([1; 16]),
                    stamp: Stamp(4),
                }),
            },
            entries(1..=3),
            StoreWrite::Users(vec![StoredPerson::named(
                BOB,
                UserName::new("bob").unwrap(),
            )]),
            StoreWrite::Place(TALK, Place::Newest),
            StoreWrite::Queue(queued.clone()),
            StoreWrite::Draft {
                conversation: TALK,
                text: "half a".to_owned(),
            },
            StoreWrite::Me(me(2)),
        ],
    );
    let expected = Snapshot {
        epochs: vec![],
        lost: vec![],
        me: Some(me(2)),
        outbox: vec![queued],
        drafts: vec![(TALK, "half a".to_owned())],
        ..Snapshot::default()
    };
    assert_eq!(snapshot, expected);
}

#[test]
fn a_head_that_went_back_takes_the_entries_beyond_it_along() {
    let (_folder, path) = place();
    let snapshot = after(
        &path,
        [
            entries(1..=6),
            StoreWrite::Heads {
                heads: vec![head(4)],
                complete: None,
            },
        ],
    );
    assert_eq!(snapshot.conversations[0].held, [held(1, 4)]);
    assert_eq!(snapshot.conversations[0].head.newest, Seq(4));
    assert_eq!(snapshot.conversations[0].entries.len(), 4);
}

#[test]
fn stretches_are_read_in_both_directions_after_earlier_saves() {
    let (_folder, path) = place();
    let mut opened = open(&path).unwrap();
    opened.handle.save(entries(1..=50));
    let mut ask = |range, limit| {
        let load = StoreRead {
            conversation: TALK,
            range,
            limit,
        };
        assert!(opened.handle.load(load));
        let Some(StoreEvent::Loaded(loaded)) = opened.events.blocking_recv() else {
            panic!("the load was not answered");
        };
        assert_eq!(loaded.read, load);
        loaded.entries.iter().map(|e| e.seq.0).collect::<Vec<_>>()
    };
    assert_eq!(ask(PageRange::Before(Seq(10)), 3), [7, 8, 9]);
    assert_eq!(ask(PageRange::After(Seq(48)), 9), [49, 50]);
    assert_eq!(ask(PageRange::Before(Seq(u64::MAX)), 2), [49, 50]);
    assert_eq!(ask(PageRange::After(Seq(u64::MAX)), 2), [0; 0]);
}

#[test]
fn a_load_beyond_the_room_for_answers_is_refused() {
    let (_folder, path) = place();
    let opened = open(&path).unwrap();
    let load = StoreRead {
        conversation: TALK,
        range: PageRange::After(Seq(0)),
        limit: 1,
    };
    let granted = (0..events::MAX_QUEUED_EVENTS)
        .filter(|_| opened.handle.load(load))
        .count();
    assert_eq!(granted, events::MAX_QUEUED_EVENTS - 1);
}

#[test]
fn only_the_owner_can_read_it() {
    let (_folder, path) = place();
    let opened = open(&path).unwrap();
    opened.handle.save(StoreWrite::Open(TALK));
    opened.handle.flush();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(path.parent().unwrap()), 0o700);
    for file in fs::read_dir(path.parent().unwrap()).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let (_folder, path) = place();
    drop(open(&path).unwrap());
    let database = rusqlite::Connection::open(&path).unwrap();
    database.pragma_update(None, "user_version", 99).unwrap();
    let error = open(&path).unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Newer {
                found: 99,
                known: 7,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn an_unreadable_database_is_moved_aside() {
    let (_folder, path) = place();
    fs::create_dir(path.parent().unwrap()).unwrap();
    fs::write(
        &path,
        "this is no database, and longer than a header of one".repeat(99),
    )
    .unwrap();
    let opened = open(&path).unwrap();
    assert_eq!(opened.snapshot, Snapshot::default());
    let notice = opened.notice.unwrap();
    assert!(notice.contains("recado.db.damaged-1"), "{notice}");
    assert!(notice.contains("others may be lost"), "{notice}");
    opened.handle.save(StoreWrite::Queue(pending(1, "goes on")));
    drop(opened.handle);
    let opened = open(&path).unwrap();
    assert_eq!((opened.snapshot.outbox.len(), opened.notice), (1, None));
}

/// Overwrites the pages of a table's tree, as a failing disk does.
fn damage_table(path: &Path, table: &str) {
    let database = rusqlite::Connection::open(path).unwrap();
    let (page, size): (u64, u64) = database
        .query_row(
            "SELECT rootpage, (SELECT page_size FROM pragma_page_size()) FROM sqlite_schema
             WHERE name = ?1",
            [table],
            |row| {
                let get = |index| row.get::<_, i64>(index).map(i64::cast_unsigned);
                Ok((get(0)?, get(1)?))
            },
        )
        .unwrap();
    drop(database);
    let mut file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.seek(SeekFrom::Start((page - 1) * size)).unwrap();
    file.write_all(&vec![0xee; usize::try_from(size).unwrap()])
        .unwrap();
}

#[test]
fn what_only_the_store_has_is_salvaged_from_a_damaged_database() {
    let (_folder, path) = place();
    after(
        &path,
        [
            entries(1..=3),
            StoreWrite::Queue(pending(7, "unsent")),
            StoreWrite::Draft {
                conversation: TALK,
                text: "unfinished".to_owned(),
            },
            StoreWrite::Announcement(Timestamp(5), "unopened".to_owned()),
        ],
    );
    damage_table(&path, "conversations");
    let opened = open(&path).unwrap();
    assert_eq!(opened.snapshot.conversations, []);
    assert_eq!(opened.snapshot.outbox, [pending(7, "unsent")]);
    assert_eq!(opened.snapshot.drafts, [(TALK, "unfinished".to_owned())]);
    let unopened = (Timestamp(5), "unopened".to_owned());
    assert_eq!(opened.snapshot.announcements, [unopened]);
    let notice = opened.notice.unwrap();
    assert!(
        notice.contains("Kept 1 unsent message and 1 draft. "),
        "{notice}"
    );
}

#[test]
fn a_failure_is_reported_once_and_the_next_start_repairs() {
    let (_folder, path) = place();
    after(&path, [StoreWrite::Queue(pending(7, "unsent"))]);
    damage_table(&path, "people");
    // No row of the damaged table is needed before the first save, so the database must be
    // opened without the snapshot's read of it.
    let (answers, stored, mut events) = events::channel();
    let failure = answers.clone().try_reserve_owned().unwrap();
    let queue = Queue::default();
    let name = UserName::new("bob").unwrap();
    for _ in 0..2 {
        let people = vec![StoredPerson::named(BOB, name.clone())];
        queue.push(Request::Write(StoreWrite::Users(people), None));
        queue.push(Request::Write(
            StoreWrite::Queue(pending(8, "discarded")),
            None,
        ));
    }
    queue.close();
    let connection = schema::open(&path).unwrap();
    Worker::new(connection, &path, failure, stored).run(&queue);
    let Ok(StoreEvent::Failed(why)) = events.try_recv() else {
        panic!("the failure was not reported");
    };
    assert!(why.contains("Restart Recado"), "{why}");
    assert_eq!(events.try_recv().ok(), None);
    let opened = open(&path).unwrap();
    assert_eq!(opened.snapshot.outbox, [pending(7, "unsent")]);
    assert!(opened.notice.is_some());
}

/// The variable that turns [`child_that_is_killed`] into the child.
const CHILD: &str = "RECADO_TEST_STORE_CHILD";

/// Queues messages for ever and says which of them are on the disk; without the variable, passes.
#[test]
fn child_that_is_killed() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    let opened = open(Path::new(&path)).unwrap();
    for number in 1.. {
        opened
            .handle
            .save(StoreWrite::Queue(pending(number, "queued")));
        opened.handle.save(StoreWrite::Draft {
            conversation: TALK,
            text: number.to_string(),
        });
        if number % 3 == 0 {
            opened.handle.flush();
            println!("flushed {number}");
        }
    }
}

#[test]
fn a_kill_in_mid_write_loses_nothing_that_was_flushed() {
    let (_folder, path) = place();
    for round in 1..=3 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "store::tests::child_that_is_killed",
                "--nocapture",
            ])
            .env(CHILD, &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let flushed: Vec<u64> = lines
            .map_while(Result::ok)
            .filter_map(|line| line.split_once("flushed ")?.1.parse().ok())
            .take(round * 10)
            .collect();
        child.kill().unwrap();
        child.wait().unwrap();
        let snapshot = open(&path).unwrap().snapshot;
        let numbers: Vec<u64> = snapshot.outbox.iter().map(|p| p.typed.0).collect();
        let count = u64::try_from(numbers.len()).unwrap();
        assert_eq!(
            numbers,
            (1..=count).collect::<Vec<_>>(),
            "no hole, in order"
        );
        assert!(count >= *flushed.last().unwrap(), "a flushed one is gone");
    }
}

#[test]
fn a_start_reads_a_bounded_part_of_each_conversation() {
    let (_folder, path) = place();
    let save = |peer: u64, count: u64| StoreWrite::Entries {
        conversation: ConversationId::direct(ME, UserId(peer)),
        entries: (1..=count).map(|seq| entry(seq, ME, seq)).collect(),
        held: vec![held(1, count)],
        settled: vec![],
    };
    let scrolled = ConversationId::direct(ME, UserId(4));
    let snapshot = after(
        &path,
        [
            save(2, 200),
            save(3, 200),
            save(4, 2000),
            StoreWrite::Open(TALK),
            StoreWrite::Place(
                scrolled,
                Place::At {
                    item: ItemId::Entry(Seq(100)),
                    row: 0,
                },
            ),
        ],
    );
    let read: Vec<_> = snapshot
        .conversations
        .iter()
        .map(|c| {
            let (first, last) = (c.entries.first().unwrap(), c.entries.last().unwrap());
            (first.seq.0, last.seq.0)
        })
        .collect();
    assert_eq!(read, [(81, 200), (181, 200), (80, 579)]);
}

#[test]
fn a_held_range_is_stored_as_a_pair() {
    let pairs = [(Seq(1), Seq(7)), (Seq(300), Seq(70_000))];
    let ranges = pairs.map(|(first, last)| HeldRange { first, last });
    assert_eq!(value::blob(&ranges.to_vec()), value::blob(&pairs.to_vec()));
}
