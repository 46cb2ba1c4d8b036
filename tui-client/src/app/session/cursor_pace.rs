//! The pace at which the server hears of moved cursors.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use recado_shared::limits::UNHEARD_CURSOR_INTERVAL;
use recado_shared::{ConversationId, Now};

/// Cursors go out at most this often, each with all that moved: a burst of entries is one frame.
pub(crate) const CURSOR_INTERVAL: Duration = Duration::from_millis(100);

/// Which cursors the server should hear of, and when.
#[derive(Debug, Default)]
pub(crate) struct CursorPace {
    pub(super) moved: BTreeSet<ConversationId>,
    pub(super) not_before: Option<Instant>,
    /// Those of which only the server would hear, and when it does.
    pub(super) unheard: BTreeSet<ConversationId>,
    pub(super) unheard_at: Option<Instant>,
}

impl CursorPace {
    pub(crate) fn begin_session(&mut self) {
        *self = Self::default();
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let moved_at = self.not_before.filter(|_| !self.moved.is_empty());
        moved_at.into_iter().chain(self.unheard_at).min()
    }

    /// Lets those go out whose time has come.
    pub(super) fn collect_unheard(&mut self, now: Now) {
        if self.unheard.is_empty() {
            return;
        }
        let at = *self
            .unheard_at
            .get_or_insert(now.instant + UNHEARD_CURSOR_INTERVAL);
        if at <= now.instant {
            self.moved.append(&mut self.unheard);
            self.unheard_at = None;
        }
    }
}
