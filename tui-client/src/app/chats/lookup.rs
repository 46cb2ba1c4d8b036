//! Names and titles of people and rooms, and lookups by name.

use recado_shared::{
    ConversationId, Entry, RoomEvent, RoomInfo, RoomName, Timestamp, UserId, UserName,
};

use crate::app::chats::Chats;
use crate::app::chats::names::authors;
use crate::app::conversation::state::Conversation;
use crate::strings::{conversation, rooms};

impl Chats {
    /// A room event as a sentence about `you` and others.
    pub(crate) fn event_text(&self, author: UserId, event: &RoomEvent, time: Timestamp) -> String {
        rooms::describe_event(author, event, time, |user| {
            let is_me = self.user() == Some(user);
            let name = if is_me {
                conversation::YOU
            } else {
                self.name_of(user)
            };
            name.to_owned()
        })
    }

    /// Requests the name of a user who may be shown, if it is unknown.
    pub(super) fn request_name(&mut self, user: UserId) {
        if self.user() != Some(user) && self.contacts.add_unnamed(user) {
            self.names.want(user);
        }
    }

    /// Entries of a conversation came.
    pub(crate) fn request_author_names(&mut self, id: ConversationId, entries: &[Entry]) {
        if id.room().is_some() {
            authors(entries).for_each(|user| self.request_name(user));
        }
    }

    /// Takes over what the loaded entries of a stored conversation say of users.
    pub(crate) fn note_loaded(&mut self, id: ConversationId) {
        let conversation = self.conversations.get(&id);
        let entries: Vec<_> =
            conversation.map_or(Vec::new(), |c| c.log.loaded().cloned().collect());
        self.request_author_names(id, &entries);
        self.note_mentions(id, &entries);
    }

    pub(crate) fn my_name(&self) -> &str {
        match &self.me {
            Some(me) => me.name.as_str(),
            None => &self.configured_name,
        }
    }

    /// The name of the other person of a conversation, or that of the room with `#` before it.
    pub(crate) fn title(&self, id: ConversationId) -> &str {
        let room = self.conversations.get(&id).and_then(Conversation::room);
        let peer = self.user().and_then(|me| id.peer_of(me));
        match (room, peer) {
            (Some(room), _) => room.label(),
            (None, Some(peer)) => self.name_of(peer),
            (None, None) => "",
        }
    }

    /// What a person is called, the user included.
    pub(crate) fn name_of(&self, user: UserId) -> &str {
        match &self.me {
            Some(me) if me.user == user => me.name.as_str(),
            Some(_) | None => self.contacts.label(user),
        }
    }

    /// Whether the user has blocked the person of a direct conversation.
    pub(crate) fn is_blocked_in(&self, id: ConversationId) -> bool {
        let peer = self.user().and_then(|me| id.peer_of(me));
        peer.is_some_and(|peer| self.settings.is_blocked(peer))
    }

    /// What is known of a room; `None` for direct conversations and before the server said it.
    pub(crate) fn room_info(&self, id: ConversationId) -> Option<&RoomInfo> {
        self.conversations.get(&id)?.room()?.info.as_ref()
    }

    /// The room of this name, with or without `#`, among those that the user has to do with.
    pub(crate) fn find_room_by_name(&self, name: &str) -> Option<ConversationId> {
        let wanted = RoomName::new(name.trim()).ok()?.folded();
        let is_it = |conversation: &&Conversation| {
            let info = conversation.room().and_then(|room| room.info.as_ref());
            info.is_some_and(|info| info.name.folded() == wanted)
        };
        self.conversations.values().find(is_it).map(|c| c.id)
    }

    /// The person of this name, with or without `@`, among those that the app knows.
    pub(crate) fn find_person_by_name(&self, name: &str) -> Option<UserId> {
        let name = name.trim();
        let name = UserName::new(name.strip_prefix('@').unwrap_or(name)).ok()?;
        match &self.me {
            Some(me) if me.name.folded() == name.folded() => Some(me.user),
            Some(_) | None => self.contacts.find_by_name(&name),
        }
    }
}
