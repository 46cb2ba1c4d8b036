//! Writes to the cached logs: new entries, and the erasure of texts.
//!
//! A text is erased in place: zeros of the same length take its place in the same row, in the
//! transaction that stores what asks for it.

use recado_shared::{Content, ConversationId, Entry, ErasedKind, MessageId, Seq, UserId};
use rusqlite::{Connection, Params, params};

use super::changes::Changes;
use super::entry_kind::{DELETION, EDIT, has_text, kind_of};
use super::request::HeldRange;
use super::value::{DbError, blob, column, execute, number, query, query_first};
use super::wal_residue::WalResidue;
use super::{index, outbox};

/// Adds entries to a log and notes what is held of it afterwards.
pub(super) fn add(
    db: &Connection,
    conversation: ConversationId,
    entries: &[Entry],
    held: &[HeldRange],
    settled: &[MessageId],
) -> Result<WalResidue, DbError> {
    let key = blob(&conversation);
    let me = query_first(db, "SELECT user FROM me", [], |row| number(row, 0))?.map(UserId);
    let has_outbox = query_first(db, "SELECT 1 FROM outbox LIMIT 1", [], |_| Ok(()))?.is_some();
    // What is no longer held is another log's future: a new entry may take its place.
    let mut residue = forget_after(db, &key, held.last().map_or(Seq::ZERO, |held| held.last))?;
    let changes = Changes::read(db, &key, entries)?;
    for entry in entries {
        residue |= insert(db, &key, entry, &changes)?;
        if has_outbox && Some(entry.author) == me {
            residue |= outbox::remove(db, entry.id)?;
        }
    }
    for id in settled {
        residue |= outbox::remove(db, *id)?;
    }
    set_held(db, &key, held, entries.last())?;
    Ok(residue)
}

/// Stores one entry of a page and erases what it asks to erase.
pub(super) fn insert(
    db: &Connection,
    key: &[u8],
    entry: &Entry,
    changes: &Changes,
) -> Result<WalResidue, DbError> {
    let erased = match entry.content {
        Content::Erased(erased) => Some(erased),
        _ => erasure_of(db, key, entry, changes)?,
    };
    if let Some(erased) = erased {
        // Nothing of a text that is known to be erased gets to the disk.
        let is_new = insert_row(db, key, entry, &Content::Erased(erased), None)?;
        if is_new || !matches!(entry.content, Content::Erased(_)) {
            return Ok(WalResidue::None);
        }
        return erase(db, key, &erased_rows(db, key, entry)?);
    }
    if entry.content.is_message() {
        insert_message(db, key, entry, changes)?;
        return Ok(WalResidue::None);
    }
    let kind = kind_of(&entry.content);
    match entry.content.target().filter(|_| kind == EDIT) {
        Some(message) => {
            let before = index::current(db, key, message)?;
            if insert_row(db, key, entry, &entry.content, None)? {
                index::replace(db, key, message, before)?;
            }
        }
        None => {
            insert_row(db, key, entry, &entry.content, None)?;
        }
    }
    erase(db, key, &erased_rows(db, key, entry)?)
}

/// Stores a message and adds it to the index, without reading either back.
fn insert_message(
    db: &Connection,
    key: &[u8],
    entry: &Entry,
    changes: &Changes,
) -> Result<(), DbError> {
    let mut moment = Some(index::moment(entry.time, entry.seq));
    if !insert_row(db, key, entry, &entry.content, moment)? {
        let known = "SELECT 1 FROM entries WHERE conversation = ?1 AND seq = ?2";
        let parameters = params![key, entry.seq.0.cast_signed()];
        if query_first(db, known, parameters, |_| Ok(()))?.is_some() {
            return Ok(());
        }
        // A message of another conversation has the moment.
        moment = index::free_moment(db, entry.time)?;
        insert_row(db, key, entry, &entry.content, moment)?;
    }
    if let Some(moment) = moment {
        let indexed = index::Indexed::new(moment, entry.author, key, changes.text(entry));
        index::add(db, &indexed)?;
    }
    Ok(())
}

/// Inserts the row of an entry with this content. Returns whether it was not there before, and no
/// other row has its moment.
fn insert_row(
    db: &Connection,
    key: &[u8],
    entry: &Entry,
    content: &Content,
    moment: Option<i64>,
) -> Result<bool, DbError> {
    let text = match content {
        Content::Erased(_) => Vec::new(),
        content => blob(content),
    };
    let count = execute(
        db,
        "INSERT INTO entries
             (conversation, seq, author, id, time, kind, target, moment, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        params![
            key,
            entry.seq.0.cast_signed(),
            entry.author.0.cast_signed(),
            entry.id.0,
            entry.time.0.cast_signed(),
            kind_of(content),
            entry.content.target().map(|seq| seq.0.cast_signed()),
            moment,
            text,
        ],
    )?;
    Ok(count > 0)
}

/// Erases what these entries erase of the stored log, without adding them.
pub(super) fn erase_for(
    db: &Connection,
    conversation: ConversationId,
    entries: &[Entry],
) -> Result<WalResidue, DbError> {
    let key = blob(&conversation);
    let mut residue = WalResidue::None;
    for entry in entries {
        residue |= erase(db, &key, &erased_rows(db, &key, entry)?)?;
    }
    Ok(residue)
}

/// The rows of the texts that an entry erases.
fn erased_rows(db: &Connection, key: &[u8], entry: &Entry) -> Result<Vec<Row>, DbError> {
    let seq = entry.seq.0.cast_signed();
    match &entry.content {
        Content::Erased(_) => rows(db, "seq = ?2", params![key, seq]),
        Content::Deletion { target } => {
            let target = target.0.cast_signed();
            let mut rows_of_message = rows(db, "seq = ?2", params![key, target])?;
            let edits = "target = ?2 AND kind = ?3";
            rows_of_message.extend(rows(db, edits, params![key, target, EDIT])?);
            Ok(rows_of_message)
        }
        Content::AuthorRemoved => {
            let parameters = params![key, seq, entry.author.0.cast_signed()];
            rows(db, "seq < ?2 AND author = ?3", parameters)
        }
        _ => Ok(Vec::new()),
    }
}

/// What is left of a new entry that the page or the stored log erases; `None` if its text stays.
fn erasure_of(
    db: &Connection,
    key: &[u8],
    entry: &Entry,
    changes: &Changes,
) -> Result<Option<ErasedKind>, DbError> {
    let Some(erased) = entry.content.erased() else {
        return Ok(None);
    };
    let is_erased = changes.erase(entry)
        || match entry.content.target() {
            // The message may be on another page.
            Some(message) => is_deleted(db, key, message)?,
            None => false,
        };
    Ok(is_erased.then_some(erased))
}

fn is_deleted(db: &Connection, key: &[u8], message: Seq) -> Result<bool, DbError> {
    let sql = "SELECT 1 FROM entries INDEXED BY entries_by_target
               WHERE conversation = ?1 AND target = ?2 AND kind = ?3 LIMIT 1";
    let parameters = params![key, message.0.cast_signed(), DELETION];
    Ok(query_first(db, sql, parameters, |_| Ok(()))?.is_some())
}

#[derive(Clone, Copy, Debug)]
struct Row {
    position: i64,
    /// Whether it has a text that can be erased.
    has_text: bool,
    /// The message whose text it makes: itself or the target of an edit.
    message: Seq,
}

/// The rows of a conversation for which `condition` holds; the conversation is parameter 1.
fn rows(db: &Connection, condition: &str, parameters: impl Params) -> Result<Vec<Row>, DbError> {
    let select =
        "SELECT position, kind, coalesce(target, seq) FROM entries WHERE conversation = ?1";
    query(
        db,
        &format!("{select} AND {condition}"),
        parameters,
        |row| {
            Ok(Row {
                position: row.get(0)?,
                has_text: has_text(row.get(1)?)?,
                message: Seq(number(row, 2)?),
            })
        },
    )
}

fn erase(db: &Connection, key: &[u8], rows: &[Row]) -> Result<WalResidue, DbError> {
    let mut residue = WalResidue::None;
    let mut texts = Vec::new();
    for row in rows.iter().filter(|row| row.has_text) {
        let sql = "SELECT content FROM entries WHERE position = ?1";
        let content = query_first(db, sql, [row.position], |row| column::<Content>(row, 0))?;
        let Some(content) = content else {
            continue;
        };
        let (Some(erased), Some(body)) = (content.erased(), content.body()) else {
            continue;
        };
        texts.push(body.as_str().to_owned());
        let before = index::current(db, key, row.message)?;
        let sql =
            "UPDATE entries SET kind = ?2, content = zeroblob(length(content)) WHERE position = ?1";
        execute(db, sql, [row.position, kind_of(&Content::Erased(erased))])?;
        index::replace(db, key, row.message, before)?;
        residue = WalResidue::Erased;
    }
    if !texts.is_empty() {
        index::forget(db, &texts)?;
    }
    Ok(residue)
}

/// Held ranges without what is beyond a place.
pub(super) fn held_up_to(mut held: Vec<HeldRange>, last: Seq) -> Vec<HeldRange> {
    held.retain(|range| range.first <= last);
    for range in &mut held {
        range.last = range.last.min(last);
    }
    held
}

pub(super) fn forget_after(db: &Connection, key: &[u8], last: Seq) -> Result<WalResidue, DbError> {
    let rows = rows(db, "seq > ?2", params![key, last.0.cast_signed()])?;
    delete(db, key, &rows)
}

/// Removes the entries of a log up to a place, and notes what is held of it afterwards.
pub(super) fn forget_up_to(
    db: &Connection,
    conversation: ConversationId,
    last: Seq,
    held: &[HeldRange],
) -> Result<WalResidue, DbError> {
    let key = blob(&conversation);
    let rows = rows(db, "seq <= ?2", params![key, last.0.cast_signed()])?;
    let residue = delete(db, &key, &rows)?;
    set_held(db, &key, held, None)?;
    Ok(residue)
}

fn delete(db: &Connection, key: &[u8], rows: &[Row]) -> Result<WalResidue, DbError> {
    for row in rows {
        let before = index::current(db, key, row.message)?;
        execute(
            db,
            "DELETE FROM entries WHERE position = ?1",
            [row.position],
        )?;
        index::replace(db, key, row.message, before)?;
    }
    Ok(WalResidue::of_rows(rows.len()))
}

/// Notes what is held. An entry beyond the head known so far moves that head: heads come once
/// per session, entries all the time.
fn set_held(
    db: &Connection,
    key: &[u8],
    held: &[HeldRange],
    newest: Option<&Entry>,
) -> Result<(), DbError> {
    let (seq, time) = newest.map_or((0, 0), |entry| {
        (entry.seq.0.cast_signed(), entry.time.0.cast_signed())
    });
    execute(
        db,
        "INSERT INTO conversations (conversation, newest, newest_time, unread, held)
         VALUES (?1, ?2, ?3, 0, ?4)
         ON CONFLICT (conversation) DO UPDATE SET
             held = excluded.held,
             newest_time = iif(excluded.newest > newest, excluded.newest_time, newest_time),
             newest = max(newest, excluded.newest)",
        params![key, seq, time, blob(&held)],
    )
    .map(drop)
}
