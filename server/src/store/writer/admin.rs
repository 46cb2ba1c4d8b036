//! Changes of the operator to users and rooms.

use recado_shared::{
    Content, ConversationId, RequestError, RoomEvent, RoomId, RoomName, Timestamp, UserName,
};

use crate::store::tables::overview::{UserInfo, UserState, find_room, find_user};
use crate::store::tables::{conversations, devices, invites, members, settings, users};
use crate::store::values::admin::{AdminChange, AdminOutcome, ChangeError};
use crate::store::values::column::random;
use crate::store::values::failure::Failure;
use crate::store::writer::append::NewEntry;
use crate::store::writer::batch::Batch;
use crate::store::writer::erase::SystemEntries;

impl Batch<'_> {
    /// Applies one change. The entries that it appends go to `entries`.
    pub(crate) fn administer(
        &mut self,
        change: &AdminChange,
        time: Timestamp,
        entries: &mut SystemEntries,
    ) -> Result<AdminOutcome, Failure<ChangeError>> {
        self.flush_and_evict_all()?;
        match change {
            AdminChange::Reset {
                user,
                token,
                expires,
            } => {
                let facts = self.user(user)?;
                self.revoke_access(&facts, time)?;
                let user = facts.user;
                invites::insert_reset(self.db, token, *expires, user, &facts.name)?;
                Ok(AdminOutcome::Reset { user })
            }
            AdminChange::Rename { user, to } => {
                let user = self.user(user)?.user;
                if let Some(conflict) = users::name_conflict(self.db, to, Some(user))? {
                    return Err(conflict.into());
                }
                users::rename(self.db, user, to)?;
                conversations::mark_renamed(self.db, &mut self.stamp, user)?;
                let name = to.clone();
                Ok(AdminOutcome::Renamed { user, name })
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
                let facts = self.user(user)?;
                self.revoke_access(&facts, time)?;
                let user = facts.user;
                users::remove(self.db, user)?;
                settings::delete_all(self.db, user)?;
                self.remove_author(user, time, entries)?;
                Ok(AdminOutcome::Removed { user })
            }
            AdminChange::RenameRoom { room, to } => {
                let room = self.room(room)?;
                self.rename_room(room, to, time, entries)?;
                Ok(AdminOutcome::RoomRenamed { room })
            }
            AdminChange::CloseRoom(room) => {
                let room = self.room(room)?;
                self.close_room(room, time, entries)?;
                Ok(AdminOutcome::RoomClosed { room })
            }
        }
    }

    fn user(&self, user: &UserName) -> Result<UserInfo, Failure<ChangeError>> {
        let facts = find_user(self.db, user)?.ok_or(ChangeError::UnknownUser)?;
        if facts.state == UserState::Removed {
            return Err(ChangeError::Removed.into());
        }
        Ok(facts)
    }

    fn room(&self, room: &RoomName) -> Result<RoomId, Failure<ChangeError>> {
        let facts = find_room(self.db, room)?.ok_or(ChangeError::UnknownRoom)?;
        if facts.is_closed {
            return Err(ChangeError::Closed.into());
        }
        Ok(facts.room)
    }

    /// Renames a room in the name of an owner.
    fn rename_room(
        &mut self,
        room: RoomId,
        to: &RoomName,
        time: Timestamp,
        entries: &mut SystemEntries,
    ) -> Result<(), Failure<ChangeError>> {
        let conversation = ConversationId::Room(room);
        let found = conversations::find(self.db, conversation)?.ok_or(ChangeError::UnknownRoom)?;
        let new = NewEntry {
            author: members::first_member(self.db, found.row)?,
            conversation,
            id: recado_shared::MessageId(random()?),
            content: &Content::Room(RoomEvent::Renamed(to.clone())),
            time,
            moderates: false,
        };
        let appended = self
            .append_for_operator(&new)
            .map_err(|failure| match failure {
                Failure::Database(error) => Failure::Database(error),
                Failure::Rejected(error) => Failure::Rejected(match error {
                    RequestError::RoomNameTaken => ChangeError::NameTaken,
                    RequestError::RoomNameTooSimilar => ChangeError::NameTooSimilar,
                    _ => ChangeError::NoMembers,
                }),
            })?;
        entries.push((conversation, appended.entry));
        Ok(())
    }

    /// Revokes the devices and the reset invites of a user, so that no device logs in as the user.
    fn revoke_access(&self, facts: &UserInfo, time: Timestamp) -> rusqlite::Result<()> {
        devices::revoke(self.db, facts.user, None, time)?;
        invites::delete_resets(self.db, facts.user)
    }
}
