//! Rooms in the writer: creation, and the effect of each room event on rows.

use recado_shared::rules::membership::{EventContext, MemberChange, RoomChange, ends_room};
use recado_shared::{
    Content, ConversationId, Entry, Membership, RequestError, Role, RoomEvent, RoomId, Seq, UserId,
};

use super::batch::Batch;
use crate::store::tables::conversations::{self, ConversationRow};
use crate::store::tables::members::{self, RoomPlace};
use crate::store::tables::{entries, erasures, rooms, users};
use crate::store::values::{Failure, NewRoom, StoredEntry, ensure};

impl Batch<'_> {
    /// Creates a room, or finds the one that the same request created before.
    pub(super) fn create_room(&mut self, new: &NewRoom) -> Result<(RoomId, StoredEntry), Failure> {
        let db = self.db;
        if let Some((row, entry)) = entries::find(db, new.author, new.id)? {
            let room = conversations::room_of(db, row)?;
            let is_creation = entry.content == Content::Room(RoomEvent::Created);
            ensure(is_creation, RequestError::IdReused)?;
            let room = room.ok_or(RequestError::IdReused)?;
            return Ok((room, StoredEntry::resent(entry)));
        }
        rooms::check_name(db, &new.name, None)?;
        let room = rooms::insert(db, new)?;
        let entry = Entry {
            seq: Seq(1),
            author: new.author,
            id: new.id,
            time: new.time,
            content: Content::Room(RoomEvent::Created),
        };
        let place = RoomPlace {
            conversation: conversations::create(db, ConversationId::Room(room))?,
            seq: entry.seq,
            messages: 0,
            stamp: self.stamp.next(),
        };
        members::enter(db, place, new.author, Role::Owner)?;
        rooms::count_members(db, place.conversation)?;
        self.push_system(ConversationId::Room(room), &entry)?;
        Ok((
            room,
            StoredEntry {
                entry,
                is_new: true,
                is_request: false,
            },
        ))
    }

    /// Begins to erase the texts of a room, and ends the room with all its memberships and invitations.
    pub(super) fn end_room(&mut self, room: RoomId, place: RoomPlace) -> rusqlite::Result<()> {
        let (db, row) = (self.db, place.conversation);
        erasures::begin_of_room(db, row, place.seq)?;
        members::end(db, place, None)?;
        rooms::count_members(db, row)?;
        members::end_invitations(db, row, place.stamp)?;
        members::keep_left(db, row, None)?;
        rooms::update(db, room, RoomChange::Close)
    }

    /// Ends a room that its last member leaves. No entry says so, as it would reach no member.
    pub(super) fn end_empty_room(
        &mut self,
        room: RoomId,
        place: RoomPlace,
    ) -> rusqlite::Result<()> {
        self.end_room(room, place)?;
        rooms::release_names(self.db, room)?;
        Ok(())
    }

    pub(super) fn push_system(
        &mut self,
        id: ConversationId,
        entry: &Entry,
    ) -> rusqlite::Result<()> {
        let conversation = self.existing_conversation(id)?;
        if !self.push(id, &conversation, entry)? {
            return Err(rusqlite::Error::StatementChangedRows(0));
        }
        Ok(())
    }

    pub(super) fn existing_conversation(
        &mut self,
        id: ConversationId,
    ) -> rusqlite::Result<ConversationRow> {
        self.conversation(id)?
            .ok_or(rusqlite::Error::QueryReturnedNoRows)
    }

    /// The state of a room on which the permission and the effect of an event depend.
    pub(super) fn event_context(
        &self,
        room: RoomId,
        conversation: &ConversationRow,
        author: UserId,
        event: &RoomEvent,
    ) -> rusqlite::Result<EventContext> {
        let (db, row) = (self.db, conversation.row);
        let state = |user| members::state(db, row, user);
        let (members, owners) = members::count(db, row)?;
        let (is_closed, is_private) = rooms::access(db, room)?;
        Ok(EventContext {
            author: state(author)?,
            subject: event.subject().map(state).transpose()?.flatten(),
            members,
            owners,
            is_closed,
            is_private,
        })
    }

    /// Applies a valid room event whose entry is appended next, or rejects it.
    pub(super) fn apply_event(
        &mut self,
        room: RoomId,
        conversation: &ConversationRow,
        author: UserId,
        event: &RoomEvent,
        context: &EventContext,
    ) -> Result<(), Failure> {
        let (db, row) = (self.db, conversation.row);
        let place = RoomPlace {
            conversation: row,
            seq: conversation.newest.next(),
            messages: conversation.messages,
            stamp: self.stamp.next(),
        };
        self.flush_and_evict(ConversationId::Room(room))?;
        match event.change(author) {
            RoomChange::Name(name) => {
                rooms::check_name(db, name, Some(room))?;
                rooms::update(db, room, RoomChange::Name(name))?;
            }
            RoomChange::Member(user, change) => {
                let before = if user == author {
                    context.author
                } else {
                    context.subject
                };
                let is_known = before.is_some() || users::exists(db, user)?;
                ensure(is_known, RequestError::UnknownUser)?;
                // A room without members has ended.
                let Some(after) = change.apply(before, false) else {
                    return Ok(());
                };
                match change {
                    MemberChange::Enter => {
                        members::enter(db, place, user, after.role)?;
                    }
                    MemberChange::Exit(_) => {
                        members::exit(db, place, user, after.membership, author)?;
                        if ends_room(event, context.members) {
                            self.end_empty_room(room, place)?;
                        }
                    }
                    MemberChange::Role(_) | MemberChange::Mute(_) => {
                        members::set_rights(db, place, user, &after)?;
                    }
                }
                rooms::count_members(db, row)?;
                match after.membership {
                    Membership::Member | Membership::Invited => {
                        members::forget_left(db, row, user)?;
                    }
                    Membership::Left | Membership::Kicked | Membership::Banned => {
                        members::keep_left(db, row, Some(user))?;
                    }
                }
            }
            RoomChange::Close => self.end_room(room, place)?,
            change => rooms::update(db, room, change)?,
        }
        // The entry is appended to the rows as they are now.
        self.conversation(ConversationId::Room(room))?;
        Ok(())
    }
}
