//! The operator's view of users, rooms and invites.

use recado_shared::{Device, RoomId, RoomName, Timestamp, Topic, UserId, UserName};
use rusqlite::{Connection, OptionalExtension as _, Result, Row};

use super::erasures::{self, Erasure};
use super::{devices, invites};
use crate::store::values::column::{int, optional_text, optional_time, text, uint};

/// A connection to the data of a running or stopped server.
#[derive(Debug)]
pub struct Admin(pub(crate) Connection);

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserInfo {
    pub user: UserId,
    pub name: UserName,
    pub created: Timestamp,
    pub state: UserState,
    pub devices: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    Active,
    Disabled,
    Removed,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDetail {
    pub info: UserInfo,
    /// Oldest first, without who is online.
    pub devices: Vec<Device>,
    pub conversations: u64,
    /// Entries that the user wrote.
    pub entries: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomInfo {
    pub room: RoomId,
    pub name: RoomName,
    pub topic: Option<Topic>,
    pub is_private: bool,
    pub is_closed: bool,
    pub members: u64,
    pub entries: u64,
    pub newest_time: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteInfo {
    /// SHA-256 of the token in hex. The token itself is not kept.
    pub digest: String,
    pub uses_left: u64,
    pub expires: Option<Timestamp>,
    /// The only name that it registers; any if `None`.
    pub for_name: Option<UserName>,
    /// Whether it links a device to an existing user.
    pub is_reset: bool,
    pub created: Timestamp,
}

/// Progress of the erasures of removed users and closed rooms, in entries that were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasureProgress {
    pub done: u64,
    pub total: u64,
}

impl ErasureProgress {
    pub fn percent(self) -> u64 {
        self.done.min(self.total) * 100 / self.total.max(1)
    }
}

impl UserState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
            Self::Removed => "removed",
        }
    }
}

const USERS: &str = "SELECT id, name, created, is_disabled, is_removed,
        (SELECT count(*) FROM devices WHERE devices.user = users.id)
     FROM users";

const ROOMS: &str = "SELECT r.id, r.name, r.topic, r.visibility <> 0, r.is_closed, r.members,
        c.newest, c.newest_time
     FROM rooms r JOIN conversations c ON c.room = r.id";

impl Admin {
    /// All users, also removed ones, by folded name.
    ///
    /// # Errors
    /// If the database fails.
    pub fn users(&self) -> Result<Vec<UserInfo>> {
        self.0
            .prepare_cached(&format!("{USERS} ORDER BY folded"))?
            .query_map([], user)?
            .collect()
    }

    /// # Errors
    /// If the database fails.
    pub fn user(&self, name: &UserName) -> Result<Option<UserDetail>> {
        let Some(info) = find_user(&self.0, name)? else {
            return Ok(None);
        };
        let id = int(info.user.0);
        let count = |sql| {
            let mut statement = self.0.prepare_cached(sql)?;
            statement.query_one([id], |row| uint(row, 0))
        };
        Ok(Some(UserDetail {
            devices: devices::list(&self.0, info.user)?,
            info,
            conversations: count("SELECT count(*) FROM members WHERE user = ?1")?,
            entries: count("SELECT count(*) FROM entries WHERE author = ?1")?,
        }))
    }

    /// How far the erasures under way are; `None` if there are none.
    ///
    /// # Errors
    /// If the database fails.
    pub fn erasures(&self) -> Result<Option<ErasureProgress>> {
        let erasures = erasures::all(&self.0)?;
        let sum = |of: fn(&Erasure) -> u64| erasures.iter().map(of).sum();
        let progress = ErasureProgress {
            done: sum(|erasure| erasure.done),
            total: sum(|erasure| erasure.total),
        };
        Ok((!erasures.is_empty()).then_some(progress))
    }

    /// All rooms, also closed ones, by folded name.
    ///
    /// # Errors
    /// If the database fails.
    pub fn rooms(&self) -> Result<Vec<RoomInfo>> {
        self.0
            .prepare_cached(&format!("{ROOMS} ORDER BY r.folded"))?
            .query_map([], room)?
            .collect()
    }

    /// # Errors
    /// If the database fails.
    pub fn room(&self, name: &RoomName) -> Result<Option<RoomInfo>> {
        find_room(&self.0, name)
    }

    /// All invites, also used ones, oldest first.
    ///
    /// # Errors
    /// If the database fails.
    pub fn invites(&self) -> Result<Vec<InviteInfo>> {
        self.0
            .prepare_cached(
                "SELECT lower(hex(token_hash)), uses_left, expires, for_name, for_user IS NOT NULL,
                     created
                 FROM invites ORDER BY created, token_hash",
            )?
            .query_map([], |row| {
                Ok(InviteInfo {
                    digest: row.get(0)?,
                    uses_left: uint(row, 1)?,
                    expires: optional_time(row, 2)?,
                    for_name: optional_text(row, 3, UserName::new)?,
                    is_reset: row.get(4)?,
                    created: Timestamp(uint(row, 5)?),
                })
            })?
            .collect()
    }

    /// Deletes an invite by the digest of its token; false if there is none.
    ///
    /// # Errors
    /// If the database fails.
    pub fn revoke_invite(&mut self, digest: &str) -> Result<bool> {
        Ok(invites::delete(&self.0, digest)? > 0)
    }
}

/// Also finds a removed user by the name.
pub(crate) fn find_user(db: &Connection, name: &UserName) -> Result<Option<UserInfo>> {
    db.prepare_cached(&format!("{USERS} WHERE folded = ?1"))?
        .query_one([name.folded()], user)
        .optional()
}

pub(crate) fn find_room(db: &Connection, name: &RoomName) -> Result<Option<RoomInfo>> {
    db.prepare_cached(&format!("{ROOMS} WHERE r.folded = ?1"))?
        .query_one([name.folded()], room)
        .optional()
}

fn user(row: &Row<'_>) -> Result<UserInfo> {
    let state = match (row.get(3)?, row.get(4)?) {
        (_, true) => UserState::Removed,
        (true, false) => UserState::Disabled,
        (false, false) => UserState::Active,
    };
    Ok(UserInfo {
        user: UserId(uint(row, 0)?),
        name: text(row, 1, UserName::new)?,
        created: Timestamp(uint(row, 2)?),
        state,
        devices: uint(row, 5)?,
    })
}

fn room(row: &Row<'_>) -> Result<RoomInfo> {
    Ok(RoomInfo {
        room: RoomId(uint(row, 0)?),
        name: text(row, 1, RoomName::new)?,
        topic: optional_text(row, 2, Topic::stored)?,
        is_private: row.get(3)?,
        is_closed: row.get(4)?,
        members: uint(row, 5)?,
        entries: uint(row, 6)?,
        newest_time: Timestamp(uint(row, 7)?),
    })
}
