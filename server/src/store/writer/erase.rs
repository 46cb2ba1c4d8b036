//! Erasure of all that a removed user wrote, and of rooms that the operator closes.

use recado_shared::rules::membership::RoomChange;
use recado_shared::{
    Content, ConversationId, Entry, MessageId, Role, RoomEvent, RoomId, Timestamp, UserId,
};
use rusqlite::Result;

use super::batch::Batch;
use crate::store::tables::members::{self, RoomPlace};
use crate::store::tables::{conversations, entries, rooms};
use crate::store::values::column::random;

impl Batch<'_> {
    /// Erases the texts of a user, appends a notice of it to each of their conversations, and ends
    /// their memberships.
    pub(super) fn remove_author(&mut self, user: UserId, time: Timestamp) -> Result<()> {
        for (id, row, is_room_member) in conversations::of_author(self.db, user)? {
            entries::erase_all(self.db, row, Some(user))?;
            self.append_notice(id, user, time, Content::AuthorRemoved)?;
            if !is_room_member {
                continue;
            }
            if let Some(heir) = members::heir(self.db, row, user)? {
                let event = RoomEvent::Role {
                    user: heir,
                    role: Role::Owner,
                };
                self.append_notice(id, user, time, Content::Room(event))?;
                members::make_owner(self.db, row, heir)?;
            }
            let place = self.append_notice(id, user, time, Content::Room(RoomEvent::Left))?;
            self.flush_and_evict(id)?;
            members::end(self.db, place, Some(user))?;
            rooms::count_members(self.db, row)?;
        }
        Ok(())
    }

    /// Erases the texts of a room, and ends the room with all its memberships and invitations.
    pub(super) fn close_room(&mut self, room: RoomId, time: Timestamp) -> Result<()> {
        let id = ConversationId::Room(room);
        let row = self.existing_conversation(id)?.row;
        entries::erase_all(self.db, row, None)?;
        let author = members::first_member(self.db, row)?;
        let place = self.append_notice(id, author, time, Content::Room(RoomEvent::Closed))?;
        self.flush_and_evict(id)?;
        members::end(self.db, place, None)?;
        rooms::count_members(self.db, row)?;
        members::end_invitations(self.db, row, place.stamp)?;
        rooms::update(self.db, room, RoomChange::Close)
    }

    /// Appends an entry that no client requested. Returns its place.
    pub(super) fn append_notice(
        &mut self,
        id: ConversationId,
        author: UserId,
        time: Timestamp,
        content: Content,
    ) -> Result<RoomPlace> {
        let conversation = self.existing_conversation(id)?;
        let entry = Entry {
            seq: conversation.newest.next(),
            author,
            id: MessageId(random()?),
            time: time.max(conversation.newest_time),
            content,
        };
        self.push_system(id, &entry)?;
        let place = RoomPlace {
            conversation: conversation.row,
            seq: entry.seq,
            messages: conversation.messages,
            stamp: self.stamp,
        };
        self.notices.push((id, entry));
        Ok(place)
    }
}
