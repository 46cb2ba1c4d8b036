//! Application of changes to the database, inside the worker's transaction.

use recado_shared::{ConversationId, DisplayName, Head, MemberCursors, SyncPoint};
use rusqlite::{Connection, params};

use super::request::{HeldRange, StoreWrite, StoredMe, StoredPerson};
use super::value::{DbError, blob, column, execute, query_first};
use super::wal_residue::WalResidue;
use super::{announcements, entries, index, outbox, settings};

pub(super) fn apply(db: &Connection, write: &StoreWrite) -> Result<WalResidue, DbError> {
    match write {
        StoreWrite::Me(me) => return set_me(db, me),
        StoreWrite::Queue(pending) => return outbox::queue(db, pending),
        StoreWrite::SetPending { id, state } => {
            let sql = "UPDATE outbox SET failed = ?2 WHERE id = ?1";
            execute(db, sql, params![id.0, outbox::failure_reason(state)])?;
        }
        StoreWrite::Command(command) => outbox::set_command(db, command)?,
        StoreWrite::TakeBack {
            id,
            conversation,
            draft,
        } => {
            let mut residue = outbox::remove(db, *id)?;
            residue |= outbox::set_draft(db, *conversation, draft)?;
            return Ok(residue);
        }
        StoreWrite::Entries {
            conversation,
            entries,
            held,
            settled,
        } => return entries::add(db, *conversation, entries, held, settled),
        StoreWrite::Forget {
            conversation,
            up_to,
            held,
        } => return entries::forget_up_to(db, *conversation, *up_to, held),
        StoreWrite::Erasures {
            conversation,
            entries,
        } => return entries::erase_for(db, *conversation, entries),
        StoreWrite::Heads { heads, complete } => return set_heads(db, heads, *complete),
        StoreWrite::Cursors(conversation, cursors) => set_cursors(db, *conversation, *cursors)?,
        StoreWrite::Users(people) => set_people(db, people)?,
        StoreWrite::Settings { settings, stamp } => settings::take(db, settings, *stamp)?,
        StoreWrite::UnsentSetting(setting) => settings::keep_unsent(db, setting)?,
        StoreWrite::SentSetting(key) => {
            let sql = "UPDATE settings SET is_unsent = 0 WHERE key = ?1";
            execute(db, sql, [blob(key)])?;
        }
        StoreWrite::Draft { conversation, text } => {
            return outbox::set_draft(db, *conversation, text);
        }
        StoreWrite::Place(conversation, place) => {
            let sql = "REPLACE INTO places (conversation, place) VALUES (?1, ?2)";
            execute(db, sql, [blob(conversation), blob(place)])?;
        }
        StoreWrite::Open(conversation) => {
            let sql = "REPLACE INTO open (one, conversation) VALUES (1, ?1)";
            execute(db, sql, [blob(conversation)])?;
        }
        StoreWrite::Announcement(time, text) => announcements::add(db, *time, text)?,
        StoreWrite::AnnouncementsSeen => announcements::clear(db)?,
    }
    Ok(WalResidue::None)
}

fn set_me(db: &Connection, me: &StoredMe) -> Result<WalResidue, DbError> {
    let log: Option<Vec<u8>> = query_first(db, "SELECT log FROM me", [], |row| Ok(row.get(0)?))?;
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
    execute(
        db,
        "REPLACE INTO me (one, user, name, log) VALUES (1, ?1, ?2, ?3)",
        params![me.user.0.cast_signed(), me.name.as_str(), me.log.0],
    )?;
    Ok(WalResidue::of_rows(is_other.into()))
}

fn set_people(db: &Connection, people: &[StoredPerson]) -> Result<(), DbError> {
    for person in people {
        execute(
            db,
            "REPLACE INTO people (user, name, display, is_removed) VALUES (?1, ?2, ?3, ?4)",
            params![
                person.user.0.cast_signed(),
                person.name.as_str(),
                person.display.as_ref().map(DisplayName::as_str),
                person.is_removed,
            ],
        )?;
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
        let sql = "REPLACE INTO since (one, log, stamp) VALUES (1, ?1, ?2)";
        execute(db, sql, params![since.log.0, since.stamp.0.cast_signed()])?;
    }
    Ok(residue)
}

fn set_head(db: &Connection, head: &Head) -> Result<WalResidue, DbError> {
    let mut residue = WalResidue::None;
    let key = blob(&head.conversation);
    let sql = "SELECT held FROM conversations WHERE conversation = ?1";
    let stored: Option<Vec<HeldRange>> = query_first(db, sql, [&key], |row| column(row, 0))?;
    let mut ranges = stored.unwrap_or_default();
    if ranges.last().is_some_and(|range| range.last > head.newest) {
        residue |= entries::forget_after(db, &key, head.newest)?;
        ranges.retain(|range| range.first <= head.newest);
        for range in &mut ranges {
            range.last = range.last.min(head.newest);
        }
    }
    execute(
        db,
        "REPLACE INTO conversations
             (conversation, newest, newest_time, unread, held, first, room, is_request)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            key,
            head.newest.0.cast_signed(),
            head.newest_time.0.cast_signed(),
            head.unread.cast_signed(),
            blob(&ranges),
            head.first.0.cast_signed(),
            blob(&head.room),
            head.is_request,
        ],
    )?;
    // Members who left have no cursors.
    execute(db, "DELETE FROM cursors WHERE conversation = ?1", [&key])?;
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
    execute(
        db,
        "REPLACE INTO cursors (conversation, user, delivered, read) VALUES (?1, ?2, ?3, ?4)",
        params![
            blob(&conversation),
            cursors.user.0.cast_signed(),
            cursors.delivered.0.cast_signed(),
            cursors.read.0.cast_signed(),
        ],
    )
    .map(drop)
}
