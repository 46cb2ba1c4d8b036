//! The column `kind` of an entry, which SQL reads instead of the content. The numbers from 2 to 127 take
//! one byte, so that a row keeps its length when its text is erased.

use recado_shared::{Content, ErasedKind};

use super::value::DbError;

pub(super) const EDIT: i64 = 5;
pub(super) const DELETION: i64 = 6;

pub(super) const fn kind_of(content: &Content) -> i64 {
    match content {
        Content::Message(_) => 2,
        Content::Reply { .. } => 3,
        Content::Emote(_) => 4,
        Content::Edit { .. } => EDIT,
        Content::Deletion { .. } => DELETION,
        Content::ReactionAdded { .. } => 7,
        Content::ReactionRemoved { .. } => 8,
        Content::Room(_) => 9,
        Content::AuthorRemoved => 10,
        Content::Erased(ErasedKind::Message) => 11,
        Content::Erased(ErasedKind::Edit) => 12,
    }
}

/// The tombstone that a kind stands for; `None` if the row has the content.
pub(super) fn tombstone(kind: i64) -> Result<Option<ErasedKind>, DbError> {
    match kind {
        2..=10 => Ok(None),
        11 => Ok(Some(ErasedKind::Message)),
        12 => Ok(Some(ErasedKind::Edit)),
        _ => Err(DbError::value(format!("unknown kind of entry {kind}"))),
    }
}
