//! Writes to the outbox and to the drafts.

use recado_shared::{ConversationId, MessageId};
use rusqlite::{Connection, params};

use super::request::{Pending, PendingState, StoredCommand};
use super::value::{DbError, blob, execute};
use super::wal_residue::WalResidue;

/// Puts a message at the end of the outbox and clears the draft that it was.
pub(super) fn queue(db: &Connection, pending: &Pending) -> Result<WalResidue, DbError> {
    execute(
        db,
        "INSERT INTO outbox (id, conversation, content, typed, failed) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO NOTHING",
        params![
            pending.id.0,
            blob(&pending.conversation),
            blob(&pending.content),
            pending.typed.0.cast_signed(),
            failure_reason(&pending.state),
        ],
    )?;
    // Only messages come from a draft.
    if pending.content.is_message() {
        set_draft(db, pending.conversation, "")
    } else {
        Ok(WalResidue::None)
    }
}

/// Notes the command of a queued change; one that is gone has none.
pub(super) fn set_command(db: &Connection, command: &StoredCommand) -> Result<(), DbError> {
    let StoredCommand {
        id,
        conversation,
        text,
    } = command;
    let sql = "UPDATE outbox SET command = ?2, typed_in = ?3 WHERE id = ?1";
    execute(db, sql, params![id.0, text, blob(conversation)])?;
    Ok(())
}

/// The value of the column `failed`.
pub(super) fn failure_reason(state: &PendingState) -> Option<&str> {
    match state {
        PendingState::Waiting => None,
        PendingState::Failed(reason) => Some(reason),
    }
}

pub(super) fn remove(db: &Connection, id: MessageId) -> Result<WalResidue, DbError> {
    execute(db, "DELETE FROM outbox WHERE id = ?1", [id.0]).map(WalResidue::of_rows)
}

/// Sets a draft; empty text removes it.
pub(super) fn set_draft(
    db: &Connection,
    conversation: ConversationId,
    text: &str,
) -> Result<WalResidue, DbError> {
    let conversation = blob(&conversation);
    let count = if text.is_empty() {
        execute(
            db,
            "DELETE FROM drafts WHERE conversation = ?1",
            [conversation],
        )
    } else {
        let sql = "REPLACE INTO drafts (conversation, text) VALUES (?1, ?2)";
        execute(db, sql, params![conversation, text])
    };
    count.map(WalResidue::of_rows)
}
