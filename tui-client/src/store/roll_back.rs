//! Removal of the ends of logs that the server does not have any more, as its data was put back to an
//! earlier state. What the user wrote there returns to the outbox.

use std::collections::BTreeMap;

use recado_shared::{Content, Entry, PageRange, Seq, UserId};
use rusqlite::{Connection, params};

use super::request::{HeldRange, LostTail, Pending, PendingState, RollBack, RolledBack};
use super::value::{DbError, blob, column, execute, number, query_first};
use super::wal_residue::WalResidue;
use super::{entries, load, outbox};
use crate::model::content_after_roll_back;

/// Entries that are read at a time.
const PAGE: u16 = 500;

/// Rolls logs back. The sync point goes as well: all heads are read again until they are complete.
pub(super) fn apply(
    db: &Connection,
    logs: &[RollBack],
) -> Result<(WalResidue, RolledBack), DbError> {
    execute(db, "DELETE FROM since", [])?;
    let me = query_first(db, "SELECT user FROM me", [], |row| number(row, 0))?.map(UserId);
    let mut residue = WalResidue::None;
    let mut outcome = RolledBack::default();
    for log in logs {
        let tail = Tail::read(db, log, me)?;
        for pending in tail.own.into_values() {
            residue |= outbox::queue(db, &pending)?;
            outcome.pending.push(pending);
        }
        residue |= forget(db, log)?;
        if let Some(lost) = tail.lost {
            set_lost(db, &lost)?;
            outcome.lost.push(lost);
        }
    }
    Ok((residue, outcome))
}

/// The end of a log that is lost.
struct Tail {
    /// What the user did there, as it goes to the outbox, by its place.
    own: BTreeMap<Seq, Pending>,
    /// `None` if it has no message.
    lost: Option<LostTail>,
}

impl Tail {
    fn read(db: &Connection, log: &RollBack, me: Option<UserId>) -> Result<Self, DbError> {
        let key = blob(&log.conversation);
        let mut tail = Self {
            own: BTreeMap::new(),
            lost: None,
        };
        let mut after = log.agreed;
        loop {
            let page = load::stretch(db, &key, PageRange::After(after), PAGE)?;
            let Some(last) = page.last() else {
                return Ok(tail);
            };
            after = last.seq;
            for entry in page {
                tail.add(log, me, entry);
            }
        }
    }

    fn add(&mut self, log: &RollBack, me: Option<UserId>, entry: Entry) {
        let is_message = entry.content.is_message();
        if is_message {
            let lost = self.lost.get_or_insert(LostTail {
                conversation: log.conversation,
                after: log.agreed,
                messages: 0,
                since: entry.time,
            });
            lost.messages += 1;
        }
        if Some(entry.author) != me {
            return;
        }
        if let Content::Edit { target, body } = &entry.content
            && let Some(edited) = self.own.get_mut(target)
        {
            edited.content.set_body(body.clone());
            return;
        }
        if let Some(content) = content_after_roll_back(entry.content, log.agreed) {
            // A message is sent again by the user's choice. What is left of the rest, such as a
            // deletion, changes what the server has and does no harm when it comes twice.
            let state = if is_message {
                PendingState::Failed(log.reason.clone())
            } else {
                PendingState::Waiting
            };
            let pending = Pending {
                id: entry.id,
                conversation: log.conversation,
                content,
                typed: entry.time,
                state,
            };
            self.own.insert(entry.seq, pending);
        }
    }
}

fn forget(db: &Connection, log: &RollBack) -> Result<WalResidue, DbError> {
    let key = blob(&log.conversation);
    let (agreed, keep) = (log.agreed.0.cast_signed(), log.keep);
    let residue = entries::forget_after(db, &key, keep)?;
    let sql = "SELECT held FROM conversations WHERE conversation = ?1";
    let held: Option<Vec<HeldRange>> = query_first(db, sql, [&key], |row| column(row, 0))?;
    let held = entries::held_up_to(held.unwrap_or_default(), keep);
    execute(
        db,
        "UPDATE conversations SET held = ?2, newest = min(newest, ?3) WHERE conversation = ?1",
        params![key, blob(&held), agreed],
    )?;
    execute(
        db,
        "UPDATE cursors SET delivered = min(delivered, ?2), read = min(read, ?2)
         WHERE conversation = ?1",
        params![key, agreed],
    )?;
    execute(db, "DELETE FROM places WHERE conversation = ?1", [&key])?;
    Ok(residue)
}

fn set_lost(db: &Connection, lost: &LostTail) -> Result<(), DbError> {
    execute(
        db,
        "REPLACE INTO lost_tails (conversation, after, messages, since) VALUES (?1, ?2, ?3, ?4)",
        params![
            blob(&lost.conversation),
            lost.after.0.cast_signed(),
            lost.messages.cast_signed(),
            lost.since.0.cast_signed(),
        ],
    )
    .map(drop)
}
