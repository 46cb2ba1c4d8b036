//! Opening the database and bringing its schema up to date.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use recado_shared::{Entry, MessageId, Seq, Timestamp, UserId};
use rusqlite::{Connection, OpenFlags};

use super::value::{Fault, bytes, column, number};
use super::{StoreError, entries, index};

/// One per schema version, in order; only ever appended to.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_first.sql"),
    include_str!("migrations/002_rooms.sql"),
];

/// The version whose statements leave the entries of the version before it in `entries_before`.
const ENTRIES_BEFORE: i64 = 2;

/// How long another process that reads the database, such as a shell, may hold it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the store waits for a reader of its own where it can also come back later.
const SHORT_TIMEOUT: Duration = Duration::from_millis(250);

/// What keeps a database from being opened.
#[derive(Debug)]
pub(super) enum OpenError {
    /// It will not be better next time.
    Final(StoreError),
    /// The statements failed.
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for OpenError {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

/// Opens or makes the database, readable by its owner only, with the newest schema.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    make_private(path)?;
    prepare(Connection::open(path)?, path)
}

/// Makes a database that lives in memory, and as long as its connection.
pub(super) fn open_in_memory() -> Result<Connection, OpenError> {
    prepare(Connection::open_in_memory()?, Path::new(":memory:"))
}

fn prepare(mut connection: Connection, path: &Path) -> Result<Connection, OpenError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The outbox is a promise: what was typed survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // What is deleted or overwritten is zeros in the file from then on.
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.set_prepared_statement_cache_capacity(64);
    connection.execute_batch(index::FORGETTING)?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

/// Opens the database, which is there, for reading.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Moves the write-ahead log into the database and cuts it to nothing. Returns whether that was
/// done: somebody who reads meanwhile hinders it.
pub(super) fn empty_log(connection: &Connection) -> Result<bool, Fault> {
    connection.busy_timeout(SHORT_TIMEOUT)?;
    let is_hindered: rusqlite::Result<bool> =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(!is_hindered?)
}

fn make_private(path: &Path) -> Result<(), OpenError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::Final(StoreError::Io { path, source })
    };
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed(folder))?;
    }
    // SQLite gives its side files the mode of the database, so making that first is enough.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(failed(path))?;
    Ok(())
}

fn migrate(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let known = i64::try_from(MIGRATIONS.len()).expect("few migrations");
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if found > known {
        return Err(OpenError::Final(StoreError::Newer {
            path: path.to_owned(),
            found,
            known,
        }));
    }
    for (migration, version) in MIGRATIONS.iter().zip(1_i64..) {
        if version <= found {
            continue;
        }
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        if version == ENTRIES_BEFORE {
            move_entries(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

/// Gives each entry of `entries_before` the place and the columns that it has now.
fn move_entries(db: &Connection) -> Result<(), OpenError> {
    let mut read = db.prepare(
        "SELECT conversation, seq, author, id, time, content FROM entries_before
         ORDER BY conversation, seq",
    )?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let key: Vec<u8> = row.get(0)?;
        let entry = Entry {
            seq: Seq(number(row, 1)?),
            author: UserId(number(row, 2)?),
            id: MessageId(bytes(row, 3)?),
            time: Timestamp(number(row, 4)?),
            content: column(row, 5)?,
        };
        entries::insert(db, &key, &entry)?;
    }
    drop(rows);
    drop(read);
    db.execute_batch("DROP TABLE entries_before")?;
    Ok(())
}
