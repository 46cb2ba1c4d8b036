//! Rooms: their creation, and the list of their members.

use recado_shared::{Answer, ConversationId, RequestError, RoomId, RoomMember, ServerFrame, Stamp};

use super::{Relay, before};
use crate::store::{NewRoom, Origin, StoredEntry, StoredMember};

impl Relay {
    pub(super) fn room_created(
        &mut self,
        origin: Origin,
        new: &NewRoom,
        result: Result<(RoomId, StoredEntry), RequestError>,
        stamp: Stamp,
    ) {
        let (room, StoredEntry { entry, is_new, .. }) = match result {
            Ok(made) => made,
            Err(error) => return self.answer(origin, Err(error)),
        };
        let answer = Answer::RoomCreated {
            room,
            seq: entry.seq,
            time: entry.time,
        };
        self.answer(origin, Ok(answer));
        if is_new {
            self.memberships.add_room(room, new);
            let conversation = ConversationId::Room(room);
            let frame = ServerFrame::Entry {
                conversation,
                entry,
            };
            self.push(self.other_sessions_of(new.author, origin), frame);
            self.send_heads(new.author, before(stamp));
        }
    }

    pub(super) fn members_read(&mut self, origin: Origin, members: Vec<StoredMember>, more: bool) {
        let Some(viewer) = self.user_of(origin.session) else {
            return;
        };
        let members = members.into_iter().map(|member| RoomMember {
            person: self.profile_for(viewer, member.user, member.name),
            role: member.role,
            mute: member.mute,
        });
        let members = members.collect();
        self.answer(origin, Ok(Answer::Members { members, more }));
    }
}
