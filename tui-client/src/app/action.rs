//! Actions, and the contexts in which keys mean them.

use strum::{Display, EnumString};

pub use crate::app::composer::edit::Edit;

/// Where a key is pressed, in the order of the help. The innermost context is asked first, then
/// [`KeyContext::Global`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumString)]
#[strum(serialize_all = "kebab-case")]
pub enum KeyContext {
    Global,
    Composer,
    /// Writing, while a word can be completed. The keys of the composer work as well.
    Completion,
    Selection,
    Switcher,
    Search,
    #[strum(to_string = "catch-up")]
    UnreadOverview,
    /// A list of members, rooms or devices, or a question.
    Panel,
    Help,
}

/// What a key means. Its text form is its name in the key configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Action {
    Quit,
    Help,
    Switcher,
    NextConversation,
    PreviousConversation,
    NextUnread,
    Back,
    /// Opens a conversation by its place in the contact list, 1 to 9.
    #[strum(to_string = "conversation{0}")]
    Conversation(u8),
    PageUp,
    PageDown,
    Newest,
    FirstUnread,
    /// The message above, from the composer the newest; rows of a list likewise.
    SelectPrevious,
    /// The message below, or back to the composer; rows of a list likewise.
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
    Versions,
    Link,
    Submit,
    /// Leave the innermost context. Never destroys text.
    Cancel,
    Reconnect,
    Redraw,
    Suspend,
    /// Show the contact list or the conversation where only one of them fits.
    TogglePane,
    /// Complete the word before the cursor; without one, show the other pane.
    Complete,
    Members,
    Remove,
    #[strum(to_string = "catch-up")]
    UnreadOverview,
    MarkRead,
    MarkAllRead,
    SearchHere,
    SearchEverywhere,
    #[strum(transparent)]
    Edit(Edit),
}

/// An action worth a place in the hint line, with its label.
pub(crate) type Hint = (Action, &'static str);
