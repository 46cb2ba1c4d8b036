//! Unsaved drafts and places, which change too often to be saved each time. They are saved a moment after the first change, and at once on leaving a conversation or the program.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use recado_shared::ConversationId;

/// How long a change may wait.
pub(crate) const SAVE_AFTER: Duration = Duration::from_millis(500);

/// What differs from the local store.
#[derive(Debug, Default)]
pub(crate) struct Unsaved {
    pub(super) due: Option<Instant>,
    pub(super) drafts: BTreeSet<ConversationId>,
    pub(super) places: BTreeSet<ConversationId>,
}

impl Unsaved {
    pub(crate) fn draft(&mut self, id: ConversationId) {
        self.drafts.insert(id);
    }

    /// The draft left the composer in another way.
    pub(crate) fn forget_draft(&mut self, id: ConversationId) {
        self.drafts.remove(&id);
    }

    pub(crate) fn place(&mut self, id: ConversationId) {
        self.places.insert(id);
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn is_empty(&self) -> bool {
        self.drafts.is_empty() && self.places.is_empty()
    }
}
