//! The opening of a session: who asks for what, and how it is answered.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::id::{LogId, Stamp, Timestamp, UserId};
use crate::name::{NameError, UserName};

/// A version of the protocol within ALPN `recado/1`. Both sides send only what the agreed version
/// allows and refuse the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProtocolVersion(pub u16);

impl ProtocolVersion {
    /// The first version: direct conversations and plain messages. It was never released and is
    /// not spoken any more: heads and people have other shapes since.
    pub const V1: Self = Self(1);
    /// Rooms, replies, edits, deletions, reactions, settings, devices.
    pub const V2: Self = Self(2);
    /// The oldest version that this code speaks.
    pub const OLDEST: Self = Self::V2;
    /// The newest version that this code speaks.
    pub const NEWEST: Self = Self::V2;

    /// The newest version that this code and a peer that speaks `oldest..=newest` have in common.
    pub fn agree(oldest: Self, newest: Self) -> Option<Self> {
        let version = newest.min(Self::NEWEST);
        (version >= oldest && version >= Self::OLDEST).then_some(version)
    }
}

impl fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A secret that admits its bearer: part of an invite, or of the local ticket. 128 random bits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InviteToken(pub [u8; 16]);

/// Secrets are never logged.
impl fmt::Debug for InviteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteToken(…)")
    }
}

/// The first frame of a session. It never changes shape, so that any two versions can at least
/// tell each other apart; what later versions add travels in `extensions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The oldest version the client speaks.
    pub oldest: ProtocolVersion,
    /// The newest version the client speaks.
    pub newest: ProtocolVersion,
    /// Name and version of the program, for logs; at most
    /// [`MAX_SOFTWARE_LEN`](crate::limits::MAX_SOFTWARE_LEN) bytes.
    pub software: String,
    /// The name to claim or resume. Unchecked text, so that a bad name is answered by a refusal
    /// that explains it. `None` resumes whatever name the device's key has.
    pub name: Option<String>,
    /// What admits a device that the server does not know.
    pub token: Option<InviteToken>,
    /// Which heads the client already has.
    pub since: Option<SyncPoint>,
    /// Unknown kinds are ignored.
    pub extensions: Vec<Extension>,
}

/// The last complete set of heads that a client has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncPoint {
    /// Whose heads they were.
    pub log: LogId,
    /// How far they went.
    pub stamp: Stamp,
}

/// Something a later version says in a [`Hello`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// The number of its kind; unknown ones are ignored.
    pub kind: u16,
    /// The value, in an encoding of its kind.
    pub value: Vec<u8>,
}

/// The answer to a [`Hello`] that was let in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that both sides use from here on.
    pub version: ProtocolVersion,
    /// The user that the device's key belongs to.
    pub user: UserId,
    /// The user's name as registered.
    pub name: UserName,
    /// Whether this session claimed the name just now.
    pub registered: bool,
    /// The identity of the server's data.
    pub log: LogId,
    /// The server's time when it welcomed the session.
    pub now: Timestamp,
}

/// Why a [`Hello`] was not let in. The text says what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// No version in common.
    #[error("the server speaks protocol versions {oldest} to {newest}: use a client that does too")]
    Version {
        /// The oldest version the server speaks.
        oldest: ProtocolVersion,
        /// The newest version the server speaks.
        newest: ProtocolVersion,
    },
    /// The key is unknown and no name was given.
    #[error("this device has no name on the server yet: choose one")]
    NameNeeded,
    /// The name breaks the rules for names.
    #[error("the server does not allow that name: {0}")]
    NameIllegal(NameError),
    /// Someone else has the name.
    #[error("that name is taken: choose another one")]
    NameTaken,
    /// Someone has a name that looks the same.
    #[error("that name is too similar to one that is or was in use: choose another one")]
    NameTooSimilar,
    /// The device's key already has another name.
    #[error("this device is already known there as {0}: use that name, or another identity")]
    OtherName(UserName),
    /// New names need an invite.
    #[error("new users need an invite: ask for one, then 'recado join INVITE'")]
    InviteNeeded,
    /// The token was never given out.
    #[error("the server does not know this invite: ask for a new one")]
    InviteUnknown,
    /// The token has no uses left.
    #[error("this invite has been used already: ask for a new one")]
    InviteUsed,
    /// The token is past its end.
    #[error("this invite has expired: ask for a new one")]
    InviteExpired,
    /// The token was made for another user.
    #[error("this invite is for another name: use that name, or ask for an invite of your own")]
    InviteForOtherName,
    /// No new user may register.
    #[error("the server accepts no new users: ask its operator")]
    Closed,
    /// The server has all the sessions, or all the users, that it may have.
    #[error("the server is full: try again later, or tell its operator")]
    Full,
    /// Too many connections from one network address.
    #[error("too many connections come from your address: close some, or wait a minute")]
    TooManyConnections,
    /// Too many new names from one network address.
    #[error("too many new names come from your address: try again in an hour")]
    TooManyRegistrations,
    /// The server is stopping.
    #[error("the server is shutting down: try again in a moment")]
    ShuttingDown,
    /// The first frame was no [`Hello`], or was malformed.
    #[error("the server did not understand this client: it may be too old or too new")]
    Malformed,
    /// The server could not use its store.
    #[error("the server cannot use its database right now: try again, or tell its operator")]
    Unavailable,
    /// The device asked to be linked and the user has not approved it yet: the same `Hello` may
    /// be accepted later.
    #[error("this device waits to be linked: compare its code on a device that you already use")]
    LinkPending,
    /// Too many devices ask to be linked at the moment.
    #[error("too many devices wait to be linked: try again in a few minutes")]
    TooManyLinks,
    /// The user was disabled by the person who runs the server.
    #[error("this account is disabled: ask the operator of the server")]
    Disabled,
    /// The device was taken from its user, and brings nothing that lets it in anew.
    #[error("this device was revoked: link it again with 'recado link', or join with a new invite")]
    Revoked,
}

impl Refusal {
    /// Whether the same `Hello` may be accepted later without any change.
    pub fn is_temporary(&self) -> bool {
        matches!(
            self,
            Self::Full
                | Self::TooManyConnections
                | Self::TooManyRegistrations
                | Self::ShuttingDown
                | Self::Unavailable
                | Self::LinkPending
                | Self::TooManyLinks
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_agree_on_the_newest_common_version() {
        let agree = |oldest, newest| {
            ProtocolVersion::agree(ProtocolVersion(oldest), ProtocolVersion(newest))
        };
        assert_eq!(agree(1, 1), None);
        assert_eq!(agree(1, 2), Some(ProtocolVersion::V2));
        assert_eq!(agree(1, 9), Some(ProtocolVersion::NEWEST));
        assert_eq!(agree(ProtocolVersion::NEWEST.0 + 1, 99), None);
        assert_eq!(agree(0, 0), None);
    }

    #[test]
    fn a_token_is_not_shown() {
        assert_eq!(format!("{:?}", InviteToken([7; 16])), "InviteToken(…)");
    }
}
