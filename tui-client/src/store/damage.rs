//! Replacement of a damaged database: it is moved aside, never deleted, and a new one gets the
//! drafts and the outbox that are still readable. Everything else is on the server.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use recado_shared::ConversationId;
use rusqlite::{Connection, Row};

use super::error::StoreError;
use super::request::{Pending, Snapshot};
use super::schema::{self, OpenError};
use super::value::DbError;
use super::{outbox, snapshot};
use crate::strings::counted;

/// Most damaged databases that may lie beside the good one.
const MAX_DAMAGED: u32 = 99;

/// An open database, its content, and a notice if it replaces a damaged one.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) connection: Connection,
    pub(super) snapshot: Snapshot,
    pub(super) notice: Option<String>,
}

/// The readable part of a damaged database.
#[derive(Debug, Default)]
struct Salvage {
    outbox: Vec<Pending>,
    drafts: Vec<(ConversationId, String)>,
    is_whole: bool,
}

/// Opens the database, or replaces it if it is damaged.
pub(super) fn open_or_replace(path: &Path) -> Result<Ready, StoreError> {
    let error = match open(path) {
        Ok((connection, snapshot)) if !is_marked(path) => {
            return Ok(Ready {
                connection,
                snapshot,
                notice: None,
            });
        }
        Ok(_) => DbError::Value("a part of it was not readable last time".to_owned()),
        Err(OpenError::Database(error)) if error.is_damage() => error,
        Err(error) => return Err(final_error(error, path)),
    };
    tracing::error!(%error, "the local store is damaged");
    replace(path, &error)
}

/// Notes damage that opening the database may not show.
pub(super) fn mark(path: &Path) {
    if let Err(error) = fs::write(mark_of(path), "") {
        tracing::error!(%error, "cannot mark the damaged store");
    }
}

fn is_marked(path: &Path) -> bool {
    mark_of(path).exists()
}

fn mark_of(path: &Path) -> PathBuf {
    with_suffix(path, "-damaged")
}

fn open(path: &Path) -> Result<(Connection, Snapshot), OpenError> {
    let connection = schema::open(path)?;
    let snapshot = snapshot::read(&connection)?;
    Ok((connection, snapshot))
}

pub(super) fn final_error(error: OpenError, path: &Path) -> StoreError {
    match error {
        OpenError::Final(error) => error,
        OpenError::Database(error) => StoreError::Database {
            path: path.to_owned(),
            reason: error.to_string(),
        },
    }
}

fn replace(path: &Path, error: &DbError) -> Result<Ready, StoreError> {
    let salvage = salvage(path);
    let aside = move_aside(path).map_err(|source| StoreError::Io {
        path: path.to_owned(),
        source,
    })?;
    let failed = |error: OpenError| final_error(error, path);
    let mut connection = schema::open(path).map_err(failed)?;
    restore(&mut connection, &salvage).map_err(|error| failed(error.into()))?;
    let snapshot = snapshot::read(&connection).map_err(|error| failed(error.into()))?;
    let lost = if salvage.is_whole {
        ""
    } else {
        " (others may be lost)"
    };
    let kept = format!(
        "Kept {} and {}{lost}",
        counted(salvage.outbox.len() as u64, "unsent message"),
        counted(salvage.drafts.len() as u64, "draft"),
    );
    let notice = format!(
        "The local store was damaged ({error}) and moved to {}. {kept}. The history comes back from \
         the server",
        aside.display()
    );
    Ok(Ready {
        connection,
        snapshot,
        notice: Some(notice),
    })
}

/// Reads the drafts and the outbox row by row, up to the damage.
fn salvage(path: &Path) -> Salvage {
    let Ok(connection) = Connection::open(path) else {
        return Salvage::default();
    };
    let (outbox, all_outbox) = readable(&connection, snapshot::OUTBOX, snapshot::read_pending);
    let (drafts, all_drafts) = readable(&connection, snapshot::DRAFTS, snapshot::read_draft);
    Salvage {
        outbox,
        drafts,
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
    let Ok(mut statement) = connection.prepare(sql) else {
        return (found, false);
    };
    let Ok(mut rows) = statement.query([]) else {
        return (found, false);
    };
    let mut is_whole = true;
    loop {
        match rows.next() {
            Ok(Some(row)) => match read(row) {
                Ok(value) => found.push(value),
                Err(_) => is_whole = false,
            },
            Ok(None) => return (found, is_whole),
            Err(_) => return (found, false),
        }
    }
}

fn restore(connection: &mut Connection, salvage: &Salvage) -> Result<(), DbError> {
    let transaction = connection.transaction()?;
    for pending in &salvage.outbox {
        outbox::queue(&transaction, pending)?;
    }
    for (conversation, text) in &salvage.drafts {
        outbox::set_draft(&transaction, *conversation, text)?;
    }
    transaction.commit()?;
    Ok(())
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

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}
