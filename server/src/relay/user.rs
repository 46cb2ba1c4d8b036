//! Changes of a user's settings, contacts and display name, and their announcement to others.

use recado_shared::{
    Answer, Presence, RequestError, ServerFrame, Setting, Stamp, UserId, UserName, UserProfile,
};

use super::request::RequestResult;
use super::session::{Caller, Session};
use super::{DIRECTORY_ANNOUNCE_LIMIT, Relay, SessionId, before};
use crate::store::{Origin, UserChange, UserOutcome, Write};

impl Relay {
    pub(super) fn change_user(&mut self, caller: Caller, change: UserChange) -> RequestResult {
        self.try_write(Write::User {
            origin: caller.origin,
            user: caller.user,
            by: caller.device,
            change,
        })
    }

    /// Answers the user, then tells their other sessions and the users that the change concerns.
    pub(super) fn user_changed(
        &mut self,
        origin: Origin,
        user: UserId,
        result: Result<UserOutcome, RequestError>,
        stamp: Stamp,
    ) {
        let changed = match result {
            Ok(changed) => changed,
            Err(error) => return self.answer(origin, Err(error)),
        };
        self.answer(origin, Ok(Answer::Done));
        match changed {
            UserOutcome::Accepted { is_new: true } => self.send_heads(user, before(stamp)),
            UserOutcome::Accepted { is_new: false } => {}
            UserOutcome::Display { name, display } => {
                self.displays.set(user, name.clone(), display);
                self.announce_names(user, name);
            }
            UserOutcome::Set(setting) => {
                self.apply_setting(user, &setting, stamp);
                let frame = ServerFrame::Setting { setting, stamp };
                let others = self.sessions_of(user).filter(|&id| id != origin.session);
                self.push(others.collect(), frame);
            }
        }
    }

    fn apply_setting(&mut self, user: UserId, setting: &Setting, stamp: Stamp) {
        match setting {
            Setting::Blocked { user: other, is_on } => {
                if self.memberships.set_blocked(user, *other, *is_on) {
                    self.announce_presence_to(*other, user);
                }
            }
            // A user who no longer wants to be asked accepts all requests.
            Setting::FirstContact { ask: false } => self.send_heads(user, before(stamp)),
            Setting::FirstContact { ask: true }
            | Setting::Favourite { .. }
            | Setting::NotificationLevel { .. }
            | Setting::Muted { .. }
            | Setting::Draft { .. } => {}
        }
    }

    /// Announces the names of a user to all sessions, or beyond the limit to those that watch the user.
    pub(super) fn announce_names(&mut self, user: UserId, name: UserName) {
        let to = self.sessions_that_list(user);
        let (blocked, others): (Vec<_>, Vec<_>) = to.partition(|&id| self.is_blocked_by(user, id));
        let mut profile = self.profile(user, user, name);
        self.push(others, ServerFrame::User(profile.clone()));
        profile.presence = Presence::Offline;
        self.push(blocked, ServerFrame::User(profile));
    }

    /// Announces that a user was removed to the sessions that [`announce_names`](Self::announce_names)
    /// reaches.
    pub(super) fn announce_removal(&mut self, user: UserId) {
        let to = self.sessions_that_list(user).collect();
        self.push(to, ServerFrame::UserRemoved(user));
    }

    /// The sessions that follow a user's names, see [`DIRECTORY_ANNOUNCE_LIMIT`].
    fn sessions_that_list(&self, user: UserId) -> impl Iterator<Item = SessionId> + '_ {
        let is_large = self.sessions.len() > DIRECTORY_ANNOUNCE_LIMIT;
        let is_concerned = move |(id, session): &(&SessionId, &Session)| {
            !is_large || session.user == user || self.is_watched_by(user, **id)
        };
        self.sessions.iter().filter(is_concerned).map(|(&id, _)| id)
    }

    /// Announces a new user to all other sessions, see [`DIRECTORY_ANNOUNCE_LIMIT`].
    pub(super) fn announce_new_user(&mut self, session: SessionId, user: UserId, name: UserName) {
        if self.sessions.len() <= DIRECTORY_ANNOUNCE_LIMIT {
            let profile = self.profile(user, user, name);
            let others = self.sessions.keys().copied().filter(|&id| id != session);
            self.push(others.collect(), ServerFrame::User(profile));
        }
    }

    pub(super) fn profile(&self, viewer: UserId, user: UserId, name: UserName) -> UserProfile {
        UserProfile {
            user,
            name,
            display: self.displays.of(user).cloned(),
            presence: self.presence_for(viewer, user),
        }
    }

    /// Adds to a profile from the store what only the relay knows, as `viewer` sees it.
    pub(super) fn complete_profile(&self, viewer: UserId, profile: &mut UserProfile) {
        profile.display = self.displays.of(profile.user).cloned();
        profile.presence = self.presence_for(viewer, profile.user);
    }

    /// Hides the display names of others that look like a user's new name.
    pub(super) fn name_taken(&mut self, user: UserId, name: &UserName) {
        for (other, name) in self.displays.set_name(user, name) {
            self.announce_names(other, name);
        }
    }

    pub(super) fn is_blocked_by(&self, user: UserId, id: SessionId) -> bool {
        self.user_of(id)
            .is_some_and(|viewer| self.memberships.blocks(user, viewer))
    }
}
