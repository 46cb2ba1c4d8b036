//! Changes that users make to their devices, settings, contacts and display name.

use super::batch::Batch;
use crate::store::tables::{conversations, devices, members, settings, users};
use crate::store::values::{DeviceChange, Failure, UserChange, UserOutcome, ensure};
use recado_shared::limits::MAX_DEVICES;
use recado_shared::{
    ConversationId, DisplayName, Limit, RequestError, Seq, Setting, Timestamp, UserId,
};

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
        let accepted = members::accept_request(self.db, stamp, user, conversation.row)?;
        let is_new = accepted > 0;
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
        if let Setting::Blocked { user: other, .. } = setting {
            self.flush_and_evict(ConversationId::direct(user, *other))?;
        }
        self.stamp = self.stamp.next();
        settings::set(self.db, self.stamp, user, setting)?;
        if let Setting::FirstContact { ask: false } = setting {
            self.flush_and_evict_all()?;
            members::accept_requests(self.db, self.stamp, user)?;
        }
        Ok(())
    }

    /// Applies a change of a user's devices.
    pub(super) fn change_device(
        &mut self,
        user: UserId,
        change: &DeviceChange,
        time: Timestamp,
    ) -> Result<(), Failure> {
        let db = self.db;
        match change {
            DeviceChange::Link { key, name } => {
                // Another user may have linked it first: then it no longer waits.
                ensure(!devices::exists(db, *key)?, RequestError::UnknownCode)?;
                let has_room = devices::count(db, user)? < MAX_DEVICES;
                ensure(has_room, RequestError::Limit(Limit::Devices))?;
                devices::insert(db, user, *key, name.as_ref(), time)?;
            }
            DeviceChange::Name { key, name } => {
                let renamed = devices::rename(db, user, *key, name)?;
                ensure(renamed > 0, RequestError::UnknownDevice)?;
            }
            DeviceChange::Revoke(key) => {
                let is_own = devices::is_own(db, user, *key)?;
                ensure(is_own, RequestError::UnknownDevice)?;
                ensure(devices::count(db, user)? > 1, RequestError::LastDevice)?;
                self.evict_device(user, *key);
                devices::revoke(db, user, Some(*key), time)?;
            }
        }
        Ok(())
    }
}
