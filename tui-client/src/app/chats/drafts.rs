//! Unsent texts go with the user from device to device.
//!
//! What is written here goes out a moment after the first change, and at once on leaving the
//! conversation or the program. What was written elsewhere comes into the composer only while
//! nobody writes in it and only in place of what the other device knew of; it can be undone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use recado_shared::{ConversationId, DraftText, Now, Setting, SettingKey};

use crate::app::App;
use crate::app::conversation::state::{Conversation, Purpose};

/// How long a change waits before the other devices hear of it.
pub(in crate::app) const SHARE_AFTER: Duration = Duration::from_secs(3);

/// Who pressed no key for this long does not write.
pub(in crate::app) const WRITING_PAUSE: Duration = Duration::from_secs(5);

/// What of the drafts the devices have to tell each other.
#[derive(Debug, Default)]
pub(in crate::app) struct Drafts {
    /// Changed here since the other devices were told.
    changed: BTreeSet<ConversationId>,
    due: Option<Instant>,
    is_urgent: bool,
    /// Changed elsewhere, with the text here that it takes the place of.
    offered: BTreeMap<ConversationId, String>,
}

impl Drafts {
    /// A text is another one.
    pub(in crate::app) fn change(&mut self, id: ConversationId) {
        self.changed.insert(id);
    }

    /// A text was sent: elsewhere it must not be sent again.
    pub(in crate::app) fn end(&mut self, id: ConversationId) {
        self.changed.insert(id);
        self.is_urgent = true;
    }

    pub(in crate::app) fn forget_log(&mut self) {
        *self = Self::default();
    }
}

impl App {
    pub(in crate::app) fn drafts_deadline(&self) -> Option<Instant> {
        let open = self
            .chats
            .nav
            .open
            .and_then(|id| self.chats.conversations.get(&id));
        let is_awaited = open.is_some_and(|open| {
            let is_offered = self.chats.drafts.offered.contains_key(&open.id);
            let is_editing = matches!(open.purpose, Purpose::Edit { .. });
            is_offered && !is_editing
        });
        let pause = is_awaited.then(|| self.session.link.last_input() + WRITING_PAUSE);
        pause.into_iter().chain(self.chats.drafts.due).min()
    }

    /// The drafts of the local store are in their composers: looks which of them, and of the ones
    /// that the devices agreed on, is the later one.
    pub(in crate::app) fn compare_drafts(&mut self) {
        let agreed: BTreeSet<_> = self.chats.settings.drafts().collect();
        let written = self
            .chats
            .conversations
            .values()
            .filter(|c| !c.draft().is_empty());
        let all: BTreeSet<_> = written.map(|c| c.id).chain(agreed).collect();
        for id in all {
            let agreed = self.chats.settings.draft(id);
            let is_unsent = self.chats.settings.is_unsent(SettingKey::Draft(id));
            let here = self
                .chats
                .conversations
                .get(&id)
                .map_or("", Conversation::draft);
            if here == agreed {
                continue;
            }
            if here.is_empty() && !is_unsent {
                self.offer_draft(id, String::new());
            } else if agreed.is_empty() || is_unsent {
                self.chats.drafts.change(id);
            }
        }
    }

    /// Tells the other devices what is due, or notes when it will be.
    pub(in crate::app) fn share_due_drafts(&mut self, now: Now) {
        if self.chats.drafts.changed.is_empty() {
            self.chats.drafts.due = None;
        } else if self.chats.drafts.is_urgent
            || self.chats.drafts.due.is_some_and(|due| due <= now.instant)
        {
            self.share_drafts();
        } else if self.chats.drafts.due.is_none() {
            self.chats.drafts.due = Some(now.instant + SHARE_AFTER);
        }
    }

    /// Tells the other devices all that is written here. A text that is too long for them, or one
    /// too many, stays on this device alone.
    pub(in crate::app) fn share_drafts(&mut self) {
        (self.chats.drafts.due, self.chats.drafts.is_urgent) = (None, false);
        for conversation in std::mem::take(&mut self.chats.drafts.changed) {
            let Some(text) = self
                .chats
                .conversations
                .get(&conversation)
                .map(Conversation::draft)
            else {
                continue;
            };
            let Ok(text) = DraftText::new(text) else {
                continue;
            };
            // What reads as the others knew it was not changed: their later text is not undone.
            let known = match self.chats.drafts.offered.get(&conversation) {
                Some(before) => before,
                None => self.chats.settings.draft(conversation),
            };
            if text.as_str() != known {
                self.chats.drafts.offered.remove(&conversation);
                let _ = self.set(Setting::Draft { conversation, text });
            }
        }
    }

    /// The devices agree on another text than `before`.
    pub(in crate::app) fn offer_draft(&mut self, id: ConversationId, before: String) {
        let is_known = self.chats.conversations.contains_key(&id);
        // Of a room nothing is shown before the server has said that there is one.
        if !is_known && (id.room().is_some() || self.conversation_or_new(id).is_none()) {
            return;
        }
        self.chats.drafts.offered.entry(id).or_insert(before);
    }

    /// A conversation is new here, and something may be written there elsewhere.
    pub(in crate::app) fn offer_first_draft(&mut self, id: ConversationId) {
        if !self.chats.settings.draft(id).is_empty() {
            self.chats.drafts.offered.insert(id, String::new());
        }
    }

    /// Puts what was written elsewhere into composers in which nobody writes.
    pub(in crate::app) fn take_drafts(&mut self, now: Now) {
        let offered = self.chats.drafts.offered.iter();
        let free: Vec<_> = offered
            .filter(|(id, _)| !self.is_writing_in(**id, now))
            .map(|(id, before)| (*id, before.clone()))
            .collect();
        for (id, before) in free {
            self.chats.drafts.offered.remove(&id);
            let text = self.chats.settings.draft(id);
            let Some(conversation) = self.chats.conversations.get_mut(&id) else {
                continue;
            };
            if conversation.draft() != before || before == text {
                continue;
            }
            conversation.composer.set_text(text);
            self.chats.unsaved.follow_draft(id);
            self.chats.contacts.mark_stale();
        }
    }

    fn is_writing_in(&self, id: ConversationId, now: Now) -> bool {
        let Some(conversation) = self.chats.conversations.get(&id) else {
            return false;
        };
        if let Purpose::Edit { .. } = conversation.purpose {
            return true;
        }
        let is_before_it = self.chats.nav.open == Some(id) && self.chats.nav.has_focus;
        let is_recent = now.instant < self.session.link.last_input() + WRITING_PAUSE;
        is_before_it && is_recent
    }
}
