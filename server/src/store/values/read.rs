//! Requests of the relay to the readers, and their results: plain values.

use recado_shared::{
    Answer, Content, ConversationId, Head, MessageId, PageRange, RequestError, RoomId, RoomName,
    Seq, Stamp, UserId, UserName,
};

use super::request::Origin;
use crate::id::SessionId;

/// A request to the reader threads, answered by one [`ReadResult`]. It never waits for writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Read {
    Heads {
        session: SessionId,
        user: UserId,
        /// Only heads that changed after this stamp, with those of rooms that the user has left. `None`
        /// gives all heads without those, for a client that knows no room yet.
        since: Option<Stamp>,
    },
    /// The next page of heads.
    MoreHeads {
        session: SessionId,
        user: UserId,
        /// What the last page left over.
        rest: HeadsRest,
    },
    /// How far the logs of a user reach up to a place in the order of all entries.
    Agreed {
        session: SessionId,
        user: UserId,
        place: u64,
    },
    Query {
        origin: Origin,
        user: UserId,
        query: Query,
    },
}

/// Conversations whose heads belong to an answer and are not read yet, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeadsRest(pub(crate) Vec<i64>);

impl HeadsRest {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The outcome of a [`Read`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadResult {
    /// A page of heads, which fits into a frame.
    Heads {
        session: SessionId,
        /// The newest conversation is first.
        heads: Vec<Head>,
        people: Vec<(UserId, UserName)>,
        /// The newest stamp at the time of this page.
        stamp: Stamp,
        rest: HeadsRest,
    },
    Agreed {
        session: SessionId,
        /// All conversations that the user is or was in.
        places: Vec<(ConversationId, Seq)>,
    },
    /// The answer to a [`Query`], without what only the relay knows.
    Answer {
        origin: Origin,
        result: Result<Answer, RequestError>,
    },
}

/// A request that a reader answers for the user who sent it. Limits are within those of the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Query {
    /// Leaves out entries that this user may not read.
    Page {
        conversation: ConversationId,
        range: PageRange,
        limit: u16,
    },
    /// Finds an append that was accepted earlier and that its author may not repeat: an accepted
    /// append stays accepted.
    Resend {
        conversation: ConversationId,
        id: MessageId,
        content: Content,
        /// The answer if it was not stored.
        refusal: RequestError,
    },
    Users(Vec<UserId>),
    FindUsers(NameSearch<UserName>),
    FindRooms(NameSearch<RoomName>),
    Invitations,
    /// The caller is a member.
    Members {
        room: RoomId,
        after: Option<UserId>,
        limit: u16,
    },
    Devices,
    Settings {
        after: Stamp,
    },
}

/// A search by the beginning of a name, after a name that was found before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameSearch<N> {
    pub prefix: String,
    pub after: Option<N>,
    pub limit: u16,
}
