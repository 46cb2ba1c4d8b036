//! Errors of opening and administering a data folder.

use std::io;
use std::path::{Path, PathBuf};

use recado_shared::Timestamp;
use recado_shared::io_reason::{describe, file_advice};

use super::fault::Fault;

const MILLIS_PER_DAY: u64 = 24 * 60 * 60 * 1_000;

/// Reason why a data folder cannot be opened or administered.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "cannot use {}: {}. {}, or choose another folder with --data",
        path.display(),
        describe(.reason),
        file_advice(.reason)
    )]
    Folder { path: PathBuf, reason: io::Error },
    #[error(
        "another recado-server is using {}. Stop it, or choose another folder with --data",
        path.display()
    )]
    InUse { path: PathBuf },
    /// No server has ever run with this folder.
    #[error(
        "no server data in {}. Start recado-server once, or choose the folder with --data",
        path.display()
    )]
    Missing { path: PathBuf },
    #[error(
        "{} belongs to another program. Move it away, or choose another folder with --data",
        path.display()
    )]
    Foreign { path: PathBuf },
    #[error(
        "{} was written by a newer recado-server: it has schema {found}, this program knows {known}. \
         Nothing was changed. Use the newer program", path.display()
    )]
    NewerSchema {
        path: PathBuf,
        found: usize,
        known: usize,
    },
    /// Only a server migrates it.
    #[error(
        "{} was written by an older recado-server. Start this version once to update it", path.display()
    )]
    OlderSchema { path: PathBuf },
    #[error("cannot use the database {}: {reason}. Check the disk and its free space", path.display())]
    Database {
        path: PathBuf,
        reason: rusqlite::Error,
    },
    #[error(
        "the system clock is {} days {} the last change in {}. Correct the clock, or start the server \
         with --accept-clock if it is right",
        now.0.abs_diff(last.0) / MILLIS_PER_DAY,
        if now < last { "behind" } else { "ahead of" },
        path.display()
    )]
    Clock {
        path: PathBuf,
        now: Timestamp,
        last: Timestamp,
    },
    /// Nothing can work without the damaged part.
    #[error(
        "the database {} is damaged: {reason}. Run `recado-server verify` to see how far, and restore a \
         backup", path.display()
    )]
    Damaged {
        path: PathBuf,
        reason: rusqlite::Error,
    },
}

impl StoreError {
    /// Whether more space on the disk may help.
    pub(crate) fn is_for_space(&self) -> bool {
        match self {
            Self::Folder { reason, .. } => reason.kind() == io::ErrorKind::StorageFull,
            Self::Database { reason, .. } => Fault::of(reason) == Fault::NoSpace,
            _ => false,
        }
    }

    pub(crate) fn database(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        |reason| match Fault::of(&reason) {
            Fault::Damage => Self::Damaged { path, reason },
            Fault::NoSpace | Fault::Fatal => Self::Database { path, reason },
        }
    }

    pub(crate) fn folder(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |reason| Self::Folder { path, reason }
    }
}
