//! Changes that the operator makes, and their outcomes: plain values.

use recado_shared::{InviteToken, RoomId, RoomName, Timestamp, UserId, UserName};
use serde::{Deserialize, Serialize};

/// A change that the operator makes to a user or a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminChange {
    /// Revokes all devices of a user. The token links one new device until it expires.
    Reset {
        user: UserName,
        token: InviteToken,
        expires: Timestamp,
    },
    Rename {
        user: UserName,
        to: UserName,
    },
    Disable(UserName),
    Enable(UserName),
    /// Removes a user and erases the user's messages.
    Remove(UserName),
    RenameRoom {
        room: RoomName,
        to: RoomName,
    },
    /// Closes a room and erases its messages.
    CloseRoom(RoomName),
}

/// The committed outcome of a [`AdminChange`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminOutcome {
    Reset { user: UserId },
    Renamed { user: UserId, name: UserName },
    Disabled { user: UserId },
    Enabled { user: UserId },
    Removed { user: UserId },
    RoomRenamed { room: RoomId },
    RoomClosed { room: RoomId },
}

/// Reason why a [`AdminChange`] was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ChangeError {
    #[error("no such user. `recado-server user list` shows all users")]
    UnknownUser,
    #[error("no such room. `recado-server room list` shows all rooms")]
    UnknownRoom,
    #[error("this room is closed and cannot be changed")]
    Closed,
    #[error("this user was removed and cannot be changed")]
    Removed,
    #[error("this name is or was in use. Choose another one")]
    NameTaken,
    #[error("this name is too similar to one that is or was in use. Choose another one")]
    NameTooSimilar,
    #[error("this room has no members: close it, or rename it after someone has joined")]
    NoMembers,
    #[error("the database is damaged here: run `recado-server verify` for what to do")]
    Damaged,
    #[error("nothing can be written: the disk is full. Free some space, and try again")]
    NoSpace,
}
