//! The table of announcements that the user has not opened yet.

use recado_shared::Timestamp;
use rusqlite::{Connection, params};

use super::request::MAX_ANNOUNCEMENTS;
use super::value::{DbError, execute, number, query};

/// Reads all, oldest first.
pub(super) fn read(db: &Connection) -> Result<Vec<(Timestamp, String)>, DbError> {
    let sql = "SELECT time, text FROM announcements ORDER BY position";
    query(db, sql, [], |row| {
        Ok((Timestamp(number(row, 0)?), row.get(1)?))
    })
}

pub(super) fn add(db: &Connection, time: Timestamp, text: &str) -> Result<(), DbError> {
    let sql = "INSERT INTO announcements (time, text) VALUES (?1, ?2)";
    execute(db, sql, params![time.0.cast_signed(), text])?;
    let sql = "DELETE FROM announcements WHERE position NOT IN
               (SELECT position FROM announcements ORDER BY position DESC LIMIT ?1)";
    let most = i64::try_from(MAX_ANNOUNCEMENTS).unwrap_or(i64::MAX);
    execute(db, sql, [most]).map(drop)
}

pub(super) fn clear(db: &Connection) -> Result<(), DbError> {
    execute(db, "DELETE FROM announcements", []).map(drop)
}
