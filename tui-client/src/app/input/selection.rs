//! A selected message, and what one does with it.

use recado_shared::{Content, Entry, MessageBody, MessageId};

use crate::app::command::escaped;
use crate::app::conversation::state::Conversation;
use crate::app::session::outbox::is_failed;
use crate::app::view::screen::ItemId;
use crate::app::{App, Effect, Scroll};
use crate::store::{PendingState, Save};

/// The text of what an entry holds; empty where it has none.
pub(in crate::app) fn body_of(content: &Content) -> &str {
    content.body().map_or("", MessageBody::as_str)
}

impl App {
    /// The text of a message of the open conversation.
    pub(in crate::app) fn message_text(&self, item: ItemId) -> Option<&str> {
        let conversation = self.chats.conversations.get(&self.chats.nav.open?)?;
        match item {
            ItemId::Entry(seq) => {
                let entry = conversation.log.entry(seq)?;
                let is_message = entry.content.is_message();
                is_message.then(|| conversation.folding.text(entry))
            }
            ItemId::Pending(id) => {
                let queued = self.session.outbox.find(id)?;
                let pending = &queued.pending;
                let is_here =
                    pending.conversation == conversation.id && pending.content.is_message();
                is_here.then(|| body_of(&queued.pending.content))
            }
        }
    }

    /// The message above another one, or the newest.
    fn above(&self, conversation: &Conversation, item: Option<ItemId>) -> Option<ItemId> {
        let is_above = |id: ItemId| item.is_none_or(|item| id < item);
        let mut pending = self.session.outbox.of(conversation.id).rev();
        let pending = pending.find(|p| p.content.is_message() && is_above(ItemId::Pending(p.id)));
        let entry = || {
            let mut loaded = conversation.log.loaded().rev();
            loaded.find(|e| e.content.is_message() && is_above(ItemId::Entry(e.seq)))
        };
        match pending {
            Some(pending) if conversation.log.follows_newest() => Some(ItemId::Pending(pending.id)),
            Some(_) | None => entry().map(|entry| ItemId::Entry(entry.seq)),
        }
    }

    /// The message below another one.
    fn below(&self, conversation: &Conversation, item: ItemId) -> Option<ItemId> {
        let mut loaded = conversation.log.loaded();
        let is_below =
            |entry: &&Entry| entry.content.is_message() && ItemId::Entry(entry.seq) > item;
        if let Some(entry) = loaded.find(is_below) {
            return Some(ItemId::Entry(entry.seq));
        }
        let mut pending = self.session.outbox.of(conversation.id);
        pending
            .find(|p| p.content.is_message() && ItemId::Pending(p.id) > item)
            .map(|pending| ItemId::Pending(pending.id))
    }

    pub(in crate::app) fn select_newest(&mut self) {
        let open = self
            .chats
            .nav
            .open
            .and_then(|id| self.chats.conversations.get(&id));
        let newest = open.and_then(|conversation| self.above(conversation, None));
        self.move_selection(newest);
    }

    pub(in crate::app) fn select_previous(&mut self) {
        let open = self
            .chats
            .nav
            .open
            .and_then(|id| self.chats.conversations.get(&id));
        let selected = self.chats.nav.selection;
        let above = open.and_then(|conversation| self.above(conversation, selected));
        self.move_selection(above);
    }

    /// Selects the message below; below the newest one is the composer.
    pub(in crate::app) fn select_next(&mut self) {
        let open = self
            .chats
            .nav
            .open
            .and_then(|id| self.chats.conversations.get(&id));
        let below = open
            .zip(self.chats.nav.selection)
            .and_then(|(conversation, selected)| self.below(conversation, selected));
        match below {
            Some(item) => self.move_selection(Some(item)),
            None => self.chats.nav.selection = None,
        }
    }

    fn move_selection(&mut self, item: Option<ItemId>) {
        if let Some(item) = item {
            self.chats.nav.selection = Some(item);
            self.scroll(Scroll::Show(item));
        }
    }

    pub(in crate::app) fn copy_selected(&mut self) {
        let text = self
            .chats
            .nav
            .selection
            .and_then(|item| self.message_text(item));
        match text.map(str::to_owned) {
            Some(text) => {
                self.cx.effects.push(Effect::Copy(text));
                self.cx.notice = Some("copied".to_owned());
            }
            None => self.cx.notice = Some("select a message first, then copy it".to_owned()),
        }
    }

    /// Sends the selected failed message again, or all failed ones of the open conversation.
    pub(in crate::app) fn retry(&mut self) {
        let Some(open) = self.chats.nav.open else {
            return;
        };
        let selected = self.selected_waiting();
        let is_meant = |id: MessageId| selected.is_none_or(|selected| selected == id);
        let failed: Vec<_> = self
            .session
            .outbox
            .of(open)
            .filter(|pending| is_failed(pending) && is_meant(pending.id))
            .map(|pending| pending.id)
            .collect();
        if failed.is_empty() {
            self.cx.notice = Some("nothing failed here".to_owned());
        }
        for id in failed {
            self.set_pending(id, PendingState::Waiting);
        }
    }

    /// What waits in the outbox where the selection stands: a message, or the last thing that is
    /// done with one.
    fn selected_waiting(&self) -> Option<MessageId> {
        match self.chats.nav.selection? {
            ItemId::Pending(id) => Some(id),
            ItemId::Entry(seq) => {
                let mut waiting = self.session.outbox.of(self.chats.nav.open?).rev();
                let last = waiting.find(|pending| pending.content.target() == Some(seq));
                last.map(|pending| pending.id)
            }
        }
    }

    /// Takes the selected message, or what is done with it, out of the outbox, its text back into the composer.
    pub(in crate::app) fn take_back(&mut self) {
        let Some(id) = self.selected_waiting() else {
            self.cx.notice =
                Some("only a message that is not sent yet can be taken back".to_owned());
            return;
        };
        let Some(queued) = self.session.outbox.find(id) else {
            self.chats.nav.selection = None;
            return;
        };
        let may_have_arrived = queued.was_sent && !is_failed(&queued.pending);
        if may_have_arrived && self.session.link.is_up() {
            let why = "that message is on its way: it may have arrived already";
            self.cx.notice = Some(why.to_owned());
            return;
        }
        // Without a link nobody can say, and the outbox must not be a trap.
        if may_have_arrived && self.session.outbox.warn(id) {
            let why = "that message may have arrived before the link broke: press the key again \
                       to take it back all the same";
            self.cx.notice = Some(why.to_owned());
            return;
        }
        let Some(pending) = self.session.outbox.remove(id) else {
            return;
        };
        self.chats.nav.selection = None;
        let Some(conversation) = self.chats.conversations.get_mut(&pending.conversation) else {
            return;
        };
        if let Some(body) = pending.content.body() {
            if !conversation.composer.is_empty() {
                conversation.composer.insert("\n");
            }
            conversation.composer.insert(&escaped(body.as_str()));
        }
        let draft = conversation.draft().to_owned();
        self.chats.unsaved.forget_draft(pending.conversation);
        self.chats.drafts.change(pending.conversation);
        self.save(Save::TakeBack {
            id,
            conversation: pending.conversation,
            draft,
        });
        self.chats.contacts.mark_stale();
    }

    /// Drops a selection whose message is not loaded any more.
    pub(in crate::app) fn check_selection(&mut self) {
        if let Some(item) = self.chats.nav.selection
            && self.message_text(item).is_none()
        {
            self.chats.nav.selection = None;
        }
    }
}
