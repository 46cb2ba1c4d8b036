//! Names and titles of people and rooms, and lookups by name. Heads do not carry the names of a room's
//! members: each is asked for once a session, many at a time.

use recado_shared::{
    Content, ContentClass, ConversationId, Entry, Membership, RoomEvent, RoomId, RoomInfo,
    RoomName, RoomSummary, Timestamp, UserId, UserName,
};

use crate::app::{Chats, Context, Conversation};
use crate::strings::{conversation, errors, rooms};

/// Most rooms whose names are remembered from searches.
const MAX_FOUND_ROOMS: usize = 1_000;

/// The authors of entries, and the subjects of room events.
fn authors(entries: &[Entry]) -> impl Iterator<Item = UserId> + '_ {
    entries.iter().flat_map(|entry| {
        let event = match entry.content.class() {
            ContentClass::Room(event) => Some(event),
            ContentClass::Message | ContentClass::Change(_) | ContentClass::Erasure => None,
        };
        let subject = event.and_then(RoomEvent::subject);
        [entry.author].into_iter().chain(subject)
    })
}

impl Chats {
    /// A room event as a sentence about `you` and others.
    pub(crate) fn event_text(&self, author: UserId, event: &RoomEvent, time: Timestamp) -> String {
        rooms::describe_event(author, event, time, |user| match self.user() {
            Some(me) if me == user => conversation::YOU.to_owned(),
            Some(_) | None => self.name_of(user).to_owned(),
        })
    }

    /// Requests the name of a user who may be shown, if it is unknown.
    pub(super) fn request_name(&mut self, user: UserId) {
        if self.user() != Some(user) && self.contacts.add_unnamed(user) {
            self.names.want(user);
        }
    }

    /// Requests the names of the authors of entries, and notes the mentions of the user in them.
    pub(crate) fn note_entries(&mut self, id: ConversationId, entries: &[Entry], cx: &mut Context) {
        if id.room().is_some() {
            authors(entries).for_each(|user| self.request_name(user));
        }
        let removals = entries.iter();
        for entry in removals.filter(|entry| entry.content == Content::AuthorRemoved) {
            self.mark_removed(entry.author, cx);
        }
        if let (Some(me), Some(conversation)) = (&self.me, self.conversations.get_mut(&id)) {
            let (me, read) = ((me.user, me.name.as_str()), conversation.own.read);
            let is_taken = |name: &str| self.contacts.has_name(name);
            conversation.mentions.note(entries, me, read, is_taken);
        }
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
            (Some(room), _) => &room.label,
            (None, Some(peer)) => self.name_of(peer),
            (None, None) => "",
        }
    }

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

    /// The name of the member who invited the user to a room.
    pub(crate) fn inviter_of(&self, id: ConversationId) -> Option<&str> {
        let inviter = self.inviters.get(&id.room()?)?;
        Some(self.name_of(*inviter))
    }

    /// The reason why nothing can be written in a conversation, with what to do about it.
    pub(crate) fn silence_reason(&self, id: ConversationId) -> Option<String> {
        if let Some(peer) = self.user().and_then(|me| id.peer_of(me)) {
            let is_removed = self.contacts.is_removed(peer);
            return is_removed.then(|| errors::user_removed(self.name_of(peer)));
        }
        let conversation = self.conversations.get(&id)?;
        let room = conversation.room()?;
        if conversation.is_closed() {
            return Some(errors::room_closed(&room.label));
        }
        errors::cannot_write(room.membership(), &room.label)
    }

    /// What is known of a room; `None` for direct conversations and before the server said it.
    pub(crate) fn room_info(&self, id: ConversationId) -> Option<&RoomInfo> {
        self.conversations.get(&id)?.room()?.info.as_ref()
    }

    /// The room of this name, with or without `#`, among those that the user has to do with. One that the user
    /// is in comes before one that ended, whose name is free.
    pub(crate) fn find_room_by_name(&self, name: &str) -> Option<ConversationId> {
        let wanted = RoomName::new(name.trim()).ok()?.folded();
        let is_it = |conversation: &&Conversation| {
            let info = conversation.room().and_then(|room| room.info.as_ref());
            info.is_some_and(|info| info.name.folded() == wanted)
        };
        let found = self.conversations.values().filter(is_it);
        let found = found.max_by_key(|found| (is_current(found), found.id));
        found.map(|conversation| conversation.id)
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

    pub(crate) fn known_room(&self, name: &RoomName) -> Option<RoomId> {
        let own = self.find_room_by_name(name.as_str());
        if own.is_some_and(|own| self.conversations.get(&own).is_some_and(is_current)) {
            return own.and_then(ConversationId::room);
        }
        let folded = name.folded();
        let found = self.found_rooms.iter().rev();
        let mut found = found.filter(|(_, name)| name.folded() == folded);
        let found = found.next().map(|(room, _)| *room);
        found.or_else(|| own?.room())
    }

    /// Whether a room of this name is one that the user was in: another one may have the name by now.
    pub(crate) fn was_in(&self, room: RoomId) -> bool {
        let own = self.conversations.get(&ConversationId::Room(room));
        own.is_some_and(|own| !is_current(own))
    }

    /// Names of rooms for completion: those that the user has to do with, then those that the
    /// server named.
    pub(crate) fn room_names(&self) -> Vec<&str> {
        let own = self.conversations.keys();
        let own = own.filter_map(|id| Some(self.room_info(*id)?.name.as_str()));
        let is_new = |room: &RoomId| self.room_info(ConversationId::Room(*room)).is_none();
        let found = self.found_rooms.iter().filter(|(room, _)| is_new(room));
        own.chain(found.map(|(_, name)| name.as_str())).collect()
    }

    pub(crate) fn take_rooms(&mut self, rooms: &[RoomSummary]) {
        for room in rooms {
            if self.found_rooms.len() >= MAX_FOUND_ROOMS {
                self.found_rooms.pop_first();
            }
            self.found_rooms.insert(room.room, room.name.clone());
        }
    }
}

/// Whether the user is in a room, or invited to it.
fn is_current(conversation: &Conversation) -> bool {
    matches!(
        conversation.membership(),
        Membership::Member | Membership::Invited
    )
}
