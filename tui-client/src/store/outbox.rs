//! Writing what is the user's own: the outbox and the drafts.

use recado_shared::{ConversationId, MessageId};
use rusqlite::{Connection, params};

use super::value::{Fault, blob};
use super::{Pending, PendingState, Traces};

/// Puts a message at the end of the outbox and clears the draft that it was.
pub(super) fn queue(db: &Connection, pending: &Pending) -> Result<Traces, Fault> {
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
    // What is done with other messages was never a draft.
    if pending.content.is_message() {
        set_draft(db, pending.conversation, "")
    } else {
        Ok(Traces::None)
    }
}

fn reason_of(state: &PendingState) -> Option<&str> {
    match state {
        PendingState::Waiting => None,
        PendingState::Failed(reason) => Some(reason),
    }
}

/// Notes whether a message may go out.
pub(super) fn set_pending(
    db: &Connection,
    id: MessageId,
    state: &PendingState,
) -> Result<(), Fault> {
    db.prepare_cached("UPDATE outbox SET failed = ?2 WHERE id = ?1")?
        .execute(params![id.0, reason_of(state)])?;
    Ok(())
}

/// Takes a message out of the outbox.
pub(super) fn settle(db: &Connection, id: MessageId) -> Result<Traces, Fault> {
    let count = db
        .prepare_cached("DELETE FROM outbox WHERE id = ?1")?
        .execute(params![id.0])?;
    Ok(Traces::of_rows(count))
}

/// Sets a draft; empty text removes it.
pub(super) fn set_draft(
    db: &Connection,
    conversation: ConversationId,
    text: &str,
) -> Result<Traces, Fault> {
    let conversation = blob(&conversation);
    let count = if text.is_empty() {
        db.prepare_cached("DELETE FROM drafts WHERE conversation = ?1")?
            .execute(params![conversation])?
    } else {
        db.prepare_cached("REPLACE INTO drafts (conversation, text) VALUES (?1, ?2)")?
            .execute(params![conversation, text])?
    };
    Ok(Traces::of_rows(count))
}
