//! Requests, answers and errors of refused requests. Variants are only ever appended.

use serde::{Deserialize, Serialize};

use crate::content::{Content, Entry};
use crate::device::{Device, LinkCode, PendingDevice};
use crate::hello::ProtocolVersion;
use crate::id::{ConversationId, DeviceKey, MessageId, RoomId, Seq, Stamp, Timestamp, UserId};
use crate::limits::{
    MAX_DEVICES, MAX_OPEN_INVITATIONS, MAX_ROOM_BANS, MAX_ROOM_INVITES, MAX_ROOM_MEMBERS,
    MAX_ROOMS_OF_USER, MAX_SETTINGS,
};
use crate::line::{DeviceName, DisplayName};
use crate::name::UserName;
use crate::profile::UserProfile;
use crate::room::{
    HistoryVisibility, Invitation, Role, RoomMember, RoomName, RoomSummary, Visibility,
};
use crate::setting::Setting;
use crate::text::error_texts;

/// Something that needs an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum Request {
    /// Appends an entry once per id and sender: a repetition gets the first answer again.
    Append {
        /// The conversation that gets the entry.
        conversation: ConversationId,
        /// The sender's unique id of the message.
        id: MessageId,
        /// The content of the entry.
        content: Content,
    },
    /// Reads a stretch of a conversation's log.
    Page {
        /// The conversation to read from.
        conversation: ConversationId,
        /// The entries to read.
        range: PageRange,
        /// Most entries wanted; more than
        /// [`MAX_PAGE_ENTRIES`](crate::limits::MAX_PAGE_ENTRIES) counts as that.
        limit: u16,
    },
    /// Searches users by the beginning of the name, in the order of the folded names.
    FindUsers {
        /// The beginning of the name; empty finds all users.
        prefix: String,
        /// Continue after this name of an earlier answer.
        after: Option<UserName>,
        /// Counts as at most [`MAX_USERS_PER_PAGE`](crate::limits::MAX_USERS_PER_PAGE).
        limit: u16,
    },
    /// The known ones of at most [`MAX_USERS_PER_PAGE`](crate::limits::MAX_USERS_PER_PAGE) users, as
    /// [`Answer::Users`].
    Users(Vec<UserId>),
    /// Makes a room, with the user as its owner. The same id from the same user makes one room.
    CreateRoom {
        /// The id of the room's first entry.
        id: MessageId,
        /// The name, unique among rooms.
        name: RoomName,
        /// Who can find and join the room.
        visibility: Visibility,
        /// The part of the log that later members can read.
        history: HistoryVisibility,
    },
    /// Searches the rooms that are public or that the user is in or invited to, as `FindUsers`.
    FindRooms {
        /// The beginning of the name; empty finds all. A room that had exactly this name before is
        /// found too, as the first one.
        prefix: String,
        /// Continue after this name of an earlier answer.
        after: Option<RoomName>,
        /// Counts as at most [`MAX_ROOMS_PER_PAGE`](crate::limits::MAX_ROOMS_PER_PAGE).
        limit: u16,
    },
    /// The members of a room of the user's, in the order of their numbers.
    Members {
        /// The room to list.
        room: RoomId,
        /// Continue after this member of an earlier answer.
        after: Option<UserId>,
        /// Most members wanted; more than
        /// [`MAX_USERS_PER_PAGE`](crate::limits::MAX_USERS_PER_PAGE) counts as that.
        limit: u16,
    },
    /// Changes a setting of the user's, on all devices.
    Set(Setting),
    /// The user's settings that changed after this stamp, oldest change first.
    Settings {
        /// After which; 0 gives all.
        after: Stamp,
    },
    /// Changes or removes the display name beside the user's unique name.
    SetDisplayName(Option<DisplayName>),
    /// Takes a person's request to write to the user. Writing to them does the same.
    AcceptContact(UserId),
    /// Lists the user's devices.
    Devices,
    /// The device that asks to be linked and shows this code.
    FindDevice(LinkCode),
    /// Makes the device that asks to be linked, and has this key, one of the user's.
    LinkDevice {
        /// The key of the device.
        key: DeviceKey,
        /// The new name of the device.
        name: Option<DeviceName>,
    },
    /// Gives one of the user's devices a name.
    NameDevice {
        /// The key of the device.
        key: DeviceKey,
        /// The new name of the device.
        name: DeviceName,
    },
    /// Takes a device from the user; its sessions end.
    RevokeDevice(DeviceKey),
    /// The newest open invitations of the user, as [`Answer::Invitations`]. Since
    /// [`ProtocolVersion::V3`].
    Invitations,
}

/// A stretch of a log. Both give ascending entries without a hole, next to the given place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PageRange {
    /// The entries that follow this one.
    After(Seq),
    /// The entries that precede this one.
    Before(Seq),
}

/// What came of a [`Request`] that was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// The entry is in the log and synced to disk.
    Accepted {
        /// The place of the entry.
        seq: Seq,
        /// When it was accepted.
        time: Timestamp,
    },
    /// A stretch of a log.
    Page {
        /// Ascending, without a gap. Fewer than requested may mean that the frame was full.
        entries: Vec<Entry>,
        /// The newest place of the conversation.
        newest: Seq,
    },
    /// People in the order of their folded names.
    Users {
        /// The profiles of the users that were found.
        people: Vec<UserProfile>,
        /// Whether there are more after the last one.
        more: bool,
    },
    /// It is done and synced to disk.
    Done,
    /// The room is there.
    RoomCreated {
        /// The id of the new room.
        room: RoomId,
        /// The place of its first entry.
        seq: Seq,
        /// The time of its first entry.
        time: Timestamp,
    },
    /// Rooms in the order of their folded names.
    Rooms {
        /// The rooms that were found.
        rooms: Vec<RoomSummary>,
        /// Whether there are more after the last one.
        more: bool,
    },
    /// Members in the order of their numbers.
    Members {
        /// The members, in the order of their ids.
        members: Vec<RoomMember>,
        /// Whether there are more after the last one.
        more: bool,
    },
    /// Settings, oldest change first.
    Settings {
        /// The settings that changed after the stamp.
        settings: Vec<Setting>,
        /// The stamp of the last of them: what to name next.
        stamp: Stamp,
        /// Whether there are more after that.
        more: bool,
    },
    /// The user's devices, oldest first.
    Devices(Vec<Device>),
    /// The device that shows the code.
    PendingDevice(PendingDevice),
    /// Newest first, at most [`MAX_INVITATIONS`](crate::limits::MAX_INVITATIONS).
    Invitations(Vec<Invitation>),
}

error_texts! {
    /// Why a [`Request`] was not granted. The session goes on.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub enum RequestError {
        UnknownUser => "there is no such user on this server",
        NotAMember => "you are not a member of that conversation",
        /// The server is stopping, or cannot use its store. Nothing was stored.
        Unavailable => "the server cannot store anything right now",
        /// The agreed version does not allow the request.
        Unsupported => "the server does not know this request. It may be older than your client",
        /// The earlier entry is in another conversation, or has other content.
        IdReused => "that message id was used before for something else",
        /// A member of this role or a higher one may do it.
        RoleNeeded(Role) => "only {0}s of this room may do that. Ask one of them",
        Muted => "you are muted in this room. Ask a moderator to unmute you",
        Banned => "you are banned from this room. Ask one of its moderators",
        InviteNeeded => "this room is private. Ask one of its members to invite you",
        UnknownRoom => "no such room, or you have no access to it",
        RoomNameTaken => "that room name is taken. Choose another one",
        RoomNameTooSimilar =>
            "that room name is too similar to one that is or was in use. Choose another one",
        AlreadyAMember => "you are in that room already",
        AlreadyInRoom => "that user is in the room already",
        NotInRoom => "that user is not in this room",
        NotBanned => "that user is not banned from this room",
        OutranksYou => "that user's role is as high as yours. Ask a member with a higher role",
        LastOwner => "you are the room's only owner. Make another member an owner first",
        NoSuchMessage => "there is no such message here. It may have been deleted",
        NotTheAuthor => "only its author may edit a message",
        DeleteNotAllowed => "only its author, or a moderator of the room, may delete a message",
        NotARoom => "this works only in a room",
        /// Only the recipient may know the reason.
        NotAccepting => "this user is not accepting messages from you",
        RequestPending => "this user has not accepted your message request yet. Wait for an answer",
        UnknownDevice => "you have no such device",
        LastDevice => "this is your only device. Link another one first",
        UnknownCode => "no device shows that code. Start 'recado link' there, and compare again",
        /// Something has grown as large as it may.
        Limit(Limit) => "{0}",
        Invalid => "the server does not allow that here",
        UserBanned => "that user is banned from this room. Unban them first",
        RoomNotEmpty =>
            "only an empty room can be closed. The other members have to leave, or be kicked, first",
        /// The server cannot read what the request needs. It goes on with all that is not damaged.
        Damaged => "this is damaged on the server's disk. Tell its operator",
    }
}

error_texts! {
    /// What has grown as large as it may.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub enum Limit {
        RoomsOfUser =>
            "you are in {MAX_ROOMS_OF_USER} rooms, more are not possible. Leave one first",
        RoomMembers => "the room has {MAX_ROOM_MEMBERS} members and takes no more",
        Devices => "you have {MAX_DEVICES} devices, more are not possible. Revoke one first",
        Settings => "you have {MAX_SETTINGS} settings stored. Clear drafts and favourites first",
        RoomInvites =>
            "{MAX_ROOM_INVITES} invitations to this room are open. Wait until some are taken",
        RoomBans => "the room has {MAX_ROOM_BANS} bans. Lift one first",
        /// This one and the next are unknown to [`ProtocolVersion::V3`].
        RoomsPerDay => "you created as many rooms today as the server allows. Try again tomorrow",
        BytesPerDay => "you sent as much today as the server allows. Try again tomorrow",
        InvitationsPerHour =>
            "you invited as many users in the last hour as the server allows. Try again later",
        Invitations =>
            "{MAX_OPEN_INVITATIONS} of your invitations to this user are open. Wait for an answer",
    }
}

impl RequestError {
    /// Whether the same request may be granted later without any change.
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::Unavailable)
    }

    /// The error as a side that agreed on this version can read it.
    #[must_use]
    pub fn for_version(self, version: ProtocolVersion) -> Self {
        match self {
            Self::RoomNotEmpty if version < ProtocolVersion::V3 => Self::Invalid,
            Self::Damaged if version < ProtocolVersion::V4 => Self::Invalid,
            Self::Limit(Limit::Invitations) if version < ProtocolVersion::V4 => {
                Self::RequestPending
            }
            // A client of that version tries again later.
            Self::Limit(Limit::RoomsPerDay | Limit::BytesPerDay | Limit::InvitationsPerHour)
                if version < ProtocolVersion::V4 =>
            {
                Self::Unavailable
            }
            known => known,
        }
    }
}

impl Request {
    /// The version that introduced this request.
    pub(crate) fn since(&self) -> ProtocolVersion {
        match self {
            Self::Invitations => ProtocolVersion::V3,
            _ => ProtocolVersion::V1,
        }
    }

    /// The name of the request's kind, for logs.
    pub fn kind(&self) -> &'static str {
        self.into()
    }
}
