//! Application of changes to the database, inside the worker's transaction.

use recado_shared::{ConversationId, DisplayName, Epoch, Head, MemberCursors, SyncPoint};
use rusqlite::{Connection, params};

use super::request::{HeldRange, RolledBack, StoreWrite, StoredMe, StoredPerson};
use super::value::{DbError, blob, bytes, column, execute, number, query_first};
use super::wal_residue::WalResidue;
use super::{announcements, aside, entries, index, outbox, roll_back, settings};

/// What a change left behind.
#[derive(Debug, Default)]
pub(super) struct Applied {
    pub(super) residue: WalResidue,
    /// The outcome of a [`StoreWrite::RollBack`].
    pub(super) rolled_back: Option<RolledBack>,
}

pub(super) fn apply(db: &Connection, write: &StoreWrite) -> Result<Applied, DbError> {
    if let StoreWrite::RollBack(logs) = write {
        let (residue, outcome) = roll_back::apply(db, logs)?;
        return Ok(Applied {
            residue,
            rolled_back: Some(outcome),
        });
    }
    Ok(Applied {
        residue: apply_plain(db, write)?,
        rolled_back: None,
    })
}

fn apply_plain(db: &Connection, write: &StoreWrite) -> Result<WalResidue, DbError> {
    match write {
        StoreWrite::Me(me) => return set_me(db, me),
        StoreWrite::Queue(pending) => return outbox::queue(db, pending),
        StoreWrite::SetPending { id, state } => {
            let sql = "UPDATE outbox SET failed = ?2 WHERE id = ?1";
            execute(db, sql, params![id.0, outbox::failure_reason(state)])?;
        }
        StoreWrite::Command(command) => outbox::set_command(db, command)?,
        StoreWrite::Reword(id, content) => {
            let sql = "UPDATE outbox SET content = ?2 WHERE id = ?1";
            return execute(db, sql, params![id.0, blob(content)]).map(WalResidue::of_rows);
        }
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
        StoreWrite::Epochs(epochs) => set_epochs(db, epochs)?,
        StoreWrite::ForgetLog => return forget_log(db),
        // Has an outcome, and is applied above.
        StoreWrite::RollBack(_) => {}
        StoreWrite::Announcement(time, text) => announcements::add(db, *time, text)?,
        StoreWrite::AnnouncementsSeen => announcements::clear(db)?,
    }
    Ok(WalResidue::None)
}

fn set_me(db: &Connection, me: &StoredMe) -> Result<WalResidue, DbError> {
    let known = query_first(db, "SELECT log, user FROM me", [], |row| {
        Ok((bytes(row, 0)?, number(row, 1)?))
    })?;
    let is_other = known.is_some_and(|known| known != (me.log.0, me.user.0));
    let residue = if is_other {
        forget_log(db)?
    } else {
        WalResidue::None
    };
    execute(
        db,
        "REPLACE INTO me (one, user, name, log) VALUES (1, ?1, ?2, ?3)",
        params![me.user.0.cast_signed(), me.name.as_str(), me.log.0],
    )?;
    Ok(residue)
}

/// Puts a copy of the cache aside and empties it: the places and user numbers of one log mean nothing
/// in another one.
fn forget_log(db: &Connection) -> Result<WalResidue, DbError> {
    aside::keep(db)?;
    db.execute_batch(
        "DELETE FROM entries; DELETE FROM conversations; DELETE FROM cursors;
         DELETE FROM people; DELETE FROM places; DELETE FROM since; DELETE FROM epochs;
         DELETE FROM lost_tails;",
    )?;
    index::clear(db)?;
    settings::clear(db)?;
    Ok(WalResidue::of_rows(1))
}

fn set_epochs(db: &Connection, epochs: &[Epoch]) -> Result<(), DbError> {
    execute(db, "DELETE FROM epochs", [])?;
    for epoch in epochs {
        let sql = "INSERT INTO epochs (id, start) VALUES (?1, ?2)";
        execute(db, sql, params![epoch.id.0, epoch.start.cast_signed()])?;
    }
    Ok(())
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
        ranges = entries::held_up_to(ranges, head.newest);
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
