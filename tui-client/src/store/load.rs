//! Reads of cached log ranges, with the entries elsewhere that belong to them.

use std::collections::BTreeMap;

use recado_shared::{Content, Entry, MessageId, PageRange, Seq, Timestamp, UserId};
use rusqlite::{Connection, Params, Row, params};

use super::entry_kind::{DELETION, EDIT, tombstone};
use super::request::{LoadedEntries, StoreRead};
use super::value::{DbError, blob, bytes, column, number, query};

/// Most entries that are read because they belong to the ones asked for. Beyond it those that
/// belong to the older ones are left out; a message with thousands of reactions shows too few.
const MAX_ABOUT: usize = 2_000;

/// Selects the columns of [`read_entry`]. What changes a message is looked up by its target: left
/// to itself the planner reads a whole log, for the order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT seq, author, id, time, kind, content FROM entries WHERE conversation = ?1 ",
            $rest
        )
    };
    (by target $rest:literal) => {
        concat!(
            "SELECT seq, author, id, time, kind, content FROM entries INDEXED BY entries_by_target
             WHERE conversation = ?1 ",
            $rest
        )
    };
}

pub(super) fn load(db: &Connection, read: StoreRead) -> Result<LoadedEntries, DbError> {
    let key = blob(&read.conversation);
    let entries = stretch(db, &key, read.range, read.limit)?;
    let about = about(db, &key, &entries)?;
    Ok(LoadedEntries {
        read,
        entries,
        about,
    })
}

/// Reads a stretch, ascending.
pub(super) fn stretch(
    db: &Connection,
    key: &[u8],
    range: PageRange,
    limit: u16,
) -> Result<Vec<Entry>, DbError> {
    let (sql, seq) = match range {
        PageRange::After(seq) => (select!("AND seq > ?2 ORDER BY seq LIMIT ?3"), seq),
        PageRange::Before(seq) => (select!("AND seq < ?2 ORDER BY seq DESC LIMIT ?3"), seq),
    };
    // Places beyond the signed range cannot exist in a dense log: they mean "the end".
    let seq = i64::try_from(seq.0).unwrap_or(i64::MAX);
    let mut entries = entries(db, sql, params![key, seq, limit])?;
    entries.sort_unstable_by_key(|entry| entry.seq);
    Ok(entries)
}

/// The held entries that belong to ascending ones and are not among them.
pub(super) fn about(db: &Connection, key: &[u8], read: &[Entry]) -> Result<Vec<Entry>, DbError> {
    let (Some(first), Some(last)) = (read.first(), read.last()) else {
        return Ok(Vec::new());
    };
    let is_read = |seq: Seq| read.binary_search_by_key(&seq, |entry| entry.seq).is_ok();
    let mut found = BTreeMap::new();
    let room = i64::try_from(MAX_ABOUT).unwrap_or(i64::MAX);
    let changes = entries(
        db,
        select!(by target "AND target BETWEEN ?2 AND ?3 ORDER BY target DESC, seq DESC LIMIT ?4"),
        params![
            key,
            first.seq.0.cast_signed(),
            last.seq.0.cast_signed(),
            room
        ],
    )?;
    for entry in changes {
        if !is_read(entry.seq) && entry.content.target().is_none_or(is_read) {
            found.insert(entry.seq, entry);
        }
    }
    for entry in read.iter().rev() {
        let Some(to) = entry.content.reply_to() else {
            continue;
        };
        if is_read(to) || found.contains_key(&to) || found.len() >= MAX_ABOUT {
            continue;
        }
        let target = to.0.cast_signed();
        let original = entries(db, select!("AND seq = ?2"), params![key, target])?;
        let room = i64::try_from(MAX_ABOUT - found.len()).unwrap_or(0);
        let changes = entries(
            db,
            select!(by target "AND target = ?2 AND kind IN (?3, ?4) ORDER BY seq DESC LIMIT ?5"),
            params![key, target, EDIT, DELETION, room],
        )?;
        for entry in original.into_iter().chain(changes) {
            if !is_read(entry.seq) {
                found.insert(entry.seq, entry);
            }
        }
    }
    Ok(found.into_values().collect())
}

pub(super) fn entries(
    db: &Connection,
    sql: &str,
    parameters: impl Params,
) -> Result<Vec<Entry>, DbError> {
    query(db, sql, parameters, |row| read_entry(row, 0))
}

/// Reads the columns seq, author, id, time, kind and content, which begin at an index.
pub(super) fn read_entry(row: &Row<'_>, first: usize) -> Result<Entry, DbError> {
    Ok(Entry {
        seq: Seq(number(row, first)?),
        author: UserId(number(row, first + 1)?),
        id: MessageId(bytes(row, first + 2)?),
        time: Timestamp(number(row, first + 3)?),
        content: match tombstone(row.get(first + 4)?)? {
            Some(erased) => Content::Erased(erased),
            None => column(row, first + 5)?,
        },
    })
}
