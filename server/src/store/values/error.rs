//! Why a data folder cannot be used.

use std::io;
use std::path::{Path, PathBuf};

/// Why the store cannot be opened or administered.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or a file in it cannot be made or opened.
    #[error(
        "cannot use {}: {source}. Check its owner and permissions, or choose another folder \
         with --data", path.display()
    )]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Another server has the folder.
    #[error(
        "another recado-server is using {}. Stop it, or choose another folder with --data",
        path.display()
    )]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// No server has ever run with this folder.
    #[error(
        "no server data in {}. Start recado-server once, or choose the folder with --data",
        path.display()
    )]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// The file is a database of another program.
    #[error(
        "{} belongs to another program. Move it away, or choose another folder with --data",
        path.display()
    )]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A newer program wrote the data.
    #[error(
        "{} was written by a newer recado-server: it has schema {found}, this program knows {known}. \
         Nothing was changed. Use the newer program", path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: usize,
        /// The newest schema this program knows.
        known: usize,
    },
    /// An older program wrote the data, and only a server brings it up to date.
    #[error(
        "{} was written by an older recado-server. Start this version once to update it", path.display()
    )]
    OlderSchema {
        /// The file.
        path: PathBuf,
    },
    /// The database cannot be read or written.
    #[error("cannot use the database {}: {source}. Check the disk and its free space", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What the database says.
        source: rusqlite::Error,
    },
}

impl StoreError {
    /// Names the file of a database error.
    pub(crate) fn database(path: &Path) -> impl FnOnce(rusqlite::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Database { path, source }
    }

    /// Names the file of an operating system's error.
    pub(crate) fn folder(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        |source| Self::Folder { path, source }
    }
}
