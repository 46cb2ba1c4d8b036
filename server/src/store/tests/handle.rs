//! The threads behind the handle.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::erase::count_in_files;
use super::*;
use crate::store::answers::Answers;
use crate::store::folder::wal_checkpoint;

struct Office {
    runtime: Runtime,
    handle: StoreHandle,
    events: StoreEvents,
}

impl Office {
    fn open(dir: &Path, config: StoreConfig) -> Self {
        let (handle, events) = open(dir, config).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        Self {
            runtime,
            handle,
            events,
        }
    }

    fn event(&mut self) -> Option<StoreEvent> {
        self.handle.flush();
        self.runtime.block_on(self.events.recv())
    }

    /// Takes the answers to this many writes, in order.
    fn written(&mut self, count: usize) -> Vec<WriteResult> {
        let mut all = Vec::new();
        while all.len() < count {
            match self.event() {
                Some(StoreEvent::Written(written)) => all.extend(written),
                other => panic!("{other:?}"),
            }
        }
        all
    }

    fn register(&mut self, device: u8, name: &str) -> UserId {
        self.handle
            .write(Write::Login(login(device, Some(name))))
            .unwrap();
        match self.written(1).pop() {
            Some(WriteResult::Login { result, .. }) => result.unwrap().user,
            other => panic!("{other:?}"),
        }
    }
}

fn heads_of(user: UserId) -> Read {
    Read::Heads {
        session: SESSION,
        user,
        since: None,
    }
}

fn seqs(written: &[WriteResult]) -> Vec<u64> {
    let seq = |written: &WriteResult| match written {
        WriteResult::Append { result, .. } => result.as_ref().unwrap().entry.seq.0,
        other => panic!("{other:?}"),
    };
    written.iter().map(seq).collect()
}

#[test]
fn requests_are_answered_in_order_and_reads_see_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = Office::open(dir.path(), StoreConfig::default());
    let (alice, bob) = (office.register(1, "alice"), office.register(2, "bob"));
    for id in 1..=100 {
        office.handle.write(message(alice, bob, id, "x")).unwrap();
    }
    assert_eq!(seqs(&office.written(100)), (1..=100).collect::<Vec<_>>());
    office.handle.read(heads_of(bob)).unwrap();
    let Some(StoreEvent::Read(ReadResult::Heads { heads, stamp, .. })) = office.event() else {
        panic!("heads are answered by heads");
    };
    assert_eq!((heads[0].unread, stamp.0), (100, 100));
}

#[test]
fn what_was_done_is_counted() {
    let dir = tempfile::tempdir().unwrap();
    let checkpoints = CheckpointThresholds {
        idle_pages: 1,
        busy_pages: 1_000,
        restart_pages: 10_000,
    };
    let config = StoreConfig {
        checkpoints,
        ..StoreConfig::default()
    };
    let mut office = Office::open(dir.path(), config);
    let (alice, bob) = (office.register(1, "alice"), office.register(2, "bob"));
    let before = office.handle.stats();
    assert_eq!((before.writes, before.messages), (2, 0));
    for id in [1, 2] {
        office.handle.write(message(alice, bob, id, "x")).unwrap();
    }
    office.written(2);
    let done = office.handle.stats().since(&before);
    assert_eq!((done.writes, done.messages), (2, 2));
    assert!((1..=2).contains(&done.commits), "{done:?}");
    // What comes again is answered, but there is nothing to write.
    office.handle.write(message(alice, bob, 2, "x")).unwrap();
    office.written(1);
    let again = office.handle.stats().since(&before);
    assert_eq!((again.writes, again.messages), (3, 2));
    assert_eq!(again.commits, done.commits);
    let counters = Arc::clone(&office.handle.counters);
    office.handle.join();
    assert!(counters.stats().checkpoints > 0);
}

#[test]
fn a_full_window_refuses_until_answers_are_taken() {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig {
        window: 4,
        ..StoreConfig::default()
    };
    let mut office = Office::open(dir.path(), config);
    let alice = office.register(1, "alice");
    for id in 1..=3 {
        office.handle.write(message(alice, alice, id, "x")).unwrap();
    }
    office.handle.read(heads_of(alice)).unwrap();
    assert_eq!(office.handle.capacity(), 0);
    let one_more = message(alice, alice, 4, "x");
    assert_eq!(
        office.handle.write(one_more.clone()),
        Err(NotQueued::Full),
        "however far the threads have come"
    );
    assert_eq!(office.handle.read(heads_of(alice)), Err(NotQueued::Full));
    let mut answers = 0;
    while answers < 4 {
        answers += match office.event() {
            Some(StoreEvent::Written(written)) => written.len(),
            Some(StoreEvent::Read(_)) => 1,
            other => panic!("{other:?}"),
        };
    }
    assert_eq!(office.handle.capacity(), 4);
    office.handle.write(one_more).unwrap();
    assert_eq!(seqs(&office.written(1)), [4]);
}

#[test]
fn joining_finishes_what_is_queued_and_loses_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig {
        window: 300,
        ..StoreConfig::default()
    };
    let mut office = Office::open(dir.path(), config);
    let alice = office.register(1, "alice");
    for id in 1..=150 {
        office.handle.write(message(alice, alice, id, "x")).unwrap();
        office.handle.read(heads_of(alice)).unwrap();
    }
    let Office {
        runtime,
        handle,
        mut events,
    } = office;
    handle.join();
    let (mut written, mut read) = (Vec::new(), 0);
    while let Some(event) = runtime.block_on(events.recv()) {
        match event {
            StoreEvent::Written(some) => written.extend(some),
            StoreEvent::Read(_) => read += 1,
            StoreEvent::Failed(why) => panic!("{why}"),
        }
    }
    assert_eq!((seqs(&written), read), ((1..=150).collect::<Vec<_>>(), 150));
}

#[test]
fn a_folder_has_one_server_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let first = Office::open(dir.path(), StoreConfig::default());
    let error = open(dir.path(), StoreConfig::default()).unwrap_err();
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains("another recado-server"));
    let log = first.handle.log;
    first.handle.join();
    let second = Office::open(dir.path(), StoreConfig::default());
    assert_eq!(second.handle.log, log);
}

#[test]
fn a_failed_write_is_reported_and_ends_writing() {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig {
        window: 1,
        ..StoreConfig::default()
    };
    let mut office = Office::open(dir.path(), config);
    let alice = office.register(1, "alice");
    let beside = Connection::open(dir.path().join("recado.db")).unwrap();
    beside
        .execute_batch(
            "CREATE TRIGGER broken BEFORE INSERT ON entries
             BEGIN SELECT RAISE(ABORT, 'the disk is gone'); END",
        )
        .unwrap();
    office.handle.write(message(alice, alice, 1, "x")).unwrap();
    assert_eq!(
        office.event(),
        Some(StoreEvent::Failed(
            "store-writer: the disk is gone".to_owned()
        ))
    );
    assert_eq!(
        office.handle.write(message(alice, alice, 2, "x")),
        Err(NotQueued::Stopped)
    );
}

#[test]
fn a_thread_that_panics_says_so() {
    let (sender, mut events) = mpsc::channel(1);
    let answers = Answers::new(&sender, "store-reader");
    let thread = thread::spawn(move || {
        let _answers = answers;
        panic!("on purpose, in a test");
    });
    assert!(thread.join().is_err());
    let said = StoreEvent::Failed("store-reader panicked".to_owned());
    assert_eq!(events.try_recv(), Ok(said));
}

#[test]
fn reads_do_not_wait_behind_writes() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = Office::open(dir.path(), StoreConfig::default());
    let alice = office.register(1, "alice");
    let beside = Connection::open(dir.path().join("recado.db")).unwrap();
    beside.execute_batch("BEGIN IMMEDIATE").unwrap();
    office.handle.write(message(alice, alice, 1, "x")).unwrap();
    office.handle.read(heads_of(alice)).unwrap();
    let event = office.event();
    assert!(matches!(event, Some(StoreEvent::Read(_))), "{event:?}");
    beside.execute_batch("ROLLBACK").unwrap();
    assert_eq!(seqs(&office.written(1)), [1]);
}

#[test]
fn an_invite_reaches_a_running_server() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = Office::open(dir.path(), StoreConfig::default());
    let token = recado_shared::InviteToken([3; 16]);
    create_invite(dir.path(), &token, 1, None, None).unwrap();
    let invited = Login {
        admission: Admission::ByInvite(token),
        ..login(1, Some("alice"))
    };
    office.handle.write(Write::Login(invited)).unwrap();
    let Some(WriteResult::Login { result, .. }) = office.written(1).pop() else {
        panic!("a login is answered by a login");
    };
    assert!(result.unwrap().registered);
}

#[test]
fn committed_pages_move_into_the_database_when_they_are_many() {
    let pages_left = |idle_pages, busy_pages, is_idle| {
        let mut desk = Desk::new();
        desk.register("alice");
        let db = Connection::open(desk.dir().join("recado.db")).unwrap();
        let checkpoints = CheckpointThresholds {
            idle_pages,
            busy_pages,
            restart_pages: 10_000,
        };
        let writer = Writer::new(db, checkpoints, None).unwrap();
        writer.checkpoint_if_due(is_idle).unwrap();
        wal_checkpoint(&desk.reader, "NOOP").unwrap()
    };
    assert_eq!(pages_left(1, 1_000, true), 0);
    assert_eq!(pages_left(1_000, 1, false), 0);
    assert!(pages_left(1_000, 1, true) > 0);
    assert!(pages_left(1, 1_000, false) > 0);
}

#[test]
fn each_commit_tells_how_many_pages_wait_to_be_moved() {
    let desk = Desk::new();
    let db = desk.folder.open_writer().unwrap();
    let checkpoints = CheckpointThresholds {
        idle_pages: 3,
        busy_pages: 1_000,
        restart_pages: 10_000,
    };
    let mut writer = Writer::new(db, checkpoints, None).unwrap();
    for device in 1..=3 {
        let name = format!("user{device}");
        let enter = Write::Login(login(device, Some(&name)));
        writer.commit(&[enter]).unwrap();
        assert!(wal_checkpoint(&desk.reader, "NOOP").unwrap() >= 3);
        writer.checkpoint_if_due(false).unwrap();
        assert!(wal_checkpoint(&desk.reader, "NOOP").unwrap() >= 3);
        writer.checkpoint_if_due(true).unwrap();
        assert_eq!(wal_checkpoint(&desk.reader, "NOOP").unwrap(), 0);
    }
}

#[cfg(unix)]
#[test]
fn the_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("deep/data");
    let _office = Office::open(&dir, StoreConfig::default());
    assert_eq!(mode(&dir), 0o700);
    let mut names = Vec::new();
    for file in dir.read_dir().unwrap() {
        let file = file.unwrap();
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
        names.push(file.file_name().into_string().unwrap());
    }
    names.sort();
    assert_eq!(
        names,
        [
            "recado.db",
            "recado.db-shm",
            "recado.db-wal",
            "recado.lock",
            "recado.reserve"
        ]
    );
}

/// Waits until a file or a folder is as it has to be.
fn wait_until(is_so: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(Instant::now() < deadline, "it is not so in the end");
        thread::yield_now();
    }
}

#[test]
fn erased_text_leaves_the_log_when_its_readers_do_and_no_commit_waits_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut office = Office::open(dir.path(), StoreConfig::default());
    let (alice, bob) = (office.register(1, "alice"), office.register(2, "bob"));
    let secret = "a secret of hers";
    office.handle.write(message(alice, bob, 1, secret)).unwrap();
    office.written(1);
    let reader = Connection::open(dir.path().join("recado.db")).unwrap();
    let begin = "BEGIN; SELECT count(*) FROM entries";
    reader.execute_batch(begin).unwrap();
    let mut deletion = message(alice, bob, 2, "replaced");
    if let Write::Append { new, .. } = &mut deletion {
        new.content = Content::Deletion { target: Seq(1) };
    }
    office.handle.write(deletion).unwrap();
    assert_eq!(seqs(&office.written(1)), [2]);
    let attempts = || office.handle.counters.stats().checkpoints;
    wait_until(|| attempts() > 0);
    assert!(
        count_in_files(dir.path(), secret) > 0,
        "a reader looks at it"
    );
    office.handle.write(message(alice, bob, 3, "x")).unwrap();
    assert_eq!(seqs(&office.written(1)), [3]);
    reader.execute_batch("COMMIT").unwrap();
    // Without another commit.
    wait_until(|| count_in_files(dir.path(), secret) == 0);
}

#[test]
fn the_log_starts_over_though_the_writer_is_never_idle() {
    let dir = tempfile::tempdir().unwrap();
    let config = StoreConfig {
        checkpoints: CheckpointThresholds {
            idle_pages: 50,
            busy_pages: 50,
            restart_pages: 100,
        },
        ..StoreConfig::default()
    };
    let mut office = Office::open(dir.path(), config);
    let alice = office.register(1, "alice");
    let (mut queued, mut answered) = (0, 0);
    let longest = "x".repeat(4_000);
    while answered < 5_000 {
        while queued < 5_000 && queued - answered < 100 {
            queued += 1;
            let one = message(alice, alice, queued, &longest);
            office.handle.write(one).unwrap();
            // Not all in one batch, so that the writer finds some after each commit.
            office.handle.flush();
        }
        let Some(StoreEvent::Written(written)) = office.event() else {
            panic!("writes are answered");
        };
        answered += written.len() as u64;
    }
    let log = dir.path().join("recado.db-wal").metadata().unwrap();
    // A commit has a few hundred pages, and the log starts over behind it.
    assert!(log.len() < 16 << 20, "{}", log.len());
}
