//! The user's own cursors: how far they move, and when the server and the store hear of it.
//!
//! *Delivered* follows what is held without a hole. *Read* follows what the last drawn frame
//! showed, and only while a person can see it: terminal focused, conversation open, nothing over it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use recado_shared::limits::UNHEARD_CURSOR_INTERVAL;
use recado_shared::{ClientFrame, ConversationId, CursorUpdate};

use crate::app::chats::navigation::Jump;
use crate::app::conversation::progress::Progress;
use crate::app::conversation::state::UnreadMarker;
use crate::app::{Chats, Context, Session};
use crate::model::Place;

/// Cursors go out at most this often, each with all that moved: a burst of entries is one frame.
pub(crate) const CURSOR_INTERVAL: Duration = Duration::from_millis(100);

/// The conversations whose cursors the server should hear of, and when.
#[derive(Debug, Default)]
pub(crate) struct CursorPace {
    moved: BTreeSet<ConversationId>,
    not_before: Option<Instant>,
    /// Those of which only the server would hear, and when it does.
    unheard: BTreeSet<ConversationId>,
    unheard_at: Option<Instant>,
}

impl CursorPace {
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let moved_at = self.not_before.filter(|_| !self.moved.is_empty());
        moved_at.into_iter().chain(self.unheard_at).min()
    }
}

impl Session {
    /// Moves the cursors of the conversations that changed, and of the one that is looked at.
    pub(crate) fn move_cursors(&mut self, chats: &mut Chats, cx: &mut Context) {
        chats.dirty.extend(chats.navigation.open);
        for id in chats.dirty.clone() {
            self.backfill.note(id);
            // A jump that waits for its entry leads away from what is on the screen.
            let is_looking = chats.is_looking_at(id, cx) && chats.navigation.jump.is_none();
            let shown = chats.navigation.shown.filter(|_| is_looking);
            let Some(conversation) = chats.conversations.get_mut(&id) else {
                continue;
            };
            if let Some(shown) = shown {
                // A gap has the identity of its first missing entry.
                let is_gap = conversation.log.entry(shown).is_none();
                conversation.see(if is_gap { shown.prev() } else { shown });
            }
            if conversation.move_cursors() {
                chats.save_head(id, cx);
            }
            if let Some(conversation) = chats.conversations.get(&id)
                && conversation.is_ahead()
                && self.link.is_synced()
            {
                let pace = &mut self.cursor_pace;
                let is_heard = conversation.is_heard();
                let waiting = if is_heard {
                    &mut pace.moved
                } else {
                    &mut pace.unheard
                };
                waiting.insert(id);
            }
        }
    }

    /// Tells the server which cursors moved, unless that was done a moment ago.
    pub(super) fn send_cursors(&mut self, chats: &mut Chats, cx: &mut Context) {
        let pace = &mut self.cursor_pace;
        if !pace.unheard.is_empty()
            && cx.start_or_check_timer(&mut pace.unheard_at, UNHEARD_CURSOR_INTERVAL)
        {
            pace.moved.append(&mut pace.unheard);
            pace.unheard_at = None;
        }
        let is_early = pace.not_before.is_some_and(|at| cx.now.instant < at);
        if is_early || pace.moved.is_empty() || !self.link.is_up() {
            return;
        }
        pace.not_before = Some(cx.now.instant + CURSOR_INTERVAL);
        for id in std::mem::take(&mut pace.moved) {
            if let Some(conversation) = chats.conversations.get_mut(&id)
                && conversation.is_ahead()
            {
                let Progress { delivered, read } = conversation.own;
                conversation.sent = conversation.own;
                cx.send(ClientFrame::UpdateCursors(CursorUpdate {
                    conversation: id,
                    delivered,
                    read,
                }));
            }
        }
    }

    /// Something arrived in a conversation that had `before` unread messages: the line above the
    /// new ones appears where the person is not looking, and never moves while they read. What
    /// came while there was no link arrived unseen in any case; the first of it stays in sight.
    pub(super) fn note_unread(
        &mut self,
        chats: &mut Chats,
        id: ConversationId,
        before: u64,
        cx: &mut Context,
    ) {
        if chats.navigation.open != Some(id) {
            return;
        }
        let is_looking = chats.is_looking_at(id, cx) && self.link.is_synced();
        let Some(conversation) = chats.conversations.get_mut(&id) else {
            return;
        };
        let count = conversation.unread();
        let Some(from) = conversation.first_unread().filter(|_| count > before) else {
            return;
        };
        let is_at_newest = conversation.place == Place::Newest;
        match &mut conversation.unread_marker {
            Some(marker) if before > 0 && !is_looking => marker.count += count - before,
            marker if before == 0 && (!is_looking || (marker.is_none() && !is_at_newest)) => {
                *marker = Some(UnreadMarker { from, count });
            }
            Some(_) | None => {}
        }
        let first = conversation.unread_marker.map(|marker| marker.from);
        if let Some(first) = first.filter(|_| !is_looking && is_at_newest) {
            chats.jump_in_log(Jump::Show(first), cx);
        }
    }
}
