//! Opening the database and bringing its schema up to date.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use recado_shared::{Entry, MessageId, Seq, Timestamp, UserId};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::changes::Changes;
use super::error::StoreError;
use super::value::{DbError, bytes, column, number, query_first};
use super::{entries, index};

/// One per schema version, in order; only ever appended to.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_first.sql"),
    include_str!("migrations/002_rooms.sql"),
    include_str!("migrations/003_terms.sql"),
    include_str!("migrations/004_announcements.sql"),
    include_str!("migrations/005_removed_people.sql"),
    include_str!("migrations/006_outbox_commands.sql"),
    include_str!("migrations/007_epochs.sql"),
];

/// The version from which on entries that the second one left in `entries_before` can be stored.
const ENTRIES_BEFORE: i64 = 3;

/// Longest wait for another process that holds the database, such as a shell.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Longest wait for the search thread where the next idle time is early enough.
const SHORT_TIMEOUT: Duration = Duration::from_millis(250);

/// Size of the writer's page cache.
const WRITER_CACHE_KIB: i64 = 8_192;

#[derive(Debug)]
pub(super) enum OpenError {
    /// An error that the next attempt meets too.
    Final(StoreError),
    Database(DbError),
}

impl OpenError {
    pub(super) fn into_store_error(self, path: &Path) -> StoreError {
        match self {
            Self::Final(error) => error,
            Self::Database(error) => StoreError::database(path, &error),
        }
    }
}

impl<E: Into<DbError>> From<E> for OpenError {
    fn from(error: E) -> Self {
        Self::Database(error.into())
    }
}

/// Opens or creates the database, readable by its owner only, with the newest schema.
pub(super) fn open(path: &Path) -> Result<Connection, OpenError> {
    make_private(path).map_err(OpenError::Final)?;
    prepare(Connection::open(path)?, path)
}

pub(super) fn open_in_memory() -> Result<Connection, OpenError> {
    prepare(Connection::open_in_memory()?, Path::new(":memory:"))
}

fn prepare(mut connection: Connection, path: &Path) -> Result<Connection, OpenError> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_statements(&connection)?;
    // Readers and the writer do not wait for each other (<https://sqlite.org/wal.html>).
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A queued message must survive a power cut: in WAL mode FULL syncs each commit
    // (<https://sqlite.org/pragma.html#pragma_synchronous>).
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The leaves that the pages of all conversations touch in turn. The default of 2 MB reads and
    // writes them again and again (<https://sqlite.org/pragma.html#pragma_cache_size>).
    connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    // Overwrites deleted content with zeros (<https://sqlite.org/pragma.html#pragma_secure_delete>).
    connection.pragma_update(None, "secure_delete", "ON")?;
    connection.execute_batch(index::FORGET_TABLES)?;
    migrate(&mut connection, path)?;
    Ok(connection)
}

/// Prepares each statement once. Without the query planner stability guarantee `SQLite` prepares
/// many anew for other values (<https://sqlite.org/queryplanner-ng.html#qpstab>).
fn keep_statements(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    keep_statements(&connection)?;
    Ok(connection)
}

/// Bytes of the pages of the database that are in use.
pub(super) fn used_bytes(db: &Connection) -> rusqlite::Result<u64> {
    let pragma = |name| db.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let used = pragma("page_count")?.saturating_sub(pragma("freelist_count")?);
    Ok(u64::from(used) * u64::from(pragma("page_size")?))
}

/// Moves the write-ahead log into the database and truncates it. Returns `false` while a reader
/// holds it (<https://sqlite.org/pragma.html#pragma_wal_checkpoint>).
pub(super) fn empty_log(connection: &Connection) -> Result<bool, DbError> {
    connection.busy_timeout(SHORT_TIMEOUT)?;
    let is_busy: rusqlite::Result<bool> =
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(!is_busy?)
}

fn make_private(path: &Path) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(StoreError::io(folder))?;
    }
    // SQLite gives its side files the mode of the database, so making that first is enough.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(StoreError::io(path))?;
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
    let versions = MIGRATIONS.iter().zip(1_i64..);
    for (migration, version) in versions.filter(|(_, version)| *version > found) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        if version == ENTRIES_BEFORE && has_table(&transaction, "entries_before")? {
            move_entries(&transaction)?;
        }
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}

fn has_table(db: &Connection, name: &str) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE name = ?1";
    Ok(query_first(db, sql, [name], |_| Ok(()))?.is_some())
}

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
        let changes = Changes::read(db, &key, std::slice::from_ref(&entry))?;
        entries::insert(db, &key, &entry, &changes)?;
    }
    drop(rows);
    drop(read);
    db.execute_batch("DROP TABLE entries_before")?;
    Ok(())
}
