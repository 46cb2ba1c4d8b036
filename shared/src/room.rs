//! Rooms: names, roles, memberships, and the information that users see.

use std::fmt;

use serde::{Deserialize, Serialize};
use strum::{FromRepr, IntoStaticStr};

use crate::id::{RoomId, Timestamp};
use crate::line::Topic;
use crate::name::{NameError, NameKey, UserName};
use crate::profile::UserProfile;

/// The unique name of a room, without `#`. Its rules are those of a [`UserName`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoomName(UserName);

impl RoomName {
    /// Normalises a text to form KC and checks it. A `#` before it is left out.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, NameError> {
        UserName::new(text.strip_prefix('#').unwrap_or(text)).map(Self)
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name without regard to case, for prefix search and ordering.
    pub fn folded(&self) -> String {
        self.0.folded()
    }

    /// The keys under which this name must be unique among rooms.
    pub fn keys(&self) -> Vec<NameKey> {
        self.0.keys()
    }
}

impl fmt::Display for RoomName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for RoomName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

/// What a member may do. A higher role may do all that a lower one may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[repr(u8)]
#[derive(strum::Display, FromRepr, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Role {
    /// May read and write.
    Member,
    /// Also keeps order: mutes, kicks, bans, deletes messages, sets the topic.
    Moderator,
    /// Also changes the room and gives roles.
    Owner,
}

impl Role {
    /// The role as people read it.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The relation of a user to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, FromRepr)]
#[repr(u8)]
pub enum Membership {
    /// The user is in the room.
    Member,
    /// A member invited the user, who has not joined.
    Invited,
    /// The user left the room.
    Left,
    /// A moderator kicked the user, who may join again.
    Kicked,
    /// A moderator banned the user.
    Banned,
}

/// The users who can find and join a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
#[derive(FromRepr, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Visibility {
    /// Every user of this server finds it and may join.
    #[default]
    Public,
    /// Only who was invited may join, and only they and the members know of it.
    Private,
}

/// What new members see of the time before they joined, as it is when they join.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
#[derive(FromRepr, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum HistoryVisibility {
    /// New members read the whole log.
    #[default]
    Visible,
    /// New members read only what follows their joining.
    Hidden,
}

/// The information on a room that one user sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    /// The current name of the room.
    pub name: RoomName,
    /// What it is about.
    pub topic: Option<Topic>,
    /// The users who can find and join it.
    pub visibility: Visibility,
    /// The part of the log that later members can read.
    pub history: HistoryVisibility,
    /// How many members it has.
    pub members: u32,
    /// The user's relation to it.
    pub membership: Membership,
    /// The user's role, of a member.
    pub role: Role,
    /// Set if the user is muted.
    pub mute: Option<Mute>,
}

/// The mute of a member, who may not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mute {
    /// Until then; `None` until an unmute.
    pub until: Option<Timestamp>,
}

impl Mute {
    /// Whether it holds at this time.
    pub fn holds_at(self, time: Timestamp) -> bool {
        self.until.is_none_or(|until| time < until)
    }
}

/// A room as a search finds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSummary {
    /// The id of the room.
    pub room: RoomId,
    /// The current name of the room.
    pub name: RoomName,
    /// What it is about.
    pub topic: Option<Topic>,
    /// How many members it has.
    pub members: u32,
}

/// An open invitation to a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The room, whose head the invited user has.
    pub room: RoomId,
    /// The profile of the member who sent it.
    pub by: UserProfile,
}

/// A member as the other members see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomMember {
    /// The profile of the member.
    pub person: UserProfile,
    /// What they may do.
    pub role: Role,
    /// Set if they are muted.
    pub mute: Option<Mute>,
}
