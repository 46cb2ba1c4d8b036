//! What each change does to the database. Runs inside the worker's transaction.

use recado_shared::{
    ConversationId, DisplayName, Entry, Head, MemberCursors, MessageId, Seq, Since, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::value::{Fault, blob, column};
use super::{Held, Pending, PendingState, Save, StoredMe};

/// Carries out one change.
pub(super) fn apply(db: &Connection, save: &Save) -> Result<(), Fault> {
    match save {
        Save::Me(me) => set_me(db, me),
        Save::Queue(pending) => queue(db, pending),
        Save::SetPending { id, state } => set_pending(db, *id, state),
        Save::TakeBack {
            id,
            conversation,
            draft,
        } => {
            settle(db, *id)?;
            set_draft(db, *conversation, draft)
        }
        Save::Entries {
            conversation,
            entries,
            held,
            settled,
        } => add_entries(db, *conversation, entries, held, settled),
        Save::Heads { heads, complete } => set_heads(db, heads, *complete),
        Save::Cursors {
            conversation,
            cursors,
        } => set_cursors(db, *conversation, *cursors),
        Save::People(people) => {
            let mut insert = db.prepare_cached(
                "INSERT INTO people (user, name, display) VALUES (?1, ?2, ?3)
                 ON CONFLICT (user) DO UPDATE SET name = excluded.name, display = excluded.display",
            )?;
            for person in people {
                insert.execute(params![
                    person.user.0.cast_signed(),
                    person.name.as_str(),
                    person.display.as_ref().map(DisplayName::as_str),
                ])?;
            }
            Ok(())
        }
        Save::Settings { .. } | Save::UnsentSetting(_) | Save::SentSetting(_) => Ok(()),
        Save::Draft { conversation, text } => set_draft(db, *conversation, text),
        Save::Place {
            conversation,
            place,
        } => {
            db.prepare_cached("REPLACE INTO places (conversation, place) VALUES (?1, ?2)")?
                .execute(params![blob(conversation), blob(place)])?;
            Ok(())
        }
        Save::Open(conversation) => {
            db.prepare_cached("REPLACE INTO open (one, conversation) VALUES (1, ?1)")?
                .execute(params![blob(conversation)])?;
            Ok(())
        }
    }
}

fn set_me(db: &Connection, me: &StoredMe) -> Result<(), Fault> {
    let log: Option<Vec<u8>> = db
        .query_row("SELECT log FROM me", [], |row| row.get(0))
        .optional()?;
    if log.is_some_and(|log| log != me.log.0) {
        // Seqs and user numbers of another log mean nothing in this one.
        db.execute_batch(
            "DELETE FROM entries; DELETE FROM conversations; DELETE FROM cursors;
             DELETE FROM people; DELETE FROM places; DELETE FROM since;",
        )?;
    }
    db.execute(
        "REPLACE INTO me (one, user, name, log) VALUES (1, ?1, ?2, ?3)",
        params![me.user.0.cast_signed(), me.name.as_str(), me.log.0],
    )?;
    Ok(())
}

/// Puts a message at the end of the outbox and clears the draft that it was.
pub(super) fn queue(db: &Connection, pending: &Pending) -> Result<(), Fault> {
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
    set_draft(db, pending.conversation, "")
}

fn reason_of(state: &PendingState) -> Option<&str> {
    match state {
        PendingState::Waiting => None,
        PendingState::Failed(reason) => Some(reason),
    }
}

fn set_pending(db: &Connection, id: MessageId, state: &PendingState) -> Result<(), Fault> {
    db.prepare_cached("UPDATE outbox SET failed = ?2 WHERE id = ?1")?
        .execute(params![id.0, reason_of(state)])?;
    Ok(())
}

fn settle(db: &Connection, id: MessageId) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM outbox WHERE id = ?1")?
        .execute(params![id.0])?;
    Ok(())
}

/// Sets a draft; empty text removes it.
pub(super) fn set_draft(
    db: &Connection,
    conversation: ConversationId,
    text: &str,
) -> Result<(), Fault> {
    let conversation = blob(&conversation);
    if text.is_empty() {
        db.prepare_cached("DELETE FROM drafts WHERE conversation = ?1")?
            .execute(params![conversation])?;
    } else {
        db.prepare_cached("REPLACE INTO drafts (conversation, text) VALUES (?1, ?2)")?
            .execute(params![conversation, text])?;
    }
    Ok(())
}

fn add_entries(
    db: &Connection,
    conversation: ConversationId,
    entries: &[Entry],
    held: &[Held],
    settled: &[MessageId],
) -> Result<(), Fault> {
    let key = blob(&conversation);
    let me: Option<i64> = db
        .prepare_cached("SELECT user FROM me")?
        .query_row([], |row| row.get(0))
        .optional()?;
    let me = me.map(|user| UserId(user.cast_unsigned()));
    // What is no longer held is another log's future: a new entry may take its place.
    forget_after(db, &key, held.last().map_or(Seq::ZERO, |held| held.last))?;
    let mut insert = db.prepare_cached(
        "INSERT INTO entries (conversation, seq, author, id, time, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )?;
    for entry in entries {
        insert.execute(params![
            key,
            entry.seq.0.cast_signed(),
            entry.author.0.cast_signed(),
            entry.id.0,
            entry.time.0.cast_signed(),
            blob(&entry.content),
        ])?;
        if Some(entry.author) == me {
            settle(db, entry.id)?;
        }
    }
    for id in settled {
        settle(db, *id)?;
    }
    set_held(db, &key, held, entries.last())
}

/// Notes what is held. An entry beyond the head known so far moves that head: heads come once
/// per session, entries all the time.
fn set_held(
    db: &Connection,
    key: &[u8],
    held: &[Held],
    newest: Option<&Entry>,
) -> Result<(), Fault> {
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

fn forget_after(db: &Connection, key: &[u8], last: Seq) -> Result<(), Fault> {
    db.prepare_cached("DELETE FROM entries WHERE conversation = ?1 AND seq > ?2")?
        .execute(params![key, last.0.cast_signed()])?;
    Ok(())
}

fn set_heads(db: &Connection, heads: &[Head], complete: Option<Since>) -> Result<(), Fault> {
    for head in heads {
        set_head(db, head)?;
    }
    if let Some(since) = complete {
        db.prepare_cached("REPLACE INTO since (one, log, stamp) VALUES (1, ?1, ?2)")?
            .execute(params![since.log.0, since.stamp.0.cast_signed()])?;
    }
    Ok(())
}

fn set_head(db: &Connection, head: &Head) -> Result<(), Fault> {
    let key = blob(&head.conversation);
    let stored: Option<Vec<(Seq, Seq)>> = db
        .prepare_cached("SELECT held FROM conversations WHERE conversation = ?1")?
        .query_and_then(params![key], |row| column(row, 0))?
        .next()
        .transpose()?;
    let mut stretches = stored.unwrap_or_default();
    if stretches
        .last()
        .is_some_and(|&(_, last)| last > head.newest)
    {
        forget_after(db, &key, head.newest)?;
        stretches.retain(|&(first, _)| first <= head.newest);
        for (_, last) in &mut stretches {
            *last = (*last).min(head.newest);
        }
    }
    db.prepare_cached(
        "REPLACE INTO conversations (conversation, newest, newest_time, unread, held)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        key,
        head.newest.0.cast_signed(),
        head.newest_time.0.cast_signed(),
        head.unread.cast_signed(),
        blob(&stretches),
    ])?;
    for cursors in &head.cursors {
        set_cursors(db, head.conversation, *cursors)?;
    }
    Ok(())
}

fn set_cursors(
    db: &Connection,
    conversation: ConversationId,
    cursors: MemberCursors,
) -> Result<(), Fault> {
    db.prepare_cached(
        "REPLACE INTO cursors (conversation, user, delivered, read) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![
        blob(&conversation),
        cursors.user.0.cast_signed(),
        cursors.delivered.0.cast_signed(),
        cursors.read.0.cast_signed(),
    ])?;
    Ok(())
}
