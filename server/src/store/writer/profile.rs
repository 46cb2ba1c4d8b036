//! Changes that users make to their settings, contacts and display name.

use recado_shared::{ConversationId, DisplayName, Limit, RequestError, Seq, Setting, UserId};

use super::batch::Batch;
use crate::store::tables::{conversations, members, settings, users};
use crate::store::values::{Failure, UserChange, UserOutcome, ensure};

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

    fn accept(&mut self, user: UserId, from: UserId) -> Result<UserOutcome, Failure> {
        let id = ConversationId::direct(user, from);
        self.flush_and_evict(id)?;
        let conversation = conversations::find(self.db, id)?
            .filter(|found| found.newest != Seq::ZERO)
            .ok_or(RequestError::Invalid)?;
        let stamp = self.stamp.next();
        let is_new = members::accept_requests(self.db, stamp, user, Some(conversation.row))?;
        if is_new {
            self.stamp = stamp;
        }
        Ok(UserOutcome::Accepted { is_new })
    }

    fn set_display(
        &mut self,
        user: UserId,
        display: Option<&DisplayName>,
    ) -> Result<UserOutcome, Failure> {
        self.flush_and_evict_all()?;
        if let Some(display) = display {
            let is_imitation = users::is_imitation(self.db, user, display)?;
            ensure(!is_imitation, RequestError::Invalid)?;
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
            ensure(*other != user, RequestError::Invalid)?;
            ensure(users::exists(self.db, *other)?, RequestError::UnknownUser)?;
        }
        if !settings::make_room(self.db, user, setting.key())? {
            // A default value needs no row.
            let is_default = settings::is_default(setting);
            return ensure(is_default, RequestError::Limit(Limit::Settings));
        }
        self.stamp = self.stamp.next();
        settings::set(self.db, self.stamp, user, setting)?;
        if let Setting::FirstContact { ask: false } = setting {
            self.flush_and_evict_all()?;
            members::accept_requests(self.db, self.stamp, user, None)?;
        }
        Ok(())
    }
}
