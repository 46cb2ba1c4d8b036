//! The schema and its history: each migration once, in order, in one transaction.

use std::path::Path;
use std::time::Instant;

use recado_shared::{LogId, Stamp, Timestamp};
use rusqlite::{Connection, TransactionBehavior};
use tracing::info;

use crate::store::values::{StoreError, column};

/// What turns schema `n` into schema `n + 1`. Shipped ones never change.
const MIGRATIONS: [&str; 13] = [
    include_str!("migrations/001_direct.sql"),
    include_str!("migrations/002_rooms.sql"),
    include_str!("migrations/003_people.sql"),
    include_str!("migrations/004_admin.sql"),
    include_str!("migrations/005_devices.sql"),
    include_str!("migrations/006_left_rooms.sql"),
    include_str!("migrations/007_entries.sql"),
    include_str!("migrations/008_inviters.sql"),
    include_str!("migrations/009_epochs.sql"),
    include_str!("migrations/010_damage.sql"),
    include_str!("migrations/011_erasures.sql"),
    include_str!("migrations/012_empty_rooms.sql"),
    include_str!("migrations/013_left_rooms.sql"),
];

pub(crate) const NEWEST: usize = MIGRATIONS.len();

/// Marks the file as ours; the first migration sets it.
const APPLICATION_ID: i32 = 0x5243_444F;

/// The schema of a database file, which may be older; `None` if the file is empty. Changes nothing.
pub(crate) fn inspect(db: &Connection, path: &Path) -> Result<Option<usize>, StoreError> {
    let read = || -> rusqlite::Result<(i32, usize, bool)> {
        let application = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let version: u32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let sql = "SELECT NOT EXISTS (SELECT * FROM sqlite_schema)";
        let is_empty = db.query_row(sql, [], |row| row.get(0))?;
        let version = usize::try_from(version).unwrap_or(usize::MAX);
        Ok((application, version, is_empty))
    };
    let (application, version, is_empty) = read().map_err(StoreError::database(path))?;
    match (application, version) {
        (0, 0) if is_empty => Ok(None),
        (APPLICATION_ID, 1..=NEWEST) => Ok(Some(version)),
        (APPLICATION_ID, found) if found > NEWEST => Err(StoreError::NewerSchema {
            path: path.to_owned(),
            found,
            known: NEWEST,
        }),
        _ => Err(StoreError::Foreign {
            path: path.to_owned(),
        }),
    }
}

/// Brings a database to the newest schema. If it fails, the file is as it was.
pub(crate) fn migrate(db: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let from = inspect(db, path)?.unwrap_or(0);
    if from < NEWEST {
        let start = Instant::now();
        if from > 0 {
            info!(
                from,
                to = NEWEST,
                "updating the database of an older version: this takes up to 30 s per million messages. If it is \
                 stopped, the next start begins again"
            );
        }
        // A table that others refer to can be rebuilt only while no foreign key is checked.
        let mut apply_all = || {
            db.pragma_update(None, "foreign_keys", false)?;
            apply(db, from, NEWEST)?;
            db.pragma_update(None, "foreign_keys", true)
        };
        apply_all().map_err(StoreError::database(path))?;
        if from > 0 {
            info!(
                seconds = start.elapsed().as_secs(),
                "the database is up to date"
            );
        }
    }
    Ok(())
}

fn apply(db: &mut Connection, from: usize, to: usize) -> rusqlite::Result<()> {
    let tx = db.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (version, migration) in (1..).zip(&MIGRATIONS[..to]).skip(from) {
        tx.execute_batch(migration)?;
        tx.pragma_update(None, "user_version", version)?;
    }
    if from == 0 && to > 0 {
        let log: [u8; 16] = column::random()?;
        tx.execute("INSERT INTO meta (id, log, stamp) VALUES (1, ?1, 0)", [log])?;
    }
    tx.commit()
}

pub(crate) fn identity(db: &Connection) -> rusqlite::Result<(LogId, Stamp)> {
    db.prepare_cached("SELECT log, stamp FROM meta")?
        .query_one([], |row| {
            Ok((LogId(row.get(0)?), Stamp(column::uint(row, 1)?)))
        })
}

/// Gives the data another identity than the one that was drawn for it.
pub(crate) fn set_identity(db: &Connection, log: LogId) -> rusqlite::Result<usize> {
    db.execute("UPDATE meta SET log = ?1", [log.0])
}

/// Stores the newest stamp, with the clock at its change.
pub(crate) fn set_stamp(
    db: &Connection,
    stamp: Stamp,
    clock: Timestamp,
) -> rusqlite::Result<usize> {
    db.prepare_cached("UPDATE meta SET stamp = ?1, clock = ?2")?
        .execute([column::int(stamp.0), column::int(clock.0)])
}

/// The clock at the newest change; `None` if there is none since this is stored.
pub(crate) fn clock(db: &Connection) -> rusqlite::Result<Option<Timestamp>> {
    let clock: u64 = db.query_row("SELECT clock FROM meta", [], column::number)?;
    Ok((clock > 0).then_some(Timestamp(clock)))
}

pub(crate) fn set_clock(db: &Connection, clock: Timestamp) -> rusqlite::Result<usize> {
    db.execute("UPDATE meta SET clock = ?1", [column::int(clock.0)])
}

#[cfg(test)]
mod tests {
    use recado_shared::{
        Answer, Content, ConversationId, ErasedKind, PageRange, Seq, Timestamp, UserId,
    };

    use rusqlite::params;

    use super::*;
    use crate::store::Query;
    use crate::store::folder::Folder;
    use crate::store::tests::{Desk, message_id, text};

    /// A database as the program that knew only `version` migrations left it.
    fn database_of(version: usize) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("recado.db");
        let mut db = Connection::open(&path).unwrap();
        db.pragma_update(None, "foreign_keys", false).unwrap();
        apply(&mut db, 0, version).unwrap();
        (dir, path)
    }

    #[test]
    fn every_older_schema_is_brought_up_to_date_and_works() {
        for version in 0..=NEWEST {
            let (dir, path) = database_of(version);
            let mut desk = Desk::open(dir);
            let (alice, bob) = (desk.register("alice"), desk.register("bob"));
            desk.say(alice, bob, 1, "hello");
            let db = Connection::open(path).unwrap();
            assert_eq!(inspect(&db, Path::new("")).unwrap(), Some(NEWEST));
        }
    }

    #[test]
    fn the_entries_of_an_older_schema_stay_what_they_are() {
        for version in 2..NEWEST {
            let (dir, path) = database_of(version);
            let db = Connection::open(path).unwrap();
            db.execute_batch(
                "INSERT INTO users (name, folded, created) VALUES ('a', 'a', 1), ('b', 'b', 1);
                 INSERT INTO devices (key, user, added) VALUES
                     (unhex(replace(hex(zeroblob(32)), '00', '01')), 1, 1);
                 INSERT INTO conversations (low, high, newest, newest_time, messages, changed)
                     VALUES (1, 2, 3, 30, 1, 3);
                 INSERT INTO members (conversation, user) VALUES (1, 1), (1, 2);",
            )
            .unwrap();
            let mut content = Vec::new();
            column::encode_into(&text("kept"), &mut content).unwrap();
            let mut insert = db
                .prepare(
                    "INSERT INTO entries (conversation, seq, author, message_id, time, content,
                         messages, is_message, target, erased)
                     VALUES (1, ?1, 1, ?2, ?1 * 10, ?3, 1, ?1 = 1, ?4, ?5)",
                )
                .unwrap();
            let erased = vec![0; 9];
            for (seq, content, target, erased) in [
                (1, &content, None, None),
                (2, &erased, Some(1), Some(1)),
                (3, &content, Some(1), None),
            ] {
                let id = message_id(u64::try_from(seq).unwrap()).0;
                insert
                    .execute(params![seq, id, content, target, erased])
                    .unwrap();
            }
            drop(insert);
            let mut desk = Desk::open(dir);
            let (alice, bob) = (UserId(1), UserId(2));
            let resent = desk.say(alice, bob, 1, "kept");
            assert_eq!((resent.entry.seq, resent.is_new), (Seq(1), false));
            let query = Query::Page {
                conversation: ConversationId::direct(alice, bob),
                range: PageRange::After(Seq::ZERO),
                limit: 10,
            };
            let Answer::Page { entries, .. } = desk.query(bob, query) else {
                panic!("a page is answered by a page");
            };
            let expected = [
                text("kept"),
                Content::Erased(ErasedKind::Edit),
                text("kept"),
            ];
            let contents = entries.iter().map(|entry| &entry.content);
            assert!(contents.eq(&expected), "{version}: {entries:?}");
            assert_eq!(entries[2].time, Timestamp(30));
            let count = "SELECT sum(target) FROM entries INDEXED BY entries_about
                         WHERE target IS NOT NULL";
            let sum: i64 = db.query_row(count, [], |row| row.get(0)).unwrap();
            assert_eq!(sum, 2);
            assert_eq!(desk.say(alice, bob, 4, "next").entry.seq, Seq(4));
        }
    }

    #[test]
    fn the_identity_is_made_once() {
        let dir = tempfile::tempdir().unwrap();
        let log = |dir: &Path| {
            let folder = Folder::claim(dir).unwrap();
            identity(&folder.open_writer().unwrap()).unwrap().0
        };
        let first = log(dir.path());
        assert_eq!(log(dir.path()), first);
        assert_ne!(log(tempfile::tempdir().unwrap().path()), first);
    }

    #[test]
    fn a_newer_schema_is_refused_and_left_alone() {
        let (dir, path) = database_of(NEWEST);
        let newer = u32::try_from(NEWEST).unwrap() + 1;
        let db = Connection::open(&path).unwrap();
        db.pragma_update(None, "user_version", newer).unwrap();
        db.close().unwrap();
        let before = std::fs::read(&path).unwrap();
        let folder = Folder::claim(dir.path()).unwrap();
        let error = folder.open_writer().unwrap_err();
        assert!(
            matches!(error, StoreError::NewerSchema { found, known, .. } if (found, known) == (NEWEST + 1, NEWEST)),
            "{error:?}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn the_database_of_another_program_is_refused() {
        let (dir, path) = database_of(0);
        let db = Connection::open(&path).unwrap();
        db.execute_batch("CREATE TABLE users (id)").unwrap();
        let folder = Folder::claim(dir.path()).unwrap();
        // Many programs number their schemas as this one does.
        for version in [0, 1, 1_000] {
            db.pragma_update(None, "user_version", version).unwrap();
            let error = folder.open_writer().unwrap_err();
            assert!(matches!(error, StoreError::Foreign { .. }), "{error:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_database_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("recado.db"), "a diary, ".repeat(999)).unwrap();
        let folder = Folder::claim(dir.path()).unwrap();
        let error = folder.open_writer().unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error:?}");
    }
}
