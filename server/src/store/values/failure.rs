//! Failure of one request: a rejection, which its sender is told, or a database error, which stops
//! the server.

use recado_shared::{Refusal, RequestError};

use super::admin::ChangeError;

#[derive(Debug)]
pub(crate) enum Failure<R = RequestError> {
    /// The request has changed nothing.
    Rejected(R),
    Database(rusqlite::Error),
}

/// Reason to reject a request.
pub(crate) trait Rejection {
    const NAME_TAKEN: Self;
    const NAME_TOO_SIMILAR: Self;
}

impl Rejection for RequestError {
    const NAME_TAKEN: Self = Self::RoomNameTaken;
    const NAME_TOO_SIMILAR: Self = Self::RoomNameTooSimilar;
}

impl Rejection for Refusal {
    const NAME_TAKEN: Self = Self::NameTaken;
    const NAME_TOO_SIMILAR: Self = Self::NameTooSimilar;
}

impl Rejection for ChangeError {
    const NAME_TAKEN: Self = Self::NameTaken;
    const NAME_TOO_SIMILAR: Self = Self::NameTooSimilar;
}

impl<R: Rejection> From<R> for Failure<R> {
    fn from(rejection: R) -> Self {
        Self::Rejected(rejection)
    }
}

impl<R> From<rusqlite::Error> for Failure<R> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

pub(crate) fn ensure<R: Rejection>(condition: bool, rejection: R) -> Result<(), Failure<R>> {
    if condition {
        return Ok(());
    }
    Err(rejection.into())
}

/// Separates the answer to a request from a database error, which fails its whole batch.
pub(crate) fn answer<T, R>(result: Result<T, Failure<R>>) -> rusqlite::Result<Result<T, R>> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Rejected(rejection)) => Ok(Err(rejection)),
        Err(Failure::Database(error)) => Err(error),
    }
}
