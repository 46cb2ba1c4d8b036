//! Dispatch of the writes of a batch. Each yields its answer, whether it was rejected or not.

use recado_shared::{LogId, RequestError, UserId};

use crate::store::tables::users;
use crate::store::values::failure::{Failure, answer};
use crate::store::values::request::{Write, WriteResult};
use crate::store::writer::append::NewEntry;
use crate::store::writer::batch::Batch;
use crate::store::writer::{device, login};

impl Batch<'_> {
    /// Applies one write. An error fails the batch.
    #[rustfmt::skip]
    pub(crate) fn apply(&mut self, log: LogId, write: &Write) -> rusqlite::Result<WriteResult> {
        Ok(match write {
            Write::Append { origin, author, conversation, id, content, time, moderates } => {
                let new = NewEntry {
                    author: *author,
                    conversation: *conversation,
                    id: *id,
                    content,
                    time: *time,
                    moderates: *moderates,
                };
                let (origin, conversation) = (*origin, *conversation);
                let result = answer(self.append(&new))?;
                WriteResult::Append { origin, conversation, result, stamp: self.stamp }
            }
            Write::Advance { user, advance } => {
                let (conversation, moved) = (advance.conversation, self.advance(*user, *advance)?);
                WriteResult::Advance { conversation, moved, stamp: self.stamp }
            }
            Write::Login(request) => {
                let result = answer(login::login(self.db, log, self.stamp, request))?;
                let session = request.session;
                WriteResult::Login { session, result }
            }
            Write::CreateRoom { origin, new } => {
                let result = self.if_open(new.author, |batch| batch.create_room(new))?;
                WriteResult::CreateRoom { origin: *origin, new: new.clone(), result, stamp: self.stamp }
            }
            Write::Device { origin, user, by, change, time } => {
                let (origin, user) = (*origin, *user);
                let result = self.if_open(user, |batch| {
                    device::change(batch.db, user, *by, change, *time)
                })?;
                WriteResult::Device { origin, user, change: change.clone(), result }
            }
            Write::User { origin, user, change } => {
                let (origin, user) = (*origin, *user);
                let result = self.if_open(user, |batch| batch.change_user(user, change))?;
                WriteResult::User { origin, user, result, stamp: self.stamp }
            }
            Write::Admin { ticket, change, time } => {
                let (since, mut entries) = (self.stamp, Vec::new());
                let result = answer(self.administer(change, *time, &mut entries))?;
                WriteResult::Admin { ticket: *ticket, result, entries, since }
            }
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
