//! The rooms of the server in the switcher: those that the user can join and that begin as what is
//! typed. The server is asked while the user types, one question at a time.

use recado_shared::{Request, RoomId, RoomName, RoomSummary};

use crate::app::command::Wait;
use crate::app::parts::Parts;
use crate::app::reader::Reader;

/// Most rooms that are asked for; a longer list is narrowed by typing.
const MAX_FOUND: u16 = 20;

#[derive(Debug, Default)]
pub(super) struct FoundRooms {
    rooms: Vec<(RoomSummary, String)>,
    /// The beginning that these rooms have, and whether there are more.
    answered: Option<(String, bool)>,
    /// The beginning that the server is being asked about.
    asked: Option<String>,
}

impl FoundRooms {
    pub(super) fn room(&self, index: usize) -> Option<RoomId> {
        self.rooms.get(index).map(|(room, _)| room.room)
    }

    pub(super) fn place(&self, room: RoomId) -> Option<usize> {
        self.rooms.iter().position(|(found, _)| found.room == room)
    }

    pub(super) fn label(&self, index: usize) -> &str {
        self.rooms.get(index).map_or("", |(_, label)| label)
    }

    /// The number of its members.
    pub(super) fn members(&self, index: usize) -> u32 {
        self.rooms.get(index).map_or(0, |(room, _)| room.members)
    }

    /// The places of the rooms that are not in the contact list.
    pub(super) fn unlisted(&self, app: &Reader<'_>) -> impl Iterator<Item = usize> {
        let contacts = &app.chats.contacts;
        let listed = move |room: RoomId| {
            let mut order = contacts.order().iter();
            order.any(|(id, _)| id.room() == Some(room))
        };
        let rooms = self.rooms.iter().enumerate();
        rooms.filter_map(move |(index, (room, _))| (!listed(room.room)).then_some(index))
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
        let _ = app.ask_for(request, Wait::Switcher(prefix));
    }

    /// Takes over the answer to what was asked: the beginning, and whether there are more.
    pub(super) fn take(&mut self, answer: (String, bool), rooms: Vec<RoomSummary>) {
        self.asked = None;
        self.answered = Some(answer);
        let label = |room: RoomSummary| {
            let label = format!("#{}", room.name);
            (room, label)
        };
        self.rooms = rooms.into_iter().map(label).collect();
    }

    /// The server does not answer what it was asked.
    pub(super) fn give_up(&mut self) {
        if let Some(prefix) = self.asked.take() {
            self.answered = Some((prefix, true));
        }
    }

    /// Whether the server has to be asked to know the rooms that begin so.
    fn is_unknown(&self, prefix: &str) -> bool {
        let is_known = |(known, has_more): &(String, bool)| {
            known == prefix || (!has_more && prefix.starts_with(known.as_str()))
        };
        !self.answered.as_ref().is_some_and(is_known)
    }
}
