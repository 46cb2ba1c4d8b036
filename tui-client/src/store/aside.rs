//! Copy of the cache of a log that the server does not have any more. It is put beside the
//! database and never deleted.

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::damage::with_suffix;
use super::schema;
use super::value::{DbError, query_first};

/// Most copies that may lie beside the database.
const MAX_COPIES: u32 = 99;

/// Copies the database as its last transaction left it, if it has entries. A database in memory has
/// no place for a copy.
pub(super) fn keep(db: &Connection) -> Result<(), DbError> {
    let path = db.path().filter(|path| !path.is_empty()).map(Path::new);
    let is_empty = query_first(db, "SELECT 1 FROM entries LIMIT 1", [], |_| Ok(()))?.is_none();
    let Some(path) = path.filter(|_| !is_empty) else {
        return Ok(());
    };
    let copy = free_name(path).map_err(DbError::value)?;
    // Another connection, because this one is in a transaction.
    let reader = schema::open_reader(path)?;
    reader.execute("VACUUM INTO ?1", [copy.to_string_lossy()])?;
    tracing::warn!(copy = %copy.display(), "the cache of another log is put aside");
    Ok(())
}

/// Creates an empty file with the first free name, for its owner only.
fn free_name(path: &Path) -> io::Result<PathBuf> {
    for number in 1..=MAX_COPIES {
        let copy = with_suffix(path, &format!(".before-reset-{number}"));
        let mut options = OpenOptions::new();
        match options.write(true).create_new(true).mode(0o600).open(&copy) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|_| copy),
        }
    }
    Err(io::Error::other(
        "there are too many copies of earlier caches: delete some",
    ))
}
