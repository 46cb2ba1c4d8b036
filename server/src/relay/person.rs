//! Changes of a user's settings, contacts and display name, and their announcement to others.

use recado_shared::{
    Answer, Presence, RequestError, ServerFrame, Setting, Stamp, UserId, UserName, UserProfile,
};

use super::caller::Caller;
use super::registrations::DIRECTORY_ANNOUNCE_LIMIT;
use super::session::Session;
use super::{Effect, Relay, SessionId, before};
use crate::store::{UserChange, UserOutcome, Write};

impl Relay {
    pub(super) fn change_user(
        &mut self,
        caller: Caller,
        change: UserChange,
        out: &mut Vec<Effect>,
    ) -> Result<(), RequestError> {
        let write = Write::User {
            origin: caller.origin,
            user: caller.user,
            change,
        };
        self.try_write(write, out)
    }

    /// Answers the user, then tells their other sessions and the users that the change concerns.
    pub(super) fn person_changed(
        &mut self,
        caller: Caller,
        result: Result<UserOutcome, RequestError>,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let Caller { origin, user } = caller;
        let changed = match result {
            Ok(changed) => changed,
            Err(error) => return self.answer(origin, Err(error), out),
        };
        self.answer(origin, Ok(Answer::Done), out);
        match changed {
            UserOutcome::Accepted { is_new: true } => self.send_heads(user, before(stamp), out),
            UserOutcome::Accepted { is_new: false } => {}
            UserOutcome::Display { name, display } => {
                self.displays.set(user, name.clone(), display);
                self.announce_person(user, &name, out);
            }
            UserOutcome::Set(setting) => {
                self.apply_setting(user, &setting, stamp, out);
                let others = self.sessions_of(user).filter(|&id| id != origin.session);
                let frame = ServerFrame::Setting { setting, stamp };
                self.push(others, frame, out);
            }
        }
    }

    fn apply_setting(
        &mut self,
        user: UserId,
        setting: &Setting,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        match setting {
            Setting::Blocked { user: other, is_on } => {
                if self.memberships.set_blocked(user, *other, *is_on) {
                    self.announce_presence_to(*other, user, out);
                }
            }
            // A user who no longer wants to be asked accepts all requests.
            Setting::FirstContact { ask: false } => self.send_heads(user, before(stamp), out),
            Setting::FirstContact { ask: true }
            | Setting::Favourite { .. }
            | Setting::NotificationLevel { .. }
            | Setting::Muted { .. }
            | Setting::Draft { .. } => {}
        }
    }

    /// Announces the names of a user to all sessions; beyond [`DIRECTORY_ANNOUNCE_LIMIT`] only to those
    /// that watch the user.
    pub(super) fn announce_person(&self, user: UserId, name: &UserName, out: &mut Vec<Effect>) {
        let is_large = self.sessions.len() > DIRECTORY_ANNOUNCE_LIMIT;
        let is_concerned = |id: &SessionId, session: &Session| {
            !is_large || session.user == user || self.is_watched_by(user, *id)
        };
        let to = self
            .sessions
            .iter()
            .filter(|(id, one)| is_concerned(id, one));
        let (blocked, others): (Vec<_>, Vec<_>) = to
            .map(|(&id, _)| id)
            .partition(|&id| self.is_blocked_by(user, id));
        let mut person = UserProfile {
            user,
            name: name.clone(),
            display: self.displays.of(user).cloned(),
            presence: self.shown_presence(user),
        };
        self.push(others, ServerFrame::User(person.clone()), out);
        person.presence = Presence::Offline;
        self.push(blocked, ServerFrame::User(person), out);
    }

    /// Hides the display names of others that look like a user's new name.
    pub(super) fn name_taken(&mut self, user: UserId, name: &UserName, out: &mut Vec<Effect>) {
        for (other, name) in self.displays.set_name(user, name) {
            self.announce_person(other, &name, out);
        }
    }

    /// Whether this user blocks the user of a session.
    pub(super) fn is_blocked_by(&self, user: UserId, id: SessionId) -> bool {
        let session = self.sessions.get(&id);
        session.is_some_and(|session| self.memberships.blocks(user, session.user))
    }
}
