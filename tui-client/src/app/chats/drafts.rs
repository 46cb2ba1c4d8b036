//! Exchange of drafts with the other devices of the user.
//!
//! What is written here goes out a moment after the first change, and at once on leaving the
//! conversation or the program. What was written elsewhere comes into the composer only while
//! it is not in use and only in place of what the other device knew of; it can be undone.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use recado_shared::{ConversationId, DraftText, Setting, SettingKey};

use crate::app::command_line::CommandLine;
use crate::app::conversation::state::Purpose;
use crate::app::{Chats, Context, Conversation};

/// How long a change waits before the other devices hear of it.
pub(crate) const SHARE_AFTER: Duration = Duration::from_secs(3);

/// A composer is in use until no key was pressed for this long.
pub(crate) const WRITING_PAUSE: Duration = Duration::from_secs(5);

impl Chats {
    /// Returns the line of a command that failed to its composer. Where other text was written
    /// meanwhile, undo brings it back. Returns whether it is in the composer.
    pub(crate) fn give_back(&mut self, line: &CommandLine) -> bool {
        let conversation = line.conversation;
        let conversation = conversation.and_then(|id| self.conversations.get_mut(&id));
        let Some(conversation) = conversation else {
            return false;
        };
        let id = conversation.id;
        let composer = conversation.draft_composer();
        if composer.is_empty() {
            let _ = composer.set_text(&line.text);
        } else if composer.text() != line.text {
            composer.keep_for_undo(&line.text);
            return false;
        }
        self.unsaved.drafts.insert(id);
        self.drafts.changed.insert(id);
        self.dirty.insert(id);
        true
    }

    pub(crate) fn drafts_deadline(&self, last_input: Instant) -> Option<Instant> {
        let is_awaited = self.opened().is_some_and(|open| {
            let is_editing = matches!(open.purpose, Purpose::Edit { .. });
            self.drafts.offered.contains_key(&open.id) && !is_editing
        });
        let pause = is_awaited.then(|| last_input + WRITING_PAUSE);
        pause.into_iter().chain(self.drafts.due).min()
    }

    /// Finds out, once the stored drafts are in their composers, whether these or the ones that the
    /// devices agreed on are later.
    pub(crate) fn compare_drafts(&mut self) {
        let agreed: BTreeSet<_> = self.settings.drafts().collect();
        let conversations = self.conversations.values();
        let written = conversations.filter(|c| !c.draft().is_empty());
        let all: BTreeSet<_> = written.map(|c| c.id).chain(agreed).collect();
        for id in all {
            let agreed = self.settings.draft(id);
            let is_unsent = self.settings.is_unsent(SettingKey::Draft(id));
            let here = self.conversations.get(&id).map_or("", Conversation::draft);
            if here == agreed {
                continue;
            }
            if here.is_empty() && !is_unsent {
                self.offer_draft(id, String::new());
            } else if agreed.is_empty() || is_unsent {
                self.drafts.changed.insert(id);
            }
        }
    }

    /// Tells the other devices what is due, or notes when it will be.
    pub(super) fn share_due_drafts(&mut self, cx: &mut Context) {
        let drafts = &mut self.drafts;
        if drafts.changed.is_empty() {
            drafts.due = None;
        } else if cx.start_or_check_timer(&mut drafts.due, SHARE_AFTER) || drafts.is_urgent {
            self.share_drafts(cx);
        }
    }

    /// Tells the other devices all that is written here. A text that is too long for them, or one
    /// too many, stays on this device alone.
    pub(crate) fn share_drafts(&mut self, cx: &mut Context) {
        (self.drafts.due, self.drafts.is_urgent) = (None, false);
        for conversation in std::mem::take(&mut self.drafts.changed) {
            let text = self
                .conversations
                .get(&conversation)
                .map(Conversation::draft);
            let Some(Ok(text)) = text.map(DraftText::new) else {
                continue;
            };
            // What reads as the others knew it was not changed: their later text is not undone.
            let known = match self.drafts.offered.get(&conversation) {
                Some(before) => before,
                None => self.settings.draft(conversation),
            };
            if text.as_str() != known {
                self.drafts.offered.remove(&conversation);
                let _ = self.set(Setting::Draft { conversation, text }, cx);
            }
        }
    }

    /// Notes that the devices agree on another text than `before`.
    pub(super) fn offer_draft(&mut self, id: ConversationId, before: String) {
        let is_known = self.conversations.contains_key(&id);
        // Of a room nothing is shown before the server has said that there is one.
        if !is_known && (id.room().is_some() || self.conversation_or_new(id).is_none()) {
            return;
        }
        self.drafts.offered.entry(id).or_insert(before);
    }

    /// Offers the draft of another device to a new conversation.
    pub(super) fn offer_first_draft(&mut self, id: ConversationId) {
        if !self.settings.draft(id).is_empty() {
            self.drafts.offered.insert(id, String::new());
        }
    }

    /// Puts what was written elsewhere into composers that are not in use.
    pub(super) fn take_drafts(&mut self, cx: &mut Context) {
        let offered = self.drafts.offered.iter();
        let free: Vec<_> = offered
            .filter(|(id, _)| !self.is_writing_in(**id, cx))
            .map(|(id, before)| (*id, before.clone()))
            .collect();
        for (id, before) in free {
            self.drafts.offered.remove(&id);
            let text = self.settings.draft(id);
            let Some(conversation) = self.conversations.get_mut(&id) else {
                continue;
            };
            if conversation.draft() != before || before == text {
                continue;
            }
            let _ = conversation.composer.set_text(text);
            self.unsaved.drafts.insert(id);
            self.dirty.insert(id);
        }
    }

    fn is_writing_in(&self, id: ConversationId, cx: &mut Context) -> bool {
        let Some(conversation) = self.conversations.get(&id) else {
            return false;
        };
        if let Purpose::Edit { .. } = conversation.purpose {
            return true;
        }
        let is_recent = cx.now.instant < cx.last_input.instant + WRITING_PAUSE;
        self.navigation.open == Some(id)
            && self.navigation.focus.has_focus(cx.now, cx.last_input)
            && is_recent
    }
}
