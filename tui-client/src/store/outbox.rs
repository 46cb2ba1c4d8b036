//! Writes to the outbox and to the drafts.

use recado_shared::{ConversationId, MessageId};
use rusqlite::{Connection, params};

use super::request::{Pending, PendingState};
use super::value::{DbError, blob};
use super::wal_residue::WalResidue;

/// Puts a message at the end of the outbox and clears the draft that it was.
pub(super) fn queue(db: &Connection, pending: &Pending) -> Result<WalResidue, DbError> {
    db.prepare_cached(
        "INSERT INTO outbox (id, conversation, content, typed, failed) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO NOTHING",
    )?
    .execute(params![
        pending.id.0,
        blob(&pending.conversation),
        blob(&pending.content),
        pending.typed.0.cast_signed(),
        reason_of(&pending.state),
    ])?;
    // Only messages come from a draft.
    if pending.content.is_message() {
        set_draft(db, pending.conversation, "")
    } else {
        Ok(WalResidue::None)
    }
}

fn reason_of(state: &PendingState) -> Option<&str> {
    match state {
        PendingState::Waiting => None,
        PendingState::Failed(reason) => Some(reason),
    }
}

pub(super) fn set_pending(
    db: &Connection,
    id: MessageId,
    state: &PendingState,
) -> Result<(), DbError> {
    db.prepare_cached("UPDATE outbox SET failed = ?2 WHERE id = ?1")?
        .execute(params![id.0, reason_of(state)])?;
    Ok(())
}

/// Takes a message out of the outbox.
pub(super) fn settle(db: &Connection, id: MessageId) -> Result<WalResidue, DbError> {
    let count = db
        .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
        .execute(params![id.0])?;
    Ok(WalResidue::of_rows(count))
}

/// Sets a draft; empty text removes it.
pub(super) fn set_draft(
    db: &Connection,
    conversation: ConversationId,
    text: &str,
) -> Result<WalResidue, DbError> {
    let conversation = blob(&conversation);
    let count = if text.is_empty() {
        db.prepare_cached("DELETE FROM drafts WHERE conversation = ?1")?
            .execute(params![conversation])?
    } else {
        db.prepare_cached("REPLACE INTO drafts (conversation, text) VALUES (?1, ?2)")?
            .execute(params![conversation, text])?
    };
    Ok(WalResidue::of_rows(count))
}
