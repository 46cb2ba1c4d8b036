//! The items of the conversation pane: messages with their changes, and those in the outbox.

use std::collections::BTreeMap;

use recado_shared::rules::folding::ReactionCount;
use recado_shared::rules::mention::mentions;
use recado_shared::{Content, Emoji, Entry, MessageBody, MessageId, Seq};

use crate::app::Reader;
use crate::app::conversation::log::Part;
use crate::app::conversation::progress::Progress;
use crate::app::conversation::state::is_shown;
use crate::app::conversation::state::{Conversation, Purpose};
use crate::app::messages::LogRow;
use crate::app::screen::{Details, Item, Mark, MessageKind, MessageView, PurposeView, Quote};
use crate::model::ItemId;
use crate::store::{Pending, PendingState};
use crate::strings;

/// What waits in the outbox, by the message that it changes.
type Waiting<'a> = BTreeMap<Seq, Vec<&'a Pending>>;

/// The item that says what the server lost. No message has this id.
const LOST: ItemId = ItemId::Pending(MessageId([0; 16]));

impl<'a> Reader<'a> {
    pub(crate) fn items(&self, conversation: &'a Conversation) -> Vec<Item<'a>> {
        let others = conversation.others_progress();
        let mut waiting = Waiting::new();
        for pending in self.session.outbox.of(conversation.id) {
            if let Some(target) = pending.content.target() {
                waiting.entry(target).or_default().push(pending);
            }
        }
        let item = |row| match row {
            LogRow::Part(Part::Gap(gap)) => Some(Item::Gap {
                id: ItemId::Entry(gap.first),
                missing: gap.last.0 + 1 - gap.first.0,
            }),
            LogRow::Part(Part::Entry(entry)) if !is_shown(&entry.content) => None,
            LogRow::Part(Part::Entry(entry)) => {
                Some(self.entry_item(conversation, others, &waiting, entry))
            }
            LogRow::Lost(lost) => Some(Item::Event {
                id: LOST,
                time: lost.since,
                text: strings::conversation::lost(lost.messages),
            }),
            LogRow::Pending(pending) => Some(self.pending_item(conversation, pending)),
        };
        self.log_rows(conversation)
            .into_iter()
            .filter_map(item)
            .collect()
    }

    fn entry_item(
        &self,
        conversation: &'a Conversation,
        others: Progress,
        waiting: &Waiting<'a>,
        entry: &'a Entry,
    ) -> Item<'a> {
        let id = ItemId::Entry(entry.seq);
        if let Content::Room(event) = &entry.content {
            let time = entry.time;
            let text = self.chats.event_text(entry.author, event, time);
            return Item::Event { id, time, text };
        }
        let is_own = entry.author == conversation.me;
        let mark = if others.read >= entry.seq {
            Mark::Read
        } else if others.delivered >= entry.seq {
            Mark::Delivered
        } else {
            Mark::Accepted
        };
        let mut message = MessageView {
            id,
            author: self.chats.name_of(entry.author),
            is_own,
            time: entry.time,
            body: conversation.folding.text(entry),
            mark: is_own.then_some(mark),
            details: self.details(conversation, entry),
        };
        if self.chats.is_hidden(conversation, entry) {
            message.body = strings::conversation::BLOCKED;
            message.mark = None;
            message.details = Details::of_kind(MessageKind::Hidden);
            return Item::Message(message);
        }
        for pending in waiting.get(&entry.seq).into_iter().flatten() {
            message.apply(pending);
        }
        message.note_invisible();
        if message.details.kind == MessageKind::Deleted {
            message.body = strings::conversation::DELETED;
        } else if !is_own {
            let is_taken = |name: &str| self.chats.contacts.has_name(name);
            message.details.mentions = mentions(message.body, self.chats.my_name(), is_taken);
        }
        Item::Message(message)
    }

    fn details(&self, conversation: &'a Conversation, entry: &'a Entry) -> Details<'a> {
        let folding = &conversation.folding;
        if folding.is_deleted(entry) {
            return Details::of_kind(MessageKind::Deleted);
        }
        Details {
            is_edited: folding.last_edit(entry.seq).is_some(),
            reactions: folding.reactions(entry.seq, conversation.me),
            ..self.details_of(conversation, &entry.content)
        }
    }

    fn details_of(&self, conversation: &'a Conversation, content: &Content) -> Details<'a> {
        let kind = if matches!(content, Content::Emote(_)) {
            MessageKind::Emote
        } else {
            MessageKind::Plain
        };
        Details {
            quote: content.reply_to().map(|to| self.quote(conversation, to)),
            ..Details::of_kind(kind)
        }
    }

    pub(crate) fn quote(&self, conversation: &'a Conversation, seq: Seq) -> Quote<'a> {
        let folding = &conversation.folding;
        let entry = conversation.log.entry(seq);
        let entry = entry.or_else(|| conversation.originals.get(&seq));
        let (author, text) = match entry {
            None => ("", strings::conversation::QUOTE_NOT_LOADED),
            Some(entry) if folding.is_deleted(entry) => ("", strings::conversation::QUOTE_DELETED),
            Some(entry) if self.chats.is_hidden(conversation, entry) => {
                ("", strings::conversation::BLOCKED)
            }
            Some(entry) => {
                let text = strings::conversation::shown(folding.text(entry));
                (self.chats.name_of(entry.author), text)
            }
        };
        Quote { author, text }
    }

    fn pending_item(&self, conversation: &'a Conversation, pending: &'a Pending) -> Item<'a> {
        let id = ItemId::Pending(pending.id);
        let time = pending.typed;
        if let (Content::Room(event), Some(me)) = (&pending.content, self.chats.user()) {
            let text = self.chats.event_text(me, event, time);
            let text = match &pending.state {
                PendingState::Waiting => strings::conversation::queued_event(&text),
                PendingState::Failed(why) => format!("{text}: {why}"),
            };
            return Item::Event { id, time, text };
        }
        let mut message = MessageView {
            id,
            author: self.chats.my_name(),
            is_own: true,
            time,
            body: pending.content.body().map_or("", MessageBody::as_str),
            mark: Some(mark_of(pending)),
            details: self.details_of(conversation, &pending.content),
        };
        message.note_invisible();
        Item::Message(message)
    }

    pub(super) fn purpose_view(&self, conversation: &'a Conversation) -> Option<PurposeView<'a>> {
        match conversation.purpose {
            Purpose::New => None,
            Purpose::Reply(to) => Some(PurposeView::Reply(self.quote(conversation, to))),
            Purpose::Edit { .. } => Some(PurposeView::Edit),
        }
    }
}

fn mark_of(pending: &Pending) -> Mark<'_> {
    match &pending.state {
        PendingState::Waiting => Mark::Waiting,
        PendingState::Failed(why) => Mark::Failed(why),
    }
}

impl Details<'_> {
    fn of_kind(kind: MessageKind) -> Self {
        Self {
            kind,
            ..Self::default()
        }
    }
}

impl<'a> MessageView<'a> {
    /// Replaces a text of which nothing is visible by a note.
    fn note_invisible(&mut self) {
        let is_text = matches!(self.details.kind, MessageKind::Plain | MessageKind::Emote);
        let shown = strings::conversation::shown(self.body);
        if is_text && shown != self.body {
            self.body = shown;
            self.details.kind = MessageKind::Invisible;
        }
    }

    /// Shows what waits in the outbox as if it had happened.
    fn apply(&mut self, pending: &'a Pending) {
        if let Content::Edit { body, .. } = &pending.content {
            self.body = body.as_str();
            self.details.is_edited = true;
            self.mark = Some(mark_of(pending));
        }
        if pending.state != PendingState::Waiting {
            return;
        }
        if let Content::Deletion { .. } = &pending.content {
            self.details = Details::of_kind(MessageKind::Deleted);
            self.mark = Some(Mark::Waiting);
        } else if let Content::ReactionAdded { emoji, .. } = &pending.content {
            self.react(emoji, true);
        } else if let Content::ReactionRemoved { emoji, .. } = &pending.content {
            self.react(emoji, false);
        }
    }

    fn react(&mut self, emoji: &'a Emoji, is_on: bool) {
        let reactions = &mut self.details.reactions;
        match reactions.iter_mut().find(|found| found.emoji == emoji) {
            Some(found) if found.is_mine != is_on => {
                found.is_mine = is_on;
                if is_on {
                    found.count += 1;
                } else {
                    found.count -= 1;
                }
            }
            None if is_on => reactions.push(ReactionCount {
                emoji,
                first: Seq(u64::MAX),
                count: 1,
                is_mine: true,
            }),
            Some(_) | None => {}
        }
        reactions.retain(|reaction| reaction.count > 0);
    }
}
