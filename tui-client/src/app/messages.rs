//! The selection of a message and the actions on it: reply, edit, delete, react, copy, retry.

use recado_shared::rules::link::links;
use recado_shared::{
    Content, ConversationId, Emoji, Entry, Membership, MessageBody, MessageId, Role, Seq,
};

use super::chats::navigation::Pane;
use super::composer::Composer;
use super::composer::markup::{escaped, message_of, trimmed};
use super::conversation::log::Part;
use super::conversation::state::{Purpose, is_shown};
use super::parts::Parts;
use super::reader::Reader;
use super::session::outbox::{MAX_OUTBOX, is_failed};
use super::{Chats, Conversation, Effect, Scroll, Session};
use crate::model::ItemId;
use crate::store::{LostTail, Pending, PendingState, StoreWrite, StoredCommand};
use crate::strings::{self, errors};

/// A row of the pane: of the log, or a message of the outbox.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LogRow<'a> {
    Part(Part<'a>),
    /// What the server lost from here on.
    Lost(LostTail),
    Pending(&'a Pending),
}

impl Parts<'_> {
    /// Sends what is written in the open conversation. Text that cannot be sent stays.
    pub(crate) fn submit(&mut self) {
        let silence = self.chats.navigation.open;
        let silence = silence.and_then(|open| self.chats.silence_reason(open));
        let Some(conversation) = self.chats.open_conversation() else {
            return;
        };
        let text = message_of(trimmed(conversation.composer.text()));
        if text.is_empty() {
            let invitation = conversation.id.room();
            let is_invited = conversation.membership() == Membership::Invited;
            self.chats.navigation.pane = Pane::Conversation;
            if let Some(room) = invitation.filter(|_| is_invited) {
                let joined = self.join(room);
                self.notify_failure(joined);
            }
            return;
        }
        if let Some(reason) = silence {
            return self.notify(reason);
        }
        let body = match MessageBody::new(text.as_ref()) {
            Ok(body) => body,
            Err(error) => return self.notify(error.to_string()),
        };
        if self.session.outbox.is_full() {
            return self.notify(errors::outbox_full(MAX_OUTBOX));
        }
        conversation.unread_marker = None;
        let id = conversation.id;
        let content = match std::mem::take(&mut conversation.purpose) {
            Purpose::New => Content::Message(body),
            Purpose::Reply(to) => Content::Reply { to, body },
            Purpose::Edit { target, kept } => {
                conversation.composer = *kept;
                if current_text(self.chats, self.session, target) == body.as_str() {
                    return self.notify(errors::SAME_TEXT);
                }
                let content = Content::Edit { target, body };
                self.session.queue(self.chats, id, content, self.cx);
                return;
            }
        };
        conversation.composer.take();
        self.session.queue(self.chats, id, content, self.cx);
        self.chats.scroll_newest(self.cx);
    }

    /// The selected message of the open conversation. Notifies the user of what is missing
    /// otherwise; `action` says what the message is selected for.
    pub(crate) fn selected_message(&mut self, action: &str) -> Option<(ConversationId, Entry)> {
        match self.reader().selected_message() {
            Ok((id, entry)) => Some((id, entry.clone())),
            Err(why) => {
                self.notify(why.unwrap_or_else(|| errors::select_first(action)));
                None
            }
        }
    }

    pub(crate) fn reply_to_selected(&mut self) {
        if let Some((_, original)) = self.selected_message(errors::REPLY_TO_IT)
            && let Some(conversation) = self.begin_writing()
        {
            conversation.purpose = Purpose::Reply(original.seq);
            // It is quoted also when it is not loaded any more.
            conversation.keep_original(original);
        }
    }

    /// Puts the text of the selected own message into the composer; what is there comes back
    /// afterwards.
    pub(crate) fn edit_selected(&mut self) {
        if self.has_selected_pending() {
            return self.take_back();
        }
        let Some((_, entry)) = self.selected_message(errors::EDIT_IT) else {
            return;
        };
        if Some(entry.author) != self.chats.user() {
            return self.notify(errors::ONLY_AUTHOR_EDITS);
        }
        let target = entry.seq;
        let editing = Composer::with_text(&current_text(self.chats, self.session, target));
        if let Some(conversation) = self.begin_writing() {
            let kept = Box::new(std::mem::replace(&mut conversation.composer, editing));
            conversation.purpose = Purpose::Edit { target, kept };
        }
    }

    /// Moves from the selection to the composer, for a new message.
    fn begin_writing(&mut self) -> Option<&mut Conversation> {
        self.chats.navigation.selection = None;
        self.chats.navigation.pane = Pane::Conversation;
        self.drop_purpose();
        self.chats.open_conversation()
    }

    /// Makes the composer one for a new message. Returns whether it was for something else.
    pub(crate) fn drop_purpose(&mut self) -> bool {
        let open = self.chats.open_conversation();
        open.is_some_and(Conversation::drop_purpose)
    }

    /// Asks whether to delete the selected message for all members. One that was not sent is removed.
    pub(crate) fn delete_selected(&mut self) {
        if self.has_selected_pending() {
            return self.remove_unsent();
        }
        let Some((id, entry)) = self.selected_message(errors::DELETE_IT) else {
            return;
        };
        let is_own = Some(entry.author) == self.chats.user();
        let room = self.chats.room_info(id);
        let is_moderator = room.is_some_and(|info| info.role >= Role::Moderator);
        if !entry.content.is_message() || !(is_own || is_moderator) {
            return self.notify(errors::ONLY_AUTHOR_DELETES);
        }
        let text = self.chats.conversations.get(&id);
        let text = text.map(|conversation| conversation.folding.text(&entry).to_owned());
        self.confirm_deletion(id, entry.seq, &text.unwrap_or_default());
    }

    /// Reacts to a message of the open conversation, or takes the same reaction back.
    pub(crate) fn react(&mut self, target: Seq, emoji: Emoji) {
        let (Some(conversation), Some(me)) = (self.chats.opened(), self.chats.user()) else {
            return;
        };
        let id = conversation.id;
        let has_reaction = conversation.folding.has_reaction(target, &emoji, me);
        let added = Content::ReactionAdded {
            target,
            emoji: emoji.clone(),
        };
        let removed = Content::ReactionRemoved { target, emoji };
        let waiting = self.session.outbox.of(id).rev();
        let waiting = waiting
            .map(|pending| &pending.content)
            .find(|content| **content == added || **content == removed);
        let is_on = waiting.map_or(has_reaction, |content| *content == added);
        let content = if is_on { removed } else { added };
        self.queue_change(id, content);
    }

    /// Queues a change without a text of its own. The line of the command that runs, if one does,
    /// goes with it and returns to its composer if the server refuses the change.
    pub(crate) fn queue_change(&mut self, id: ConversationId, content: Content) {
        let change = self.session.queue(self.chats, id, content, self.cx);
        let Some(line) = self.pending_requests.running.clone() else {
            return;
        };
        // Without a conversation it returns to the switcher, which no other run shows.
        if let Some(conversation) = line.conversation {
            self.cx.save(StoreWrite::Command(StoredCommand {
                id: change,
                conversation,
                text: line.text.clone(),
            }));
        }
        self.session.outbox.set_line(change, line);
    }

    /// The selected message, if it has earlier versions. Shows the text of one of a blocked user.
    pub(crate) fn edited_message(&mut self) -> Option<(ConversationId, Seq)> {
        let (id, entry) = self.selected_message(errors::SHOW_VERSIONS)?;
        let conversation = self.chats.conversations.get(&id)?;
        if self.chats.is_hidden(conversation, &entry) {
            let name = self.chats.name_of(entry.author);
            let text = strings::conversation::shown(conversation.folding.text(&entry));
            self.notify(format!("{name}: {text}"));
            return None;
        }
        if conversation.folding.last_edit(entry.seq).is_none() {
            self.notify(errors::NO_EARLIER_VERSIONS);
            return None;
        }
        Some((id, entry.seq))
    }

    /// Enter on a selected message: shows what it replies to, else goes back to writing.
    pub(crate) fn accept_selected(&mut self) {
        if let (Some(ItemId::Entry(from)), Some(open)) =
            (self.chats.navigation.selection, self.chats.opened())
            && let Some(to) = open
                .log
                .entry(from)
                .and_then(|entry| entry.content.reply_to())
        {
            self.chats.jump_to_message(from, to, self.cx);
        } else {
            self.chats.navigation.selection = None;
        }
    }

    /// The text of a message of the open conversation.
    pub(crate) fn message_text(&self, item: ItemId) -> Option<&str> {
        let conversation = self.chats.opened()?;
        match item {
            ItemId::Entry(seq) => {
                let entry = conversation.log.entry(seq)?;
                let is_message = entry.content.is_message();
                is_message.then(|| conversation.folding.text(entry))
            }
            ItemId::Pending(id) => {
                let pending = &self.session.outbox.find(id)?.pending;
                let is_here =
                    pending.conversation == conversation.id && pending.content.is_message();
                is_here.then(|| body_of(&pending.content))
            }
        }
    }

    fn selected_text(&self) -> Option<&str> {
        self.message_text(self.chats.navigation.selection?)
    }

    pub(crate) fn select_newest(&mut self) {
        self.select_above(None);
    }

    pub(crate) fn select_previous(&mut self) {
        self.select_above(self.chats.navigation.selection);
    }

    /// Selects the message above another one, or the newest.
    fn select_above(&mut self, item: Option<ItemId>) {
        let messages = self.reader().messages();
        let here = item.and_then(|item| messages.iter().position(|other| *other == item));
        let above = here.map_or(messages.len(), |here| here).checked_sub(1);
        if let Some(above) = above {
            self.select(messages[above]);
        }
    }

    /// Selects the message below; below the newest one is the composer.
    pub(crate) fn select_next(&mut self) {
        let messages = self.reader().messages();
        let selected = self.chats.navigation.selection;
        let here = messages.iter().position(|other| Some(*other) == selected);
        match here.and_then(|here| messages.get(here + 1)) {
            Some(below) => self.select(*below),
            None => self.chats.navigation.selection = None,
        }
    }

    fn select(&mut self, item: ItemId) {
        self.chats.navigation.selection = Some(item);
        self.chats.navigation.copied_link = None;
        self.chats.scroll(Scroll::Show(item), self.cx);
    }

    pub(crate) fn copy_selected(&mut self) {
        match self.selected_text().map(str::to_owned) {
            Some(text) => self.copy(text),
            None => self.notify(errors::SELECT_TO_COPY),
        }
    }

    pub(crate) fn copy(&mut self, text: String) {
        self.memory.copied_link = None;
        self.cx.effects.push(Effect::Copy(text));
    }

    /// Copies the first link of the selected message, and at each further time the next one.
    pub(crate) fn copy_link(&mut self) {
        let (Some(item), Some(text)) = (self.chats.navigation.selection, self.selected_text())
        else {
            return self.notify(errors::NO_LINK);
        };
        let links = links(text);
        let last = self.chats.navigation.copied_link;
        let last = last.filter(|(of, _)| *of == item);
        let at = last.map_or(0, |(_, at)| at + 1);
        let at = if at < links.len() { at } else { 0 };
        let Some(link) = links.get(at).map(|link| text[link.clone()].to_owned()) else {
            return self.notify(errors::NO_LINK);
        };
        self.chats.navigation.copied_link = Some((item, at));
        let shown = errors::numbered_link(&link, at + 1, links.len());
        self.memory.copied_link = Some(shown);
        self.cx.effects.push(Effect::Copy(link));
    }

    /// Sends the selected failed message again, or all failed ones of the open conversation.
    pub(crate) fn retry(&mut self) {
        let Some(open) = self.chats.navigation.open else {
            return;
        };
        let selected = self.reader().selected_waiting();
        let is_meant = |id: MessageId| selected.is_none_or(|selected| selected == id);
        let pending = self.session.outbox.of(open);
        let failed = pending.filter(|pending| is_failed(pending) && is_meant(pending.id));
        let failed: Vec<_> = failed.map(|pending| pending.id).collect();
        if failed.is_empty() {
            self.notify(errors::NOTHING_FAILED);
        }
        for id in failed {
            self.session.set_pending(id, PendingState::Waiting, self.cx);
        }
    }

    fn has_selected_pending(&self) -> bool {
        matches!(self.chats.navigation.selection, Some(ItemId::Pending(_)))
    }

    /// Takes the selected message, or what is done with it, out of the outbox, its text back into
    /// the composer.
    pub(crate) fn take_back(&mut self) {
        self.remove_waiting(|composer, text| {
            if !composer.is_empty() {
                composer.insert("\n");
            }
            composer.insert(text);
        });
    }

    /// Takes the selected message out of the outbox; undo brings its text back.
    fn remove_unsent(&mut self) {
        if self.remove_waiting(Composer::keep_for_undo) {
            self.notify(errors::REMOVED_UNSENT);
        }
    }

    /// Removes the selection from the outbox and passes its text on, as it is written in a
    /// composer. Returns whether it was removed.
    fn remove_waiting(&mut self, put: impl FnOnce(&mut Composer, &str)) -> bool {
        let Some(id) = self.reader().selected_waiting() else {
            self.notify(errors::ONLY_UNSENT);
            return false;
        };
        let Some(queued) = self.session.outbox.find(id) else {
            self.chats.navigation.selection = None;
            return false;
        };
        let may_have_arrived = queued.was_sent && !queued.is_failed();
        if may_have_arrived && self.session.link.is_up() {
            self.notify(errors::BEING_SENT);
            return false;
        }
        // Without a link this stays unknown, and the outbox must not be a trap.
        if may_have_arrived && self.session.outbox.warn(id) {
            self.notify(errors::MAY_HAVE_ARRIVED);
            return false;
        }
        let Some(pending) = self.session.outbox.remove(id) else {
            return false;
        };
        self.chats.navigation.selection = None;
        let Some(conversation) = self.chats.conversations.get_mut(&pending.conversation) else {
            return false;
        };
        if let Some(body) = pending.content.body() {
            put(conversation.draft_composer(), &escaped(body.as_str()));
        }
        self.chats.drafts.changed.insert(pending.conversation);
        self.session
            .remove_pending(self.chats, id, pending.conversation, self.cx);
        true
    }

    /// Drops a selection whose message is not loaded any more.
    pub(crate) fn check_selection(&mut self) {
        if self.selected_text().is_none() {
            self.chats.navigation.selection = None;
        }
    }
}

impl<'a> Reader<'a> {
    /// The rows of a conversation from old to new. A failed message keeps its place in time; the
    /// messages that wait get their places when they are sent, and are last.
    pub(crate) fn log_rows(&self, conversation: &'a Conversation) -> Vec<LogRow<'a>> {
        let log = &conversation.log;
        let pending = self.session.outbox.of(conversation.id);
        let pending = pending.filter(|pending| pending.content.target().is_none());
        let (failed, waiting): (Vec<_>, Vec<_>) = pending.partition(|p| is_failed(p));
        let mut failed = failed.into_iter().peekable();
        let mut rows = Vec::with_capacity(log.loaded().len() + 8);
        // What is older than the loaded entries is shown when those before them are.
        let mut is_in_window = log.is_complete();
        let mut lost = conversation
            .lost
            .filter(|lost| is_in_window || lost.after >= log.window_start());
        for part in log.parts() {
            let end = match part {
                Part::Entry(entry) => entry.seq,
                Part::Gap(gap) => gap.last,
            };
            rows.extend(lost.take_if(|lost| lost.after < end).map(LogRow::Lost));
            if let Part::Entry(entry) = part {
                while let Some(pending) = failed.next_if(|p| p.typed < entry.time) {
                    rows.extend(is_in_window.then_some(LogRow::Pending(pending)));
                }
                is_in_window = true;
            }
            rows.push(LogRow::Part(part));
        }
        if log.follows_newest() {
            rows.extend(lost.map(LogRow::Lost));
            let mut rest: Vec<_> = failed.chain(waiting).collect();
            rest.sort_by_key(|pending| pending.id);
            rows.extend(rest.into_iter().map(LogRow::Pending));
        }
        rows
    }

    /// The selected message with its conversation. The error is why it cannot be acted on; `None`
    /// if nothing is selected.
    pub(crate) fn selected_message(&self) -> Result<(ConversationId, &Entry), Option<String>> {
        let navigation = &self.chats.navigation;
        let (Some(id), Some(item)) = (navigation.open, navigation.selection) else {
            return Err(None);
        };
        let ItemId::Entry(seq) = item else {
            return Err(Some(errors::MESSAGE_NOT_SENT.to_owned()));
        };
        let conversation = self.chats.conversations.get(&id).ok_or(None)?;
        let entry = conversation.log.entry(seq).ok_or(None)?;
        let deletion = Content::Deletion { target: seq };
        let mut waiting = self.session.outbox.of(id);
        let is_being_deleted = waiting.any(|p| p.content == deletion && !is_failed(p));
        let is_deleted = is_being_deleted || conversation.folding.is_deleted(entry);
        if is_deleted || !is_shown(&entry.content) {
            return Err(Some(errors::MESSAGE_DELETED.to_owned()));
        }
        Ok((id, entry))
    }

    /// The selected message of the outbox, or the last one there that changes the selected message.
    pub(crate) fn selected_waiting(&self) -> Option<MessageId> {
        match self.chats.navigation.selection? {
            ItemId::Pending(id) => Some(id),
            ItemId::Entry(seq) => {
                let mut waiting = self.session.outbox.of(self.chats.navigation.open?).rev();
                let last = waiting.find(|pending| pending.content.target() == Some(seq));
                last.map(|pending| pending.id)
            }
        }
    }

    /// The messages of the open conversation in the order of the screen.
    pub(crate) fn messages(&self) -> Vec<ItemId> {
        let Some(open) = self.chats.opened() else {
            return Vec::new();
        };
        let id = |row| match row {
            LogRow::Part(Part::Entry(entry)) => entry
                .content
                .is_message()
                .then_some(ItemId::Entry(entry.seq)),
            LogRow::Part(Part::Gap(_)) | LogRow::Lost(_) => None,
            LogRow::Pending(pending) => pending
                .content
                .is_message()
                .then_some(ItemId::Pending(pending.id)),
        };
        self.log_rows(open).into_iter().filter_map(id).collect()
    }
}

/// The text of an entry; empty if it has none.
pub(crate) fn body_of(content: &Content) -> &str {
    content.body().map_or("", MessageBody::as_str)
}

/// The text of a message of the open conversation after all that is in the outbox.
fn current_text(chats: &Chats, session: &Session, target: Seq) -> String {
    let Some(conversation) = chats.opened() else {
        return String::new();
    };
    let mut waiting = session.outbox.of(conversation.id).rev();
    // Of the contents that have a target, only edits have a body.
    let waiting =
        waiting.find(|p| p.content.target() == Some(target) && p.content.body().is_some());
    let waiting = waiting.map(|pending| body_of(&pending.content));
    let entry = conversation.log.entry(target);
    let text = waiting.or_else(|| Some(conversation.folding.text(entry?)));
    text.unwrap_or_default().to_owned()
}
