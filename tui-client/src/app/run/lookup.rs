//! Lookup of users and rooms by name. The server is asked for an unknown name, and its answer resumes
//! the command.

use std::fmt::Display;

use recado_shared::{ConversationId, Request, RoomId, RoomInfo, RoomName, UserId, UserName};

use crate::app::command::{Call, CommandResult, PendingRequest};
use crate::app::parts::Parts;
use crate::strings;

/// `None` while the server is asked; its answer runs the command again.
pub(super) type Lookup<T> = Result<Option<T>, String>;

/// Names per lookup. The server lists an exact match first.
const LIMIT: u16 = 5;

impl Parts<'_> {
    pub(super) fn person(&mut self, name: &UserName, call: &Call) -> Lookup<UserId> {
        let known = self.chats.find_person_by_name(name.as_str());
        if known.is_none() {
            let request = Request::FindUsers {
                prefix: name.as_str().to_owned(),
                after: None,
                limit: LIMIT,
            };
            self.look_up(request, call, name, strings::commands::no_user(name))?;
        }
        Ok(known)
    }

    pub(super) fn room(&mut self, name: &RoomName, call: &Call) -> Lookup<RoomId> {
        let mut known = self.chats.known_room(name);
        let was_in = known.is_some_and(|room| self.chats.was_in(room));
        if was_in && self.session.link.is_up() && !call.has_asked {
            known = None;
        }
        if known.is_none() {
            let request = Request::FindRooms {
                prefix: name.as_str().to_owned(),
                after: None,
                limit: LIMIT,
            };
            let label = format_args!("#{name}");
            self.look_up(request, call, label, strings::commands::no_room(name))?;
        }
        Ok(known)
    }

    /// Asks the server for a name once; `unknown` is the error if it has answered already.
    fn look_up(
        &mut self,
        request: Request,
        call: &Call,
        name: impl Display,
        unknown: String,
    ) -> CommandResult {
        if call.has_asked {
            return Err(unknown);
        }
        let call = Call {
            has_asked: true,
            ..call.clone()
        };
        let asked = self.ask_for(request, PendingRequest::Name(call));
        asked.map_err(|why| strings::commands::cannot_look_up(name, &why))
    }
}

pub(super) fn room_of(call: &Call) -> Result<(ConversationId, RoomId), &'static str> {
    let room = call.conversation.and_then(|id| Some((id, id.room()?)));
    room.ok_or(strings::commands::ONLY_IN_ROOMS)
}

impl Parts<'_> {
    /// The room of a call, with what is known of it.
    pub(super) fn room_info_of(&self, call: &Call) -> Result<(ConversationId, RoomInfo), String> {
        let (id, _) = room_of(call)?;
        let info = self.chats.room_info(id).cloned();
        Ok((id, info.ok_or(strings::errors::NOT_CONNECTED)?))
    }
}

pub(super) fn conversation_of(call: &Call) -> Result<ConversationId, &'static str> {
    call.conversation.ok_or(strings::commands::OPEN_FIRST)
}
