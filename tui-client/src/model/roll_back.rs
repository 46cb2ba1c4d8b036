//! Repair of contents that name places of a log which the server has lost.

use recado_shared::{Content, Seq};

/// The content as it can be sent after the places beyond `agreed` have gone, where other entries may
/// stand by now. `None` if nothing is left of it. A reply to a lost message becomes a plain message.
pub(crate) fn content_after_roll_back(content: Content, agreed: Seq) -> Option<Content> {
    match content {
        Content::Reply { to, body } if to > agreed => Some(Content::Message(body)),
        Content::Message(_) | Content::Reply { .. } | Content::Emote(_) => Some(content),
        Content::Edit { target, .. }
        | Content::Deletion { target }
        | Content::ReactionAdded { target, .. }
        | Content::ReactionRemoved { target, .. } => (target <= agreed).then_some(content),
        // The rooms of the server are as they are: what was done to them is not repeated.
        Content::Room(_) | Content::Erased(_) | Content::AuthorRemoved => None,
    }
}
