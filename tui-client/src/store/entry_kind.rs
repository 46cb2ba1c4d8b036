//! The column `kind` of an entry, which SQL reads instead of the content. The numbers from 2 to 127 take
//! one byte, so that a row keeps its length when its text is erased.

use recado_shared::{Content, ErasedKind};

use super::value::DbError;

const MESSAGE: i64 = 2;
const REPLY: i64 = 3;
const EMOTE: i64 = 4;
pub(super) const EDIT: i64 = 5;
pub(super) const DELETION: i64 = 6;
const REACTION_ADDED: i64 = 7;
const REACTION_REMOVED: i64 = 8;
const ROOM: i64 = 9;
const AUTHOR_REMOVED: i64 = 10;
const ERASED_MESSAGE: i64 = 11;
const ERASED_EDIT: i64 = 12;

pub(super) const fn kind_of(content: &Content) -> i64 {
    match content {
        Content::Message(_) => MESSAGE,
        Content::Reply { .. } => REPLY,
        Content::Emote(_) => EMOTE,
        Content::Edit { .. } => EDIT,
        Content::Deletion { .. } => DELETION,
        Content::ReactionAdded { .. } => REACTION_ADDED,
        Content::ReactionRemoved { .. } => REACTION_REMOVED,
        Content::Room(_) => ROOM,
        Content::AuthorRemoved => AUTHOR_REMOVED,
        Content::Erased(ErasedKind::Message) => ERASED_MESSAGE,
        Content::Erased(ErasedKind::Edit) => ERASED_EDIT,
    }
}

/// The tombstone that a kind stands for; `None` if the row has the content.
pub(super) fn tombstone(kind: i64) -> Result<Option<ErasedKind>, DbError> {
    match kind {
        MESSAGE..=AUTHOR_REMOVED => Ok(None),
        ERASED_MESSAGE => Ok(Some(ErasedKind::Message)),
        ERASED_EDIT => Ok(Some(ErasedKind::Edit)),
        _ => Err(DbError::value(format!("unknown kind of entry {kind}"))),
    }
}

/// Whether a row of this kind has a text that can be erased. Fails if the kind is unknown.
pub(super) fn has_text(kind: i64) -> Result<bool, DbError> {
    tombstone(kind).map(|_| matches!(kind, MESSAGE | REPLY | EMOTE | EDIT))
}
