//! What waits to be written to one session, and how much of it there may be.

use bytes::Bytes;
use recado_shared::limits::{MAX_REQUESTS_IN_FLIGHT, MAX_ROOMS_OF_USER};
use recado_shared::{ProtocolVersion, RequestNumber, ServerFrame, UserId, codec};
use tokio::sync::mpsc;
use tracing::error;

use crate::config::MAX_USERS_LIMIT;

/// Most live frames that wait for one session. One more, and it is behind.
pub const PUSH_ROOM: usize = 256;

/// The fewest heads of direct conversations, and of rooms, that a full page has.
const HEADS_PER_PAGE: usize = 100;
const ROOM_HEADS_PER_PAGE: usize = 20;

/// Room for three sets of heads pages: a user has at most one conversation with each other user,
/// and is or was in so many rooms.
/// While a session is behind, the set that is being read comes in and the one that was to follow
/// it; once it has caught up, one more may come before these are written.
pub const HEADS_ROOM: usize = 3
    * (MAX_USERS_LIMIT as usize / HEADS_PER_PAGE + 2 * MAX_ROOMS_OF_USER / ROOM_HEADS_PER_PAGE + 1);

/// Room that live frames leave free, so that what must not be left out always fits: answers, which
/// the session's window bounds, heads, and one each of welcome, behind and farewell.
pub const RESERVED_ROOM: usize = MAX_REQUESTS_IN_FLIGHT + HEADS_ROOM + 3;

/// Most frames that wait for one session.
pub const OUTBOX_ROOM: usize = PUSH_ROOM + RESERVED_ROOM;

/// The driver's end of a session's queue of frames. Only the driver puts frames in.
pub type Outbox = mpsc::Sender<Outgoing>;

/// An encoded frame on its way to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The frame without its length prefix, shared by all sessions that get it.
    pub payload: Bytes,
    /// What its being written means.
    pub then: Then,
}

/// What happens once a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing more.
    Nothing,
    /// The session is open.
    Welcomed {
        /// In this version.
        version: ProtocolVersion,
        /// For this user.
        user: UserId,
    },
    /// The request with this number is answered.
    Answered(RequestNumber),
    /// The driver is told that the session caught up.
    CaughtUp,
    /// The session ends.
    End,
}

impl Outgoing {
    /// Encodes a frame. `None` means that a frame cannot be encoded, which is a fault of this
    /// program and logged as one.
    pub fn encode(frame: &ServerFrame, then: Then) -> Option<Self> {
        match codec::encode(frame) {
            Ok(payload) => Some(Self { payload, then }),
            Err(error) => {
                error!(kind = kind(frame), %error, "frame cannot be encoded");
                None
            }
        }
    }
}

/// Makes a session's queue. Its memory grows only with what waits in it.
pub(super) fn channel() -> (Outbox, mpsc::Receiver<Outgoing>) {
    mpsc::channel(OUTBOX_ROOM)
}

/// The name of a frame's kind, for logs.
pub(crate) fn kind(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::Welcome(_) => "welcome",
        ServerFrame::Refused(_) => "refused",
        ServerFrame::Answer { .. } => "answer",
        ServerFrame::Heads(_) => "heads",
        ServerFrame::Entry { .. } => "entry",
        ServerFrame::Cursors { .. } => "cursors",
        ServerFrame::Presence { .. } => "presence",
        ServerFrame::Typing { .. } => "typing",
        ServerFrame::Person(_) => "person",
        ServerFrame::Behind => "behind",
        ServerFrame::Notice(_) => "notice",
        ServerFrame::Ping(_) => "ping",
        ServerFrame::Pong(_) => "pong",
        ServerFrame::Farewell(_) => "farewell",
        ServerFrame::Setting { .. } => "setting",
        ServerFrame::Announcement(_) => "announcement",
    }
}
