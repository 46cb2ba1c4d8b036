//! Failure of one request: a rejection, which its sender is told, or a database error, which stops
//! the server.

use recado_shared::{Refusal, RequestError};

use crate::store::values::admin::ChangeError;

/// Failure of a request. A rejected request has changed nothing.
#[derive(Debug)]
pub(crate) enum Failure<R = RequestError> {
    Rejected(R),
    Database(rusqlite::Error),
}

impl<R> From<rusqlite::Error> for Failure<R> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<RequestError> for Failure<RequestError> {
    fn from(error: RequestError) -> Self {
        Self::Rejected(error)
    }
}

impl From<Refusal> for Failure<Refusal> {
    fn from(refusal: Refusal) -> Self {
        Self::Rejected(refusal)
    }
}

impl From<ChangeError> for Failure<ChangeError> {
    fn from(error: ChangeError) -> Self {
        Self::Rejected(error)
    }
}

/// Separates the answer to a request from a database error, which fails its whole batch.
pub(crate) fn answer<T, R>(result: Result<T, Failure<R>>) -> rusqlite::Result<Result<T, R>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Rejected(rejection)) => Ok(Err(rejection)),
        Err(Failure::Database(error)) => Err(error),
    }
}

/// Why a name cannot be given to a user or a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameConflict {
    Taken,
    TooSimilar,
}

impl From<NameConflict> for Failure<Refusal> {
    fn from(conflict: NameConflict) -> Self {
        Self::Rejected(match conflict {
            NameConflict::Taken => Refusal::NameTaken,
            NameConflict::TooSimilar => Refusal::NameTooSimilar,
        })
    }
}

impl From<NameConflict> for Failure<RequestError> {
    fn from(conflict: NameConflict) -> Self {
        Self::Rejected(match conflict {
            NameConflict::Taken => RequestError::RoomNameTaken,
            NameConflict::TooSimilar => RequestError::RoomNameTooSimilar,
        })
    }
}

impl From<NameConflict> for Failure<ChangeError> {
    fn from(conflict: NameConflict) -> Self {
        Self::Rejected(match conflict {
            NameConflict::Taken => ChangeError::NameTaken,
            NameConflict::TooSimilar => ChangeError::NameTooSimilar,
        })
    }
}
