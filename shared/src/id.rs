//! Typed identifiers, none of which is ever reused, and times.

use std::fmt;
use std::time::Instant;

use serde::{Deserialize, Serialize};

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

number_id! {
    /// A user of one server, numbered by that server in the order of registration from 1.
    UserId(u64)
}
number_id! {
    /// A room of one server, numbered by that server in the order of making from 1.
    RoomId(u64)
}
number_id! {
    /// The place of an entry in its log: dense, from 1. As a cursor, 0 is before the first entry.
    Seq(u64)
}
number_id! {
    /// The number of a request and its answer, unique among the unanswered ones of a session.
    RequestNumber(u32)
}
number_id! {
    /// Wall-clock time in milliseconds since 1970-01-01 00:00 UTC.
    Timestamp(u64)
}
number_id! {
    /// A server's counter of changes, so that clients get only the heads that changed since.
    Stamp(u64)
}

/// The moment of an event, read once by a driver. A core never reads a clock itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For deadlines: never goes back.
    pub instant: Instant,
    /// For display and for the log: wall-clock time, which may jump.
    pub wall: Timestamp,
}

impl Stamp {
    /// The stamp of the next change.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl Seq {
    /// The place before the first entry.
    pub const ZERO: Self = Self(0);

    /// The place after this one.
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// The place before this one, or [`Seq::ZERO`].
    pub const fn prev(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident[$len:literal]) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub [u8; $len]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&data_encoding::HEXLOWER.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

bytes_id! {
    /// A UUID version 7 (RFC 9562) that the sender gives a message. Unique per sender for ever, so that
    /// sending again is harmless.
    MessageId[16]
}
bytes_id! {
    /// The Ed25519 public key (RFC 8032) of a device, as learned from the TLS handshake.
    DeviceKey[32]
}
bytes_id! {
    /// The identity of a server's data. Clients put the cache of another one aside.
    LogId[16]
}
bytes_id! {
    /// An epoch of a server's data: all that one opening of it appends. Drawn at random each time.
    EpochId[8]
}

/// A conversation, named the same way by all its members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ConversationId {
    /// The conversation of two users, or of one with themselves.
    Direct(DirectPair),
    /// A room with its id.
    Room(RoomId),
}

impl ConversationId {
    /// The conversation between `a` and `b`.
    pub const fn direct(a: UserId, b: UserId) -> Self {
        Self::Direct(DirectPair::new(a, b))
    }

    /// The other user of a direct conversation that `me` is in; `None` also in rooms.
    pub fn peer_of(self, me: UserId) -> Option<UserId> {
        match self {
            Self::Direct(pair) if me == pair.low => Some(pair.high),
            Self::Direct(pair) if me == pair.high => Some(pair.low),
            Self::Direct(_) | Self::Room(_) => None,
        }
    }

    /// The two people of a direct conversation.
    pub const fn pair(self) -> Option<DirectPair> {
        match self {
            Self::Direct(pair) => Some(pair),
            Self::Room(_) => None,
        }
    }

    /// The room; `None` for a direct conversation.
    pub const fn room(self) -> Option<RoomId> {
        match self {
            Self::Direct(_) => None,
            Self::Room(room) => Some(room),
        }
    }
}

/// Two users in ascending order, so that both of them name their conversation alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "(UserId, UserId)", into = "(UserId, UserId)")]
pub struct DirectPair {
    low: UserId,
    high: UserId,
}

impl DirectPair {
    /// Puts two users in order.
    pub const fn new(a: UserId, b: UserId) -> Self {
        if a.0 <= b.0 {
            Self { low: a, high: b }
        } else {
            Self { low: b, high: a }
        }
    }

    /// The user with the smaller number.
    pub const fn low(self) -> UserId {
        self.low
    }

    /// The user with the larger number; the same as [`low`](Self::low) in a note to oneself.
    pub const fn high(self) -> UserId {
        self.high
    }

    /// The distinct members: two, or one in a note to oneself.
    pub fn members(self) -> impl Iterator<Item = UserId> {
        std::iter::once(self.low).chain((self.low != self.high).then_some(self.high))
    }
}

impl From<DirectPair> for (UserId, UserId) {
    fn from(pair: DirectPair) -> Self {
        (pair.low, pair.high)
    }
}

impl TryFrom<(UserId, UserId)> for DirectPair {
    type Error = &'static str;

    fn try_from((low, high): (UserId, UserId)) -> Result<Self, Self::Error> {
        if low <= high {
            Ok(Self { low, high })
        } else {
            Err("the users of a direct conversation must be in ascending order")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_people_name_their_conversation_alike() {
        let (a, b) = (UserId(7), UserId(3));
        assert_eq!(ConversationId::direct(a, b), ConversationId::direct(b, a));
        assert_eq!(ConversationId::direct(a, b).peer_of(a), Some(b));
        assert_eq!(ConversationId::direct(a, b).peer_of(UserId(9)), None);
        assert_eq!(ConversationId::Room(RoomId(1)).peer_of(a), None);
    }

    #[test]
    fn a_note_to_oneself_has_one_member() {
        let pair = DirectPair::new(UserId(4), UserId(4));
        assert_eq!(pair.members().collect::<Vec<_>>(), [UserId(4)]);
    }
}
