//! Lookup of users and rooms by name. Unknown names are asked of the server, and the command resumes
//! with the answer.

use recado_shared::{ConversationId, Request, RoomId, RoomName, UserId, UserName};

use crate::app::command::{Call, Wait};
use crate::app::parts::Parts;
use crate::strings;

/// Names per lookup. The server lists an exact match first.
const FEW: u16 = 5;

impl Parts<'_> {
    /// `None` while the server is asked.
    pub(crate) fn person(
        &mut self,
        name: &UserName,
        call: &Call,
    ) -> Result<Option<UserId>, String> {
        if let Some(user) = self.chats.known_person(name) {
            return Ok(Some(user));
        }
        if call.has_asked {
            return Err(strings::commands::no_user(name));
        }
        let request = Request::FindUsers {
            prefix: name.as_str().to_owned(),
            after: None,
            limit: FEW,
        };
        self.look_up(request, call)
            .map_err(|why| strings::commands::cannot_look_up(name, &why))?;
        Ok(None)
    }

    /// `None` while the server is asked.
    pub(crate) fn room(&mut self, name: &RoomName, call: &Call) -> Result<Option<RoomId>, String> {
        if let Some(room) = self.chats.known_room(name) {
            return Ok(Some(room));
        }
        if call.has_asked {
            return Err(strings::commands::no_room(name));
        }
        let request = Request::FindRooms {
            prefix: name.as_str().to_owned(),
            after: None,
            limit: FEW,
        };
        self.look_up(request, call)
            .map_err(|why| strings::commands::cannot_look_up(format_args!("#{name}"), &why))?;
        Ok(None)
    }

    fn look_up(&mut self, request: Request, call: &Call) -> Result<(), String> {
        let mut call = call.clone();
        call.has_asked = true;
        self.ask_for(request, Wait::Name(call))
    }
}

pub(crate) fn room_of(call: &Call) -> Result<(ConversationId, RoomId), String> {
    let here = call
        .conversation
        .and_then(|conversation| Some((conversation, conversation.room()?)));
    here.ok_or_else(|| strings::commands::ONLY_IN_ROOMS.to_owned())
}

pub(crate) fn conversation_of(call: &Call) -> Result<ConversationId, String> {
    let none = || strings::commands::OPEN_FIRST.to_owned();
    call.conversation.ok_or_else(none)
}
