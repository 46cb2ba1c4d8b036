//! What people change about themselves, and how they stand to each other. What is allowed stands
//! in `permission`.

use recado_shared::{
    Answer, Presence, RequestError, ServerFrame, Setting, Stamp, UserId, UserName, UserProfile,
};

use super::{DIRECTORY_ANNOUNCE_LIMIT, Effect, Relay, Session, SessionId, before};
use crate::store::{Origin, PersonChange, PersonChanged, Read, Write};

impl Relay {
    pub(super) fn change_person(
        &mut self,
        (origin, user): (Origin, UserId),
        change: PersonChange,
        out: &mut Vec<Effect>,
    ) -> Result<(), RequestError> {
        if !self.phase.is_serving() {
            return Err(RequestError::Unavailable);
        }
        let write = Write::Person {
            origin,
            user,
            change,
        };
        self.write(write, out);
        Ok(())
    }

    /// The change is stored: the user is told first, then everybody whom it concerns.
    pub(super) fn person_changed(
        &mut self,
        (origin, user): (Origin, UserId),
        result: Result<PersonChanged, RequestError>,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let changed = match result {
            Ok(changed) => changed,
            Err(error) => return self.answer(origin, Err(error), out),
        };
        self.answer(origin, Ok(Answer::Done), out);
        match changed {
            PersonChanged::Accepted { is_new: true } => self.tell_heads(user, before(stamp), out),
            PersonChanged::Accepted { is_new: false } => {}
            PersonChanged::Display { name, display } => {
                self.displays.set(user, name.clone(), display);
                self.tell_person(user, &name, out);
            }
            PersonChanged::Set(setting) => {
                self.follow_setting(user, &setting, stamp, out);
                let others = self.sessions_of(user).filter(|&id| id != origin.session);
                let frame = ServerFrame::Setting { setting, stamp };
                self.push(others, frame, out);
            }
        }
    }

    fn follow_setting(
        &mut self,
        user: UserId,
        setting: &Setting,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        match setting {
            Setting::Blocked { user: other, is_on } => {
                if self.memberships.set_blocked(user, *other, *is_on) {
                    self.retell_presence_to(*other, user, out);
                }
            }
            // Whoever no longer asks has accepted all.
            Setting::FirstContact { ask: false } => self.tell_heads(user, before(stamp), out),
            Setting::FirstContact { ask: true }
            | Setting::Favourite { .. }
            | Setting::NotificationLevel { .. }
            | Setting::Muted { .. }
            | Setting::Draft { .. } => {}
        }
    }

    /// Tells everybody how a person is called now; in a large crowd only those who watch them.
    pub(super) fn tell_person(&self, user: UserId, name: &UserName, out: &mut Vec<Effect>) {
        let is_crowd = self.sessions.len() > DIRECTORY_ANNOUNCE_LIMIT;
        let is_told = |id: &SessionId, session: &Session| {
            !is_crowd || session.user == user || self.is_watched_by(user, *id)
        };
        let told = self.sessions.iter().filter(|(id, one)| is_told(id, one));
        let (apart, others): (Vec<_>, Vec<_>) = told
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
        self.push(apart, ServerFrame::User(person), out);
    }

    /// A name is somebody's from now on: display names of others that look like it go.
    pub(super) fn name_taken(&mut self, user: UserId, name: &UserName, out: &mut Vec<Effect>) {
        for (other, name) in self.displays.named(user, name) {
            self.tell_person(other, &name, out);
        }
    }

    /// Whether a session is of somebody whom this user blocks.
    pub(super) fn is_blocked_by(&self, user: UserId, id: SessionId) -> bool {
        let session = self.sessions.get(&id);
        session.is_some_and(|session| self.memberships.blocks(user, session.user))
    }
}

pub(super) fn settings((origin, user): (Origin, UserId), after: Stamp, out: &mut Vec<Effect>) {
    out.push(Effect::Read(Read::Settings {
        origin,
        user,
        after,
    }));
}
