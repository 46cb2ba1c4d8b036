//! Conversions between the values of `recado-shared` and the columns of a row.

use std::error::Error as StdError;

use recado_shared::{Content, ErasedKind, Mute, Timestamp, codec};
use rusqlite::types::{Type, ValueRef};
use rusqlite::{Error, Result, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A number as a column holds it. Columns are signed; a client may name a number above all that the
/// server ever assigned, and the largest integer then stands for it.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn uint(row: &Row<'_>, column: usize) -> Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(column, value))
}

/// The number in the only column.
pub(crate) fn number(row: &Row<'_>) -> Result<u64> {
    uint(row, 0)
}

pub(crate) fn count(row: &Row<'_>, column: usize) -> Result<usize> {
    uint(row, column).map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

pub(crate) fn optional_uint(row: &Row<'_>, column: usize) -> Result<Option<u64>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => uint(row, column).map(Some),
    }
}

pub(crate) fn optional_time(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    Ok(optional_uint(row, column)?.map(Timestamp))
}

/// Reads a text that was valid when it was stored.
pub(crate) fn text<T, E: StdError + Send + Sync + 'static>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    parse(text).map_err(|error| invalid(column, Type::Text, error))
}

pub(crate) fn optional_text<T, E: StdError + Send + Sync + 'static>(
    row: &Row<'_>,
    column: usize,
    parse: impl FnOnce(&str) -> std::result::Result<T, E>,
) -> Result<Option<T>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => text(row, column, parse).map(Some),
    }
}

/// Reads an enum that is stored as its discriminant.
pub(crate) fn variant<T>(
    row: &Row<'_>,
    column: usize,
    from_repr: impl FnOnce(u8) -> Option<T>,
) -> Result<T> {
    let number: u8 = row.get(column)?;
    from_repr(number).ok_or(Error::IntegralValueOutOfRange(column, number.into()))
}

/// Reads the mute of a member from the columns `is_muted` and `mute_until`.
pub(crate) fn mute(row: &Row<'_>, column: usize) -> Result<Option<Mute>> {
    let is_muted: bool = row.get(column)?;
    let until = optional_time(row, column + 1)?;
    Ok(is_muted.then_some(Mute { until }))
}

pub(crate) fn encode(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut buffer = Vec::new();
    encode_into(value, &mut buffer)?;
    Ok(buffer)
}

pub(crate) fn encode_into(value: &impl Serialize, buffer: &mut Vec<u8>) -> Result<()> {
    codec::encode_into(value, buffer).map_err(|error| Error::ToSqlConversionFailure(error.into()))
}

pub(crate) fn decode<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T> {
    decode_blob(row.get_ref(column)?.as_blob()?, column)
}

fn decode_blob<T: DeserializeOwned>(blob: &[u8], column: usize) -> Result<T> {
    codec::decode(blob).map_err(|error| invalid(column, Type::Blob, error))
}

/// Decodes a content, or gives its remains if it was erased.
pub(crate) fn content(blob: &[u8], erased: Option<ErasedKind>, column: usize) -> Result<Content> {
    match erased {
        None => decode_blob(blob, column),
        Some(erased) => Ok(Content::Erased(erased)),
    }
}

pub(crate) fn optional_variant<T>(
    row: &Row<'_>,
    column: usize,
    from_repr: impl FnOnce(u8) -> Option<T>,
) -> Result<Option<T>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        _ => variant(row, column, from_repr).map(Some),
    }
}

/// Says that the values of a row contradict each other.
pub(crate) fn damaged(column: usize, error: impl StdError + Send + Sync + 'static) -> Error {
    invalid(column, Type::Null, error)
}

pub(crate) fn random<const LEN: usize>() -> Result<[u8; LEN]> {
    let mut bytes = [0; LEN];
    aws_lc_rs::rand::fill(&mut bytes)
        .map_err(|error| Error::ToSqlConversionFailure(error.into()))?;
    Ok(bytes)
}

fn invalid(column: usize, kind: Type, error: impl StdError + Send + Sync + 'static) -> Error {
    Error::FromSqlConversionFailure(column, kind, Box::new(error))
}
