//! What can be changed about people, and what comes of it: plain values.

use recado_shared::{InviteToken, RoomId, RoomName, Timestamp, UserId, UserName};
use serde::{Deserialize, Serialize};

/// Something that an administrator changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// Take all devices from a user, and let the bearer of a token back in as that user.
    Reset {
        /// Whose.
        user: UserName,
        /// Admits one device.
        token: InviteToken,
        /// Until then.
        expires: Timestamp,
    },
    /// Give a user another name.
    Rename {
        /// Whom.
        user: UserName,
        /// Which.
        to: UserName,
    },
    /// Let a user in no more.
    Disable(UserName),
    /// Let a user in again.
    Enable(UserName),
    /// Remove a user for good, with all that they wrote.
    Remove(UserName),
    /// Give a room another name.
    RenameRoom {
        /// Which room.
        room: RoomName,
        /// Which name.
        to: RoomName,
    },
    /// Close a room for good, with all that was written in it.
    CloseRoom(RoomName),
}

/// What was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Changed {
    /// The user has no devices.
    Reset {
        /// Who.
        user: UserId,
    },
    /// The user has another name.
    Renamed {
        /// Who.
        user: UserId,
        /// Which.
        name: UserName,
    },
    /// The user is not let in.
    Disabled {
        /// Who.
        user: UserId,
    },
    /// The user is let in.
    Enabled {
        /// Who.
        user: UserId,
    },
    /// The user is removed, and their texts are erased.
    Removed {
        /// Who.
        user: UserId,
    },
    /// The room has another name.
    RoomRenamed {
        /// Which room.
        room: RoomId,
    },
    /// The room is closed, and its texts are erased.
    RoomClosed {
        /// Which room.
        room: RoomId,
    },
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ChangeError {
    /// Nobody has the name.
    #[error("no such user. `recado-server user list` shows all users")]
    UnknownUser,
    /// No room has the name.
    #[error("no such room. `recado-server room list` shows all rooms")]
    UnknownRoom,
    /// The room was closed.
    #[error("this room is closed and cannot be changed")]
    Closed,
    /// The user was removed.
    #[error("this user was removed and cannot be changed")]
    Removed,
    /// Someone or something else has the new name, or had it.
    #[error("this name is or was in use: choose another one")]
    NameTaken,
    /// Someone else has a name that looks the same.
    #[error("this name is too similar to one that is or was in use: choose another one")]
    NameTooSimilar,
    /// A room without members, in whose log nobody can say something.
    #[error("this room has no members: close it, or rename it after someone has joined")]
    NobodyThere,
}
