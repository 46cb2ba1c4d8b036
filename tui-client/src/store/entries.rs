//! Writes to the cached logs: new entries, and the erasure of texts.
//!
//! A text is erased in place: zeros of the same length take its place in the same row, in the
//! transaction that stores what asks for it.

use recado_shared::{Content, ConversationId, Entry, ErasedKind, MessageId, Seq, UserId};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::entry_kind::EntryKind;
use super::request::HeldRange;
use super::value::{DbError, blob, column, number};
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
    let me: Option<i64> = db
        .prepare_cached("SELECT user FROM me")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let me = me.map(|user| UserId(user.cast_unsigned()));
    // What is no longer held is another log's future: a new entry may take its place.
    let mut residue = forget_after(db, &key, held.last().map_or(Seq::ZERO, |held| held.last))?;
    for entry in entries {
        residue |= insert(db, &key, entry)?;
        if Some(entry.author) == me {
            residue |= outbox::settle(db, entry.id)?;
        }
    }
    for id in settled {
        residue |= outbox::settle(db, *id)?;
    }
    set_held(db, &key, held, entries.last())?;
    Ok(residue)
}

/// Stores one entry and erases what it asks to erase.
pub(super) fn insert(db: &Connection, key: &[u8], entry: &Entry) -> Result<WalResidue, DbError> {
    let kind = EntryKind::of(&entry.content);
    let erased = match kind.tombstone() {
        None => erased_before(db, key, entry)?,
        some => some,
    };
    // Nothing of a text that is known to be erased gets to the disk.
    let (kind, content) = match erased {
        Some(erased) => (EntryKind::of(&Content::Erased(erased)), Vec::new()),
        None => (kind, blob(&entry.content)),
    };
    let target = entry.content.target();
    let edited = match kind {
        EntryKind::Edit => target,
        _ => None,
    };
    let before = match edited {
        Some(message) => index::current(db, key, message)?,
        None => None,
    };
    let moment = match kind.erases_to() {
        Some(ErasedKind::Message) => index::free_moment(db, entry.time)?,
        _ => None,
    };
    let is_new =
        db.prepare_cached(
            "INSERT INTO entries
                 (conversation, seq, author, id, time, kind, target, moment, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            key,
            entry.seq.0.cast_signed(),
            entry.author.0.cast_signed(),
            entry.id.0,
            entry.time.0.cast_signed(),
            kind.number(),
            target.map(|seq| seq.0.cast_signed()),
            moment,
            content,
        ])? > 0;
    if is_new && (moment.is_some() || edited.is_some()) {
        let now = index::current(db, key, edited.unwrap_or(entry.seq))?;
        index::change(db, before.as_ref(), now.as_ref())?;
    }
    match &entry.content {
        Content::Erased(_) if !is_new => erase(db, key, &rows_at(db, key, entry.seq)?),
        Content::Deletion { target } => {
            let mut rows = rows_at(db, key, *target)?;
            rows.extend(edits_of(db, key, *target)?);
            erase(db, key, &rows)
        }
        Content::AuthorRemoved => erase(db, key, &rows_by(db, key, entry.author, entry.seq)?),
        _ => Ok(WalResidue::None),
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
    let is_deleted: bool = db
        .prepare_cached(
            // Left to itself the planner reads the log from the entry to its end.
            "SELECT EXISTS (SELECT 1 FROM entries INDEXED BY entries_by_target
                            WHERE conversation = ?1 AND target = ?2 AND kind = ?3)
                 OR EXISTS (SELECT 1 FROM entries INDEXED BY removed_authors
                            WHERE conversation = ?1 AND author = ?4 AND kind = 10 AND seq > ?5)",
        )?
        .query_row(
            params![
                key,
                message.0.cast_signed(),
                EntryKind::Deletion.number(),
                entry.author.0.cast_signed(),
                entry.seq.0.cast_signed(),
            ],
            |row| row.get(0),
        )?;
    Ok(is_deleted.then_some(erased))
}

/// Where a row is, and what it is.
#[derive(Clone, Copy, Debug)]
struct Row {
    position: i64,
    kind: EntryKind,
    /// The message whose text it makes: itself or the target of an edit.
    message: Seq,
}

fn rows_at(db: &Connection, key: &[u8], seq: Seq) -> Result<Vec<Row>, DbError> {
    rows(
        db,
        "SELECT position, kind, coalesce(target, seq) FROM entries
         WHERE conversation = ?1 AND seq = ?2",
        params![key, seq.0.cast_signed()],
    )
}

fn edits_of(db: &Connection, key: &[u8], message: Seq) -> Result<Vec<Row>, DbError> {
    rows(
        db,
        "SELECT position, kind, target FROM entries
         WHERE conversation = ?1 AND target = ?2 AND kind = ?3",
        params![key, message.0.cast_signed(), EntryKind::Edit.number()],
    )
}

fn rows_by(db: &Connection, key: &[u8], author: UserId, until: Seq) -> Result<Vec<Row>, DbError> {
    rows(
        db,
        "SELECT position, kind, coalesce(target, seq) FROM entries
         WHERE conversation = ?1 AND seq < ?2 AND author = ?3",
        params![key, until.0.cast_signed(), author.0.cast_signed()],
    )
}

fn rows_after(db: &Connection, key: &[u8], last: Seq) -> Result<Vec<Row>, DbError> {
    rows(
        db,
        "SELECT position, kind, coalesce(target, seq) FROM entries
         WHERE conversation = ?1 AND seq > ?2",
        params![key, last.0.cast_signed()],
    )
}

fn rows(
    db: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<Row>, DbError> {
    db.prepare_cached(sql)?
        .query_and_then(parameters, |row| {
            Ok(Row {
                position: row.get(0)?,
                kind: EntryKind::from_number(row.get(1)?)?,
                message: Seq(number(row, 2)?),
            })
        })?
        .collect()
}

fn erase(db: &Connection, key: &[u8], rows: &[Row]) -> Result<WalResidue, DbError> {
    let mut residue = WalResidue::None;
    let mut overwrite = db.prepare_cached(
        "UPDATE entries SET kind = ?2, content = zeroblob(length(content)) WHERE position = ?1",
    )?;
    let mut read = db.prepare_cached("SELECT content FROM entries WHERE position = ?1")?;
    let mut texts = Vec::new();
    for row in rows {
        let Some(erased) = row.kind.erases_to() else {
            continue;
        };
        let left = EntryKind::of(&Content::Erased(erased));
        let content: Content = read
            .query_and_then(params![row.position], |row| column(row, 0))?
            .next()
            .transpose()?
            .unwrap_or(Content::Erased(erased));
        texts.extend(content.body().map(|body| body.as_str().to_owned()));
        let before = index::current(db, key, row.message)?;
        overwrite.execute(params![row.position, left.number()])?;
        let now = index::current(db, key, row.message)?;
        index::change(db, before.as_ref(), now.as_ref())?;
        residue = WalResidue::Erased;
    }
    if !texts.is_empty() {
        index::forget(db, &texts)?;
    }
    Ok(residue)
}

/// Removes what lies beyond a place.
pub(super) fn forget_after(db: &Connection, key: &[u8], last: Seq) -> Result<WalResidue, DbError> {
    let rows = rows_after(db, key, last)?;
    let mut delete = db.prepare_cached("DELETE FROM entries WHERE position = ?1")?;
    for row in &rows {
        let before = index::current(db, key, row.message)?;
        delete.execute(params![row.position])?;
        let now = index::current(db, key, row.message)?;
        index::change(db, before.as_ref(), now.as_ref())?;
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
    let held: Vec<(Seq, Seq)> = held.iter().map(|held| (held.first, held.last)).collect();
    db.prepare_cached(
        "INSERT INTO conversations (conversation, newest, newest_time, unread, held)
         VALUES (?1, ?2, ?3, 0, ?4)
         ON CONFLICT (conversation) DO UPDATE SET
             held = excluded.held,
             newest_time = iif(excluded.newest > newest, excluded.newest_time, newest_time),
             newest = max(newest, excluded.newest)",
    )?
    .execute(params![key, seq, time, blob(&held)])?;
    Ok(())
}
