//! Requests of the relay to the writer, and their results: plain values.

use std::collections::BTreeMap;

use recado_shared::rules::membership::MemberState;
use recado_shared::{
    Content, ConversationId, CursorUpdate, DeviceKey, DeviceName, DisplayName, Entry, Epoch,
    HistoryVisibility, InviteToken, LogId, MemberCursors, MessageId, Refusal, RequestError,
    RequestNumber, RoomId, RoomName, Setting, Stamp, Timestamp, UserId, UserName, Visibility,
};

use super::admin::{AdminChange, AdminOutcome, ChangeError};
use crate::id::{SessionId, Ticket};

/// The session and number of a request, by which its answer is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub session: SessionId,
    pub number: RequestNumber,
}

/// A request to the writer thread, answered by one [`WriteResult`] after its commit is synced to disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Write {
    Login(Login),
    Append {
        origin: Origin,
        new: NewEntry,
    },
    CreateRoom {
        origin: Origin,
        new: NewRoom,
    },
    /// Moves a member's cursors forward, no further than the newest entry.
    Advance {
        user: UserId,
        advance: CursorUpdate,
    },
    Device {
        origin: Origin,
        user: UserId,
        /// The device that asks.
        by: DeviceKey,
        change: DeviceChange,
        time: Timestamp,
    },
    User {
        origin: Origin,
        user: UserId,
        /// The device that asks.
        by: DeviceKey,
        change: UserChange,
    },
    Admin {
        ticket: Ticket,
        change: AdminChange,
        time: Timestamp,
    },
    /// One step of the erasures under way.
    Erase {
        time: Timestamp,
    },
}

/// When the next step of an erasure makes sense.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    Now,
    /// The step failed for want of space or for damage.
    Later,
}

impl Write {
    /// When it was requested, as far as it depends on that.
    pub(crate) fn time(&self) -> Option<Timestamp> {
        match self {
            Self::Login(login) => Some(login.time),
            Self::Append { new, .. } => Some(new.time),
            Self::CreateRoom { new, .. } => Some(new.time),
            Self::Device { time, .. } | Self::Admin { time, .. } | Self::Erase { time } => {
                Some(*time)
            }
            Self::Advance { .. } | Self::User { .. } => None,
        }
    }
}

/// An entry to append.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    pub author: UserId,
    /// The author's device. An append that it queued before it was revoked is rejected.
    pub by: DeviceKey,
    pub conversation: ConversationId,
    pub id: MessageId,
    pub content: Content,
    pub time: Timestamp,
}

/// A change that users make to their devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeviceChange {
    Link {
        key: DeviceKey,
        name: Option<DeviceName>,
    },
    Name {
        key: DeviceKey,
        name: DeviceName,
    },
    /// Fails for the last device.
    Revoke(DeviceKey),
}

/// A change that users make to their own settings, contacts or display name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserChange {
    Set(Setting),
    /// Accepts the message request of this user.
    Accept(UserId),
    Display(Option<DisplayName>),
}

/// The committed outcome of a [`UserChange`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserOutcome {
    Set(Setting),
    Accepted {
        /// False if there was no message request to accept.
        is_new: bool,
    },
    Display {
        name: UserName,
        display: Option<DisplayName>,
    },
}

/// A room to create, with the id of its first entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoom {
    pub author: UserId,
    pub by: DeviceKey,
    pub id: MessageId,
    pub name: RoomName,
    pub visibility: Visibility,
    pub history: HistoryVisibility,
    pub time: Timestamp,
}

/// The history of the data, and the memberships, which the relay loads at start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoredMemberships {
    /// Oldest first; the last one is the present one.
    pub epochs: Vec<Epoch>,
    pub rooms: Vec<StoredRoom>,
    /// Rooms that cannot be read, for damage: requests to them fail.
    pub damaged_rooms: Vec<RoomId>,
    /// Pairs of a user and another user that the first one blocks.
    pub blocks: Vec<(UserId, UserId)>,
    /// Users whose account is disabled or removed.
    pub closed: Vec<UserId>,
    /// Display names, except those that imitate the name of another user.
    pub displays: Vec<StoredDisplay>,
    /// Whether erasures are to be continued.
    pub has_erasures: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDisplay {
    pub user: UserId,
    pub name: UserName,
    pub display: DisplayName,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredRoom {
    pub room: RoomId,
    pub visibility: Visibility,
    pub is_closed: bool,
    pub members: BTreeMap<UserId, MemberState>,
}

/// A device that logs in, or registers its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    pub session: SessionId,
    /// The key that the device proved to hold.
    pub key: DeviceKey,
    pub device_name: Option<DeviceName>,
    pub name: Option<UserName>,
    /// An invite for an existing user links the device to that user, whatever `admission` says.
    pub token: Option<InviteToken>,
    pub admission: Admission,
    pub max_users: u64,
    pub time: Timestamp,
}

/// The relay's policy for a device whose key is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Registers, unless the key was revoked before: that needs an invite.
    Granted,
    /// Registers if this token is valid, and consumes one of its uses.
    ByInvite(InviteToken),
    Denied(Refusal),
}

/// The committed outcome of a [`Write`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteResult {
    Login {
        session: SessionId,
        result: Result<AuthenticatedUser, Refusal>,
    },
    Append {
        origin: Origin,
        conversation: ConversationId,
        result: Result<StoredEntry, RequestError>,
        stamp: Stamp,
    },
    CreateRoom {
        origin: Origin,
        new: NewRoom,
        result: Result<(RoomId, StoredEntry), RequestError>,
        stamp: Stamp,
    },
    Advance {
        conversation: ConversationId,
        /// `None` if no cursor moved.
        moved: Option<MemberCursors>,
        stamp: Stamp,
    },
    Device {
        origin: Origin,
        user: UserId,
        change: DeviceChange,
        result: Result<(), RequestError>,
    },
    User {
        origin: Origin,
        user: UserId,
        result: Result<UserOutcome, RequestError>,
        stamp: Stamp,
    },
    Admin {
        ticket: Ticket,
        result: Result<AdminOutcome, ChangeError>,
        entries: Vec<(ConversationId, Entry)>,
        /// The stamp before this change.
        since: Stamp,
    },
    Erased {
        /// Entries that tell of a removal.
        entries: Vec<(ConversationId, Entry)>,
        /// The stamp before this step.
        since: Stamp,
        /// `None` if no erasure is left.
        left: Option<Left>,
    },
}

/// A device that is logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthenticatedUser {
    pub user: UserId,
    pub name: UserName,
    pub registered: bool,
    pub log: LogId,
    /// The newest stamp before this login.
    pub stamp: Stamp,
}

/// An entry of the log, new or found by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEntry {
    /// As stored; the first time's if `is_new` is not set.
    pub entry: Entry,
    /// Whether this request appended it. The relay does not deliver a resend again.
    pub is_new: bool,
    /// Whether it belongs to a message request that the peer has not accepted.
    pub is_request: bool,
}

impl StoredEntry {
    pub(crate) const fn resent(entry: Entry) -> Self {
        Self {
            entry,
            is_new: false,
            is_request: false,
        }
    }
}
