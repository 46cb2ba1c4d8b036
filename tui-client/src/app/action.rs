//! Actions, and the contexts in which keys mean them.

#![expect(missing_docs, reason = "the names are those of the key configuration")]

use serde::{Deserialize, Serialize};

pub use crate::app::composer::edit::Edit;

/// Where a key is pressed. The innermost context is asked first, then [`KeyContext::Global`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyContext {
    /// Everywhere, unless an inner context binds the key.
    Global,
    Composer,
    /// Writing, while a word can be completed. The keys of the composer work as well.
    Completion,
    Selection,
    Switcher,
    Help,
    /// A list of members, rooms or devices is open, or a question.
    Panel,
    /// The unread overview is open. Key files name it `catch-up`.
    #[serde(rename = "catch-up")]
    UnreadOverview,
    Search,
}

/// What a person can do. Each has a kebab-case name in the key configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    Quit,
    /// Show or hide the keys.
    Help,
    Switcher,
    NextConversation,
    PreviousConversation,
    NextUnread,
    /// Return to where the last jump came from.
    Back,
    /// Open the first conversation of the list; the others likewise.
    Conversation1,
    Conversation2,
    Conversation3,
    Conversation4,
    Conversation5,
    Conversation6,
    Conversation7,
    Conversation8,
    Conversation9,
    PageUp,
    PageDown,
    Newest,
    FirstUnread,
    /// Select the message above, from the composer the newest; rows of a list likewise.
    SelectPrevious,
    /// Select the message below, or return to the composer; rows of a list likewise.
    SelectNext,
    Copy,
    /// Send the selected failed message, or all failed ones of the conversation, again.
    Retry,
    /// Take the selected waiting or failed message back into the composer.
    TakeBack,
    Reply,
    EditMessage,
    /// Delete the selected message, at the second time.
    Delete,
    React,
    /// Say what the selected message was before it was edited.
    Versions,
    Link,
    /// Send what is written, or accept the chosen row.
    Submit,
    /// Leave the innermost context. Never destroys text.
    Cancel,
    Reconnect,
    Redraw,
    /// Stop the program as the shell's job control does.
    Suspend,
    /// Show the contact list or the conversation where only one of them fits.
    TogglePane,
    /// Complete the word before the cursor; without one, show the other pane.
    Complete,
    Members,
    /// Take the chosen device away.
    Remove,
    /// Show or hide the unread overview. Key files name it `catch-up`.
    #[serde(rename = "catch-up")]
    UnreadOverview,
    /// Take everything up to the chosen line as read.
    MarkRead,
    /// Take everything that is listed as read.
    MarkAllRead,
    SearchHere,
    SearchEverywhere,
    /// An edit of the text at the cursor.
    #[serde(untagged)]
    Edit(Edit),
}

/// An action worth a place in the hint line, with its label.
pub(super) type Hint = (Action, &'static str);
