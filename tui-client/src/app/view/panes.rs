//! Makes the description of one frame. It changes nothing.

use std::collections::BTreeSet;

use recado_shared::{ConversationId, DisplayName, Now, RoomInfo, Topic};

use crate::app::App;
use crate::app::conversation::room::Room;
use crate::app::conversation::state::Conversation;
use crate::app::input::action::{Action, KeyContext};
use crate::app::input::completion::Completion;
use crate::app::overlay::Hint;
use crate::app::reader::Reader;
use crate::app::session::outbox::is_failed;
use crate::app::view::screen::{
    ContactRow, ConversationView, Focus, Item, Pane, RoomView, Screen, Section,
};
use crate::model::ItemId;

impl App {
    /// What there is to see at this moment.
    pub fn screen(&self, now: Now) -> Screen<'_> {
        let (waiting, failed) = self.session.outbox.counts();
        let open = self
            .chats
            .nav
            .open
            .and_then(|id| self.chats.conversations.get(&id));
        let contacts = self.chats.contacts.order().iter();
        let failures = self
            .session
            .outbox
            .all()
            .filter(|pending| is_failed(pending));
        let failures: BTreeSet<_> = failures.map(|pending| pending.conversation).collect();
        let reader = Reader {
            now,
            ..self.reader()
        };
        Screen {
            me: self.chats.my_name(),
            contacts: contacts
                .map(|&(id, section)| self.contact_row((id, section), failures.contains(&id), now))
                .collect(),
            conversation: open.map(|conversation| self.conversation_view(conversation, now)),
            link: self.session.link.view(now.instant),
            waiting,
            failed,
            message: self.cx.notice.as_deref().or(self.store_failure.as_deref()),
            hints: self.hints(),
            focus: match (&self.overlay, self.chats.nav.selection) {
                (Some(_), _) => Focus::Overlay,
                (None, Some(item)) => Focus::Selection(item),
                (None, None) => Focus::Composer,
            },
            pane: self.chats.nav.pane,
            completion: self.input.completion.as_ref().map(Completion::view),
            overlay: self.overlay.as_ref().map(|overlay| overlay.view(&reader)),
        }
    }

    /// What the other person of a direct conversation wants to be called.
    fn display_in(&self, id: ConversationId) -> Option<&str> {
        let contact = self.chats.contacts.find(id.peer_of(self.chats.user()?)?)?;
        contact.display.as_ref().map(DisplayName::as_str)
    }

    fn contact_row(
        &self,
        (id, section): (ConversationId, Section),
        has_failed: bool,
        now: Now,
    ) -> ContactRow<'_> {
        let conversation = self.chats.conversations.get(&id);
        ContactRow {
            conversation: id,
            name: self.chats.title(id),
            presence: self.reader().presence_in(id),
            unread: conversation.map_or(0, Conversation::unread),
            mentions: conversation.map_or(0, |conversation| self.chats.calls_in(conversation)),
            last: conversation.and_then(Conversation::last_change),
            is_open: self.chats.nav.open == Some(id),
            has_draft: conversation.is_some_and(|c| !c.composer.is_empty()),
            has_failed,
            is_typing: conversation.is_some_and(|c| c.typing().next().is_some()),
            room: conversation
                .and_then(Conversation::room)
                .map(Room::membership),
            is_request: conversation.is_some_and(|c| c.is_request),
            is_blocked: self.chats.is_blocked_in(id),
            is_favourite: self.chats.settings.is_favourite(id),
            attention: self.chats.settings.attention(id, now.wall),
            section,
        }
    }

    fn conversation_view<'a>(
        &'a self,
        conversation: &'a Conversation,
        now: Now,
    ) -> ConversationView<'a> {
        let log = &conversation.log;
        ConversationView {
            id: conversation.id,
            title: self.chats.title(conversation.id),
            display: self.display_in(conversation.id),
            room: self.chats.room_facts(conversation.id).map(room_view),
            is_request: conversation.is_request,
            is_blocked: self.chats.is_blocked_in(conversation.id),
            attention: self.chats.settings.attention(conversation.id, now.wall),
            presence: self.reader().presence_in(conversation.id),
            items: Vec::new(),
            new_from: None,
            typing: conversation
                .typing()
                .filter(|user| !self.chats.settings.is_blocked(*user))
                .map(|user| self.chats.name_of(user))
                .collect(),
            place: conversation.place,
            is_complete: log.is_complete(),
            follows_newest: log.follows_newest(),
            composer: &conversation.composer,
            purpose: self.purpose_view(conversation),
        }
        .with_items(self.items(conversation), conversation)
    }

    /// The keys worth knowing here. Actions without a key are left out.
    fn hints(&self) -> Vec<(String, &'static str)> {
        let context = self.context();
        let of_overlay = self.overlay.as_ref().map(|overlay| overlay.hints());
        let hints = of_overlay.unwrap_or_else(|| self.pane_hints(context));
        let key_of = |action| self.input.keymap.key_of(context, action);
        hints
            .iter()
            .map(|&(action, what)| (key_of(action), what))
            .filter(|(key, _)| !key.is_empty())
            .collect()
    }

    fn pane_hints(&self, context: KeyContext) -> &'static [Hint] {
        match context {
            KeyContext::Selection => &[
                (Action::Reply, "reply"),
                (Action::React, "react"),
                (Action::EditMessage, "edit"),
                (Action::Delete, "delete"),
                (Action::Copy, "copy"),
                (Action::Retry, "send again"),
                (Action::TakeBack, "take back"),
                (Action::Cancel, "write"),
            ],
            KeyContext::Completion => &[
                (Action::Complete, "complete"),
                (Action::SelectNext, "next"),
                (Action::Cancel, "close"),
            ],
            KeyContext::Global | KeyContext::Composer if self.chats.nav.pane == Pane::Contacts => {
                &[
                    (Action::SelectNext, "next"),
                    (Action::SelectPrevious, "previous"),
                    (Action::TogglePane, "write"),
                    (Action::Switcher, "switch"),
                    (Action::NextUnread, "unread"),
                    (Action::Help, "help"),
                ]
            }
            KeyContext::Global
            | KeyContext::Composer
            | KeyContext::Switcher
            | KeyContext::Panel
            | KeyContext::Search
            | KeyContext::CatchUp
            | KeyContext::Help => &[
                (Action::Switcher, "switch"),
                (Action::NextUnread, "unread"),
                (Action::SelectPrevious, "select"),
                (Action::Newest, "newest"),
                (Action::Help, "help"),
            ],
        }
    }
}

fn room_view(facts: &RoomInfo) -> RoomView<'_> {
    RoomView {
        topic: facts.topic.as_ref().map(Topic::as_str),
        members: facts.members,
        membership: facts.membership,
    }
}

impl<'a> ConversationView<'a> {
    fn with_items(mut self, items: Vec<Item<'a>>, conversation: &Conversation) -> Self {
        self.new_from = new_from(conversation, &items);
        self.items = items;
        self
    }
}

/// The first item below the new-messages line. Without it among the loaded ones there is no line.
fn new_from(conversation: &Conversation, items: &[Item<'_>]) -> Option<(ItemId, u64)> {
    let line = conversation.new_line?;
    if line.from < conversation.log.window_from() {
        return None;
    }
    let reaches = |item: &Item<'_>| match *item {
        Item::Message {
            id: id @ ItemId::Entry(seq),
            is_own: false,
            ..
        } => (seq >= line.from).then_some(id),
        Item::Gap {
            id: id @ ItemId::Entry(first),
            missing,
        } => (first.0 + missing > line.from.0).then_some(id),
        Item::Message { .. } | Item::Event { .. } | Item::Gap { .. } => None,
    };
    let item = items.iter().find_map(reaches)?;
    Some((item, line.count))
}
