//! Changes of the operator to users and rooms.

use recado_shared::{
    Content, ConversationId, RequestError, RoomEvent, RoomId, RoomName, Timestamp, UserName,
};

use super::batch::Batch;
use crate::store::tables::overview::{UserInfo, UserState, find_room, find_user};
use crate::store::tables::{conversations, devices, invites, members, settings, users};
use crate::store::values::{AdminChange, AdminOutcome, ChangeError, Failure, ensure};

impl Batch<'_> {
    /// Applies one change. The entries that it appends go to `notices`.
    pub(super) fn administer(
        &mut self,
        change: &AdminChange,
        time: Timestamp,
    ) -> Result<AdminOutcome, Failure<ChangeError>> {
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
                self.remove_author(user, time)?;
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
                Ok(AdminOutcome::RoomClosed { room })
            }
        }
    }

    fn user(&self, user: &UserName) -> Result<UserInfo, Failure<ChangeError>> {
        let info = find_user(self.db, user)?.ok_or(ChangeError::UnknownUser)?;
        ensure(info.state != UserState::Removed, ChangeError::Removed)?;
        Ok(info)
    }

    fn room(&self, room: &RoomName) -> Result<RoomId, Failure<ChangeError>> {
        let info = find_room(self.db, room)?.ok_or(ChangeError::UnknownRoom)?;
        ensure(!info.is_closed, ChangeError::Closed)?;
        Ok(info.room)
    }

    /// Renames a room in the name of an owner.
    fn rename_room(
        &mut self,
        room: RoomId,
        to: &RoomName,
        time: Timestamp,
    ) -> Result<(), Failure<ChangeError>> {
        let id = ConversationId::Room(room);
        let conversation = self.existing_conversation(id)?;
        let author = members::first_member(self.db, conversation.row)?;
        let event = RoomEvent::Renamed(to.clone());
        self.apply_event(room, &conversation, author, &event)
            .map_err(|failure| match failure {
                Failure::Database(error) => Failure::Database(error),
                Failure::Rejected(error) => Failure::Rejected(match error {
                    RequestError::RoomNameTaken => ChangeError::NameTaken,
                    RequestError::RoomNameTooSimilar => ChangeError::NameTooSimilar,
                    _ => ChangeError::NoMembers,
                }),
            })?;
        self.append_notice(id, author, time, Content::Room(event))?;
        Ok(())
    }

    /// Revokes the devices and the reset invites of a user, so that no device logs in as the user.
    fn revoke_access(&self, info: &UserInfo, time: Timestamp) -> rusqlite::Result<()> {
        devices::revoke(self.db, info.user, None, time)?;
        invites::delete_resets(self.db, info.user)
    }
}
