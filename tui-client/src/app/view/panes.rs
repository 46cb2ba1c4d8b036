//! Makes the description of one frame. It changes nothing.

use std::collections::BTreeSet;

use recado_shared::{ConversationId, DisplayName, Now, Presence, RoomInfo, Topic};

use crate::app::App;
use crate::app::command::COMMANDS;
use crate::app::conversation::room::Room;
use crate::app::conversation::state::Conversation;
use crate::app::input::action::{Action, KeyContext};
use crate::app::input::completion::Completion;
use crate::app::overlay::switcher::{OverlayState, Switcher, Target};
use crate::app::session::outbox::is_failed;
use crate::app::view::screen::{
    ContactRow, ConversationView, Focus, Item, Overlay, Pane, RoomView, Screen, Section,
    SwitcherRow,
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
            overlay: self
                .overlay
                .as_ref()
                .map(|overlay| self.overlay_view(overlay, now)),
        }
    }

    /// What the other person of a direct conversation wants to be called.
    fn display_in(&self, id: ConversationId) -> Option<&str> {
        let contact = self.chats.contacts.find(id.peer_of(self.chats.user()?)?)?;
        contact.display.as_ref().map(DisplayName::as_str)
    }

    fn presence_in(&self, id: ConversationId) -> Option<Presence> {
        let peer = id.peer_of(self.chats.user()?)?;
        let contact = self.chats.contacts.find(peer)?;
        contact.presence.filter(|_| self.session.link.is_synced())
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
            presence: self.presence_in(id),
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
            presence: self.presence_in(conversation.id),
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

    fn overlay_view<'a>(&'a self, overlay: &'a OverlayState, now: Now) -> Overlay<'a> {
        match overlay {
            OverlayState::Switcher(switcher) => self.switcher_view(switcher),
            OverlayState::Panel(panel) => self.panel_view(panel, now),
            OverlayState::Picker(picker) => picker.view(),
            OverlayState::CatchUp(list) => self.catch_up_view(list),
            OverlayState::Search(search) => self.search_view(search),
            OverlayState::Confirm(confirm) => Overlay::Confirm {
                question: &confirm.question,
                answers: self.answers(),
            },
            OverlayState::Versions {
                conversation,
                seq,
                scroll,
            } => self.versions_view(*conversation, *seq, *scroll),
            OverlayState::Help { scroll } => Overlay::Help {
                tables: self.help_tables(),
                scroll: *scroll,
            },
        }
    }

    /// The keys, then the commands.
    fn help_tables(&self) -> Vec<(&'static str, Vec<(String, &'static str)>)> {
        let commands = COMMANDS.iter().map(|spec| (spec.brief(), spec.help));
        let mut tables = self.input.keymap.tables();
        tables.push(("Commands", commands.collect()));
        tables
    }

    fn switcher_view<'a>(&'a self, switcher: &'a Switcher) -> Overlay<'a> {
        let row = |found: &crate::app::overlay::switcher::Match| {
            let (presence, unread, key) = match found.target {
                Target::Conversation(id) => {
                    let unread = self
                        .chats
                        .conversations
                        .get(&id)
                        .map_or(0, Conversation::unread);
                    (self.presence_in(id), unread, String::new())
                }
                Target::Slash(_) => (None, 0, String::new()),
                Target::Found(index) => {
                    let members = switcher.found.members(index);
                    (None, 0, format!("join, {members} in it"))
                }
                Target::Command(_, action) => {
                    let key = self.input.keymap.key_of(KeyContext::Global, action);
                    (None, 0, key)
                }
            };
            SwitcherRow {
                label: self.target_label(found.target),
                presence,
                unread,
                key,
                matched: found.matched.clone(),
            }
        };
        Overlay::Switcher {
            title: "switch",
            none: "Nobody, no room and no command of that name.",
            query: &switcher.query,
            rows: switcher.rows.iter().map(row).collect(),
            chosen: switcher.chosen,
        }
    }

    /// The keys worth knowing here. Actions without a key are left out.
    fn hints(&self) -> Vec<(String, &'static str)> {
        let context = self.context();
        let hints: &[(Action, &'static str)] = match context {
            KeyContext::Switcher if matches!(self.overlay, Some(OverlayState::Picker(_))) => {
                &[(Action::Submit, "react"), (Action::Cancel, "close")]
            }
            KeyContext::Switcher => &[(Action::Submit, "open"), (Action::Cancel, "close")],
            KeyContext::Panel => self.panel_hints(),
            KeyContext::Search => &[
                (Action::Submit, "go there"),
                (Action::SelectNext, "older"),
                (Action::Complete, "complete"),
                (Action::Cancel, "close"),
            ],
            KeyContext::CatchUp => &[
                (Action::Submit, "open"),
                (Action::MarkRead, "read to here"),
                (Action::MarkAllRead, "all read"),
                (Action::Cancel, "close"),
            ],
            KeyContext::Help => &[(Action::Cancel, "close")],
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
            KeyContext::Global | KeyContext::Composer => &[
                (Action::Switcher, "switch"),
                (Action::NextUnread, "unread"),
                (Action::SelectPrevious, "select"),
                (Action::Newest, "newest"),
                (Action::Help, "help"),
            ],
        };
        let key_of = |action| self.input.keymap.key_of(context, action);
        hints
            .iter()
            .map(|&(action, what)| (key_of(action), what))
            .filter(|(key, _)| !key.is_empty())
            .collect()
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
