//! Rooms: their creation, and the list of their members.

use recado_shared::{Answer, ConversationId, RequestError, RoomId, RoomMember, ServerFrame, Stamp};

use super::{Effect, Relay, before};
use crate::store::{NewRoom, Origin, StoredEntry, StoredMember};

impl Relay {
    pub(super) fn room_created(
        &mut self,
        origin: Origin,
        new: &NewRoom,
        result: Result<(RoomId, StoredEntry), RequestError>,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let (room, StoredEntry { entry, is_new, .. }) = match result {
            Ok(made) => made,
            Err(error) => return self.answer(origin, Err(error), out),
        };
        let answer = Answer::RoomCreated {
            room,
            seq: entry.seq,
            time: entry.time,
        };
        self.answer(origin, Ok(answer), out);
        if is_new {
            self.memberships.add_room(room, new);
            let conversation = ConversationId::Room(room);
            let frame = ServerFrame::Entry {
                conversation,
                entry,
            };
            let others = self.sessions_of(new.author);
            self.push(others.filter(|&id| id != origin.session), frame, out);
            self.send_heads(new.author, before(stamp), out);
        }
    }

    pub(super) fn members_read(
        &self,
        origin: Origin,
        members: Vec<StoredMember>,
        more: bool,
        out: &mut Vec<Effect>,
    ) {
        let Some(viewer) = self.user_of(origin.session) else {
            return;
        };
        let members = members.into_iter().map(|member| RoomMember {
            person: self.person(viewer, member.user, member.name),
            role: member.role,
            mute: member.mute,
        });
        let members = members.collect();
        self.answer(origin, Ok(Answer::Members { members, more }), out);
    }
}
