//! Cached statements, conversions between Rust and SQL values, and the error of a statement.

use std::fmt::Display;

use recado_shared::codec::{decode, encode};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

#[derive(Debug, thiserror::Error)]
pub(super) enum DbError {
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// A stored value that this program never writes.
    #[error("a stored value is damaged: {0}")]
    Value(String),
}

impl DbError {
    pub(super) fn value(error: impl Display) -> Self {
        Self::Value(error.to_string())
    }

    /// Whether the statement was interrupted by another thread.
    pub(super) fn is_interruption(&self) -> bool {
        let code = rusqlite::ErrorCode::OperationInterrupted;
        matches!(self, Self::Sql(error) if error.sqlite_error_code() == Some(code))
    }

    /// Whether the file is damaged, so that only a new one helps.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Value(_) => true,
            Self::Sql(error) => {
                let is_corrupt = matches!(
                    error.sqlite_error_code(),
                    Some(rusqlite::ErrorCode::DatabaseCorrupt | rusqlite::ErrorCode::NotADatabase)
                );
                let is_unreadable = matches!(
                    error,
                    rusqlite::Error::InvalidColumnType(..)
                        | rusqlite::Error::FromSqlConversionFailure(..)
                        | rusqlite::Error::IntegralValueOutOfRange(..)
                );
                is_corrupt || is_unreadable
            }
        }
    }
}

/// Runs a statement. Returns the number of rows that it changed.
pub(super) fn execute(
    db: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<usize, DbError> {
    Ok(db.prepare_cached(sql)?.execute(parameters)?)
}

pub(super) fn query<T>(
    db: &Connection,
    sql: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, DbError>,
) -> Result<Vec<T>, DbError> {
    let mut statement = db.prepare_cached(sql)?;
    statement.query_and_then(parameters, read)?.collect()
}

/// Reads the first row, if there is one.
pub(super) fn query_first<T>(
    db: &Connection,
    sql: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, DbError>,
) -> Result<Option<T>, DbError> {
    let mut statement = db.prepare_cached(sql)?;
    statement
        .query_and_then(parameters, read)?
        .next()
        .transpose()
}

/// The postcard form of a value.
pub(super) fn blob<T: Serialize>(value: &T) -> Vec<u8> {
    encode(value)
        .expect("plain values can always be written as postcard")
        .into()
}

/// The postcard value of a column.
pub(super) fn column<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> Result<T, DbError> {
    let bytes = row.get_ref(index)?.as_blob().map_err(DbError::value)?;
    decode(bytes).map_err(DbError::value)
}

/// An unsigned number, stored with the same bits.
pub(super) fn number(row: &Row<'_>, index: usize) -> Result<u64, DbError> {
    Ok(row.get::<_, i64>(index)?.cast_unsigned())
}

/// A value of a fixed length.
pub(super) fn bytes<const N: usize>(row: &Row<'_>, index: usize) -> Result<[u8; N], DbError> {
    let value = row.get_ref(index)?;
    let bytes = value
        .as_blob()
        .and_then(|bytes| <[u8; N]>::try_from(bytes).map_err(|_| FromSqlError::InvalidType));
    bytes.map_err(DbError::value)
}
