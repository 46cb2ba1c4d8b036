//! Wire frames, one enum per direction.
//!
//! Postcard writes a variant as its position, so variants are appended, never moved or removed,
//! and a shipped struct never changes. A new meaning is a new variant and a new version.

use serde::{Deserialize, Serialize};

use crate::body::MessageBody;
use crate::content::Entry;
use crate::epoch::{AgreedPage, EpochsFrame};
use crate::hello::{Hello, ProtocolVersion, Refusal, Welcome};
use crate::id::{ConversationId, RequestNumber, Seq, Stamp, Timestamp, UserId};
use crate::profile::{Presence, UserProfile};
use crate::request::{Answer, Request, RequestError};
use crate::room::RoomInfo;
use crate::setting::Setting;
use crate::text::error_texts;

/// Everything a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[strum(serialize_all = "kebab-case")]
pub enum ClientFrame {
    /// Opens the session; the first frame and only the first.
    Hello(Hello),
    /// Asks for something; answered by [`ServerFrame::Answer`] with the same number.
    Request {
        /// Chosen by the client.
        number: RequestNumber,
        /// The request to be answered.
        request: Request,
    },
    /// Moves the user's own cursors forward; moving them back has no effect. Not answered.
    UpdateCursors(CursorUpdate),
    /// The person is typing there. A hint, not answered.
    Typing(ConversationId),
    /// Replaces the at most [`MAX_WATCHED`](crate::limits::MAX_WATCHED) users whose presence is pushed.
    Watch(Vec<UserId>),
    /// Whether a person is at this device.
    Activity(Activity),
    /// Asks for a [`ServerFrame::Pong`] with the same number.
    Ping(u32),
    /// The answer to a [`ServerFrame::Ping`].
    Pong(u32),
    /// The client is leaving on purpose and will send nothing more.
    Leave,
}

/// The user's own cursors in one conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CursorUpdate {
    /// The conversation of the cursors.
    pub conversation: ConversationId,
    /// Everything up to here is on one of the user's devices.
    pub delivered: Seq,
    /// Everything up to here has been seen by the user.
    pub read: Seq,
}

/// What a client says of the person in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Activity {
    /// Has done something lately.
    Active,
    /// The user has been idle.
    Away,
}

/// Everything a server sends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ServerFrame {
    /// The first frame of a session.
    Welcome(Welcome),
    /// Refuses the session; the last frame.
    Refused(Refusal),
    /// Answers the request with the same number.
    Answer {
        /// The number of the request.
        number: RequestNumber,
        /// The answer, or the reason for the refusal.
        result: Result<Answer, RequestError>,
    },
    /// Where the user's conversations stand.
    Heads(HeadsPage),
    /// An entry was appended.
    Entry {
        /// The conversation that it belongs to.
        conversation: ConversationId,
        /// The entry, committed and synced.
        entry: Entry,
    },
    /// A member's cursors moved.
    Cursors {
        /// The conversation of the cursors.
        conversation: ConversationId,
        /// The user, and the new places of the cursors.
        cursors: MemberCursors,
    },
    /// The presence of a watched user.
    Presence {
        /// The user whose presence changed.
        user: UserId,
        /// The best of the user's devices.
        presence: Presence,
    },
    /// A member is typing. A hint that fades by itself.
    Typing {
        /// The conversation that the draft is for.
        conversation: ConversationId,
        /// The user who is typing.
        user: UserId,
    },
    /// A user registered, or a user's profile changed.
    User(UserProfile),
    /// Live frames are left out from here on, because the session did not keep up. Heads follow.
    Behind,
    /// Something the person should know, while the session goes on.
    Notice(Notice),
    /// Asks for a [`ClientFrame::Pong`] with the same number.
    Ping(u32),
    /// The answer to a [`ClientFrame::Ping`].
    Pong(u32),
    /// Why the server ends the session; the last frame.
    Close(CloseReason),
    /// A setting of the user's changed on another device.
    Setting {
        /// The setting with its value.
        setting: Setting,
        /// The place of this change in the order of changes.
        stamp: Stamp,
    },
    /// An announcement of the operator to all users.
    Announcement(MessageBody),
    /// The operator removed a user for good. Entries keep the number.
    UserRemoved(UserId),
    /// The epochs of the server's data. The second frame of a session, right after its `Welcome`.
    Epochs(EpochsFrame),
    /// How far the client's logs and the server's agree: before the heads if the frame of the epochs
    /// says [`Continuity::Compared`](crate::Continuity::Compared).
    Agreed(AgreedPage),
}

/// Heads of conversations, with their users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadsPage {
    /// At most [`MAX_HEADS_PER_FRAME`](crate::limits::MAX_HEADS_PER_FRAME), one per conversation.
    pub heads: Vec<Head>,
    /// The members of the direct conversations. Clients request those of rooms.
    pub people: Vec<UserProfile>,
    /// Set on the last page: what to name in the next [`Hello`].
    pub complete: Option<Stamp>,
}

/// Where one conversation stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The conversation that it summarises.
    pub conversation: ConversationId,
    /// The place of the newest entry.
    pub newest: Seq,
    /// When the newest entry was accepted.
    pub newest_time: Timestamp,
    /// How many messages of others lie after the read cursor. Other entries do not count.
    pub unread: u64,
    /// The cursors of all members; in a room of more than
    /// [`MAX_MEMBERS_WITH_CURSORS`](crate::limits::MAX_MEMBERS_WITH_CURSORS) only the user's own.
    pub cursors: Vec<MemberCursors>,
    /// The first place that the user may read: 1, or the joining of a room with hidden history. The
    /// server never sends an entry before it.
    pub first: Seq,
    /// Of a room: its facts.
    pub room: Option<RoomInfo>,
    /// Whether it is a message request that the user has not accepted.
    pub is_request: bool,
}

/// How far one member has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberCursors {
    /// The member whose cursors these are.
    pub user: UserId,
    /// Everything up to here is on one of the member's devices.
    pub delivered: Seq,
    /// Everything up to here has been seen by the member. Never beyond `delivered`.
    pub read: Seq,
}

error_texts! {
    /// A message for the user that does not end the session.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub enum Notice {
        Throttled => "you are sending too fast: the server is slowing you down, nothing is lost",
        /// The client sent a longer [`ClientFrame::Watch`].
        WatchLimit(u32) => "too many contacts: the server shows the presence of the first {0}",
    }
}

error_texts! {
    /// The reason for the end of a session.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub enum CloseReason {
        /// The server has stored everything that it acknowledged.
        ShuttingDown => "the server is shutting down",
        Silent => "the connection timed out: the server received nothing for too long",
        /// The client sent bytes that are no frame.
        Malformed =>
            "the server could not read a message of this client. It may be too old or too new",
        TooLong => "this client sent more at once than the server allows",
        UnexpectedFrame => "this client sent something that the server did not expect",
        TooSlow => "the connection was too slow: this client stopped reading",
        /// Nothing that was acknowledged is lost.
        StoreFailed => "the server's database failed, and the server stopped",
        Revoked =>
            "this device was revoked. Link it again from another device, or ask for an invite",
        AccountClosed => "the operator of the server closed this account",
        /// The client may connect again.
        Renamed => "the operator of the server renamed you",
    }
}

impl CloseReason {
    /// Whether this device needs a new link or invite before it can connect again.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Revoked | Self::AccountClosed => true,
            Self::ShuttingDown
            | Self::Silent
            | Self::Malformed
            | Self::TooLong
            | Self::UnexpectedFrame
            | Self::TooSlow
            | Self::StoreFailed
            | Self::Renamed => false,
        }
    }
}

impl ClientFrame {
    /// The version that introduced this frame. A side that agreed on an older one refuses it.
    pub fn since(&self) -> ProtocolVersion {
        match self {
            Self::Request { request, .. } => request.since(),
            Self::Hello(_)
            | Self::UpdateCursors(_)
            | Self::Typing(_)
            | Self::Watch(_)
            | Self::Activity(_)
            | Self::Ping(_)
            | Self::Pong(_)
            | Self::Leave => ProtocolVersion::V1,
        }
    }

    /// The name of the frame's kind, for logs.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Request { request, .. } => request.kind(),
            _ => self.into(),
        }
    }
}

impl ServerFrame {
    /// The version that introduced this frame. A side that agreed on an older one refuses it.
    pub fn since(&self) -> ProtocolVersion {
        match self {
            Self::Welcome(_)
            | Self::Refused(_)
            | Self::Answer { .. }
            | Self::Heads(_)
            | Self::Entry { .. }
            | Self::Cursors { .. }
            | Self::Presence { .. }
            | Self::Typing { .. }
            | Self::User(_)
            | Self::Behind
            | Self::Notice(_)
            | Self::Ping(_)
            | Self::Pong(_)
            | Self::Close(_) => ProtocolVersion::V1,
            Self::Setting { .. } | Self::Announcement(_) => ProtocolVersion::V2,
            Self::UserRemoved(_) => ProtocolVersion::V3,
            Self::Epochs(_) | Self::Agreed(_) => ProtocolVersion::V4,
        }
    }
}
