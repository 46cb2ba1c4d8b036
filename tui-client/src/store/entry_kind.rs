//! The column `kind`, which tells the kinds of entries apart without reading the content.

use recado_shared::{Content, ErasedKind};

use super::value::DbError;

/// The kind of an entry. The numbers are stored; from 2 to 127 they all take one byte, so that a
/// row keeps its length when its text is erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum EntryKind {
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

impl EntryKind {
    const ALL: [Self; 11] = [
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
    ];

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

    /// The tombstone that erasing its text leaves; `None` if it has no text.
    pub(super) const fn erases_to(self) -> Option<ErasedKind> {
        match self {
            Self::Message | Self::Reply | Self::Emote => Some(ErasedKind::Message),
            Self::Edit => Some(ErasedKind::Edit),
            _ => None,
        }
    }

    /// The tombstone that it is; `None` if its text is not erased.
    pub(super) const fn tombstone(self) -> Option<ErasedKind> {
        match self {
            Self::ErasedMessage => Some(ErasedKind::Message),
            Self::ErasedEdit => Some(ErasedKind::Edit),
            _ => None,
        }
    }

    pub(super) const fn number(self) -> i64 {
        self as i64
    }

    pub(super) fn from_number(number: i64) -> Result<Self, DbError> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.number() == number)
            .ok_or_else(|| DbError::Value(format!("unknown kind of entry {number}")))
    }
}
