//! The rooms of the server in the switcher: those that the user can join and that begin as what is
//! typed. The server is asked while the user types, one question at a time.

use recado_shared::{Request, RoomId, RoomName, RoomSummary};

use crate::app::command::PendingRequest;
use crate::app::{Parts, Reader};

/// Most rooms that are asked for; a longer list is narrowed by typing.
const MAX_FOUND: u16 = 20;

#[derive(Debug)]
pub(super) struct FoundRoom {
    pub(super) room: RoomSummary,
    pub(super) label: String,
}

#[derive(Debug, Default)]
pub(super) struct FoundRooms {
    rooms: Vec<FoundRoom>,
    /// The beginning that these rooms have, and whether there are more.
    answered: Option<(String, bool)>,
    /// The beginning that the server is being asked about.
    asked: Option<String>,
}

impl FoundRooms {
    pub(super) fn get(&self, room: RoomId) -> Option<&FoundRoom> {
        self.rooms.iter().find(|found| found.room.room == room)
    }

    pub(super) fn unlisted(&self, app: &Reader<'_>) -> impl Iterator<Item = RoomId> {
        let contacts = &app.chats.contacts;
        let is_listed = move |room: RoomId| {
            let mut order = contacts.order().iter();
            order.any(|(id, _)| id.room() == Some(room))
        };
        let rooms = self.rooms.iter().map(|found| found.room.room);
        rooms.filter(move |&room| !is_listed(room))
    }

    pub(super) fn is_asked(&self, prefix: &str) -> bool {
        self.asked.as_deref() == Some(prefix)
    }

    /// Asks for rooms that begin as what is typed, unless they are known.
    pub(super) fn ask(&mut self, typed: &str, app: &mut Parts<'_>) {
        let Ok(name) = RoomName::new(typed) else {
            return;
        };
        let prefix = name.as_str().to_lowercase();
        if self.asked.is_some() || !self.is_unknown(&prefix) || !app.session.link.is_synced() {
            return;
        }
        self.asked = Some(prefix.clone());
        let request = Request::FindRooms {
            prefix: prefix.clone(),
            after: None,
            limit: MAX_FOUND,
        };
        // The link is up, so that it cannot be refused.
        let _ = app.ask_for(request, PendingRequest::Switcher(prefix));
    }

    /// Takes over the answer to what was asked: the beginning, and whether there are more.
    pub(super) fn take(&mut self, answer: (String, bool), rooms: Vec<RoomSummary>) {
        self.asked = None;
        self.answered = Some(answer);
        let found = |room: RoomSummary| FoundRoom {
            label: format!("#{}", room.name),
            room,
        };
        self.rooms = rooms.into_iter().map(found).collect();
    }

    pub(super) fn give_up(&mut self) {
        if let Some(prefix) = self.asked.take() {
            self.answered = Some((prefix, true));
        }
    }

    fn is_unknown(&self, prefix: &str) -> bool {
        let is_known = |(known, has_more): &(String, bool)| {
            known == prefix || (!has_more && prefix.starts_with(known.as_str()))
        };
        !self.answered.as_ref().is_some_and(is_known)
    }
}
