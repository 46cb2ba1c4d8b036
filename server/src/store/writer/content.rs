//! What entries about other entries ask for, and erasing. Pure SQL inside the caller's transaction.

use recado_shared::{Content, ErasedKind, RequestError, Seq, UserId};
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use crate::store::values::column::{content, int, uint};

/// What is looked at of the message that an entry is about.
struct Target {
    author: UserId,
}

/// Says why an entry cannot stand in a log, as far as only the log knows. `moderates` is whether
/// its author may delete the messages of others there.
pub(crate) fn check(
    db: &Connection,
    conversation: i64,
    author: UserId,
    content: &Content,
    moderates: bool,
) -> Result<std::result::Result<(), RequestError>> {
    let Some(about) = about(content) else {
        return Ok(Ok(()));
    };
    let Some(target) = find(db, conversation, about)? else {
        return Ok(Err(RequestError::NoSuchMessage));
    };
    let is_own = target.author == author;
    Ok(match content {
        Content::Edit { .. } if !is_own => Err(RequestError::NotTheAuthor),
        Content::Deletion { .. } if !is_own && !moderates => Err(RequestError::DeleteNotAllowed),
        _ => Ok(()),
    })
}

/// The message that must be in the log for a content to make sense.
pub(crate) fn about(content: &Content) -> Option<Seq> {
    content.reply_to().or_else(|| content.target())
}

/// A message that is not erased.
fn find(db: &Connection, conversation: i64, seq: Seq) -> Result<Option<Target>> {
    db.prepare_cached(
        "SELECT author FROM entries
         WHERE conversation = ?1 AND seq = ?2 AND is_message AND erased IS NULL",
    )?
    .query_one(params![conversation, int(seq.0)], |row| {
        Ok(Target {
            author: UserId(uint(row, 0)?),
        })
    })
    .optional()
}

/// Erases a message and its edits.
pub(crate) fn erase(db: &Connection, conversation: i64, target: Seq) -> Result<()> {
    let mut found = db.prepare_cached(
        "SELECT id, content FROM entries
         WHERE conversation = ?1 AND (seq = ?2 OR target = ?2) AND erased IS NULL",
    )?;
    erase_rows(db, &mut found, params![conversation, int(target.0)])
}

fn erase_rows(
    db: &Connection,
    found: &mut rusqlite::CachedStatement<'_>,
    key: &[&dyn rusqlite::ToSql],
) -> Result<()> {
    let rows = found.query_map(key, |row| {
        let content = content(row, 1)?;
        Ok((row.get::<_, i64>(0)?, content.erased()))
    })?;
    let rows = rows.collect::<Result<Vec<_>>>()?;
    // The same length, so that the row is written over where it lies: a row that moves may leave
    // a copy behind. NULL, 0 and 1 all take no room in a record.
    let mut overwrite = db.prepare_cached(
        "UPDATE entries SET content = zeroblob(length(content)), erased = ?2 WHERE id = ?1",
    )?;
    for (id, erased) in rows {
        if let Some(erased) = erased {
            overwrite.execute(params![id, number_of(erased)])?;
        }
    }
    Ok(())
}

const fn number_of(erased: ErasedKind) -> i64 {
    match erased {
        ErasedKind::Message => 0,
        ErasedKind::Edit => 1,
    }
}
