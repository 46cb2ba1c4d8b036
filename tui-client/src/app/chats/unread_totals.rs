//! Unread messages that notify the user, counted for each listed conversation and in all.

use std::collections::BTreeMap;

use recado_shared::{ConversationId, NotificationLevel};

/// How many of the unread messages of a conversation notify the user.
pub(crate) fn notable(
    unread: u64,
    mentions: impl FnOnce() -> u64,
    level: NotificationLevel,
    is_blocked: bool,
) -> u64 {
    match level {
        _ if is_blocked => 0,
        NotificationLevel::All => unread,
        NotificationLevel::Mentions => mentions(),
        NotificationLevel::Nothing => 0,
    }
}

/// Counts of the conversations that have such messages, and their sum.
#[derive(Debug, Default)]
pub(crate) struct UnreadTotals {
    counts: BTreeMap<ConversationId, u64>,
    /// Wide enough for any counts that a server may send.
    total: u128,
}

impl UnreadTotals {
    pub(super) fn set(&mut self, id: ConversationId, count: u64) {
        let before = match count {
            0 => self.counts.remove(&id),
            _ => self.counts.insert(id, count),
        };
        self.total = self.total + u128::from(count) - u128::from(before.unwrap_or(0));
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The sum without the open conversation.
    pub(crate) fn elsewhere(&self, open: Option<ConversationId>) -> u64 {
        let here = open.and_then(|open| self.counts.get(&open));
        let elsewhere = self.total - u128::from(here.copied().unwrap_or(0));
        u64::try_from(elsewhere).unwrap_or(u64::MAX)
    }
}
