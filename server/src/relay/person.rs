//! What people change about themselves, and how they stand to each other. What is allowed stands
//! in `permission`.

use recado_shared::{Answer, RequestError, ServerFrame, Stamp, UserId};

use super::{Effect, Relay};
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
            PersonChanged::Set(setting) => {
                let others = self.sessions_of(user).filter(|&id| id != origin.session);
                let frame = ServerFrame::Setting { setting, stamp };
                self.push(others, frame, out);
            }
        }
    }
}

pub(super) fn settings((origin, user): (Origin, UserId), after: Stamp, out: &mut Vec<Effect>) {
    out.push(Effect::Read(Read::Settings {
        origin,
        user,
        after,
    }));
}
