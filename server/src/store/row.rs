//! Numbers and values between the message crate's types and columns.

use recado_shared::{Content, UserName, codec};
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};

/// A number as a column holds it. Those are signed; a client may name a larger number
/// than any that was ever given out, and the largest integer then stands for it.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Reads a number that is never negative.
pub(super) fn uint(row: &Row<'_>, column: usize) -> Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(column, value))
}

/// Reads a name that was legal when it was stored.
pub(super) fn name(row: &Row<'_>, column: usize) -> Result<UserName> {
    let text: String = row.get(column)?;
    UserName::new(&text)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Encodes what an entry holds.
pub(super) fn encode(content: &Content) -> Result<Vec<u8>> {
    codec::encode(content)
        .map(Into::into)
        .map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}

/// Reads what an entry holds.
pub(super) fn content(row: &Row<'_>, column: usize) -> Result<Content> {
    let blob = row.get_ref(column)?.as_blob()?;
    codec::decode(blob)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error)))
}
