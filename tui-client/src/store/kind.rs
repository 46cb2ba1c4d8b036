//! The kinds of entries, as the column `kind` tells them apart without reading the content.

use recado_shared::{Content, ErasedKind};

use super::value::Fault;

/// What an entry is. The numbers are stored; from 2 to 127 they all take one byte, so that a row
/// keeps its length when its text is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Message = 2,
    Reply = 3,
    Emote = 4,
    Edit = 5,
    Deletion = 6,
    ReactionAdded = 7,
    ReactionRemoved = 8,
    Room = 9,
    AuthorRemoved = 10,
    ErasedMessage = 11,
    ErasedEdit = 12,
}

impl Kind {
    pub(super) const fn of(content: &Content) -> Self {
        match content {
            Content::Message(_) => Self::Message,
            Content::Reply { .. } => Self::Reply,
            Content::Emote(_) => Self::Emote,
            Content::Edit { .. } => Self::Edit,
            Content::Deletion { .. } => Self::Deletion,
            Content::ReactionAdded { .. } => Self::ReactionAdded,
            Content::ReactionRemoved { .. } => Self::ReactionRemoved,
            Content::Room(_) => Self::Room,
            Content::AuthorRemoved => Self::AuthorRemoved,
            Content::Erased(ErasedKind::Message) => Self::ErasedMessage,
            Content::Erased(ErasedKind::Edit) => Self::ErasedEdit,
        }
    }

    /// What is left of it when its text is erased; `None` where there is none to erase.
    pub(super) const fn erased(self) -> Option<ErasedKind> {
        match self {
            Self::Message | Self::Reply | Self::Emote => Some(ErasedKind::Message),
            Self::Edit => Some(ErasedKind::Edit),
            Self::Deletion
            | Self::ReactionAdded
            | Self::ReactionRemoved
            | Self::Room
            | Self::AuthorRemoved
            | Self::ErasedMessage
            | Self::ErasedEdit => None,
        }
    }

    /// What it was before its text was erased; `None` if there is nothing erased of it.
    pub(super) const fn was(self) -> Option<ErasedKind> {
        match self {
            Self::ErasedMessage => Some(ErasedKind::Message),
            Self::ErasedEdit => Some(ErasedKind::Edit),
            Self::Message
            | Self::Reply
            | Self::Emote
            | Self::Edit
            | Self::Deletion
            | Self::ReactionAdded
            | Self::ReactionRemoved
            | Self::Room
            | Self::AuthorRemoved => None,
        }
    }

    /// The stored number.
    pub(super) const fn number(self) -> i64 {
        self as i64
    }

    /// The kind with a stored number.
    pub(super) fn from_number(number: i64) -> Result<Self, Fault> {
        [
            Self::Message,
            Self::Reply,
            Self::Emote,
            Self::Edit,
            Self::Deletion,
            Self::ReactionAdded,
            Self::ReactionRemoved,
            Self::Room,
            Self::AuthorRemoved,
            Self::ErasedMessage,
            Self::ErasedEdit,
        ]
        .into_iter()
        .find(|kind| kind.number() == number)
        .ok_or_else(|| Fault::Value(format!("an entry of the unknown kind {number}")))
    }
}
