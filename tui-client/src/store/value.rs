//! Conversions between Rust and SQL values, and the error of a statement.

use recado_shared::codec::{decode, encode};
use rusqlite::Row;
use rusqlite::types::{FromSql, FromSqlError};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The failure of a statement or of a stored value.
#[derive(Debug, thiserror::Error)]
pub(super) enum DbError {
    #[error(transparent)]
    Sql(#[from] rusqlite::Error),
    /// A stored value that this program never writes.
    #[error("a stored value is damaged: {0}")]
    Value(String),
}

impl DbError {
    /// Whether the file is damaged, so that only a new one helps.
    pub(super) fn is_damage(&self) -> bool {
        match self {
            Self::Value(_) => true,
            Self::Sql(error) => {
                let code = error.sqlite_error_code();
                let is_corrupt = matches!(
                    code,
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

/// The postcard form of a value.
pub(super) fn blob<T: Serialize>(value: &T) -> Vec<u8> {
    encode(value)
        .expect("plain values can always be written as postcard")
        .into()
}

/// The value of a postcard form.
pub(super) fn unblob<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, DbError> {
    decode(bytes).map_err(|error| DbError::Value(error.to_string()))
}

/// The postcard value of a column.
pub(super) fn column<T: DeserializeOwned>(row: &Row<'_>, index: usize) -> Result<T, DbError> {
    let bytes = row.get_ref(index)?.as_blob();
    unblob(bytes.map_err(|error| DbError::Value(error.to_string()))?)
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
    bytes.map_err(|error| DbError::Value(error.to_string()))
}

/// A column as a checked type.
pub(super) fn checked<S, T, E>(
    row: &Row<'_>,
    index: usize,
    check: impl FnOnce(S) -> Result<T, E>,
) -> Result<T, DbError>
where
    S: FromSql,
    E: std::fmt::Display,
{
    check(row.get(index)?).map_err(|error| DbError::Value(error.to_string()))
}
