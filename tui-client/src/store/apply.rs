//! Application of changes to the database, inside the worker's transaction.

use recado_shared::{ConversationId, DisplayName, Head, MemberCursors, Seq, SyncPoint};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::request::{StoreWrite, StoredMe, StoredPerson};
use super::value::{DbError, blob, column};
use super::wal_residue::WalResidue;
use super::{entries, index, outbox, settings};

pub(super) fn apply(db: &Connection, save: &StoreWrite) -> Result<WalResidue, DbError> {
    match save {
        StoreWrite::Me(me) => return set_me(db, me),
        StoreWrite::Queue(pending) => return outbox::queue(db, pending),
        StoreWrite::SetPending { id, state } => outbox::set_pending(db, *id, state)?,
        StoreWrite::TakeBack {
            id,
            conversation,
            draft,
        } => {
            let mut residue = outbox::settle(db, *id)?;
            residue |= outbox::set_draft(db, *conversation, draft)?;
            return Ok(residue);
        }
        StoreWrite::Entries {
            conversation,
            entries,
            held,
            settled,
        } => return entries::add(db, *conversation, entries, held, settled),
        StoreWrite::Heads { heads, complete } => return set_heads(db, heads, *complete),
        StoreWrite::Cursors {
            conversation,
            cursors,
        } => set_cursors(db, *conversation, *cursors)?,
        StoreWrite::Users(people) => set_people(db, people)?,
        StoreWrite::Settings { settings, stamp } => settings::take(db, settings, *stamp)?,
        StoreWrite::UnsentSetting(setting) => settings::keep_unsent(db, setting)?,
        StoreWrite::SentSetting(key) => settings::set_sent(db, *key)?,
        StoreWrite::Draft { conversation, text } => {
            return outbox::set_draft(db, *conversation, text);
        }
        StoreWrite::Place {
            conversation,
            place,
        } => {
            db.prepare_cached("REPLACE INTO places (conversation, place) VALUES (?1, ?2)")?
                .execute(params![blob(conversation), blob(place)])?;
        }
        StoreWrite::Open(conversation) => {
            db.prepare_cached("REPLACE INTO open (one, conversation) VALUES (1, ?1)")?
                .execute(params![blob(conversation)])?;
        }
    }
    Ok(WalResidue::None)
}

fn set_me(db: &Connection, me: &StoredMe) -> Result<WalResidue, DbError> {
    let log: Option<Vec<u8>> = db
        .query_row("SELECT log FROM me", [], |row| row.get(0))
        .optional()?;
    let is_other = log.is_some_and(|log| log != me.log.0);
    if is_other {
        // Seqs and user numbers of another log mean nothing in this one.
        db.execute_batch(
            "DELETE FROM entries; DELETE FROM conversations; DELETE FROM cursors;
             DELETE FROM people; DELETE FROM places; DELETE FROM since;",
        )?;
        index::clear(db)?;
        settings::clear(db)?;
    }
    db.execute(
        "REPLACE INTO me (one, user, name, log) VALUES (1, ?1, ?2, ?3)",
        params![me.user.0.cast_signed(), me.name.as_str(), me.log.0],
    )?;
    Ok(WalResidue::of_rows(is_other.into()))
}

fn set_people(db: &Connection, people: &[StoredPerson]) -> Result<(), DbError> {
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

fn set_heads(
    db: &Connection,
    heads: &[Head],
    complete: Option<SyncPoint>,
) -> Result<WalResidue, DbError> {
    let mut residue = WalResidue::None;
    for head in heads {
        residue |= set_head(db, head)?;
    }
    if let Some(since) = complete {
        db.prepare_cached("REPLACE INTO since (one, log, stamp) VALUES (1, ?1, ?2)")?
            .execute(params![since.log.0, since.stamp.0.cast_signed()])?;
    }
    Ok(residue)
}

fn set_head(db: &Connection, head: &Head) -> Result<WalResidue, DbError> {
    let mut residue = WalResidue::None;
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
        residue |= entries::forget_after(db, &key, head.newest)?;
        stretches.retain(|&(first, _)| first <= head.newest);
        for (_, last) in &mut stretches {
            *last = (*last).min(head.newest);
        }
    }
    db.prepare_cached(
        "REPLACE INTO conversations
             (conversation, newest, newest_time, unread, held, first, room, is_request)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        key,
        head.newest.0.cast_signed(),
        head.newest_time.0.cast_signed(),
        head.unread.cast_signed(),
        blob(&stretches),
        head.first.0.cast_signed(),
        blob(&head.room),
        head.is_request,
    ])?;
    // Members who left have no cursors.
    db.prepare_cached("DELETE FROM cursors WHERE conversation = ?1")?
        .execute(params![key])?;
    for cursors in &head.cursors {
        set_cursors(db, head.conversation, *cursors)?;
    }
    Ok(residue)
}

fn set_cursors(
    db: &Connection,
    conversation: ConversationId,
    cursors: MemberCursors,
) -> Result<(), DbError> {
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
