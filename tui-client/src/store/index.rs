//! Search index over the current text of every message.
//!
//! A message has one row in the full-text table `words`. Its number there is its moment, which
//! grows with the time of the message, so that "newest first" and "between these times" are the
//! order and the ranges in which the index is read anyway. The table has no copy of the texts: to
//! remove one, the very text that was added is given again.

use std::fmt::Write as _;

use recado_shared::{Content, Seq, Timestamp, UserId};
use rusqlite::{Connection, params};

use super::entry_kind::EDIT;
use super::value::{DbError, column, execute, number, query, query_first};

/// Moments that one millisecond has: more messages than the same one are not found.
const MOMENTS_BITS: u32 = 21;

/// Beginning of a word that no message can have in the index: the marks for who and where. It is
/// a character for private use, which the tokenizer takes for a letter.
const MARK: char = '\u{e000}';

/// A message as the index has it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Indexed {
    moment: i64,
    text: String,
    marks: String,
}

impl Indexed {
    pub(super) fn new(moment: i64, author: UserId, key: &[u8], text: &str) -> Self {
        Self {
            moment,
            text: text.replace(MARK, " "),
            marks: format!("{} {}", author_mark(author), conversation_mark(key)),
        }
    }
}

pub(super) fn first_moment(time: Timestamp) -> i64 {
    let most = i64::MAX >> MOMENTS_BITS;
    i64::try_from(time.0).map_or(most, |millis| millis.min(most)) << MOMENTS_BITS
}

/// The moment that a message has unless another conversation has one with it: those of a
/// conversation keep their order.
pub(super) fn moment(time: Timestamp, seq: Seq) -> i64 {
    first_moment(time) | (seq.0.cast_signed() & ((1 << MOMENTS_BITS) - 1))
}

/// A moment of a time that no message has.
pub(super) fn free_moment(db: &Connection, time: Timestamp) -> Result<Option<i64>, DbError> {
    let first = first_moment(time);
    let last = first | ((1 << MOMENTS_BITS) - 1);
    let sql = "SELECT max(moment) FROM entries WHERE moment BETWEEN ?1 AND ?2";
    let taken: Option<Option<i64>> = query_first(db, sql, [first, last], |row| Ok(row.get(0)?))?;
    Ok(match taken.flatten() {
        None => Some(first),
        Some(taken) => (taken < last).then_some(taken + 1),
    })
}

/// What the index has to have of a message. `None` if it is none that can be found.
pub(super) fn current(db: &Connection, key: &[u8], seq: Seq) -> Result<Option<Indexed>, DbError> {
    query_first(
        db,
        "SELECT moment, author, content FROM entries
         WHERE conversation = ?1 AND seq = ?2 AND kind IN (2, 3, 4) AND moment IS NOT NULL",
        params![key, seq.0.cast_signed()],
        |row| {
            let author = UserId(number(row, 1)?);
            let text = text_now(db, key, seq, author, &column(row, 2)?)?;
            Ok(Indexed::new(row.get(0)?, author, key, &text))
        },
    )
}

/// The text of a message as it reads now: that of its author's last edit, else its own.
pub(super) fn text_now(
    db: &Connection,
    key: &[u8],
    seq: Seq,
    author: UserId,
    content: &Content,
) -> Result<String, DbError> {
    let edit: Option<Content> = query_first(
        db,
        // Left to itself the planner reads the whole log backwards, for the order.
        "SELECT content FROM entries INDEXED BY entries_by_target
         WHERE conversation = ?1 AND target = ?2 AND kind = ?3 AND author = ?4
         ORDER BY seq DESC LIMIT 1",
        params![key, seq.0.cast_signed(), EDIT, author.0.cast_signed()],
        |row| column(row, 0),
    )?;
    let body = edit.as_ref().unwrap_or(content).body();
    Ok(body.map_or("", |body| body.as_str()).to_owned())
}

/// Replaces what the index had of a message `before` the change of its rows.
pub(super) fn replace(
    db: &Connection,
    key: &[u8],
    seq: Seq,
    before: Option<Indexed>,
) -> Result<(), DbError> {
    let now = current(db, key, seq)?;
    if before == now {
        return Ok(());
    }
    if let Some(before) = before {
        remove(db, &before)?;
    }
    now.map_or(Ok(()), |now| add(db, &now))
}

/// Adds a message that the index does not have.
pub(super) fn add(db: &Connection, message: &Indexed) -> Result<(), DbError> {
    let sql = "INSERT INTO words (rowid, text, marks) VALUES (?1, ?2, ?3)";
    let parameters = params![message.moment, message.text, message.marks];
    execute(db, sql, parameters).map(drop)
}

fn remove(db: &Connection, message: &Indexed) -> Result<(), DbError> {
    let sql = "INSERT INTO words (words, rowid, text, marks) VALUES ('delete', ?1, ?2, ?3)";
    let parameters = params![message.moment, message.text, message.marks];
    execute(db, sql, parameters).map(drop)
}

/// What [`forget`] uses on its connection, kept in memory: a table that takes texts apart as the
/// index does, and the words of both.
pub(super) const FORGET_TABLES: &str = "PRAGMA temp_store = MEMORY;
    CREATE VIRTUAL TABLE temp.erased USING fts5 (
        text, tokenize = 'unicode61 remove_diacritics 2'
    );
    CREATE VIRTUAL TABLE temp.erased_words USING fts5vocab (temp, erased, row);
    CREATE VIRTUAL TABLE temp.live_words USING fts5vocab (main, words, row);";

/// Removes the last that the index has of texts which it has no more: a page of it is found by a
/// beginning of the first word that was on it when it was written, and `secure-delete` leaves
/// that. Where it is of an erased word and of no other one, the next word takes its place: it
/// lies between the same two pages.
pub(super) fn forget(db: &Connection, texts: &[String]) -> Result<(), DbError> {
    db.execute_batch("INSERT INTO words (words) VALUES ('flush')")?;
    for text in texts {
        execute(db, "INSERT INTO temp.erased (text) VALUES (?1)", [text])?;
    }
    let places: Vec<(i64, Vec<u8>)> = query(
        db,
        "SELECT segid, term FROM words_idx
         WHERE length(term) > 1 AND substr(term, 1, 1) = x'30' AND EXISTS (
             SELECT 1 FROM temp.erased_words AS erased
             WHERE erased.term >= CAST(substr(words_idx.term, 2) AS TEXT)
                 AND substr(CAST(erased.term AS BLOB), 1, length(words_idx.term) - 1)
                     = substr(words_idx.term, 2))",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for (segment, term) in places {
        let begins = String::from_utf8_lossy(&term[1..]).into_owned();
        let sql = "SELECT term FROM temp.live_words WHERE term >= ?1 ORDER BY term LIMIT 1";
        let next: Option<String> = query_first(db, sql, [begins], |row| Ok(row.get(0)?))?;
        if let Some(next) = next.filter(|next| !next.as_bytes().starts_with(&term[1..])) {
            let next = [b"0", next.as_bytes()].concat();
            let sql = "UPDATE words_idx SET term = ?3 WHERE segid = ?1 AND term = ?2";
            execute(db, sql, params![segment, term, next])?;
        }
    }
    db.execute_batch("DELETE FROM temp.erased")?;
    Ok(())
}

pub(super) fn clear(db: &Connection) -> Result<(), DbError> {
    db.execute_batch("INSERT INTO words (words) VALUES ('delete-all')")?;
    Ok(())
}

pub(super) fn author_mark(author: UserId) -> String {
    format!("{MARK}a{:x}", author.0)
}

pub(super) fn conversation_mark(key: &[u8]) -> String {
    let mut mark = format!("{MARK}c");
    for byte in key {
        // Writing to a string does not fail.
        let _ = write!(mark, "{byte:02x}");
    }
    mark
}

/// A word as it stands in a question to the index. `None` if the index has no such words.
pub(super) fn quoted(word: &str) -> Option<String> {
    let is_plain = |c: char| c != MARK && !c.is_control();
    let word: String = word.chars().filter(|&c| is_plain(c)).collect();
    if !word.contains(char::is_alphanumeric) {
        return None;
    }
    Some(format!("\"{}\"", word.replace('"', "\"\"")))
}
