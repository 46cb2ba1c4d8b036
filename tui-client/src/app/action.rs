//! Actions, and the contexts in which keys mean them.

use strum::{Display, EnumString};

pub use crate::app::composer::edit::{Edit, Motion};

/// Where a key is pressed, in the order of the help. The innermost context is asked first, then
/// [`KeyContext::Global`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display, EnumString)]
#[strum(serialize_all = "kebab-case")]
pub enum KeyContext {
    Global,
    Composer,
    /// Writing, after the key of [`Action::Prefix`].
    Prefix,
    /// Writing, while a word can be completed. The keys of the composer work as well.
    Completion,
    Selection,
    Contacts,
    Switcher,
    Search,
    #[strum(to_string = "catch-up")]
    UnreadOverview,
    /// A list of members, rooms or devices, or a question.
    Panel,
    Help,
}

/// What a key means, as `strings::keys::describe` tells. Its text form is its name in the key
/// configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display)]
#[strum(serialize_all = "kebab-case")]
#[cfg_attr(test, derive(strum::EnumDiscriminants))]
#[cfg_attr(test, strum_discriminants(derive(strum::EnumIter)))]
pub enum Action {
    Quit,
    Help,
    Announcements,
    /// The list of what the user sent; within it, the next older one.
    SentMessages,
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
    Oldest,
    FirstUnread,
    SelectPrevious,
    SelectNext,
    Copy,
    /// Sends the selected failed message again, or all failed ones of the conversation.
    Retry,
    TakeBack,
    Reply,
    EditMessage,
    Delete,
    React,
    Versions,
    Link,
    Submit,
    /// Makes the next key one of [`KeyContext::Prefix`].
    Prefix,
    OpenEditor,
    /// Leaves the innermost context. It never destroys text.
    Cancel,
    Reconnect,
    Redraw,
    Suspend,
    /// Moves the keyboard from the composer to the contact list, or back.
    TogglePane,
    /// Shows or hides the contact list.
    ToggleList,
    WidenList,
    NarrowList,
    /// Shows or hides the people without a conversation.
    TogglePeople,
    /// The first row of a list, or the start of a text.
    First,
    Last,
    /// Searches within the help.
    Find,
    /// Says how to quit, for those who press the keys of other programs.
    ExplainQuit,
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
