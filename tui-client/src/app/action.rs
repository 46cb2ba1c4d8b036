//! What a key means.

use serde::{Deserialize, Serialize};

pub use crate::app::composer::edit::Edit;

/// Where a key is pressed. The innermost context is asked first, then [`KeyContext::Global`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyContext {
    /// Everywhere, unless an inner context binds the key.
    Global,
    /// Writing a message.
    Composer,
    /// Writing, while a word can be completed. The keys of the composer work as well.
    Completion,
    /// A message is selected.
    Selection,
    /// The switcher is open.
    Switcher,
    /// The help is open.
    Help,
    /// A list of members, rooms or devices is open, or a question.
    Panel,
    /// The list of all that is new is open.
    CatchUp,
    /// The search is open.
    Search,
}

/// What a person can do. Each has a kebab-case name in the key configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Leave the program.
    Quit,
    /// Show or hide the keys.
    Help,
    /// Open the fuzzy switcher.
    Switcher,
    /// Open the next conversation in the order of the list.
    NextConversation,
    /// Open the previous conversation in the order of the list.
    PreviousConversation,
    /// Open the next unread conversation.
    NextUnread,
    /// Return to where the last jump came from.
    Back,
    /// Open the first conversation of the list; the others likewise.
    Conversation1,
    #[expect(missing_docs, reason = "said at the first of them")]
    Conversation2,
    #[expect(missing_docs, reason = "said at the first of them")]
    Conversation3,
    #[expect(missing_docs, reason = "said at the first of them")]
    Conversation4,
    #[expect(missing_docs, reason = "said at the first of them")]
    Conversation5,
    #[expect(missing_docs, reason = "said at the first of them")]
    Conversation6,
    #[expect(missing_docs, reason = "said at the first of them")]
    Conversation7,
    #[expect(missing_docs, reason = "said at the first of them")]
    Conversation8,
    #[expect(missing_docs, reason = "said at the first of them")]
    Conversation9,
    /// Scroll one page towards older.
    PageUp,
    /// Scroll one page towards newer.
    PageDown,
    /// Scroll to the newest message.
    Newest,
    /// Scroll to the first unread message.
    FirstUnread,
    /// Select the message above, from the composer the newest; rows of a list likewise.
    SelectPrevious,
    /// Select the message below, or return to the composer; rows of a list likewise.
    SelectNext,
    /// Copy the selected message.
    Copy,
    /// Send the selected failed message, or all failed ones of the conversation, again.
    Retry,
    /// Take the selected waiting or failed message back into the composer.
    TakeBack,
    /// Reply to the selected message.
    Reply,
    /// Edit the selected message.
    EditMessage,
    /// Delete the selected message, at the second time.
    Delete,
    /// React to the selected message.
    React,
    /// Say what the selected message was before it was edited.
    Versions,
    /// Copy the link in the selected message.
    Link,
    /// Send what is written, or accept the chosen row.
    Submit,
    /// Leave the innermost context. Never destroys text.
    Cancel,
    /// Connect now.
    Reconnect,
    /// Draw everything again.
    Redraw,
    /// Stop the program as the shell's job control does.
    Suspend,
    /// Show the contact list or the conversation where only one of them fits.
    TogglePane,
    /// Complete the word before the cursor; without one, show the other pane.
    Complete,
    /// Show the members of the open room.
    Members,
    /// Take the chosen device away.
    Remove,
    /// Show or hide all that is new.
    CatchUp,
    /// Take everything up to the chosen line as read.
    MarkRead,
    /// Take everything that is listed as read.
    MarkAllRead,
    /// Search the open conversation.
    SearchHere,
    /// Search all conversations.
    SearchEverywhere,
    /// An edit of the text at the cursor.
    #[serde(untagged)]
    Edit(Edit),
}

/// An action worth a place in the hint line, with its label.
pub(in crate::app) type Hint = (Action, &'static str);
