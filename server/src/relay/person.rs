//! What people change about themselves, and how they stand to each other. What is allowed stands
//! in `permission`.

use recado_shared::{Answer, RequestError, ServerFrame, Setting, Stamp, UserId};

use super::{Effect, Relay, SessionId, before};
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
                if self.roster.set_blocked(user, *other, *is_on) {
                    self.retell_presence_to(*other, user, out);
                }
            }
            // Whoever no longer asks has accepted all.
            Setting::FirstContact { ask: false } => self.tell_heads(user, before(stamp), out),
            Setting::FirstContact { ask: true }
            | Setting::Favourite { .. }
            | Setting::Level { .. }
            | Setting::Muted { .. }
            | Setting::Draft { .. } => {}
        }
    }

    /// Whether a session is of somebody whom this user blocks.
    pub(super) fn is_blocked_by(&self, user: UserId, id: SessionId) -> bool {
        let session = self.sessions.get(&id);
        session.is_some_and(|session| self.roster.blocks(user, session.user))
    }
}

pub(super) fn settings((origin, user): (Origin, UserId), after: Stamp, out: &mut Vec<Effect>) {
    out.push(Effect::Read(Read::Settings {
        origin,
        user,
        after,
    }));
}
