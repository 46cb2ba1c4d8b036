//! Opening the database and bringing its schema up to date.

use std::fs::{DirBuilder, OpenOptions};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use super::StoreError;
use super::value::Fault;

/// One per schema version, in order; only ever appended to.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_first.sql"),
    include_str!("migrations/002_rooms.sql"),
];

/// How long another process that reads the database, such as a shell, may hold it.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

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
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The outbox is a promise: what was typed survives a power cut.
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.set_prepared_statement_cache_capacity(64);
    migrate(&mut connection, path)?;
    Ok(connection)
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
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
