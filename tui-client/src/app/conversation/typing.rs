//! Who is typing in a conversation: hints that end by themselves.

use std::time::Instant;

use recado_shared::UserId;

use super::state::{Conversation, Kind};

/// Most people who are shown as typing at a time. Further ones are not.
const MAX_TYPING: usize = 16;

impl Conversation {
    /// Somebody is typing.
    pub(in crate::app) fn set_typing(&mut self, user: UserId, until: Instant) {
        let may_type = match self.kind {
            Kind::Direct(peer) => user == peer,
            Kind::Room(_) => true,
        };
        let has_room = self.typing.len() < MAX_TYPING || self.typing.contains_key(&user);
        if may_type && has_room && user != self.me {
            self.typing.insert(user, until);
        }
    }

    /// Somebody is not typing any more.
    pub(in crate::app) fn stop_typing(&mut self, user: UserId) {
        self.typing.remove(&user);
    }

    /// Nobody is typing whose hint was to be shown up to `now` only.
    pub(in crate::app) fn expire_typing(&mut self, now: Instant) {
        self.typing.retain(|_, until| *until > now);
    }

    pub(in crate::app) fn forget_typing(&mut self) {
        self.typing.clear();
    }

    /// Who is typing.
    pub(in crate::app) fn typing(&self) -> impl Iterator<Item = UserId> {
        self.typing.keys().copied()
    }

    /// When the first of those who are typing is not shown as such any more.
    pub(in crate::app) fn typing_until(&self) -> Option<Instant> {
        self.typing.values().min().copied()
    }
}
