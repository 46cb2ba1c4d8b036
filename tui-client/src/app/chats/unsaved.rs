//! What changes too often to be saved each time: drafts and places. They are saved together
//! a moment after the first change, and at once on leaving a conversation or the program.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use recado_shared::{ConversationId, Now};

use crate::app::App;
use crate::store::Save;

/// How long a change may wait.
pub(in crate::app) const SAVE_AFTER: Duration = Duration::from_millis(500);

/// What differs from the local store.
#[derive(Debug, Default)]
pub(in crate::app) struct Unsaved {
    due: Option<Instant>,
    drafts: BTreeSet<ConversationId>,
    places: BTreeSet<ConversationId>,
}

impl Unsaved {
    pub(in crate::app) fn draft(&mut self, id: ConversationId) {
        self.drafts.insert(id);
    }

    /// The text in a composer is another one, and the other devices know of it.
    pub(in crate::app) fn follow_draft(&mut self, id: ConversationId) {
        self.drafts.insert(id);
    }

    /// The draft left the composer in another way.
    pub(in crate::app) fn forget_draft(&mut self, id: ConversationId) {
        self.drafts.remove(&id);
    }

    pub(in crate::app) fn place(&mut self, id: ConversationId) {
        self.places.insert(id);
    }

    pub(in crate::app) fn due(&self) -> Option<Instant> {
        self.due
    }

    fn is_empty(&self) -> bool {
        self.drafts.is_empty() && self.places.is_empty()
    }
}

impl App {
    /// Saves what is due, or notes when it will be.
    pub(in crate::app) fn save_due(&mut self, now: Now) {
        if self.chats.unsaved.is_empty() {
            self.chats.unsaved.due = None;
        } else if let Some(due) = self.chats.unsaved.due {
            if due <= now.instant {
                self.save_all();
            }
        } else {
            self.chats.unsaved.due = Some(now.instant + SAVE_AFTER);
        }
    }

    /// Saves everything that is not saved yet.
    pub(in crate::app) fn save_all(&mut self) {
        let unsaved = std::mem::take(&mut self.chats.unsaved);
        for id in unsaved.drafts {
            if let Some(conversation) = self.chats.conversations.get(&id) {
                let text = conversation.draft().to_owned();
                let conversation = id;
                self.save(Save::Draft { conversation, text });
            }
        }
        for id in unsaved.places {
            if let Some(conversation) = self.chats.conversations.get(&id) {
                let place = conversation.place;
                let conversation = id;
                self.save(Save::Place {
                    conversation,
                    place,
                });
            }
        }
    }
}
