//! Users who are typing, and until when that is shown.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use recado_shared::{ConversationId, UserId};

/// Most people who are shown as typing in one conversation. Further ones are not.
const MAX_TYPING: usize = 16;

#[derive(Debug, Default)]
pub(crate) struct Typing {
    until: BTreeMap<(ConversationId, UserId), Instant>,
    /// The same in the order of their ends.
    ends: BTreeSet<(Instant, ConversationId, UserId)>,
}

impl Typing {
    pub(super) fn note(&mut self, id: ConversationId, user: UserId, until: Instant) {
        let is_shown = self.until.contains_key(&(id, user));
        if is_shown || self.users(id).count() < MAX_TYPING {
            self.remove(id, user);
            self.until.insert((id, user), until);
            self.ends.insert((until, id, user));
        }
    }

    pub(crate) fn remove(&mut self, id: ConversationId, user: UserId) {
        if let Some(until) = self.until.remove(&(id, user)) {
            self.ends.remove(&(until, id, user));
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Drops what has expired.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(&(until, id, user)) = self.ends.first()
            && until <= now
        {
            self.remove(id, user);
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.ends.first().map(|&(until, ..)| until)
    }

    /// The users who are typing in a conversation.
    pub(crate) fn users(&self, id: ConversationId) -> impl Iterator<Item = UserId> {
        let range = (id, UserId(0))..=(id, UserId(u64::MAX));
        self.until.range(range).map(|(&(_, user), _)| user)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use recado_shared::RoomId;

    use super::*;

    #[test]
    fn each_user_expires_at_the_last_notification() {
        let id = ConversationId::Room(RoomId(1));
        #[expect(
            clippy::disallowed_methods,
            reason = "the start of the test's own clock"
        )]
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut typing = Typing::default();
        typing.note(id, UserId(2), at(5));
        typing.note(id, UserId(3), at(6));
        typing.note(id, UserId(2), at(7));
        typing.note(ConversationId::Room(RoomId(2)), UserId(3), at(9));
        assert_eq!(typing.next_deadline(), Some(at(6)));
        typing.expire(at(6));
        assert_eq!(typing.users(id).collect::<Vec<_>>(), [UserId(2)]);
        typing.remove(id, UserId(2));
        assert_eq!(typing.users(id).count(), 0);
        assert_eq!(typing.next_deadline(), Some(at(9)));
        for user in 0..100 {
            typing.note(id, UserId(user), at(8));
        }
        assert_eq!(typing.users(id).count(), MAX_TYPING);
        typing.clear();
        assert_eq!(typing.next_deadline(), None);
    }
}
