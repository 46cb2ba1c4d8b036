//! Failures of opening the local store.

use std::io;
use std::path::{Path, PathBuf};

use recado_shared::io_reason::describe;

/// The failure to open the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(
        "the local store {} has schema {found}, but this program knows up to {known}: \
         use the newer version of Recado that wrote it", .path.display()
    )]
    Newer {
        path: PathBuf,
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    #[error(
        "cannot use {}: {}. Check its owner, its permissions and the free disk space",
        .path.display(),
        describe(.source)
    )]
    Io { path: PathBuf, source: io::Error },
    #[error("cannot open the local store {}: {reason}", .path.display())]
    Database { path: PathBuf, reason: String },
}

impl StoreError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(super) fn database(path: &Path, error: &impl ToString) -> Self {
        Self::Database {
            path: path.to_owned(),
            reason: error.to_string(),
        }
    }
}
