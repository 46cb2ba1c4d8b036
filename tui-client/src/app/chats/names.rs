//! The names of users who are seen in rooms: heads do not carry them, so they are asked
//! for, each once a session and many at a time.

use std::collections::BTreeSet;

use recado_shared::{
    ContentClass, ConversationId, Entry, RoomEvent, RoomId, RoomName, RoomSummary, UserId, UserName,
};

use crate::app::chats::Chats;

/// Most rooms whose names are remembered from searches.
const MAX_FOUND_ROOMS: usize = 1_000;

/// Most people whose names one session asks for. Further ones keep their numbers.
const MAX_ASKED: usize = 5_000;

/// Whose names are wanted.
#[derive(Debug, Default)]
pub(crate) struct NameRequests {
    pub(crate) wanted: BTreeSet<UserId>,
    /// Asked for in this session, whatever the answer was.
    pub(crate) asked: BTreeSet<UserId>,
}

impl NameRequests {
    /// A new session asks again for those who are still not known.
    pub(crate) fn begin_session(&mut self) {
        self.wanted.append(&mut self.asked);
    }

    pub(crate) fn want(&mut self, user: UserId) {
        let known = self.wanted.len() + self.asked.len();
        if known < MAX_ASKED && !self.asked.contains(&user) {
            self.wanted.insert(user);
        }
    }
}

/// The authors of entries, and the subjects of room events.
pub(crate) fn authors(entries: &[Entry]) -> impl Iterator<Item = UserId> + '_ {
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
    pub(crate) fn known_person(&self, name: &UserName) -> Option<UserId> {
        self.find_person_by_name(name.as_str())
    }

    pub(crate) fn known_room(&self, name: &RoomName) -> Option<RoomId> {
        if let Some(ConversationId::Room(room)) = self.find_room_by_name(name.as_str()) {
            return Some(room);
        }
        let folded = name.folded();
        let mut found = self.found_rooms.iter();
        found
            .find(|(_, name)| name.folded() == folded)
            .map(|(room, _)| *room)
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
