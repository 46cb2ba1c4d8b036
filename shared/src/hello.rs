//! The opening of a session: who asks for what, and how it is answered.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use serde::{Deserialize, Serialize};

use crate::id::{LogId, Stamp, Timestamp, UserId};
use crate::name::{NameError, UserName};
use crate::text::error_texts;

/// A version of the protocol within ALPN `recado/1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProtocolVersion(pub u16);

impl ProtocolVersion {
    /// The first version, never released and not spoken any more.
    pub const V1: Self = Self(1);
    /// Rooms, replies, edits, deletions, reactions, settings, devices.
    pub const V2: Self = Self(2);
    /// Invitations with their inviters, and removed users.
    pub const V3: Self = Self(3);
    /// Epochs, by which a client recognises data that was put back to an older state; damaged data as
    /// an error.
    pub const V4: Self = Self(4);
    /// The oldest version that this code speaks.
    pub const OLDEST: Self = Self::V2;
    /// The newest version that this code speaks.
    pub const NEWEST: Self = Self::V4;

    /// The newest version that both this code and a peer that speaks `oldest..=newest` know.
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

impl InviteToken {
    /// Whether two tokens are equal, in a time that says nothing about where they differ. For a token that is
    /// kept as it is; those of invites are looked up by their digests, whose bytes a guess does not steer.
    pub fn is_same(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

/// Secrets are never logged.
impl fmt::Debug for InviteToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InviteToken(…)")
    }
}

/// The first frame of a session. It never changes shape: later versions add `extensions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The oldest version the client speaks.
    pub oldest: ProtocolVersion,
    /// The newest version the client speaks.
    pub newest: ProtocolVersion,
    /// For logs; at most [`MAX_SOFTWARE_LEN`](crate::limits::MAX_SOFTWARE_LEN) bytes.
    pub software: String,
    /// The name to claim or resume, unchecked, so that a refusal can explain a bad one. `None` resumes
    /// the name of the device's key.
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

error_texts! {
    /// Why a [`Hello`] was not let in. The text says what to do next.
    #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub enum Refusal {
        Version {
            /// The oldest version the server speaks.
            oldest: ProtocolVersion,
            /// The newest version the server speaks.
            newest: ProtocolVersion,
        } => "the server speaks protocol versions {oldest} to {newest}. Use a client that does too",
        /// The key is unknown and the hello has no name.
        NameNeeded =>
            "the server does not know this device. Join with a new invite, or use 'recado link'",
        NameIllegal(NameError) => "the server does not allow that name: {0}",
        NameTaken => "that name is taken. Choose another one",
        NameTooSimilar =>
            "that name is too similar to one that is or was in use. Choose another one",
        OtherName(UserName) =>
            "this device is already known there as {0}. Use that name, or another identity",
        InviteNeeded => "new users need an invite. Ask for one, then 'recado join INVITE'",
        InviteUnknown => "the server does not know this invite. Ask for a new one",
        InviteUsed => "this invite has been used already. Ask for a new one",
        InviteExpired => "this invite has expired. Ask for a new one",
        InviteForOtherName =>
            "this invite is for another name. Use that name, or ask for an invite of your own",
        Closed => "the server accepts no new users. Ask its operator",
        /// The server has all the sessions, or all the users, that it may have.
        Full => "the server is full. Try again later, or tell its operator",
        TooManyConnections =>
            "too many connections come from your address. Close some, or wait a minute",
        /// From the address of the client, or in all.
        TooManyRegistrations =>
            "too many new names were registered. Try again in an hour, or ask for an invite",
        ShuttingDown => "the server is shutting down. Try again in a moment",
        /// The first frame was no [`Hello`], or was malformed.
        Malformed => "the server did not understand this client. It may be too old or too new",
        Unavailable =>
            "the server cannot use its database right now. Try again, or tell its operator",
        /// The same `Hello` may be accepted later.
        LinkPending =>
            "this device waits to be linked. Compare its code on a device that you already use",
        /// Of servers before a new device took the place of one that waits.
        TooManyLinks => "too many devices wait to be linked. Try again in a few minutes",
        Disabled => "this account is disabled. Ask the operator of the server",
        /// The `Hello` has nothing that admits the device again.
        Revoked =>
            "this device was revoked. Link it again with 'recado link', or join with a new invite",
        /// The device, or the user, has as many sessions as it may. Unknown to [`ProtocolVersion::V3`].
        TooManySessions =>
            "you are connected too many times at once. Close some of your clients, then try again",
    }
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
                | Self::TooManySessions
        )
    }

    /// The refusal as a client that speaks at most this version can read it.
    #[must_use]
    pub fn for_version(self, version: ProtocolVersion) -> Self {
        match self {
            Self::TooManySessions if version <= ProtocolVersion::V3 => Self::TooManyConnections,
            known => known,
        }
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
    fn an_older_client_is_refused_in_words_that_it_knows() {
        let told = |version| Refusal::TooManySessions.for_version(version);
        assert_eq!(told(ProtocolVersion::V3), Refusal::TooManyConnections);
        assert_eq!(told(ProtocolVersion(4)), Refusal::TooManySessions);
        let other = Refusal::Full;
        assert_eq!(other.clone().for_version(ProtocolVersion::V2), other);
    }

    #[test]
    fn tokens_are_compared_as_a_whole() {
        let token = InviteToken([7; 16]);
        assert!(token.is_same(&InviteToken([7; 16])));
        for place in 0..16 {
            let mut other = [7; 16];
            other[place] = 8;
            assert!(!token.is_same(&InviteToken(other)));
        }
    }

    #[test]
    fn a_token_is_not_shown() {
        assert_eq!(format!("{:?}", InviteToken([7; 16])), "InviteToken(…)");
    }
}
