//! Texts about keys: the headings and descriptions of the help, the introduction and the errors of
//! the configured bindings.

use crate::app::action::{Action, Edit, KeyContext, Motion};

pub(crate) const fn heading(context: KeyContext) -> &'static str {
    match context {
        KeyContext::Global => "Everywhere",
        KeyContext::Composer => "Input box",
        KeyContext::Prefix => "Input box, after Ctrl+X",
        KeyContext::Completion => "Completing a word",
        KeyContext::Selection => "Selected message",
        KeyContext::Contacts => "Contact list",
        KeyContext::Switcher => "Go to…",
        KeyContext::Search => "Search",
        KeyContext::UnreadOverview => "Unread",
        KeyContext::Panel => "Members, rooms, devices, invite link, questions",
        KeyContext::Help => "This help",
    }
}

/// The heading of an action in the help. The keys that work everywhere have several.
pub(crate) const fn topic(context: KeyContext, action: Action) -> &'static str {
    if !matches!(context, KeyContext::Global) {
        return heading(context);
    }
    match action {
        Action::Switcher
        | Action::NextConversation
        | Action::PreviousConversation
        | Action::NextUnread
        | Action::UnreadOverview
        | Action::Back
        | Action::Conversation(_)
        | Action::TogglePane
        | Action::ToggleList
        | Action::WidenList
        | Action::NarrowList
        | Action::Members => "Conversations",
        Action::PageUp | Action::PageDown | Action::Newest | Action::FirstUnread => "Reading",
        Action::SearchHere | Action::SearchEverywhere | Action::SentMessages => "Searching",
        _ => "Recado",
    }
}

/// What an action does, on the first page of the help.
pub(crate) const fn describe_briefly(action: Action) -> &'static str {
    match action {
        Action::Submit => "send",
        Action::SelectPrevious => "select a message; then:",
        Action::Reply => "   reply to it",
        Action::EditMessage => "   edit it",
        Action::Delete => "   delete it",
        Action::React => "   react to it",
        Action::UnreadOverview => "everything unread",
        Action::PageUp => "scroll up",
        _ => describe(action),
    }
}

pub(crate) const fn describe(action: Action) -> &'static str {
    match action {
        Action::Quit => "quit",
        Action::Help => "help",
        Action::Announcements => "read announcements",
        Action::SentMessages => "search what you sent, to send it again",
        Action::Switcher => "go to a person, room or command",
        Action::NextConversation => "next conversation",
        Action::PreviousConversation => "previous conversation",
        Action::SearchHere => "search this conversation",
        Action::SearchEverywhere => "search everywhere",
        Action::NextUnread => "next unread conversation",
        Action::Back => "go back to the previous place",
        Action::Conversation(_) => "conversation 1–9 in the list",
        Action::PageUp => "scroll up a page",
        Action::PageDown => "scroll down a page",
        Action::Newest => "newest message",
        Action::Oldest => "oldest message",
        Action::FirstUnread => "first unread message",
        Action::SelectPrevious => "previous message or line",
        Action::SelectNext => "next message or line",
        Action::Copy => "copy what is selected, or the invite link",
        Action::Retry => "send a failed message again",
        Action::Reply => "reply to the message",
        Action::EditMessage => "edit the message",
        Action::Delete => "delete the message",
        Action::React => "react to the message",
        Action::Versions => "show earlier versions",
        Action::Link => "copy a link in the message; again: the next",
        Action::TakeBack => "cancel a queued message",
        Action::Submit => "send, open or confirm",
        Action::Prefix => "first of two keys, listed below",
        Action::OpenEditor => "edit the text in $EDITOR",
        Action::Cancel => "close; back to the input box",
        Action::Reconnect => "reconnect now",
        Action::Redraw => "redraw the screen",
        Action::Suspend => "suspend to the shell",
        Action::TogglePane => "to the contact list and back",
        Action::ToggleList => "show or hide the contact list",
        Action::WidenList => "wider contact list",
        Action::NarrowList => "narrower contact list",
        Action::TogglePeople => "show or hide people without a conversation",
        Action::First => "to the start",
        Action::Last => "to the end",
        Action::Find => "search the help",
        Action::ExplainQuit => "say how to quit",
        Action::Complete => "complete; otherwise switch pane",
        Action::Members => "members of the room",
        Action::Remove => "revoke the device",
        Action::UnreadOverview => "unread: everything new",
        Action::MarkRead => "mark as read up to here",
        Action::MarkAllRead => "mark all as read",
        Action::Edit(edit) => describe_edit(edit),
    }
}

const fn describe_edit(edit: Edit) -> &'static str {
    match edit {
        Edit::NewLine => "new line",
        Edit::Left => "left",
        Edit::Right => "right",
        Edit::Up => "line up; select a message when empty",
        Edit::Down => "line down",
        Edit::WordLeft => "start of the word",
        Edit::WordRight => "end of the word",
        Edit::LineStart => "start of the line",
        Edit::LineEnd => "end of the line; newest message when empty",
        Edit::TextStart => "start of the text; oldest message when empty",
        Edit::TextEnd => "end of the text",
        Edit::DeleteLeft => "delete to the left",
        Edit::DeleteRight => "delete to the right",
        Edit::KillWordLeft => "cut the word to the left",
        Edit::KillWordRight => "cut the word to the right",
        Edit::UnixWordRubout => "cut back to white space",
        Edit::KillToStart => "cut everything before the cursor",
        Edit::KillToEnd => "cut to the end of the line",
        Edit::Yank => "paste the last cut text (yank)",
        Edit::YankPop => "after that: paste the text cut before",
        Edit::Transpose => "swap two characters",
        Edit::TransposeWords => "swap two words",
        Edit::Upcase => "word to UPPER CASE",
        Edit::Downcase => "word to lower case",
        Edit::Capitalise => "Capitalise the word",
        Edit::Undo => "undo",
        Edit::Redo => "redo",
        Edit::SelectAll => "select the whole text",
        Edit::Extend(motion) => match motion {
            Motion::Left => "select to the left",
            Motion::Right => "select to the right",
            Motion::Up => "select to the line above",
            Motion::Down => "select to the line below",
            Motion::WordLeft => "select to the start of the word",
            Motion::WordRight => "select to the end of the word",
            Motion::LineStart => "select to the start of the line",
            Motion::LineEnd => "select to the end of the line",
            Motion::TextStart => "select to the start of the text",
            Motion::TextEnd => "select to the end of the text",
        },
    }
}

pub(crate) const COMMANDS: &str = "Commands";

/// The first lines of the key bindings in a configuration file.
pub(crate) const CONFIG_INTRODUCTION: &str = "\
# Keys: a table per context, \"key\" = \"action\". Entries here replace the defaults below, and
# \"none\" removes a binding. Keys are written like \"Ctrl+K\", \"Alt+Up\", \"Shift+Enter\", \"F1\" or \"y\".

# The input box: \"readline\", or \"vim\" with its modes.
[keys]
#preset = \"readline\"
";

pub(crate) fn not_a_table(line: usize, entry: &str) -> String {
    format!(
        "line {line}: {entry} must be a table of keys, such as [keys.composer] followed by \"Ctrl+K\" = \"switcher\""
    )
}

/// `preset` is as in the file, with its quotes.
pub(crate) fn unknown_preset(line: usize, preset: &str) -> String {
    format!("line {line}: unknown keys {preset}. They are \"readline\", the default, or \"vim\"")
}

pub(crate) fn unknown_context(line: usize, context: &str) -> String {
    format!(
        "line {line}: unknown context {context:?}. The contexts are global, composer, prefix, completion, selection, contacts, switcher, search, catch-up, panel and help"
    )
}

pub(crate) fn unknown_key(line: usize, key: &str) -> String {
    format!(
        "line {line}: {key:?} is not a valid key. Examples: Ctrl+K, Alt+Up, Shift+Enter, PageUp, F1"
    )
}

/// `action` is as in the file, with its quotes.
pub(crate) fn unknown_action(line: usize, key: &str, action: &str) -> String {
    format!(
        "line {line}: unknown action {action} for {key:?}. `recado config` lists all actions; \"none\" removes a binding"
    )
}

pub(crate) fn bound_twice(line: usize, key: &str, other: &str) -> String {
    format!("line {line}: {key:?} and {other:?} are the same key. Remove one of them")
}
