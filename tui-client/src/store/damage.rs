//! Replacement of a damaged database: it is moved aside, never deleted, and a new one gets the
//! drafts, the outbox and the unopened announcements that are still readable. Everything else is on the server.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use recado_shared::io_reason::describe;
use recado_shared::{ConversationId, Timestamp};
use rusqlite::{Connection, Row};

use super::error::StoreError;
use super::request::{Pending, Snapshot};
use super::schema::{self, OpenError};
use super::value::DbError;
use super::{announcements, outbox, snapshot};
use crate::strings::counted;

/// Most damaged databases that may lie beside the good one.
const MAX_DAMAGED: u32 = 99;

pub(super) struct OpenedDatabase {
    pub(super) connection: Connection,
    pub(super) snapshot: Snapshot,
    /// Set if it replaces a damaged one.
    pub(super) notice: Option<String>,
}

/// The readable rows of a damaged database.
#[derive(Default)]
struct Salvage {
    outbox: Vec<Pending>,
    drafts: Vec<(ConversationId, String)>,
    announcements: Vec<(Timestamp, String)>,
    /// Whether these are all messages and drafts.
    is_whole: bool,
}

pub(super) fn open_or_replace(path: &Path) -> Result<OpenedDatabase, StoreError> {
    let error = match open(path) {
        Ok((connection, snapshot)) if !mark_of(path).exists() => {
            return Ok(OpenedDatabase {
                connection,
                snapshot,
                notice: None,
            });
        }
        Ok(_) => DbError::value("a part of it was not readable last time"),
        Err(OpenError::Database(error)) if error.is_damage() => error,
        Err(error) => return Err(error.into_store_error(path)),
    };
    tracing::error!(%error, "the local store is damaged");
    replace(path, &error)
}

/// Notes damage that opening the database may not show.
pub(super) fn mark(path: &Path) {
    if let Err(error) = fs::write(mark_of(path), "") {
        tracing::error!(error = describe(&error), "cannot mark the damaged store");
    }
}

fn mark_of(path: &Path) -> PathBuf {
    with_suffix(path, "-damaged")
}

fn open(path: &Path) -> Result<(Connection, Snapshot), OpenError> {
    let connection = schema::open(path)?;
    // Each statement outside a transaction locks the files anew.
    let reading = connection.unchecked_transaction()?;
    let snapshot = snapshot::read(&reading)?;
    reading.commit()?;
    Ok((connection, snapshot))
}

fn replace(path: &Path, error: &DbError) -> Result<OpenedDatabase, StoreError> {
    let Salvage {
        outbox,
        drafts,
        announcements,
        is_whole,
    } = salvage(path);
    let aside = move_aside(path).map_err(StoreError::io(path))?;
    let restored = || -> Result<_, OpenError> {
        let mut connection = schema::open(path)?;
        let transaction = connection.transaction()?;
        for pending in &outbox {
            outbox::queue(&transaction, pending)?;
        }
        for (conversation, text) in &drafts {
            outbox::set_draft(&transaction, *conversation, text)?;
        }
        for (time, text) in &announcements {
            announcements::add(&transaction, *time, text)?;
        }
        transaction.commit()?;
        let snapshot = snapshot::read(&connection)?;
        Ok((connection, snapshot))
    };
    let (connection, snapshot) = restored().map_err(|error| error.into_store_error(path))?;
    let lost = if is_whole {
        ""
    } else {
        " (others may be lost)"
    };
    let kept = format!(
        "Kept {} and {}{lost}",
        counted(outbox.len() as u64, "unsent message"),
        counted(drafts.len() as u64, "draft"),
    );
    let notice = format!(
        "The local store was damaged ({error}) and moved to {}. {kept}. The history comes back from \
         the server",
        aside.display()
    );
    Ok(OpenedDatabase {
        connection,
        snapshot,
        notice: Some(notice),
    })
}

/// Reads what is to be kept row by row, up to the damage.
fn salvage(path: &Path) -> Salvage {
    let Ok(connection) = Connection::open(path) else {
        return Salvage::default();
    };
    let (outbox, all_outbox) = readable(&connection, snapshot::OUTBOX, snapshot::read_pending);
    let (drafts, all_drafts) = readable(&connection, snapshot::DRAFTS, snapshot::read_draft);
    let (announcements, _) = readable(&connection, announcements::ALL, announcements::read_row);
    Salvage {
        outbox,
        drafts,
        announcements,
        is_whole: all_outbox && all_drafts,
    }
}

/// The readable rows, and whether they are all.
fn readable<T>(
    connection: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> Result<T, DbError>,
) -> (Vec<T>, bool) {
    let mut found = Vec::new();
    let mut read_all = || -> rusqlite::Result<bool> {
        let mut statement = connection.prepare(sql)?;
        let mut rows = statement.query([])?;
        let mut is_whole = true;
        while let Some(row) = rows.next()? {
            match read(row) {
                Ok(value) => found.push(value),
                Err(_) => is_whole = false,
            }
        }
        Ok(is_whole)
    };
    let is_whole = read_all().unwrap_or(false);
    (found, is_whole)
}

/// Renames the database and its side files to the first free name and returns it.
fn move_aside(path: &Path) -> io::Result<PathBuf> {
    let aside = (1..=MAX_DAMAGED)
        .map(|number| with_suffix(path, &format!(".damaged-{number}")))
        .find(|aside| !aside.exists())
        .ok_or_else(|| io::Error::other("there are too many damaged stores: delete some"))?;
    for side in ["-wal", "-shm"] {
        match fs::rename(with_suffix(path, side), with_suffix(&aside, side)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(path, &aside)?;
    match fs::remove_file(mark_of(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(aside),
    }
}

pub(super) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
