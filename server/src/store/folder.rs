//! The data folder: its rights, its lock, and connections to the database in it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use recado_shared::EpochId;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tracing::{error, warn};

use crate::store::reserve;
use crate::store::tables::{epochs, schema};
use crate::store::values::{Fault, StoreError};
use crate::store::wal;

/// How long a connection waits for another one that writes: beside the server, only operators do.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Page cache of a connection in KiB, which the minus sign means
/// (<https://www.sqlite.org/pragma.html#pragma_cache_size>).
const CACHE_SIZE: i32 = -16_384;

/// Length in bytes to which the write-ahead log is truncated when it restarts
/// (<https://www.sqlite.org/pragma.html#pragma_journal_size_limit>).
pub(crate) const WAL_FILE_LEN: i32 = 64 << 20;

/// Prepared statements that a connection keeps: more than exist.
const CACHED_STATEMENTS: usize = 64;

/// A data folder, locked for this process until it ends.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) dir: PathBuf,
    _lock: Arc<File>,
}

impl Folder {
    /// Creates and locks the folder. An existing folder keeps its permissions; only their owner can read
    /// the files.
    pub(crate) fn claim(dir: &Path) -> Result<Self, StoreError> {
        create_dir(dir).map_err(StoreError::folder(dir))?;
        let path = dir.join("recado.lock");
        let lock = open_private(&path).map_err(StoreError::folder(&path))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => StoreError::InUse {
                path: dir.to_owned(),
            },
            TryLockError::Error(reason) => StoreError::Folder {
                path: path.clone(),
                reason,
            },
        })?;
        Ok(Self {
            dir: dir.to_owned(),
            _lock: Arc::new(lock),
        })
    }

    /// Opens the only writing connection, migrates the schema, and syncs what is there. If the disk is
    /// full, the space of the reserve is given up first.
    pub(crate) fn open_writer(&self) -> Result<Connection, StoreError> {
        let opened = match self.try_open_writer() {
            Err(error) if error.is_for_space() && reserve::release(&self.dir) => {
                warn!("the disk is full: the server starts with the space of its reserve");
                self.try_open_writer()
            }
            opened => opened,
        };
        let db = opened?;
        reserve::make(&self.dir);
        Ok(db)
    }

    fn try_open_writer(&self) -> Result<Connection, StoreError> {
        let path = database_in(&self.dir);
        self.keep_damaged_log()?;
        drop(open_private(&path).map_err(StoreError::folder(&path))?);
        let error = || StoreError::database(&path);
        let mut db = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(error())?;
        // A check before any change, even of the journal mode.
        schema::inspect(&db, &path)?;
        prepare_writer(&db).map_err(error())?;
        schema::migrate(&mut db, &path)?;
        // A server that was killed may have left commits that no sync followed. They are answered
        // and read from here on like all others, and a checkpoint syncs what it moves. It also
        // empties the log, which may still have what was erased.
        self.empty_log(&db)?;
        Ok(db)
    }

    /// Moves the write-ahead log into the database. If that cannot grow, the log stays, synced.
    pub(crate) fn empty_log(&self, db: &Connection) -> Result<(), StoreError> {
        match wal_checkpoint(db, "TRUNCATE") {
            Err(reason) if Fault::of(&reason) == Fault::NoSpace => {
                let log = self.dir.join(wal::LOG);
                let synced = File::open(&log).and_then(|log| log.sync_all());
                synced.map_err(StoreError::folder(&log))
            }
            result => result.map(drop).map_err(StoreError::database(&self.dir)),
        }
    }

    /// Starts an epoch. Without space for it, it is returned: it must be stored before anything else.
    pub(crate) fn begin_epoch(&self, db: &Connection) -> Result<Option<EpochId>, StoreError> {
        let error = || StoreError::database(&self.dir);
        let id = epochs::random_id().map_err(error())?;
        match epochs::begin(db, id) {
            Err(reason) if Fault::of(&reason) == Fault::NoSpace => Ok(Some(id)),
            begun => {
                begun.map_err(error())?;
                self.empty_log(db).map(|()| None)
            }
        }
    }

    /// Keeps a copy of a damaged write-ahead log, which the database would overwrite in silence.
    fn keep_damaged_log(&self) -> Result<(), StoreError> {
        let kept = wal::keep_damaged(&self.dir).map_err(StoreError::folder(&self.dir))?;
        if let Some((commits, copy)) = kept {
            error!(
                kept = commits.kept, dropped = commits.lost, copy = %copy.display(),
                "the write-ahead log is damaged: messages after the damage are dropped, a copy is kept"
            );
        }
        Ok(())
    }

    /// Opens the connection that runs checkpoints beside the writer.
    pub(crate) fn open_checkpointer(&self) -> Result<Connection, StoreError> {
        let path = database_in(&self.dir);
        let db = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE);
        let db = db.and_then(|db| prepare_writer(&db).map(|()| db));
        db.map_err(StoreError::database(&path))
    }

    pub(crate) fn open_reader(&self) -> Result<Connection, StoreError> {
        let path = database_in(&self.dir);
        connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(StoreError::database(&path))
    }
}

pub(crate) fn open_in_memory() -> Result<Connection, StoreError> {
    let path = Path::new(":memory:");
    let open = || {
        let db = Connection::open_in_memory()?;
        #[cfg(test)]
        let db = crate::store::tests::plans::watch(db)?;
        keep_statements(&db)?;
        db.pragma_update(None, "foreign_keys", true)?;
        Ok(db)
    };
    let mut db = open().map_err(StoreError::database(path))?;
    schema::migrate(&mut db, path)?;
    Ok(db)
}

pub(crate) fn has_database(dir: &Path) -> Result<bool, StoreError> {
    let path = database_in(dir);
    path.try_exists().map_err(StoreError::folder(&path))
}

/// Whether the data is of a server that has users. False also if it cannot be read: opening
/// it says why.
pub(crate) fn has_users(dir: &Path) -> bool {
    let read = || -> rusqlite::Result<bool> {
        let db = connect(&database_in(dir), OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        db.query_row("SELECT EXISTS (SELECT * FROM users)", [], |row| row.get(0))
    };
    read().unwrap_or(false)
}

/// Fails if no server ever used the folder. Creates nothing.
pub(crate) fn expect_data(dir: &Path) -> Result<(), StoreError> {
    if has_database(dir)? {
        return Ok(());
    }
    Err(missing(dir))
}

fn missing(dir: &Path) -> StoreError {
    StoreError::Missing {
        path: dir.to_owned(),
    }
}

/// Opens the data of a running or stopped server only to read it. Closing it moves nothing out of the
/// write-ahead log.
pub(crate) fn open_unchanged(dir: &Path) -> Result<Connection, StoreError> {
    let path = database_in(dir);
    let error = || StoreError::database(&path);
    let db = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(error())?;
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(error())?;
    match schema::inspect(&db, &path)? {
        Some(schema::NEWEST) => Ok(db),
        Some(_) => Err(StoreError::OlderSchema { path }),
        None => Err(missing(dir)),
    }
}

pub(crate) fn open_beside(dir: &Path) -> Result<Connection, StoreError> {
    expect_data(dir)?;
    let path = database_in(dir);
    let error = || StoreError::database(&path);
    let db = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).map_err(error())?;
    match schema::inspect(&db, &path)? {
        Some(schema::NEWEST) => {}
        Some(_) => return Err(StoreError::OlderSchema { path }),
        None => return Err(missing(dir)),
    }
    prepare_writer(&db).map_err(error())?;
    Ok(db)
}

pub(crate) fn database_in(dir: &Path) -> PathBuf {
    dir.join("recado.db")
}

fn connect(path: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let db = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    #[cfg(test)]
    let db = crate::store::tests::plans::watch(db)?;
    db.busy_timeout(BUSY_TIMEOUT)?;
    keep_statements(&db)?;
    db.pragma_update(None, "cache_size", CACHE_SIZE)?;
    Ok(db)
}

/// Prepares each statement once. Without a stable plan `SQLite` prepares many of them again for other
/// bound values (<https://sqlite.org/queryplanner-ng.html#qpstab>).
fn keep_statements(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

fn prepare_writer(db: &Connection) -> rusqlite::Result<()> {
    db.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    // A commit is synced (<https://www.sqlite.org/pragma.html#pragma_synchronous>).
    db.pragma_update(None, "synchronous", "full")?;
    // On macOS a plain sync leaves data in the cache of the drive
    // (<https://www.sqlite.org/pragma.html#pragma_fullfsync>).
    db.pragma_update(None, "fullfsync", true)?;
    db.pragma_update(None, "checkpoint_fullfsync", true)?;
    db.pragma_update(None, "foreign_keys", true)?;
    // Deleted content is overwritten (<https://www.sqlite.org/pragma.html#pragma_secure_delete>).
    db.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))?;
    // A thread of the store alone runs checkpoints
    // (<https://www.sqlite.org/pragma.html#pragma_wal_autocheckpoint>).
    db.pragma_update_and_check(None, "wal_autocheckpoint", 0, |_| Ok(()))?;
    db.pragma_update_and_check(None, "journal_size_limit", WAL_FILE_LEN, |_| Ok(()))
}

/// Runs a checkpoint, and returns how many pages remain in the write-ahead log
/// (<https://www.sqlite.org/pragma.html#pragma_wal_checkpoint>).
pub(crate) fn wal_checkpoint(db: &Connection, mode: &str) -> rusqlite::Result<i64> {
    db.prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))?
        .query_one([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
}

fn create_dir(dir: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Opens or creates a file for its owner only. `SQLite` copies the permissions to its other files.
pub(crate) fn open_private(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn each_commit_is_synced_and_runs_no_checkpoint() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::claim(dir.path()).unwrap();
        let writer = folder.open_writer().unwrap();
        for db in [writer, open_beside(dir.path()).unwrap()] {
            let pragma = |name| -> String {
                let sql = format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}");
                db.query_row(&sql, [], |row| row.get(0)).unwrap()
            };
            assert_eq!(pragma("journal_mode"), "wal");
            assert_eq!(pragma("synchronous"), "2", "FULL");
            assert_eq!(pragma("fullfsync"), "1");
            assert_eq!(pragma("checkpoint_fullfsync"), "1");
            let automatic: i32 = db
                .pragma_query_value(None, "wal_autocheckpoint", |row| row.get(0))
                .unwrap();
            assert_eq!(automatic, 0);
        }
    }

    #[test]
    fn statements_are_not_prepared_anew_for_other_values() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::claim(dir.path()).unwrap();
        let writer = folder.open_writer().unwrap();
        for db in [writer, folder.open_reader().unwrap()] {
            let mut joined = db
                .prepare(
                    "SELECT m.read, u.name FROM members m JOIN users u ON u.id = m.user
                     WHERE m.conversation = ?1 AND m.user = ?2",
                )
                .unwrap();
            for user in 1..4 {
                assert!(!joined.exists([7, user]).unwrap());
            }
            assert_eq!(joined.get_status(StatementStatus::RePrepare), 0);
        }
    }

    #[test]
    fn a_reader_cannot_write() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::claim(dir.path()).unwrap();
        let _writer = folder.open_writer().unwrap();
        let reader = folder.open_reader().unwrap();
        assert!(reader.execute("UPDATE meta SET stamp = 9", []).is_err());
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = Folder::claim(&file.join("data")).unwrap_err();
        assert!(matches!(error, StoreError::Folder { .. }), "{error:?}");
        assert!(error.to_string().contains("file/data"), "{error}");
    }
}
