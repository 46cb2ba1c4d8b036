//! Compaction: rewrites the database of a stopped server without the space that erased text has left in it.

use std::fs;
use std::path::Path;

use crate::store::folder::{self, Folder, database_in};
use crate::store::values::StoreError;

/// Length of the database file in bytes, before and after a [`compact`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compacted {
    pub before: u64,
    pub after: u64,
}

/// Rewrites the database (<https://www.sqlite.org/lang_vacuum.html>). It needs twice as much free space as the
/// database has: the copy and the write-ahead log.
///
/// # Errors
/// [`StoreError::Missing`] if no server ever used the folder, [`StoreError::InUse`] if one runs, or another
/// [`StoreError`]; then the database is as it was.
pub fn compact(dir: &Path) -> Result<Compacted, StoreError> {
    folder::expect_data(dir)?;
    let folder = Folder::claim(dir)?;
    let db = folder.open_writer()?;
    let before = len_of(dir)?;
    db.execute_batch("VACUUM")
        .map_err(StoreError::database(dir))?;
    folder.empty_log(&db)?;
    let after = len_of(dir)?;
    Ok(Compacted { before, after })
}

fn len_of(dir: &Path) -> Result<u64, StoreError> {
    let path = database_in(dir);
    let metadata = fs::metadata(&path).map_err(StoreError::folder(&path))?;
    Ok(metadata.len())
}
