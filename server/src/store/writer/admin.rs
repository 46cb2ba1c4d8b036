//! Changes of the operator to users and rooms.

use recado_shared::{
    Content, ConversationId, Entry, MessageId, RequestError, RoomEvent, RoomId, RoomName,
    Timestamp, UserId, UserName,
};

use super::batch::Batch;
use crate::store::tables::members::{self, RoomPlace};
use crate::store::tables::overview::{UserInfo, UserState, find_room, find_user};
use crate::store::tables::{conversations, devices, erasures, invites, settings, users};
use crate::store::values::column::random;
use crate::store::values::{AdminChange, AdminOutcome, ChangeError, Failure, ensure};

type AdminResult<T> = Result<T, Failure<ChangeError>>;

impl Batch<'_> {
    pub(super) fn administer(
        &mut self,
        change: &AdminChange,
        time: Timestamp,
    ) -> AdminResult<AdminOutcome> {
        self.flush_and_evict_all()?;
        match change {
            AdminChange::Reset {
                user,
                token,
                expires,
            } => {
                let info = self.user(user)?;
                self.revoke_access(&info, time)?;
                let user = info.user;
                invites::insert_reset(self.db, token, *expires, user, &info.name)?;
                Ok(AdminOutcome::Reset { user })
            }
            AdminChange::Rename { user, to } => {
                let user = self.user(user)?.user;
                users::check_name(self.db, to, Some(user))?;
                users::rename(self.db, user, to)?;
                conversations::mark_renamed(self.db, &mut self.stamp, user)?;
                Ok(AdminOutcome::Renamed {
                    user,
                    name: to.clone(),
                })
            }
            AdminChange::Disable(user) => {
                let user = self.user(user)?.user;
                users::set_disabled(self.db, user, true)?;
                Ok(AdminOutcome::Disabled { user })
            }
            AdminChange::Enable(user) => {
                let user = self.user(user)?.user;
                users::set_disabled(self.db, user, false)?;
                Ok(AdminOutcome::Enabled { user })
            }
            AdminChange::Remove(user) => {
                let info = self.user(user)?;
                self.revoke_access(&info, time)?;
                let user = info.user;
                users::remove(self.db, user)?;
                settings::delete_all(self.db, user)?;
                erasures::begin_of_user(self.db, user)?;
                self.erase_step(time)?;
                Ok(AdminOutcome::Removed { user })
            }
            AdminChange::RenameRoom { room, to } => {
                let room = self.room(room)?;
                self.rename_room(room, to, time)?;
                Ok(AdminOutcome::RoomRenamed { room })
            }
            AdminChange::CloseRoom(room) => {
                let room = self.room(room)?;
                self.close_room(room, time)?;
                self.erase_step(time)?;
                Ok(AdminOutcome::RoomClosed { room })
            }
        }
    }

    fn user(&self, user: &UserName) -> AdminResult<UserInfo> {
        let info = find_user(self.db, user)?.ok_or(ChangeError::UnknownUser)?;
        ensure(info.state != UserState::Removed, ChangeError::Removed)?;
        Ok(info)
    }

    fn room(&self, room: &RoomName) -> AdminResult<RoomId> {
        let info = find_room(self.db, room)?.ok_or(ChangeError::UnknownRoom)?;
        ensure(!info.is_closed, ChangeError::Closed)?;
        Ok(info.room)
    }

    fn rename_room(&mut self, room: RoomId, to: &RoomName, time: Timestamp) -> AdminResult<()> {
        let id = ConversationId::Room(room);
        let conversation = self.existing_conversation(id)?;
        let author = members::first_member(self.db, conversation.row)?;
        let event = RoomEvent::Renamed(to.clone());
        let context = self.event_context(room, &conversation, author, &event)?;
        let valid = context.validate(&event).map_err(Failure::from);
        valid
            .and_then(|()| self.apply_event(room, &conversation, author, &event, &context))
            .map_err(|failure| match failure {
                Failure::Database(error) => Failure::Database(error),
                Failure::Rejected(error) => Failure::Rejected(match error {
                    RequestError::RoomNameTaken => ChangeError::NameTaken,
                    RequestError::RoomNameTooSimilar => ChangeError::NameTooSimilar,
                    _ => ChangeError::NoMembers,
                }),
            })?;
        self.append_system(id, author, time, Content::Room(event))?;
        Ok(())
    }

    /// Revokes the devices and the reset invites of a user, so that no device logs in as the user.
    fn revoke_access(&self, info: &UserInfo, time: Timestamp) -> rusqlite::Result<()> {
        devices::revoke(self.db, info.user, None, time)?;
        invites::delete_resets(self.db, info.user)?;
        Ok(())
    }

    fn close_room(&mut self, room: RoomId, time: Timestamp) -> rusqlite::Result<()> {
        let id = ConversationId::Room(room);
        let row = self.existing_conversation(id)?.row;
        let author = members::first_member(self.db, row)?;
        let place = self.append_system(id, author, time, Content::Room(RoomEvent::Closed))?;
        self.flush_and_evict(id)?;
        self.end_room(room, place)
    }

    pub(super) fn append_system(
        &mut self,
        id: ConversationId,
        author: UserId,
        time: Timestamp,
        content: Content,
    ) -> rusqlite::Result<RoomPlace> {
        let conversation = self.existing_conversation(id)?;
        let entry = Entry {
            seq: conversation.newest.next(),
            author,
            id: MessageId(random()?),
            time: conversation.next_time(time),
            content,
        };
        self.push_system(id, &entry)?;
        let place = RoomPlace {
            conversation: conversation.row,
            seq: entry.seq,
            messages: conversation.messages,
            stamp: self.stamp,
        };
        self.system_entries.push((id, entry));
        Ok(place)
    }
}
