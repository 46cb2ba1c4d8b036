//! Numbers and values between the message crate's types and columns.

use recado_shared::{
    Content, DeviceName, DisplayName, ErasedKind, RoomName, Topic, UserName, codec,
};
use rusqlite::types::Type;
use rusqlite::{Error, Result, Row};

/// A number as a column holds it. Those are signed; a client may name a larger number
/// than any that was ever given out, and the largest integer then stands for it.
pub(crate) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Reads a number that is never negative.
pub(crate) fn uint(row: &Row<'_>, column: usize) -> Result<u64> {
    let value: i64 = row.get(column)?;
    u64::try_from(value).map_err(|_| Error::IntegralValueOutOfRange(column, value))
}

/// Reads a name that was legal when it was stored.
pub(crate) fn name(row: &Row<'_>, column: usize) -> Result<UserName> {
    let text: String = row.get(column)?;
    UserName::new(&text)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Reads a room's name that was legal when it was stored.
pub(crate) fn room_name(row: &Row<'_>, column: usize) -> Result<RoomName> {
    let text: String = row.get(column)?;
    RoomName::new(&text)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Reads a topic that was legal when it was stored.
pub(crate) fn topic(row: &Row<'_>, column: usize) -> Result<Option<Topic>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| Topic::new(&text))
        .transpose()
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Reads a device's name that was legal when it was stored.
pub(crate) fn device_name(row: &Row<'_>, column: usize) -> Result<Option<DeviceName>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| DeviceName::new(&text))
        .transpose()
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Reads a display name that was legal when it was stored.
pub(crate) fn display_name(row: &Row<'_>, column: usize) -> Result<DisplayName> {
    let text: String = row.get(column)?;
    DisplayName::new(&text)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Encodes what an entry holds behind what a buffer holds.
pub(crate) fn encode(content: &Content, buffer: &mut Vec<u8>) -> Result<()> {
    codec::encode_into(content, buffer)
        .map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}

/// Reads what an entry holds, or what is left of it: `erased` is the column that says so.
pub(crate) fn content_or_erased(row: &Row<'_>, column: usize, erased: usize) -> Result<Content> {
    match row.get::<_, Option<i64>>(erased)? {
        Some(number) => Ok(Content::Erased(erased_of(number))),
        None => content(row, column),
    }
}

/// Reads what an entry holds that was not erased.
pub(crate) fn content(row: &Row<'_>, column: usize) -> Result<Content> {
    let blob = row.get_ref(column)?.as_blob()?;
    codec::decode(blob)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error)))
}

/// What an erased entry was.
const fn erased_of(number: i64) -> ErasedKind {
    match number {
        1 => ErasedKind::Edit,
        _ => ErasedKind::Message,
    }
}
