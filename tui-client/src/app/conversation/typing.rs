//! Typing notifications in a conversation, which expire by themselves.

use std::time::Instant;

use recado_shared::UserId;

use super::state::{Conversation, Kind};

/// Most people who are shown as typing at a time. Further ones are not.
const MAX_TYPING: usize = 16;

impl Conversation {
    pub(crate) fn set_typing(&mut self, user: UserId, until: Instant) {
        let may_type = match self.kind {
            Kind::Direct(peer) => user == peer,
            Kind::Room(_) => true,
        };
        let has_room = self.typing.len() < MAX_TYPING || self.typing.contains_key(&user);
        if may_type && has_room && user != self.me {
            self.typing.insert(user, until);
        }
    }

    pub(crate) fn stop_typing(&mut self, user: UserId) {
        self.typing.remove(&user);
    }

    /// Drops the hints that were to be shown up to `now`.
    pub(crate) fn expire_typing(&mut self, now: Instant) {
        self.typing.retain(|_, until| *until > now);
    }

    pub(crate) fn forget_typing(&mut self) {
        self.typing.clear();
    }

    pub(crate) fn typing(&self) -> impl Iterator<Item = UserId> {
        self.typing.keys().copied()
    }

    /// When the first of those who are typing is not shown as such any more.
    pub(crate) fn typing_until(&self) -> Option<Instant> {
        self.typing.values().min().copied()
    }
}
