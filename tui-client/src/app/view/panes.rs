//! Makes the description of one frame. It changes nothing.

use std::rc::Rc;

use recado_shared::{ConversationId, DisplayName};

use crate::app::Reader;
use crate::app::conversation::state::Conversation;
use crate::app::screen::{
    CompletionView, ConversationView, Focus, Item, ListSize, Overlay, Pane, Screen,
};
use crate::app::view::contacts::ListedContacts;
use crate::model::ItemId;

impl<'a> Reader<'a> {
    pub(crate) fn screen(
        &self,
        message: Option<&'a str>,
        hints: Vec<(String, &'static str)>,
        completion: Option<CompletionView<'a>>,
        overlay: Option<Overlay<'a>>,
    ) -> Screen<'a> {
        let (chats, outbox) = (self.chats, &self.session.outbox);
        let (waiting, failed) = outbox.counts();
        let open = chats.opened();
        Screen {
            me: chats.my_name(),
            contacts: Rc::new(ListedContacts::new(*self)),
            conversation: open.map(|conversation| self.conversation_view(conversation)),
            link: self.session.link.view(self.now.instant),
            waiting,
            failed,
            message,
            hints,
            focus: match (&overlay, chats.navigation.selection) {
                (Some(_), _) => Focus::Overlay,
                (None, Some(item)) => Focus::Selection(item),
                (None, None) if chats.navigation.pane == Pane::Contacts => Focus::Contacts,
                (None, None) => Focus::Composer,
            },
            pane: chats.navigation.pane,
            vi: None,
            list: ListSize::default(),
            completion,
            overlay,
        }
    }

    fn display_in(&self, id: ConversationId) -> Option<&'a str> {
        let peer = id.peer_of(self.chats.user()?)?;
        let contact = self.chats.contacts.get(peer)?;
        contact.display.as_ref().and_then(DisplayName::visible)
    }

    fn conversation_view(&self, conversation: &'a Conversation) -> ConversationView<'a> {
        let (id, log) = (conversation.id, &conversation.log);
        let items = self.items(conversation);
        let typing = self.chats.typing.users(id);
        let typing = typing.filter(|user| !self.chats.settings.is_blocked(*user));
        ConversationView {
            id,
            title: self.chats.title(id),
            display: self.display_in(id),
            room: self.chats.room_info(id),
            is_request: conversation.is_request,
            is_blocked: self.chats.is_blocked_in(id),
            is_closed: conversation.is_closed(),
            is_removed: conversation
                .peer()
                .is_some_and(|peer| self.chats.contacts.is_removed(peer)),
            inviter: self.chats.inviter_of(id),
            notification_level: self.chats.settings.notification_level(id, self.now.wall),
            presence: self.presence_in(id),
            new_from: new_from(conversation, &items),
            items,
            typing: typing.map(|user| self.chats.name_of(user)).collect(),
            place: conversation.place,
            is_complete: log.is_complete(),
            follows_newest: log.follows_newest(),
            composer: &conversation.composer,
            purpose: self.purpose_view(conversation),
        }
    }
}

/// The first item below the unread marker, with the marker's count. `None` without a marker, or
/// while that item is not loaded.
fn new_from(conversation: &Conversation, items: &[Item<'_>]) -> Option<(ItemId, u64)> {
    let marker = conversation.unread_marker?;
    if marker.from < conversation.log.window_start() {
        return None;
    }
    let reaches = |item: &Item<'_>| match *item {
        Item::Message(ref message) => !message.is_own && message.id >= ItemId::Entry(marker.from),
        Item::Gap {
            id: ItemId::Entry(first),
            missing,
        } => first.0 + missing > marker.from.0,
        Item::Event { .. } | Item::Gap { .. } => false,
    };
    let item = items.iter().find(|item| reaches(item))?;
    Some((item.id(), marker.count))
}
