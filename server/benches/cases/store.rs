//! Commits and reads of a store in a file. The counts leave out the system's part of a sync.

use recado_server::id::SessionId;
use recado_server::store::{
    Admission, Engine, Login, NewEntry, Origin, Query, Read, ReadResult, Write, WriteResult,
};
use recado_shared::{
    Answer, ConversationId, DeviceKey, PageRange, RequestNumber, Seq, UserId, UserName,
};
use tempfile::TempDir;

use super::{Meter, TIME, message, message_id};

/// Conversations over which appends are spread, each of two people.
const CONVERSATIONS: u64 = 50;

/// Entries in the store before a commit is measured.
const STORED: u64 = 5_000;

/// Entries of the log of which a page is read.
const LOG_LEN: u64 = 10_000;
const PAGE_LEN: u16 = 100;

/// Entries in one commit while a store is filled.
const FILL: u64 = 500;

const ORIGIN: Origin = Origin {
    session: SessionId(1),
    number: RequestNumber(1),
};

pub(super) fn commit_1(meter: impl Meter) {
    commit(meter, 1);
}

pub(super) fn commit_64(meter: impl Meter) {
    commit(meter, 64);
}

pub(super) fn commit_512(meter: impl Meter) {
    commit(meter, 512);
}

fn commit(meter: impl Meter, len: u64) {
    let mut desk = Desk::new(2 * CONVERSATIONS);
    desk.fill(STORED, CONVERSATIONS);
    let Desk {
        engine, appended, ..
    } = &mut desk;
    meter.measure(
        || {
            let first = *appended;
            *appended += len;
            appends(first, len, CONVERSATIONS)
        },
        |batch| engine.commit(&batch).expect("the disk takes it"),
    );
}

/// The page that a client reads when it opens a conversation.
pub(super) fn newest_page(meter: impl Meter) {
    let mut desk = Desk::new(2);
    desk.fill(LOG_LEN, 1);
    let (user, conversation) = conversation(0);
    let engine = &mut desk.engine;
    meter.measure(
        || Read::Query {
            origin: ORIGIN,
            user,
            query: Query::Page {
                conversation,
                range: PageRange::Before(Seq(LOG_LEN + 1)),
                limit: PAGE_LEN,
            },
        },
        |read| {
            let page = engine.answer(read).expect("the disk gives it");
            let ReadResult::Answer {
                result: Ok(Answer::Page { entries, .. }),
                ..
            } = &page
            else {
                panic!("a page is answered by a page");
            };
            assert_eq!(entries.len(), usize::from(PAGE_LEN));
            page
        },
    );
}

/// A store in a folder of its own.
struct Desk {
    engine: Engine,
    appended: u64,
    _folder: TempDir,
}

impl Desk {
    fn new(people: u64) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("it is there");
        let mut engine = Engine::open(folder.path()).expect("the folder is empty");
        let logins: Vec<_> = (1..=people).map(login).collect();
        let written = engine.commit(&logins).expect("the disk takes it");
        for (number, written) in (1..=people).zip(written) {
            assert!(
                matches!(&written, WriteResult::Login { result: Ok(admitted), .. } if admitted.user == UserId(number)),
                "users are numbered from 1: {written:?}"
            );
        }
        Self {
            engine,
            appended: 0,
            _folder: folder,
        }
    }

    fn fill(&mut self, entries: u64, conversations: u64) {
        while self.appended < entries {
            let batch = appends(self.appended, FILL, conversations);
            let written = self.engine.commit(&batch).expect("the disk takes it");
            let is_new = |written: &WriteResult| matches!(written, WriteResult::Append { result: Ok(appended), .. } if appended.is_new);
            assert!(written.iter().all(is_new), "all are appended");
            self.appended += FILL;
        }
        self.engine.tidy(true).expect("the disk takes it");
    }
}

/// The device of the nth user.
fn device(number: u64) -> DeviceKey {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&number.to_be_bytes());
    DeviceKey(key)
}

fn login(number: u64) -> Write {
    Write::Login(Login {
        session: SessionId(number),
        key: device(number),
        device_name: None,
        name: Some(UserName::new(&format!("user{number}")).expect("it is a name")),
        token: None,
        admission: Admission::Granted,
        max_users: 1_000,
        time: TIME,
    })
}

/// The appends from this number on, taking turns over the conversations.
fn appends(first: u64, len: u64, conversations: u64) -> Vec<Write> {
    let append = |number: u64| {
        let (author, conversation) = conversation(number % conversations);
        Write::Append {
            origin: ORIGIN,
            new: NewEntry {
                author,
                by: device(author.0),
                conversation,
                id: message_id(number),
                content: message(),
                time: TIME,
            },
        }
    };
    (first..first + len).map(append).collect()
}

/// A conversation, and who writes there.
fn conversation(number: u64) -> (UserId, ConversationId) {
    let (from, to) = (UserId(2 * number + 1), UserId(2 * number + 2));
    (from, ConversationId::direct(from, to))
}
