//! Dispatch of the writes of a batch. Each yields its answer, whether it was rejected or not.

use recado_shared::{LogId, RequestError, UserId};

use super::batch::Batch;
use super::{device, login};
use crate::store::tables::users;
use crate::store::values::{Failure, Write, WriteResult, answer};

impl Batch<'_> {
    /// Applies one write. An error fails the batch. The fields of a result are evaluated in the order in
    /// which they stand: the stamp after the write.
    pub(super) fn apply(&mut self, log: LogId, write: &Write) -> rusqlite::Result<WriteResult> {
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
                result: answer(login::authenticate(self.db, log, self.stamp, login))?,
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
                    device::change(batch.db, *user, *by, change, *time)
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
        change: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> rusqlite::Result<Result<T, RequestError>> {
        if users::is_closed(self.db, user)? {
            return Ok(Err(RequestError::Unavailable));
        }
        answer(change(self))
    }
}
