//! The hold of the contact list: while the user moves in it, no row changes its place under the hand.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use recado_shared::ConversationId;

/// How long places stay after the last key of the list.
pub(crate) const HOLD_FOR: Duration = Duration::from_secs(3);

/// The hold, and the rows that wait for its end.
#[derive(Debug, Default)]
pub(crate) struct ListHold {
    until: Option<Instant>,
    rows: BTreeSet<ConversationId>,
}

impl ListHold {
    /// The user pressed a key of the list.
    pub(crate) fn extend(&mut self, now: Instant) {
        self.until = Some(now + HOLD_FOR);
    }

    /// The rows that waited for the end of the hold; `None` while places stay.
    pub(super) fn check(&mut self, now: Instant) -> Option<BTreeSet<ConversationId>> {
        if self.until.is_some_and(|until| now < until) {
            return None;
        }
        self.until = None;
        Some(std::mem::take(&mut self.rows))
    }

    pub(super) fn keep(&mut self, id: ConversationId) {
        self.rows.insert(id);
    }

    /// When rows move that wait; `None` while none does.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.until.filter(|_| !self.rows.is_empty())
    }
}
