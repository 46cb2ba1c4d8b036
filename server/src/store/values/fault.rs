//! Classes of database errors, by what the server does about them.

use rusqlite::{Error, ErrorCode, ffi};

/// What a database error means for the requests that met it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Stored data is damaged or cannot be read. Only requests that need this data fail.
    Damage,
    /// Nothing can be written for want of space. The transaction is rolled back, and reading works.
    NoSpace,
    /// Anything else, such as a sync that failed: then the server must stop, because it is unknown
    /// what is on the disk.
    Fatal,
}

impl Fault {
    pub(crate) fn of(error: &Error) -> Self {
        match error {
            // A stored value that was valid when it was written, or a row that must be there.
            Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
            | Error::QueryReturnedNoRows => Self::Damage,
            error => error
                .sqlite_error()
                .copied()
                .map_or(Self::Fatal, Self::of_sqlite),
        }
    }

    /// Result codes as in <https://www.sqlite.org/rescode.html>.
    fn of_sqlite(error: ffi::Error) -> Self {
        match (error.code, error.extended_code) {
            // Raised by a trigger, of which the schema has none.
            (_, ffi::SQLITE_CONSTRAINT_TRIGGER) => Self::Fatal,
            // A violated constraint says that stored rows contradict each other.
            (
                ErrorCode::DatabaseCorrupt
                | ErrorCode::NotADatabase
                | ErrorCode::ConstraintViolation,
                _,
            )
            | (_, ffi::SQLITE_IOERR_READ | ffi::SQLITE_IOERR_SHORT_READ) => Self::Damage,
            // A quota or a limit of the file's size is told as a failed write.
            (ErrorCode::DiskFull, _) | (_, ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE) => {
                Self::NoSpace
            }
            _ => Self::Fatal,
        }
    }
}
