//! Batch of the writer: one transaction with its stamp, the row cache, and the statements that are
//! prepared once for all of its writes.

use recado_shared::{
    ConversationId, DeviceKey, Entry, LogId, RequestError, Stamp, Timestamp, UserId,
};
use rusqlite::{CachedStatement, Connection, Result};

use super::login::authenticate;
use super::row_cache::RowCache;
use crate::id::Ticket;
use crate::store::tables::entries::EntryInsert;
use crate::store::tables::users;
use crate::store::values::{AdminChange, Failure, Left, Write, WriteResult, answer};

pub(crate) struct Batch<'a> {
    pub(super) db: &'a Connection,
    pub(super) stamp: Stamp,
    pub(super) rows: &'a mut RowCache,
    pub(super) insert: EntryInsert<'a>,
    pub(super) update_conversation: Option<CachedStatement<'a>>,
    pub(super) update_member: Option<CachedStatement<'a>>,
    /// Whether a write erased text.
    pub(super) has_erased: bool,
    /// System entries of the present write, which the operator caused.
    pub(super) system_entries: Vec<(ConversationId, Entry)>,
}

impl<'a> Batch<'a> {
    pub(crate) fn begin(db: &'a Connection, rows: &'a mut RowCache, stamp: Stamp) -> Result<Self> {
        rows.begin(db)?;
        Ok(Self {
            db,
            stamp,
            rows,
            insert: EntryInsert::default(),
            update_conversation: None,
            update_member: None,
            has_erased: false,
            system_entries: Vec::new(),
        })
    }

    /// Writes the changed rows. Returns the newest stamp.
    pub(super) fn finish(mut self) -> Result<Stamp> {
        self.flush()?;
        Ok(self.stamp)
    }

    /// Applies one write. An error fails the batch. The stamp of a result is the one after the write.
    pub(super) fn apply(&mut self, log: LogId, write: &Write) -> Result<WriteResult> {
        Ok(match write {
            Write::Append { origin, new } => {
                let result = answer(self.append(new))?;
                WriteResult::Append {
                    origin: *origin,
                    conversation: new.conversation,
                    result,
                    stamp: self.stamp,
                }
            }
            Write::Advance { user, advance } => {
                let moved = self.advance(*user, *advance)?;
                WriteResult::Advance {
                    conversation: advance.conversation,
                    moved,
                    stamp: self.stamp,
                }
            }
            Write::Login(login) => WriteResult::Login {
                session: login.session,
                result: answer(authenticate(self.db, log, self.stamp, login))?,
            },
            Write::CreateRoom { origin, new } => {
                let result = self.if_open(new.author, new.by, |batch| batch.create_room(new))?;
                WriteResult::CreateRoom {
                    origin: *origin,
                    new: new.clone(),
                    result,
                    stamp: self.stamp,
                }
            }
            Write::Device {
                origin,
                user,
                by,
                change,
                time,
            } => WriteResult::Device {
                origin: *origin,
                user: *user,
                change: change.clone(),
                result: self.if_open(*user, *by, |batch| {
                    batch.change_device(*user, change, *time)
                })?,
            },
            Write::User {
                origin,
                user,
                by,
                change,
            } => {
                let result = self.if_open(*user, *by, |batch| batch.change_user(*user, change))?;
                WriteResult::User {
                    origin: *origin,
                    user: *user,
                    result,
                    stamp: self.stamp,
                }
            }
            Write::Erase { time } => self.apply_erasure(*time)?,
            Write::Admin {
                ticket,
                change,
                time,
            } => self.apply_admin(*ticket, change, *time)?,
        })
    }

    fn apply_erasure(&mut self, time: Timestamp) -> Result<WriteResult> {
        let since = self.stamp;
        let is_left = self.erase_step(time)?;
        Ok(WriteResult::Erased {
            entries: std::mem::take(&mut self.system_entries),
            since,
            left: is_left.then_some(Left::Now),
        })
    }

    fn apply_admin(
        &mut self,
        ticket: Ticket,
        change: &AdminChange,
        time: Timestamp,
    ) -> Result<WriteResult> {
        let since = self.stamp;
        let result = answer(self.administer(change, time))?;
        Ok(WriteResult::Admin {
            ticket,
            result,
            entries: std::mem::take(&mut self.system_entries),
            since,
        })
    }

    /// Applies a change of a user, unless earlier in the queue the operator closed the account or the device was
    /// revoked: the change must not restore what was erased, nor admit the device again by another one.
    fn if_open<T>(
        &mut self,
        user: UserId,
        by: DeviceKey,
        change: impl FnOnce(&mut Self) -> std::result::Result<T, Failure>,
    ) -> Result<std::result::Result<T, RequestError>> {
        if users::is_closed(self.db, user)? || !self.is_linked(user, by)? {
            return Ok(Err(RequestError::Unavailable));
        }
        answer(change(self))
    }
}
