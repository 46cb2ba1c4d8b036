//! Changes that users make to their settings, contacts and display name.

use recado_shared::{ConversationId, DisplayName, Limit, RequestError, Seq, Setting, UserId};

use super::batch::Batch;
use crate::store::tables::{conversations, members, settings, users};
use crate::store::values::{Failure, UserChange, UserOutcome};

impl Batch<'_> {
    pub(super) fn change_user(
        &mut self,
        user: UserId,
        change: &UserChange,
    ) -> Result<UserOutcome, Failure> {
        match change {
            UserChange::Accept(from) => self.accept(user, *from),
            UserChange::Display(display) => self.set_display(user, display.as_ref()),
            UserChange::Set(setting) => {
                self.set(user, setting)?;
                Ok(UserOutcome::Set(setting.clone()))
            }
        }
    }

    /// Accepts the message request of another user.
    fn accept(&mut self, user: UserId, from: UserId) -> Result<UserOutcome, Failure> {
        let id = ConversationId::direct(user, from);
        self.flush_and_evict(id)?;
        let conversation = conversations::find(self.db, id)?
            .filter(|found| found.newest != Seq::ZERO)
            .ok_or(RequestError::Invalid)?;
        let is_new = members::accept_request(self.db, self.stamp.next(), conversation.row, user)?;
        if is_new {
            self.stamp = self.stamp.next();
        }
        Ok(UserOutcome::Accepted { is_new })
    }

    /// Gives a user a display name that imitates no name of another user.
    fn set_display(
        &mut self,
        user: UserId,
        display: Option<&DisplayName>,
    ) -> Result<UserOutcome, Failure> {
        self.flush_and_evict_all()?;
        if let Some(display) = display
            && users::is_imitation(self.db, user, display)?
        {
            return Err(RequestError::Invalid.into());
        }
        let name = users::set_display(self.db, user, display)?;
        conversations::mark_renamed(self.db, &mut self.stamp, user)?;
        Ok(UserOutcome::Display {
            name,
            display: display.cloned(),
        })
    }

    fn set(&mut self, user: UserId, setting: &Setting) -> Result<(), Failure> {
        if let Setting::Blocked { user: other, .. } = setting {
            if *other == user {
                return Err(RequestError::Invalid.into());
            }
            if !users::exists(self.db, *other)? {
                return Err(RequestError::UnknownUser.into());
            }
        }
        if !settings::make_room(self.db, user, setting.key())? {
            // A default value needs no row.
            return if settings::is_default(setting) {
                Ok(())
            } else {
                Err(RequestError::Limit(Limit::Settings).into())
            };
        }
        self.stamp = self.stamp.next();
        settings::set(self.db, self.stamp, user, setting)?;
        if let Setting::FirstContact { ask: false } = setting {
            self.flush_and_evict_all()?;
            members::accept_all_requests(self.db, self.stamp, user)?;
        }
        Ok(())
    }
}
