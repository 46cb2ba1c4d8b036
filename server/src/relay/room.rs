//! Rooms: making and finding them, their members. What is allowed stands in `permission`.

use recado_shared::limits::{MAX_NAME_LEN, MAX_ROOMS_PER_PAGE, MAX_USERS_PER_PAGE};
use recado_shared::{
    Answer, ConversationId, RequestError, RoomId, RoomMember, RoomName, ServerFrame, Stamp, UserId,
    name,
};

use super::{Effect, Relay, before};
use crate::store::{Appended, FindRooms, NewRoom, Origin, Read, StoredMember, Write};

impl Relay {
    pub(super) fn create_room(
        &mut self,
        origin: Origin,
        new: NewRoom,
        out: &mut Vec<Effect>,
    ) -> Result<(), RequestError> {
        if !self.phase.is_serving() {
            return Err(RequestError::Unavailable);
        }
        self.write(Write::CreateRoom { origin, new }, out);
        Ok(())
    }

    pub(super) fn room_created(
        &mut self,
        origin: Origin,
        new: &NewRoom,
        result: Result<(RoomId, Appended), RequestError>,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let (room, Appended { entry, is_new, .. }) = match result {
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
            self.tell_heads(new.author, before(stamp), out);
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

pub(super) fn find_rooms(
    (origin, user): (Origin, UserId),
    prefix: &str,
    after: Option<RoomName>,
    limit: u16,
    out: &mut Vec<Effect>,
) {
    let prefix = prefix.strip_prefix('#').unwrap_or(prefix);
    // Folding may make a text longer or shorter, so that this is only a generous bound.
    let end = prefix.floor_char_boundary(4 * MAX_NAME_LEN);
    out.push(Effect::Read(Read::Rooms {
        origin,
        find: FindRooms {
            user,
            prefix: name::fold(&prefix[..end]),
            after,
            limit: limit.min(MAX_ROOMS_PER_PAGE),
        },
    }));
}

pub(super) fn members(
    origin: Origin,
    room: RoomId,
    after: Option<UserId>,
    limit: u16,
    out: &mut Vec<Effect>,
) {
    out.push(Effect::Read(Read::Members {
        origin,
        room,
        after,
        limit: limit.min(MAX_USERS_PER_PAGE),
    }));
}
