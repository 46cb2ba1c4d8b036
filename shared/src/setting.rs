//! Settings of a user, the same on all their devices.

use serde::{Deserialize, Serialize};

use crate::body::DraftText;
use crate::id::{ConversationId, Timestamp, UserId};

/// One setting with its value. The last value that reached the server holds for all devices. The server
/// stores all settings, and enforces only [`Blocked`](Self::Blocked) and
/// [`FirstContact`](Self::FirstContact).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setting {
    /// Whether a conversation stays on top of the list.
    Favourite {
        /// The conversation that it concerns.
        conversation: ConversationId,
        /// Whether it is a favourite.
        is_on: bool,
    },
    /// What of a conversation is brought to the user's notice.
    NotificationLevel {
        /// The conversation that it concerns.
        conversation: ConversationId,
        /// The messages that notify the user.
        level: NotificationLevel,
    },
    /// Whether a conversation is quiet.
    Muted {
        /// The conversation that it concerns.
        conversation: ConversationId,
        /// Until then; `None` if it is not quiet. The largest time means for good.
        until: Option<Timestamp>,
    },
    /// The text waiting in the composer; empty if none is.
    Draft {
        /// The conversation that the draft is for.
        conversation: ConversationId,
        /// The unsent text; empty removes it.
        text: DraftText,
    },
    /// Whether a person's direct messages are refused, without their being told.
    Blocked {
        /// The user who is blocked or unblocked.
        user: UserId,
        /// Whether the user is blocked.
        is_on: bool,
    },
    /// Whether users without an earlier conversation must ask first.
    FirstContact {
        /// Whether new users must ask first.
        ask: bool,
    },
}

/// Which setting it is, without its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SettingKey {
    /// [`Setting::Favourite`] of a conversation.
    Favourite(ConversationId),
    /// [`Setting::NotificationLevel`] of a conversation.
    NotificationLevel(ConversationId),
    /// [`Setting::Muted`] of a conversation.
    Muted(ConversationId),
    /// [`Setting::Draft`] of a conversation.
    Draft(ConversationId),
    /// [`Setting::Blocked`] of a person.
    Blocked(UserId),
    /// The key of [`Setting::FirstContact`].
    FirstContact,
}

/// What of a conversation is brought to the user's notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum NotificationLevel {
    /// Every message notifies the user.
    All,
    /// Mentions, replies and reactions to the user.
    Mentions,
    /// No message notifies the user.
    Nothing,
}

impl Setting {
    /// Which setting it is.
    pub const fn key(&self) -> SettingKey {
        match self {
            Self::Favourite { conversation, .. } => SettingKey::Favourite(*conversation),
            Self::NotificationLevel { conversation, .. } => {
                SettingKey::NotificationLevel(*conversation)
            }
            Self::Muted { conversation, .. } => SettingKey::Muted(*conversation),
            Self::Draft { conversation, .. } => SettingKey::Draft(*conversation),
            Self::Blocked { user, .. } => SettingKey::Blocked(*user),
            Self::FirstContact { .. } => SettingKey::FirstContact,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_BODY_LEN;

    #[test]
    fn a_draft_may_be_empty_and_its_debug_form_hides_it() {
        assert_eq!(DraftText::new("").unwrap(), DraftText::default());
        assert_eq!(
            format!("{:?}", DraftText::new("secret").unwrap()),
            "DraftText(6 bytes)"
        );
        assert!(DraftText::new("a\u{1b}").is_err());
        assert!(DraftText::new("x".repeat(MAX_BODY_LEN + 1)).is_err());
    }
}
