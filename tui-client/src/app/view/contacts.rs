//! Rows of the contact list, made from the core one by one as they are drawn. It changes nothing.

use std::collections::BTreeSet;

use recado_shared::ConversationId;

use crate::app::Reader;
use crate::app::conversation::room::Room;
use crate::app::conversation::state::Conversation;
use crate::app::screen::{ContactRow, ContactRows, Section};
use crate::app::session::outbox::is_failed;

#[derive(Debug)]
pub(super) struct ListedContacts<'a> {
    reader: Reader<'a>,
    /// The conversations with messages that failed.
    failures: BTreeSet<ConversationId>,
}

impl<'a> ListedContacts<'a> {
    pub(super) fn new(reader: Reader<'a>) -> Self {
        let pending = reader.session.outbox.all();
        let failures = pending.filter(|pending| is_failed(pending));
        Self {
            failures: failures.map(|pending| pending.conversation).collect(),
            reader,
        }
    }

    fn contact_row(&self, id: ConversationId, section: Section) -> ContactRow<'a> {
        let (chats, wall) = (self.reader.chats, self.reader.now.wall);
        let conversation = chats.conversations.get(&id);
        let room = conversation.and_then(Conversation::room);
        ContactRow {
            conversation: id,
            name: chats.title(id),
            presence: self.reader.presence_in(id),
            unread: conversation.map_or(0, Conversation::unread),
            mentions: conversation.map_or(0, |conversation| chats.mentions_in(conversation)),
            last: conversation.and_then(Conversation::last_change),
            is_open: chats.navigation.open == Some(id),
            has_draft: conversation.is_some_and(|c| !c.composer.is_empty()),
            has_failed: self.failures.contains(&id),
            is_typing: chats.typing.users(id).next().is_some(),
            room: room.map(Room::membership),
            is_request: conversation.is_some_and(|c| c.is_request),
            is_blocked: chats.is_blocked_in(id),
            is_favourite: chats.settings.is_favourite(id),
            notification_level: chats.settings.notification_level(id, wall),
            section,
        }
    }
}

impl<'a> ContactRows<'a> for ListedContacts<'a> {
    fn len(&self) -> usize {
        self.reader.chats.contacts.shown_len()
    }

    fn row(&self, index: usize) -> Option<ContactRow<'a>> {
        let contacts = &self.reader.chats.contacts;
        let (id, section) = contacts
            .order
            .get(index)
            .filter(|_| index < contacts.shown_len())?;
        Some(self.contact_row(id, section))
    }

    fn open(&self) -> Option<(ConversationId, usize)> {
        let open = self.reader.chats.navigation.open?;
        let contacts = &self.reader.chats.contacts;
        let index = contacts.order.index_of(open)?;
        let index = Some(index).filter(|index| *index < contacts.shown_len())?;
        Some((open, index))
    }

    fn hidden(&self) -> usize {
        let contacts = &self.reader.chats.contacts;
        contacts.order.len() - contacts.shown_len()
    }

    fn unread_elsewhere(&self) -> u64 {
        let chats = self.reader.chats;
        chats.totals.elsewhere(chats.navigation.open)
    }
}
