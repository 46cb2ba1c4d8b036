//! Rooms of the server in the switcher: those that the user can join and that begin as what is
//! typed. The server is asked while one types, one question at a time.

use recado_shared::{Request, RoomId, RoomName, RoomSummary};

use crate::app::App;
use crate::app::command::Wait;
use crate::app::overlay::switcher::{OverlayState, Target};

/// Most rooms that are asked for; a longer list is narrowed by typing.
const MAX_FOUND: u16 = 20;

/// What the server named.
#[derive(Debug, Default)]
pub(in crate::app) struct FoundRooms {
    /// With their labels.
    rooms: Vec<(RoomSummary, String)>,
    /// The beginning that these rooms have, and whether there are more.
    answered: Option<(String, bool)>,
    /// The beginning that the server is being asked about.
    asked: Option<String>,
}

impl FoundRooms {
    pub(in crate::app) fn room(&self, index: usize) -> Option<RoomId> {
        self.rooms.get(index).map(|(room, _)| room.room)
    }

    /// How many members it has.
    pub(in crate::app) fn members(&self, index: usize) -> u32 {
        self.rooms.get(index).map_or(0, |(room, _)| room.members)
    }

    /// Whether the server has to be asked to know the rooms that begin so.
    fn is_unknown(&self, prefix: &str) -> bool {
        let is_known = |(known, has_more): &(String, bool)| {
            known == prefix || (!has_more && prefix.starts_with(known.as_str()))
        };
        !self.answered.as_ref().is_some_and(is_known)
    }
}

impl App {
    /// Asks for rooms that begin as what is typed.
    pub(in crate::app) fn ask_switcher(&mut self) {
        let Some(OverlayState::Switcher(switcher)) = &mut self.overlay else {
            return;
        };
        let typed = switcher.query.text().trim();
        let Ok(name) = RoomName::new(typed) else {
            return;
        };
        let prefix = name.as_str().to_lowercase();
        let found = &mut switcher.found;
        if found.asked.is_some() || !found.is_unknown(&prefix) || !self.session.link.is_synced() {
            return;
        }
        found.asked = Some(prefix.clone());
        let request = Request::FindRooms {
            prefix: prefix.clone(),
            after: None,
            limit: MAX_FOUND,
        };
        // The link is up, so that it cannot be refused.
        let _ = self.ask_for(request, Wait::Switcher(prefix));
    }

    /// The server named rooms.
    pub(in crate::app) fn on_switcher_rooms(
        &mut self,
        prefix: String,
        rooms: Vec<RoomSummary>,
        has_more: bool,
    ) {
        let Some(OverlayState::Switcher(switcher)) = &mut self.overlay else {
            return;
        };
        if switcher.found.asked.as_ref() != Some(&prefix) {
            return;
        }
        let is_kept = switcher.is_picked || switcher.is_sure();
        let chosen = switcher.rows.get(switcher.chosen).map(|row| row.target);
        let found = &mut switcher.found;
        let room = match chosen {
            Some(Target::Found(index)) => found.room(index),
            Some(Target::Conversation(_) | Target::Command(..) | Target::Slash(_)) | None => None,
        };
        found.asked = None;
        found.answered = Some((prefix, has_more));
        let label = |room: RoomSummary| {
            let label = format!("#{}", room.name);
            (room, label)
        };
        found.rooms = rooms.into_iter().map(label).collect();
        let place = |room| found.rooms.iter().position(|(found, _)| found.room == room);
        let chosen = match room {
            Some(room) => place(room).map(Target::Found),
            None => chosen,
        };
        self.search_switcher();
        if let Some(target) = chosen.filter(|_| is_kept) {
            self.pick_target(target);
        }
    }

    /// The server does not answer what it was asked.
    pub(in crate::app) fn forget_switcher_question(&mut self) {
        if let Some(OverlayState::Switcher(switcher)) = &mut self.overlay
            && let Some(prefix) = switcher.found.asked.take()
        {
            switcher.found.answered = Some((prefix, true));
        }
    }

    /// The places of the rooms that stand in no other row.
    pub(in crate::app) fn found_rooms(&self) -> impl Iterator<Item = usize> {
        let rooms = match &self.overlay {
            Some(OverlayState::Switcher(switcher)) => switcher.found.rooms.as_slice(),
            Some(_) | None => &[],
        };
        let listed = |room: RoomId| {
            let mut order = self.chats.contacts.order().iter();
            order.any(|(id, _)| id.room() == Some(room))
        };
        let rooms = rooms.iter().enumerate();
        rooms.filter_map(move |(index, (room, _))| (!listed(room.room)).then_some(index))
    }

    pub(in crate::app) fn found_label(&self, index: usize) -> &str {
        match &self.overlay {
            Some(OverlayState::Switcher(switcher)) => {
                let room = switcher.found.rooms.get(index);
                room.map_or("", |(_, label)| label)
            }
            Some(_) | None => "",
        }
    }
}
