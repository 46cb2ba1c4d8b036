//! Entries of a log and their contents: messages, changes of messages and room events. The server
//! reads the kind and the target of a content, never its body.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::body::MessageBody;
use crate::id::{MessageId, Seq, Timestamp, UserId};
use crate::limits::MAX_EMOJI_LEN;
use crate::line::Topic;
use crate::room::{HistoryVisibility, Role, RoomName, Visibility};
use crate::text::{checked_text, is_forbidden};

/// One item of a conversation's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the log.
    pub seq: Seq,
    /// The user who appended it.
    pub author: UserId,
    /// The id that the author gave it.
    pub id: MessageId,
    /// When the server accepted it. Never earlier than the entry before it.
    pub time: Timestamp,
    /// The message, the change or the event that it holds.
    pub content: Content,
}

/// What an entry holds. Stored as it is written here, so variants are only ever appended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// What a person wrote.
    Message(MessageBody),
    /// What a person wrote about an earlier message.
    Reply {
        /// The message that it answers.
        to: Seq,
        /// The text of the reply.
        body: MessageBody,
    },
    /// What a person does, told in the third person: `/me waves`.
    Emote(MessageBody),
    /// The author's message reads like this from now on. The earlier versions stay in the log.
    Edit {
        /// The author's own message.
        target: Seq,
        /// The whole new text.
        body: MessageBody,
    },
    /// The text of a message, and of its edits, is erased by its author or a moderator.
    Deletion {
        /// The message to erase.
        target: Seq,
    },
    /// The author reacts to a message.
    ReactionAdded {
        /// The message that gets the reaction.
        target: Seq,
        /// The emoji of the reaction.
        emoji: Emoji,
    },
    /// The author no longer reacts so.
    ReactionRemoved {
        /// The message that had the reaction.
        target: Seq,
        /// The emoji of the reaction.
        emoji: Emoji,
    },
    /// Something happened to the room.
    Room(RoomEvent),
    /// What is left of an entry whose text was erased. No client sends it.
    Erased(ErasedKind),
    /// All earlier texts of a removed user are erased. No client sends it.
    AuthorRemoved,
}

/// What an erased entry was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::FromRepr)]
#[repr(u8)]
pub enum ErasedKind {
    /// A message, a reply or an emote: it leaves a tombstone.
    Message,
    /// An edit: it leaves nothing to see.
    Edit,
}

/// What happened to a room. The author of the entry did it. Its text form is the name of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum RoomEvent {
    /// The author made the room, and owns it. The first entry and only the first.
    Created,
    /// The author joined the room.
    Joined,
    /// The author left the room.
    Left,
    /// The author invited a user.
    Invited(UserId),
    /// The author renamed the room.
    Renamed(RoomName),
    /// The author set or removed the topic.
    Topic(Option<Topic>),
    /// The author changed who can find and join the room.
    Visibility(Visibility),
    /// The author changed what later members see of the past.
    #[strum(serialize = "history")]
    HistoryVisibility(HistoryVisibility),
    /// The author gave a member a role.
    Role {
        /// The member who gets the role.
        user: UserId,
        /// The role from now on.
        role: Role,
    },
    /// The author muted a member.
    Muted {
        /// The member who may not write.
        user: UserId,
        /// The end of the mute; `None` until an unmute.
        until: Option<Timestamp>,
    },
    /// The author unmuted a member.
    Unmuted(UserId),
    /// The author kicked a member, who may join again.
    Kicked(UserId),
    /// The author banned a user.
    Banned(UserId),
    /// The author unbanned a user.
    Unbanned(UserId),
    /// The operator closed the room for good: the last entry.
    Closed,
}

impl RoomEvent {
    /// The user that it is about, if that is not its author.
    pub const fn subject(&self) -> Option<UserId> {
        match self {
            Self::Invited(user)
            | Self::Role { user, .. }
            | Self::Muted { user, .. }
            | Self::Unmuted(user)
            | Self::Kicked(user)
            | Self::Banned(user)
            | Self::Unbanned(user) => Some(*user),
            _ => None,
        }
    }
}

/// The class of a [`Content`], for code that treats all contents of a class alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContentClass<'a> {
    /// Text that a user wrote: a message, a reply or an emote.
    Message,
    /// A change of the message at this place: an edit, a deletion or a reaction.
    Change(Seq),
    /// An event that changes the room.
    Room(&'a RoomEvent),
    /// The remains of erased text, which only the server writes.
    Erasure,
}

impl Content {
    /// The class that this content belongs to.
    pub const fn class(&self) -> ContentClass<'_> {
        match self {
            Self::Message(_) | Self::Reply { .. } | Self::Emote(_) => ContentClass::Message,
            Self::Edit { target, .. }
            | Self::Deletion { target }
            | Self::ReactionAdded { target, .. }
            | Self::ReactionRemoved { target, .. } => ContentClass::Change(*target),
            Self::Room(event) => ContentClass::Room(event),
            Self::Erased(_) | Self::AuthorRemoved => ContentClass::Erasure,
        }
    }

    /// The message that a reply answers.
    pub const fn reply_to(&self) -> Option<Seq> {
        match self {
            Self::Reply { to, .. } => Some(*to),
            _ => None,
        }
    }

    /// Whether it counts as an unread message. Also true for the tombstone of a message.
    pub const fn is_message(&self) -> bool {
        matches!(self.class(), ContentClass::Message)
            || matches!(self, Self::Erased(ErasedKind::Message))
    }

    /// The message that an edit, a deletion or a reaction changes.
    pub const fn target(&self) -> Option<Seq> {
        match self.class() {
            ContentClass::Change(target) => Some(target),
            _ => None,
        }
    }

    /// The text that it carries.
    pub const fn body(&self) -> Option<&MessageBody> {
        match self {
            Self::Message(body)
            | Self::Reply { body, .. }
            | Self::Emote(body)
            | Self::Edit { body, .. } => Some(body),
            _ => None,
        }
    }

    /// Gives it another text, if it carries one.
    pub fn set_body(&mut self, text: MessageBody) {
        if let Self::Message(body)
        | Self::Reply { body, .. }
        | Self::Emote(body)
        | Self::Edit { body, .. } = self
        {
            *body = text;
        }
    }

    /// Whether it erases texts of other entries.
    pub const fn erases(&self) -> bool {
        matches!(self, Self::Deletion { .. } | Self::AuthorRemoved)
    }

    /// What stays of it when its text is erased; `None` where there is no text.
    pub const fn erased(&self) -> Option<ErasedKind> {
        match self {
            Self::Edit { .. } => Some(ErasedKind::Edit),
            _ if self.body().is_some() => Some(ErasedKind::Message),
            _ => None,
        }
    }
}

/// A reaction: 1 to [`MAX_EMOJI_LEN`] bytes without white space, controls and plain ASCII texts. Only
/// clients check that it is one emoji, because the list of them grows every year.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct Emoji(Box<str>);

/// A text is no [`Emoji`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an emoji: choose one from the list")]
pub struct EmojiError;

impl Emoji {
    /// Checks a text.
    ///
    /// # Errors
    /// [`EmojiError`] if it is none.
    pub fn new(text: &str) -> Result<Self, EmojiError> {
        let is_bad = |c: char| is_forbidden(c) || c.is_whitespace();
        if text.len() > MAX_EMOJI_LEN || text.is_ascii() || text.contains(is_bad) {
            return Err(EmojiError);
        }
        Ok(Self(text.into()))
    }
}

checked_text!(Emoji, EmojiError, |text: String| Self::new(&text));

impl fmt::Display for Emoji {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn emoji_are_taken_and_other_text_is_not() {
        for text in ["👍", "👍🏽", "👨‍👩‍👧", "❤️", "1️⃣", "🇵🇹"] {
            assert_eq!(Emoji::new(text).unwrap().as_str(), text);
        }
        for text in ["", "+1", "a", "👍 👍", "👍\u{1b}", "👍\u{202e}"] {
            assert_eq!(Emoji::new(text), Err(EmojiError), "{text:?}");
        }
        assert_eq!(Emoji::new(&"👍".repeat(17)), Err(EmojiError));
    }

    #[test]
    fn what_is_erased_has_no_body_and_still_counts() {
        let reply = Content::Reply {
            to: Seq(1),
            body: MessageBody::new("x").unwrap(),
        };
        assert_eq!(reply.erased(), Some(ErasedKind::Message));
        let erased = Content::Erased(ErasedKind::Message);
        assert!(erased.is_message() && erased.body().is_none());
        assert_eq!(erased.erased(), None);
    }
}
