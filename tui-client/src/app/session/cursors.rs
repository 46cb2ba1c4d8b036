//! The user's own cursors: how far they move, and when the server and the store hear of it.
//!
//! *Delivered* follows what is held without a hole. *Read* follows what the last drawn frame
//! showed, and only while a person can see it: terminal focused, conversation open, nothing over it.

use recado_shared::{ClientFrame, ConversationId, CursorUpdate};

use crate::app::chats::Chats;
use crate::app::chats::position::Jump;
use crate::app::context::Context;
use crate::app::conversation::progress::Progress;
use crate::app::conversation::state::UnreadMarker;
use crate::app::session::Session;
use crate::app::session::cursor_pace::CURSOR_INTERVAL;
use crate::model::Place;

impl Session {
    /// Moves the cursors of the conversations that changed, and of the one that is looked at.
    pub(crate) fn move_cursors(&mut self, chats: &mut Chats, cx: &mut Context) {
        chats.dirty.extend(chats.navigation.open);
        for id in std::mem::take(&mut chats.dirty) {
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
            let conversation = chats.conversations.get(&id);
            let ahead = conversation.filter(|conversation| conversation.is_ahead());
            if let Some(ahead) = ahead
                && self.link.is_synced()
            {
                if ahead.is_heard() {
                    self.cursor_pace.moved.insert(id);
                } else {
                    self.cursor_pace.unheard.insert(id);
                }
            }
        }
    }

    /// Tells the server which cursors moved, unless that was done a moment ago.
    pub(super) fn send_cursors(&mut self, chats: &mut Chats, cx: &mut Context) {
        let pace = &mut self.cursor_pace;
        pace.collect_unheard(cx.now);
        let is_early = pace.not_before.is_some_and(|at| cx.now.instant < at);
        if is_early || pace.moved.is_empty() || !self.link.is_up() {
            return;
        }
        pace.not_before = Some(cx.now.instant + CURSOR_INTERVAL);
        for id in std::mem::take(&mut pace.moved) {
            Self::send_cursors_of(chats, id, cx);
        }
    }

    fn send_cursors_of(chats: &mut Chats, id: ConversationId, cx: &mut Context) {
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
        let unread = conversation.unread();
        let Some(from) = conversation.first_unread().filter(|_| unread > before) else {
            return;
        };
        let is_at_newest = conversation.place == Place::Newest;
        match &mut conversation.unread_marker {
            Some(line) if before > 0 && !is_looking => line.count += unread - before,
            line if before == 0 && (!is_looking || (line.is_none() && !is_at_newest)) => {
                *line = Some(UnreadMarker {
                    from,
                    count: unread,
                });
            }
            Some(_) | None => {}
        }
        let first = conversation.unread_marker.map(|line| line.from);
        if let Some(first) = first.filter(|_| !is_looking && is_at_newest) {
            chats.jump_in_log(Jump::Show(first), cx);
        }
    }
}
