//! The user's own cursors: how far they move, and when the server and the store hear of it.
//!
//! *Delivered* follows what is held without a hole. *Read* follows what the last drawn frame
//! showed, and only while a person can see it: terminal focused, conversation open, nothing over it.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use recado_shared::limits::UNHEARD_CURSOR_INTERVAL;
use recado_shared::{ClientFrame, ConversationId, CursorUpdate, Now, Seq};

use crate::app::App;
use crate::app::chats::navigation::Jump;
use crate::app::conversation::progress::Progress;
use crate::app::conversation::state::{Conversation, NewLine};
use crate::app::event::Viewed;
use crate::app::view::screen::{ItemId, Pane, Place};
use crate::store::Save;

/// Most conversations for which a session repeats cursors that the server probably has.
const MAX_REPEATED: usize = 200;

/// Cursors go out at most this often, each with all that moved: a burst of entries is one frame.
pub(in crate::app) const CURSOR_INTERVAL: Duration = Duration::from_millis(100);

/// Which cursors the server should hear of, and when.
#[derive(Debug, Default)]
pub(in crate::app) struct CursorPace {
    moved: BTreeSet<ConversationId>,
    not_before: Option<Instant>,
    /// Those of which only the server would hear, and when it does.
    unheard: BTreeSet<ConversationId>,
    unheard_at: Option<Instant>,
}

impl CursorPace {
    pub(in crate::app) fn begin_session(&mut self) {
        *self = Self::default();
    }

    pub(in crate::app) fn next_deadline(&self) -> Option<Instant> {
        let moved_at = self.not_before.filter(|_| !self.moved.is_empty());
        moved_at.into_iter().chain(self.unheard_at).min()
    }

    /// Lets those go out whose time has come.
    fn collect_unheard(&mut self, now: Now) {
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

impl App {
    /// Whether a person can see what arrives in this conversation.
    pub(in crate::app) fn is_looking_at(&self, id: ConversationId) -> bool {
        let is_hidden = self.chats.nav.pane == Pane::Contacts
            && (self.chats.nav.viewed).is_some_and(|viewed| viewed.visible.is_none());
        self.chats.nav.open == Some(id)
            && self.chats.nav.has_focus
            && self.overlay.is_none()
            && !is_hidden
    }

    pub(in crate::app) fn on_viewed(&mut self, viewed: Viewed) {
        if self.chats.nav.open != Some(viewed.conversation) {
            return;
        }
        let Some(conversation) = self.chats.conversations.get_mut(&viewed.conversation) else {
            return;
        };
        if conversation.place != viewed.place {
            conversation.place = viewed.place;
            self.chats.unsaved.place(viewed.conversation);
        }
        let shown = viewed
            .visible
            .and_then(|(_, last)| last_entry(conversation, last));
        self.chats.nav.viewed = Some(viewed);
        self.chats.nav.shown = shown;
        self.load_more();
        self.chats.dirty.insert(viewed.conversation);
    }

    /// Moves the cursors of the conversations that changed, and of the one that is looked at.
    pub(in crate::app) fn move_cursors(&mut self) {
        self.chats.dirty.extend(self.chats.nav.open);
        for id in std::mem::take(&mut self.chats.dirty) {
            // A jump that waits for its entry leads away from what is on the screen.
            let is_looking = self.is_looking_at(id) && self.chats.nav.jump.is_none();
            let shown = self.chats.nav.shown.filter(|_| is_looking);
            let Some(conversation) = self.chats.conversations.get_mut(&id) else {
                continue;
            };
            if let Some(shown) = shown {
                // A gap has the identity of its first missing entry.
                let is_gap = conversation.log.entry(shown).is_none();
                conversation.see(if is_gap { shown.prev() } else { shown });
            }
            if conversation.move_cursors() {
                self.save_head(id);
            }
            let conversation = self.chats.conversations.get(&id);
            let ahead = conversation.filter(|conversation| conversation.is_ahead());
            if let Some(ahead) = ahead
                && self.session.link.is_synced()
            {
                if ahead.is_heard() {
                    self.session.cursor_pace.moved.insert(id);
                } else {
                    self.session.cursor_pace.unheard.insert(id);
                }
            }
        }
    }

    /// Tells the server which cursors moved, unless that was done a moment ago.
    pub(in crate::app) fn send_cursors(&mut self, now: Now) {
        let pace = &mut self.session.cursor_pace;
        pace.collect_unheard(now);
        let is_early = pace.not_before.is_some_and(|at| now.instant < at);
        if is_early || pace.moved.is_empty() || !self.session.link.is_up() {
            return;
        }
        pace.not_before = Some(now.instant + CURSOR_INTERVAL);
        for id in std::mem::take(&mut pace.moved) {
            self.send_cursors_of(id);
        }
    }

    /// Saves where a conversation stands: cursors and unread count belong together.
    pub(in crate::app) fn save_head(&mut self, id: ConversationId) {
        if let Some(conversation) = self.chats.conversations.get(&id) {
            let heads = vec![conversation.head()];
            let complete = None;
            self.save(Save::Heads { heads, complete });
        }
    }

    fn send_cursors_of(&mut self, id: ConversationId) {
        if let Some(conversation) = self.chats.conversations.get_mut(&id)
            && conversation.is_ahead()
        {
            let Progress { delivered, read } = conversation.own;
            conversation.sent = conversation.own;
            self.send(ClientFrame::UpdateCursors(CursorUpdate {
                conversation: id,
                delivered,
                read,
            }));
        }
    }

    /// The heads of a session are complete: says again what an earlier session may have lost.
    pub(in crate::app) fn repeat_cursors(&mut self) {
        let is_unsure = |conversation: &&mut Conversation| conversation.is_ack_unsure;
        for conversation in self
            .chats
            .conversations
            .values_mut()
            .filter(is_unsure)
            .take(MAX_REPEATED)
        {
            // What the server really knows is never more than this, so the cursors go out again.
            conversation.is_ack_unsure = false;
            conversation.sent = Progress::default();
        }
        self.chats.dirty.extend(self.chats.conversations.keys());
    }

    /// Something arrived in a conversation that had `before` unread messages: the line above the
    /// new ones appears where the person is not looking, and never moves while they read. What
    /// came while there was no link arrived unseen, whoever looks; the first of it stays in sight.
    pub(in crate::app) fn note_unread(&mut self, id: ConversationId, before: u64) {
        if self.chats.nav.open != Some(id) {
            return;
        }
        let is_looking = self.is_looking_at(id) && self.session.link.is_synced();
        let Some(conversation) = self.chats.conversations.get_mut(&id) else {
            return;
        };
        let unread = conversation.unread();
        let Some(from) = conversation.first_unread().filter(|_| unread > before) else {
            return;
        };
        let is_at_newest = conversation.place == Place::Newest;
        match &mut conversation.new_line {
            Some(line) if before > 0 && !is_looking => line.count += unread - before,
            line if before == 0 && (!is_looking || (line.is_none() && !is_at_newest)) => {
                *line = Some(NewLine {
                    from,
                    count: unread,
                });
            }
            Some(_) | None => {}
        }
        let first = conversation.new_line.map(|line| line.from);
        if let Some(first) = first.filter(|_| !is_looking && is_at_newest) {
            self.jump_in_log(Jump::Show(first));
        }
    }
}

/// The last entry or gap up to an item of the screen.
fn last_entry(conversation: &Conversation, last: ItemId) -> Option<Seq> {
    match last {
        ItemId::Entry(seq) => Some(conversation.shown_through(seq)),
        ItemId::Pending(_) => conversation.log.last_loaded(),
    }
}
