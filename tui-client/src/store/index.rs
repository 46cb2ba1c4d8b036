//! Search index over the current text of every message.
//!
//! A message has one row in the full-text table `terms`. Its number there is its moment, which
//! grows with the time of the message, so that "newest first" and "between these times" are the
//! order and the ranges in which the index is read anyway. The table has no copy of the texts: to
//! remove one, the very text that was added is given again. While the index is being built
//! ([`super::rebuild`]), it has no messages before a moment, old or new.

use recado_shared::{Content, Seq, Timestamp, UserId};
use rusqlite::{Connection, params};

use crate::tokenizer::{self, Phrase};

use super::entry_kind::EDIT;
use super::value::{DbError, column, execute, number, query, query_first};

/// Moments that one millisecond has: more messages than the same one are not found.
const MOMENTS_BITS: u32 = 21;

/// Characters for private use, which no text has in the index: each stands for an author, or for a
/// conversation. Some share one.
const AUTHOR_MARKS: u32 = 0xf_0000;
const CONVERSATION_MARKS: u32 = 0x10_0000;

/// How many marks there are of each: the rest of a plane, but for its last two code points, is of use.
const MARKS: u32 = 0xfffe;

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
            text: tokenizer::indexed(text),
            marks: format!("{} {}", author_mark(author), conversation_mark(key)),
        }
    }
}

pub(super) fn first_moment(time: Timestamp) -> i64 {
    let most = i64::MAX >> MOMENTS_BITS;
    i64::try_from(time.0).map_or(most, |millis| millis.min(most)) << MOMENTS_BITS
}

/// The time of a moment.
pub(super) fn time_of(moment: i64) -> Timestamp {
    Timestamp((moment >> MOMENTS_BITS).unsigned_abs())
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

/// Adds a message that the index does not have, unless it is left to the rebuild.
pub(super) fn add(db: &Connection, message: &Indexed) -> Result<(), DbError> {
    let sql = "INSERT INTO terms (rowid, text, marks) VALUES (?1, ?2, ?3)";
    write(db, sql, message)
}

fn remove(db: &Connection, message: &Indexed) -> Result<(), DbError> {
    let sql = "INSERT INTO terms (terms, rowid, text, marks) VALUES ('delete', ?1, ?2, ?3)";
    write(db, sql, message)
}

fn write(db: &Connection, sql: &str, message: &Indexed) -> Result<(), DbError> {
    // As a condition of the insertion this would make the index write each message by itself.
    if missing_before(db)?.is_some_and(|before| message.moment < before) {
        return Ok(());
    }
    let parameters = params![message.moment, message.text, message.marks];
    execute(db, sql, parameters).map(drop)
}

/// The moment before which no message is in the index, while it is being built.
pub(super) fn missing_before(db: &Connection) -> Result<Option<i64>, DbError> {
    let sql = "SELECT before FROM index_rebuild";
    query_first(db, sql, [], |row| Ok(row.get(0)?))
}

/// What [`forget`] uses on its connection, kept in memory: a table that takes texts apart as the
/// index does, and the words of both.
pub(super) const FORGET_TABLES: &str = "PRAGMA temp_store = MEMORY;
    CREATE VIRTUAL TABLE temp.erased USING fts5 (
        text, tokenize = \"ascii tokenchars '+#$%'\"
    );
    CREATE VIRTUAL TABLE temp.erased_words USING fts5vocab (temp, erased, row);
    CREATE VIRTUAL TABLE temp.live_words USING fts5vocab (main, terms, row);";

/// Removes the last that the index has of texts which it has no more: a page of it is found by a
/// beginning of the first word that was on it when it was written, and `secure-delete` leaves
/// that. Where it is of an erased word and of no other one, the next word takes its place: it
/// lies between the same two pages.
pub(super) fn forget(db: &Connection, texts: &[String]) -> Result<(), DbError> {
    db.execute_batch("INSERT INTO terms (terms) VALUES ('flush')")?;
    for text in texts {
        let sql = "INSERT INTO temp.erased (text) VALUES (?1)";
        execute(db, sql, [tokenizer::indexed(text)])?;
    }
    let places: Vec<(i64, Vec<u8>)> = query(
        db,
        "SELECT segid, term FROM terms_idx
         WHERE length(term) > 1 AND substr(term, 1, 1) = x'30' AND EXISTS (
             SELECT 1 FROM temp.erased_words AS erased
             WHERE erased.term >= CAST(substr(terms_idx.term, 2) AS TEXT)
                 AND substr(CAST(erased.term AS BLOB), 1, length(terms_idx.term) - 1)
                     = substr(terms_idx.term, 2))",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    for (segment, term) in places {
        let begins = String::from_utf8_lossy(&term[1..]).into_owned();
        let sql = "SELECT term FROM temp.live_words WHERE term >= ?1 ORDER BY term LIMIT 1";
        let next: Option<String> = query_first(db, sql, [begins], |row| Ok(row.get(0)?))?;
        if let Some(next) = next.filter(|next| !next.as_bytes().starts_with(&term[1..])) {
            let next = [b"0", next.as_bytes()].concat();
            let sql = "UPDATE terms_idx SET term = ?3 WHERE segid = ?1 AND term = ?2";
            execute(db, sql, params![segment, term, next])?;
        }
    }
    db.execute_batch("DELETE FROM temp.erased")?;
    Ok(())
}

pub(super) fn clear(db: &Connection) -> Result<(), DbError> {
    db.execute_batch("INSERT INTO terms (terms) VALUES ('delete-all'); DELETE FROM index_rebuild")?;
    Ok(())
}

pub(super) fn author_mark(author: UserId) -> char {
    let number = author.0 % u64::from(MARKS);
    mark(AUTHOR_MARKS, u32::try_from(number).unwrap_or(0))
}

pub(super) fn conversation_mark(key: &[u8]) -> char {
    // Neighbours in number get neighbours: 31 spreads the bytes before the last one.
    let hash = key.iter().fold(0_u32, |hash, byte| {
        hash.wrapping_mul(31).wrapping_add((*byte).into())
    });
    mark(CONVERSATION_MARKS, hash % MARKS)
}

fn mark(first: u32, number: u32) -> char {
    char::from_u32(first + number).unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// A phrase as it stands in a question to the index.
pub(super) fn quoted(phrase: &Phrase) -> String {
    // No token has a quotation mark.
    let prefix = if phrase.is_prefix { "*" } else { "" };
    format!("\"{}\"{prefix}", phrase.tokens.join(" "))
}
