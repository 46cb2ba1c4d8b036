//! Unsent texts go with the user from device to device.
//!
//! What is written here goes out a moment after the first change, and at once on leaving the
//! conversation or the program. What was written elsewhere comes into the composer only while
//! it is not in use and only in place of what the other device knew of; it can be undone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use recado_shared::ConversationId;

/// How long a change waits before the other devices hear of it.
pub(crate) const SHARE_AFTER: Duration = Duration::from_secs(3);

/// A composer is in use until no key was pressed for this long.
pub(crate) const WRITING_PAUSE: Duration = Duration::from_secs(5);

/// What of the drafts the devices have to tell each other.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    /// Changed here since the other devices were told.
    pub(super) changed: BTreeSet<ConversationId>,
    pub(super) due: Option<Instant>,
    pub(super) is_urgent: bool,
    /// Changed elsewhere, with the text here that it takes the place of.
    pub(super) offered: BTreeMap<ConversationId, String>,
}

impl Drafts {
    /// A text is another one.
    pub(crate) fn change(&mut self, id: ConversationId) {
        self.changed.insert(id);
    }

    /// A text was sent: elsewhere it must not be sent again.
    pub(crate) fn end(&mut self, id: ConversationId) {
        self.changed.insert(id);
        self.is_urgent = true;
    }

    pub(crate) fn forget_log(&mut self) {
        *self = Self::default();
    }
}
