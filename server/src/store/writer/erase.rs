//! Erasure of all that a removed user wrote, and of rooms that the operator closes.

use recado_shared::rules::membership::RoomChange;
use recado_shared::{
    Content, ConversationId, Entry, MessageId, Role, RoomEvent, RoomId, Timestamp, UserId,
};
use rusqlite::Result;

use crate::store::tables::members::{self, RoomPlace};
use crate::store::tables::{conversations, entries, rooms};
use crate::store::values::column::random;
use crate::store::writer::batch::Batch;

/// Entries that no client requested, with their conversations.
pub(crate) type SystemEntries = Vec<(ConversationId, Entry)>;

impl Batch<'_> {
    /// Erases the texts of a user, appends a notice of it to each of their conversations, and ends
    /// their memberships.
    pub(crate) fn remove_author(
        &mut self,
        user: UserId,
        time: Timestamp,
        notices: &mut SystemEntries,
    ) -> Result<()> {
        for (id, row, is_room_member) in conversations::of_author(self.db, user)? {
            entries::erase_all(self.db, row, Some(user))?;
            let removed = Content::AuthorRemoved;
            self.append_notice(id, row, (user, time), removed, notices)?;
            if !is_room_member {
                continue;
            }
            if let Some(heir) = members::heir(self.db, row, user)? {
                let role = Content::Room(RoomEvent::Role {
                    user: heir,
                    role: Role::Owner,
                });
                self.append_notice(id, row, (user, time), role, notices)?;
                members::make_owner(self.db, row, heir)?;
            }
            let left = Content::Room(RoomEvent::Left);
            let place = self.append_notice(id, row, (user, time), left, notices)?;
            self.flush_and_evict(id)?;
            members::end(self.db, place, Some(user))?;
            rooms::count_members(self.db, row)?;
        }
        Ok(())
    }

    /// Erases the texts of a room, and ends the room with all its memberships and invitations.
    pub(crate) fn close_room(
        &mut self,
        room: RoomId,
        time: Timestamp,
        notices: &mut SystemEntries,
    ) -> Result<()> {
        let id = ConversationId::Room(room);
        let Some(conversation) = conversations::find(self.db, id)? else {
            return Ok(());
        };
        let row = conversation.row;
        entries::erase_all(self.db, row, None)?;
        let author = members::first_member(self.db, row)?;
        let closed = Content::Room(RoomEvent::Closed);
        let place = self.append_notice(id, row, (author, time), closed, notices)?;
        self.flush_and_evict(id)?;
        members::end(self.db, place, None)?;
        rooms::count_members(self.db, row)?;
        members::end_invitations(self.db, row, place.stamp)?;
        rooms::update(self.db, room, RoomChange::Close)
    }

    /// Appends an entry that no client requested. Returns its place.
    fn append_notice(
        &mut self,
        id: ConversationId,
        row: i64,
        (author, time): (UserId, Timestamp),
        content: Content,
        notices: &mut SystemEntries,
    ) -> Result<RoomPlace> {
        let conversation = self.rows.conversation(self.db, id)?;
        let conversation = conversation.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let entry = Entry {
            seq: conversation.newest.next(),
            author,
            id: MessageId(random()?),
            time: time.max(conversation.newest_time),
            content,
        };
        self.push_system(id, &entry)?;
        let place = RoomPlace {
            conversation: row,
            seq: entry.seq,
            messages: conversation.messages,
            stamp: self.stamp,
        };
        notices.push((id, entry));
        Ok(place)
    }
}
