//! Writes to the cached logs: new entries, and the erasure of texts.
//!
//! A text is erased in place: zeros of the same length take its place in the same row, in the
//! transaction that stores what asks for it.

use recado_shared::{Content, ConversationId, Entry, ErasedKind, MessageId, Seq, UserId};
use rusqlite::{Connection, Params, params};

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
    // What is no longer held is another log's future: a new entry may take its place.
    let mut residue = forget_after(db, &key, held.last().map_or(Seq::ZERO, |held| held.last))?;
    for entry in entries {
        residue |= insert(db, &key, entry)?;
        if Some(entry.author) == me {
            residue |= outbox::remove(db, entry.id)?;
        }
    }
    for id in settled {
        residue |= outbox::remove(db, *id)?;
    }
    set_held(db, &key, held, entries.last())?;
    Ok(residue)
}

/// Stores one entry and erases what it asks to erase.
pub(super) fn insert(db: &Connection, key: &[u8], entry: &Entry) -> Result<WalResidue, DbError> {
    let erased = match entry.content {
        Content::Erased(erased) => Some(erased),
        _ => erased_before(db, key, entry)?,
    };
    // Nothing of a text that is known to be erased gets to the disk.
    let (kind, content) = match erased {
        Some(erased) => (kind_of(&Content::Erased(erased)), Vec::new()),
        None => (kind_of(&entry.content), blob(&entry.content)),
    };
    let target = entry.content.target();
    let edited = target.filter(|_| kind == EDIT);
    let before = match edited {
        Some(message) => index::current(db, key, message)?,
        None => None,
    };
    let moment = if erased.is_none() && entry.content.is_message() {
        index::free_moment(db, entry.time)?
    } else {
        None
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
            kind,
            target.map(|seq| seq.0.cast_signed()),
            moment,
            content,
        ],
    )?;
    let is_new = count > 0;
    if is_new && (moment.is_some() || edited.is_some()) {
        index::replace(db, key, edited.unwrap_or(entry.seq), before)?;
    }
    if is_new && matches!(entry.content, Content::Erased(_)) {
        return Ok(WalResidue::None);
    }
    erase(db, key, &erased_rows(db, key, entry)?)
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

/// What is left of a new entry whose erasure was stored before it.
fn erased_before(
    db: &Connection,
    key: &[u8],
    entry: &Entry,
) -> Result<Option<ErasedKind>, DbError> {
    let Some(erased) = entry.content.erased() else {
        return Ok(None);
    };
    let message = entry.content.target().unwrap_or(entry.seq);
    let is_deleted: Option<bool> = query_first(
        db,
        // Left to itself the planner reads the log from the entry to its end.
        "SELECT EXISTS (SELECT 1 FROM entries INDEXED BY entries_by_target
                        WHERE conversation = ?1 AND target = ?2 AND kind = ?3)
             OR EXISTS (SELECT 1 FROM entries INDEXED BY removed_authors
                        WHERE conversation = ?1 AND author = ?4 AND kind = 10 AND seq > ?5)",
        params![
            key,
            message.0.cast_signed(),
            DELETION,
            entry.author.0.cast_signed(),
            entry.seq.0.cast_signed(),
        ],
        |row| Ok(row.get(0)?),
    )?;
    Ok(is_deleted.unwrap_or(false).then_some(erased))
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

pub(super) fn forget_after(db: &Connection, key: &[u8], last: Seq) -> Result<WalResidue, DbError> {
    let rows = rows(db, "seq > ?2", params![key, last.0.cast_signed()])?;
    for row in &rows {
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
