//! Backups: one file with the data and the key of a server, made while it runs or not, and put back
//! while it does not.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use recado_shared::io_reason::{describe, file_advice};
use recado_shared::tls::Identity;
use rusqlite::{Connection, OpenFlags, OptionalExtension as _};

use crate::files::{self, FileError};
use crate::store::folder::{self, Folder, database_in};
use crate::store::tables::schema;
use crate::store::values::StoreError;

/// Most folders with replaced data that may lie in a data folder.
const MAX_ASIDE: u32 = 99;

/// A backup cannot be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{} exists already. Choose another name, or replace it with --force", path.display())]
    Exists { path: PathBuf },
    /// The server has data and no key.
    #[error(
        "the key {} is missing. Put it back first: clients refuse a server with another key",
        path.display()
    )]
    NoKey { path: PathBuf },
    #[error("{} is damaged, or no backup: {reason}. Use another backup", path.display())]
    Damaged { path: PathBuf, reason: String },
    /// The file of a backup cannot be read or written.
    #[error("cannot use {}: {}. {}", path.display(), describe(.reason), file_advice(.reason))]
    Unusable { path: PathBuf, reason: io::Error },
}

impl BackupError {
    fn unusable(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |reason| Self::Unusable { path, reason }
    }
}

/// What [`restore`] has done, beyond putting the file into place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// Where the data that was there before is now; `None` if there was none.
    pub aside: Option<PathBuf>,
    /// Whether the file had a key. If not, the key of the data folder stays.
    pub has_key: bool,
}

/// Copies the data of a running or stopped server, with its key, to a file that only its owner can
/// read. The file appears under its name once it is complete, checked and synced. Commits of the
/// server go on meanwhile.
///
/// # Errors
/// [`BackupError`]; then there is no new file.
pub fn back_up(dir: &Path, to: &Path, replaces: bool) -> Result<(), BackupError> {
    let refuse_existing = || {
        let exists = to.try_exists().map_err(BackupError::unusable(to))?;
        if exists && !replaces {
            let path = to.to_owned();
            return Err(BackupError::Exists { path });
        }
        Ok(())
    };
    refuse_existing()?;
    let source = folder::open_beside(dir)?;
    let key = files::read_key(dir)?.ok_or_else(|| BackupError::NoKey {
        path: files::key_in(dir),
    })?;
    let part = part_of(to);
    let make = || {
        // A backup that was interrupted may have left one.
        remove_if_there(&part).map_err(BackupError::unusable(&part))?;
        drop(folder::open_private(&part).map_err(BackupError::unusable(&part))?);
        let name = part.to_string_lossy();
        source
            .execute("VACUUM INTO ?1", [name])
            .map_err(StoreError::database(&part))?;
        finish(&part, &key)?;
        refuse_existing()?;
        fs::rename(&part, to)
            .and_then(|()| sync_folder(to))
            .map_err(BackupError::unusable(to))?;
        Ok(())
    };
    // The first error matters more than one of the clean-up.
    make().inspect_err(|_| drop(fs::remove_file(&part)))
}

/// Adds the key to a copy, checks it, and syncs it.
fn finish(part: &Path, key: &Identity) -> Result<(), BackupError> {
    let db = open(part, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.execute_batch("CREATE TABLE backup (key BLOB NOT NULL) STRICT")
        .and_then(|()| db.execute("INSERT INTO backup (key) VALUES (?1)", [key.pkcs8()]))
        .map_err(StoreError::database(part))?;
    check(&db, part)?;
    close(db, part)?;
    File::open(part)
        .and_then(|file| file.sync_all())
        .map_err(BackupError::unusable(part))?;
    Ok(())
}

/// Puts a backup, or a plain copy of a database, into the data folder of a stopped server. What was
/// there is moved into a folder beside it, never deleted.
///
/// # Errors
/// [`BackupError`]. Whatever was moved by then is in the folder beside; a server that finds the
/// database or the key missing does not start.
pub fn restore(dir: &Path, from: &Path) -> Result<Restored, BackupError> {
    let lock = Folder::claim(dir)?;
    let key = verify(from)?;
    if key.is_none() && files::read_key(dir)?.is_none() {
        return Err(BackupError::NoKey {
            path: files::key_in(dir),
        });
    }
    let database = database_in(dir);
    let part = part_of(&database);
    let copied = copy_without_key(from, &part);
    copied.inspect_err(|_| drop(fs::remove_file(&part)))?;
    let aside = move_aside(dir, "before-restore")?;
    fs::rename(&part, &database)
        .and_then(|()| sync_folder(&database))
        .map_err(StoreError::folder(&database))?;
    if let Some(key) = &key {
        files::write_key(dir, key)?;
    }
    drop(lock);
    Ok(Restored {
        aside,
        has_key: key.is_some(),
    })
}

/// Checks a backup. Returns the key in it, if it has one.
fn verify(from: &Path) -> Result<Option<Identity>, BackupError> {
    File::open(from).map_err(BackupError::unusable(from))?;
    let db = open(from, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    check(&db, from)?;
    let key = read_key(&db).map_err(StoreError::database(from))?;
    let key = key.map(|key| Identity::from_pkcs8(&key)).transpose();
    key.map_err(|_| damaged(from, "its key cannot be read"))
}

fn read_key(db: &Connection) -> rusqlite::Result<Option<Vec<u8>>> {
    let sql = "SELECT EXISTS (SELECT * FROM sqlite_schema WHERE name = 'backup')";
    if !db.query_row(sql, [], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    let sql = "SELECT key FROM backup";
    db.query_row(sql, [], |row| row.get(0)).optional()
}

/// Fails unless the file is whole and of this program or an older one.
fn check(db: &Connection, path: &Path) -> Result<(), BackupError> {
    match schema::inspect(db, path) {
        Ok(Some(_)) => {}
        Ok(None) => return Err(damaged(path, "it is empty")),
        Err(StoreError::Database { reason, .. } | StoreError::Damaged { reason, .. }) => {
            return Err(damaged(path, &reason.to_string()));
        }
        Err(error) => return Err(error.into()),
    }
    let sql = "PRAGMA integrity_check(1)";
    let found = db.query_row(sql, [], |row| row.get::<_, String>(0));
    match found.as_deref() {
        Ok("ok") => Ok(()),
        Ok(found) => Err(damaged(path, found)),
        Err(error) => Err(damaged(path, &error.to_string())),
    }
}

fn damaged(path: &Path, reason: &str) -> BackupError {
    BackupError::Damaged {
        path: path.to_owned(),
        reason: reason.to_owned(),
    }
}

/// Copies a backup to where only its owner can read it, without the key, which has its own file.
fn copy_without_key(from: &Path, part: &Path) -> Result<(), BackupError> {
    remove_if_there(part).map_err(StoreError::folder(part))?;
    let copy = || {
        let mut to = folder::open_private(part)?;
        io::copy(&mut File::open(from)?, &mut to)?;
        to.sync_all()
    };
    copy().map_err(StoreError::folder(part))?;
    let db = open(part, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // The pages of the key are overwritten (<https://www.sqlite.org/pragma.html#pragma_secure_delete>).
    db.pragma_update_and_check(None, "secure_delete", true, |_| Ok(()))
        .and_then(|()| db.execute_batch("DROP TABLE IF EXISTS backup"))
        .map_err(StoreError::database(part))?;
    close(db, part)
}

/// Moves what is left of an incomplete server into a folder beside it, so that a new one can start.
///
/// # Errors
/// [`BackupError`].
pub(crate) fn begin_anew(dir: &Path) -> Result<Option<PathBuf>, BackupError> {
    let _lock = Folder::claim(dir)?;
    let aside = move_aside(dir, "before-new")?;
    let key = files::key_in(dir);
    remove_if_there(&key).map_err(StoreError::folder(&key))?;
    Ok(aside)
}

/// Moves the database, with its side files, and a copy of the key into a new folder. Returns the folder;
/// `None` if there was nothing to move.
fn move_aside(dir: &Path, name: &str) -> Result<Option<PathBuf>, StoreError> {
    let database = database_in(dir);
    let key = files::key_in(dir);
    if !database.exists() && !key.exists() {
        return Ok(None);
    }
    let aside = new_folder(dir, name).map_err(StoreError::folder(dir))?;
    // The database goes first: without it no server starts, whatever happens to the rest.
    for side in ["", "-wal", "-shm"] {
        let from = with_suffix(&database, side);
        let to = with_suffix(&database_in(&aside), side);
        rename_if_there(&from, &to).map_err(StoreError::folder(&from))?;
    }
    if key.exists() {
        fs::copy(&key, files::key_in(&aside)).map_err(StoreError::folder(&key))?;
    }
    sync_folder(&aside.join("any"))
        .and_then(|()| sync_folder(&aside))
        .map_err(StoreError::folder(&aside))?;
    Ok(Some(aside))
}

fn new_folder(dir: &Path, name: &str) -> io::Result<PathBuf> {
    for number in 1..=MAX_ASIDE {
        let folder = dir.join(format!("{name}-{number}"));
        let mut builder = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match builder.create(&folder) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            created => return created.map(|()| folder),
        }
    }
    Err(io::Error::other(
        "too many folders with replaced data: delete some",
    ))
}

fn open(path: &Path, access: OpenFlags) -> Result<Connection, BackupError> {
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(path, flags).map_err(StoreError::database(path))?)
}

fn close(db: Connection, path: &Path) -> Result<(), BackupError> {
    Ok(db
        .close()
        .map_err(|(_, error)| StoreError::database(path)(error))?)
}

fn part_of(path: &Path) -> PathBuf {
    with_suffix(path, ".part")
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    ignore_missing(fs::remove_file(path))
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    ignore_missing(fs::rename(from, to))
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Syncs the folder of a file, so that its new name is on the disk.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
