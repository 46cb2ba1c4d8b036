//! Batch of the writer: one transaction with its stamp, the row cache, and the statements that are
//! prepared once for all of its writes.

use recado_shared::{ConversationId, Entry, LogId, RequestError, Stamp, UserId};
use rusqlite::{CachedStatement, Connection, Result};

use super::login::authenticate;
use super::row_cache::RowCache;
use super::user::change_device;
use crate::store::tables::entries::EntryInsert;
use crate::store::tables::users;
use crate::store::values::{Failure, Write, WriteResult, answer};

pub(crate) struct Batch<'a> {
    pub(super) db: &'a Connection,
    pub(super) stamp: Stamp,
    pub(super) rows: &'a mut RowCache,
    pub(super) insert: EntryInsert<'a>,
    pub(super) update_conversation: Option<CachedStatement<'a>>,
    pub(super) update_member: Option<CachedStatement<'a>>,
    /// Whether a write erased text.
    pub(super) has_erased: bool,
    /// Entries that the present write appended for the operator.
    pub(super) notices: Vec<(ConversationId, Entry)>,
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
            notices: Vec::new(),
        })
    }

    /// Writes the changed rows. Returns the newest stamp.
    pub(super) fn finish(mut self) -> Result<Stamp> {
        self.flush()?;
        Ok(self.stamp)
    }

    /// Applies one write. An error fails the batch. The fields of a result are evaluated in the order in
    /// which they stand: the stamp after the write.
    pub(super) fn apply(&mut self, log: LogId, write: &Write) -> Result<WriteResult> {
        Ok(match write {
            Write::Append { origin, new } => WriteResult::Append {
                origin: *origin,
                conversation: new.conversation,
                result: answer(self.append(new))?,
                stamp: self.stamp,
            },
            Write::Advance { user, advance } => WriteResult::Advance {
                conversation: advance.conversation,
                moved: self.advance(*user, *advance)?,
                stamp: self.stamp,
            },
            Write::Login(login) => WriteResult::Login {
                session: login.session,
                result: answer(authenticate(self.db, log, self.stamp, login))?,
            },
            Write::CreateRoom { origin, new } => WriteResult::CreateRoom {
                origin: *origin,
                new: new.clone(),
                result: self.if_open(new.author, |batch| batch.create_room(new))?,
                stamp: self.stamp,
            },
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
                result: self.if_open(*user, |batch| {
                    change_device(batch.db, *user, *by, change, *time)
                })?,
            },
            Write::User {
                origin,
                user,
                change,
            } => WriteResult::User {
                origin: *origin,
                user: *user,
                result: self.if_open(*user, |batch| batch.change_user(*user, change))?,
                stamp: self.stamp,
            },
            Write::Admin {
                ticket,
                change,
                time,
            } => WriteResult::Admin {
                ticket: *ticket,
                since: self.stamp,
                result: answer(self.administer(change, *time))?,
                entries: std::mem::take(&mut self.notices),
            },
        })
    }

    /// Applies a change of a user, unless the operator closed the account before it in the queue:
    /// the change must not restore what was erased.
    fn if_open<T>(
        &mut self,
        user: UserId,
        change: impl FnOnce(&mut Self) -> std::result::Result<T, Failure>,
    ) -> Result<std::result::Result<T, RequestError>> {
        if users::is_closed(self.db, user)? {
            return Ok(Err(RequestError::Unavailable));
        }
        answer(change(self))
    }
}
