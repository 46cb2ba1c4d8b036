//! The keys of a client that nobody has configured, in the order in which the help shows them.

use crate::app::action::{Action, Edit, KeyContext};

/// Bindings of one context; the first key of an action is the one that hints show.
pub(in crate::app) type Table = &'static [(&'static str, Action)];

/// All contexts in the order of the help, each with its tables.
pub(in crate::app) const DEFAULTS: [(KeyContext, &[Table]); 9] = [
    (KeyContext::Global, &[GLOBAL]),
    (KeyContext::Composer, &[COMPOSER]),
    (KeyContext::Completion, &[COMPLETION]),
    (KeyContext::Selection, &[SELECTION]),
    (KeyContext::Switcher, &[SWITCHER, LINE]),
    (KeyContext::Search, &[SEARCH, LINE]),
    (KeyContext::CatchUp, &[CATCH_UP]),
    (KeyContext::Panel, &[PANEL]),
    (KeyContext::Help, &[HELP]),
];

const GLOBAL: Table = &[
    ("ctrl-k", Action::Switcher),
    ("ctrl-g", Action::Switcher),
    ("alt-down", Action::NextConversation),
    ("ctrl-n", Action::NextConversation),
    ("alt-up", Action::PreviousConversation),
    ("ctrl-p", Action::PreviousConversation),
    ("ctrl-f", Action::SearchHere),
    ("alt-f", Action::SearchEverywhere),
    ("alt-i", Action::CatchUp),
    ("alt-a", Action::NextUnread),
    ("alt-/", Action::Back),
    ("alt-1", Action::Conversation1),
    ("alt-2", Action::Conversation2),
    ("alt-3", Action::Conversation3),
    ("alt-4", Action::Conversation4),
    ("alt-5", Action::Conversation5),
    ("alt-6", Action::Conversation6),
    ("alt-7", Action::Conversation7),
    ("alt-8", Action::Conversation8),
    ("alt-9", Action::Conversation9),
    ("pageup", Action::PageUp),
    ("pagedown", Action::PageDown),
    ("ctrl-end", Action::Newest),
    ("alt-end", Action::Newest),
    ("end", Action::Newest),
    ("alt-u", Action::FirstUnread),
    ("alt-c", Action::TogglePane),
    ("tab", Action::TogglePane),
    ("alt-m", Action::Members),
    ("ctrl-r", Action::Reconnect),
    ("ctrl-l", Action::Redraw),
    ("ctrl-z", Action::Suspend),
    ("esc", Action::Cancel),
    ("f1", Action::Help),
    ("ctrl-q", Action::Quit),
];

/// Ctrl+F and Alt+F are left to the search, which is looked for there. Ctrl+C stays free: it would
/// mean too many things.
const COMPOSER: Table = &[
    ("enter", Action::Submit),
    ("tab", Action::Complete),
    ("alt-enter", Action::Edit(Edit::NewLine)),
    ("shift-enter", Action::Edit(Edit::NewLine)),
    ("ctrl-j", Action::Edit(Edit::NewLine)),
    ("up", Action::Edit(Edit::Up)),
    ("down", Action::Edit(Edit::Down)),
    ("ctrl-up", Action::SelectPrevious),
    ("left", Action::Edit(Edit::Left)),
    ("ctrl-b", Action::Edit(Edit::Left)),
    ("right", Action::Edit(Edit::Right)),
    ("alt-b", Action::Edit(Edit::WordLeft)),
    ("ctrl-left", Action::Edit(Edit::WordLeft)),
    ("alt-left", Action::Edit(Edit::WordLeft)),
    ("ctrl-right", Action::Edit(Edit::WordRight)),
    ("alt-right", Action::Edit(Edit::WordRight)),
    ("ctrl-a", Action::Edit(Edit::LineStart)),
    ("home", Action::Edit(Edit::LineStart)),
    ("ctrl-e", Action::Edit(Edit::LineEnd)),
    ("end", Action::Edit(Edit::LineEnd)),
    ("alt-<", Action::Edit(Edit::TextStart)),
    ("ctrl-home", Action::Edit(Edit::TextStart)),
    ("alt->", Action::Edit(Edit::TextEnd)),
    ("backspace", Action::Edit(Edit::DeleteLeft)),
    ("shift-backspace", Action::Edit(Edit::DeleteLeft)),
    ("ctrl-h", Action::Edit(Edit::DeleteLeft)),
    ("delete", Action::Edit(Edit::DeleteRight)),
    ("ctrl-d", Action::Edit(Edit::DeleteRight)),
    ("ctrl-w", Action::Edit(Edit::KillWordLeft)),
    ("alt-backspace", Action::Edit(Edit::KillWordLeft)),
    ("ctrl-backspace", Action::Edit(Edit::KillWordLeft)),
    ("alt-d", Action::Edit(Edit::KillWordRight)),
    ("ctrl-delete", Action::Edit(Edit::KillWordRight)),
    ("ctrl-u", Action::Edit(Edit::KillToStart)),
    ("alt-k", Action::Edit(Edit::KillToEnd)),
    ("ctrl-y", Action::Edit(Edit::Yank)),
    ("ctrl-t", Action::Edit(Edit::Transpose)),
    // Terminals send Ctrl+_ and Ctrl+/ as one byte, which is read as Ctrl+7.
    ("ctrl-_", Action::Edit(Edit::Undo)),
    ("ctrl-/", Action::Edit(Edit::Undo)),
    ("ctrl-7", Action::Edit(Edit::Undo)),
    ("alt-_", Action::Edit(Edit::Redo)),
];

const COMPLETION: Table = &[
    ("tab", Action::Complete),
    ("enter", Action::Submit),
    ("up", Action::SelectPrevious),
    ("ctrl-p", Action::SelectPrevious),
    ("down", Action::SelectNext),
    ("ctrl-n", Action::SelectNext),
    ("esc", Action::Cancel),
];

const SELECTION: Table = &[
    ("up", Action::SelectPrevious),
    ("ctrl-up", Action::SelectPrevious),
    ("k", Action::SelectPrevious),
    ("down", Action::SelectNext),
    ("ctrl-down", Action::SelectNext),
    ("j", Action::SelectNext),
    ("y", Action::Copy),
    ("ctrl-c", Action::Copy),
    ("r", Action::Reply),
    ("e", Action::EditMessage),
    ("d", Action::Delete),
    ("+", Action::React),
    ("v", Action::Versions),
    ("o", Action::Link),
    ("enter", Action::Submit),
    ("s", Action::Retry),
    ("t", Action::TakeBack),
];

const SWITCHER: Table = &[
    ("enter", Action::Submit),
    ("up", Action::SelectPrevious),
    ("ctrl-p", Action::SelectPrevious),
    ("shift-tab", Action::SelectPrevious),
    ("down", Action::SelectNext),
    ("ctrl-n", Action::SelectNext),
    ("tab", Action::Complete),
    ("esc", Action::Cancel),
    ("ctrl-g", Action::Cancel),
    ("ctrl-k", Action::Cancel),
];

const SEARCH: Table = &[
    ("enter", Action::Submit),
    ("up", Action::SelectPrevious),
    ("ctrl-p", Action::SelectPrevious),
    ("down", Action::SelectNext),
    ("ctrl-n", Action::SelectNext),
    ("tab", Action::Complete),
    ("esc", Action::Cancel),
];

/// What edits a text of one line, wherever one is written.
const LINE: Table = &[
    ("left", Action::Edit(Edit::Left)),
    ("ctrl-b", Action::Edit(Edit::Left)),
    ("right", Action::Edit(Edit::Right)),
    ("ctrl-left", Action::Edit(Edit::WordLeft)),
    ("alt-b", Action::Edit(Edit::WordLeft)),
    ("ctrl-right", Action::Edit(Edit::WordRight)),
    ("home", Action::Edit(Edit::LineStart)),
    ("ctrl-a", Action::Edit(Edit::LineStart)),
    ("end", Action::Edit(Edit::LineEnd)),
    ("ctrl-e", Action::Edit(Edit::LineEnd)),
    ("backspace", Action::Edit(Edit::DeleteLeft)),
    ("ctrl-h", Action::Edit(Edit::DeleteLeft)),
    ("delete", Action::Edit(Edit::DeleteRight)),
    ("ctrl-d", Action::Edit(Edit::DeleteRight)),
    ("ctrl-w", Action::Edit(Edit::KillWordLeft)),
    ("alt-backspace", Action::Edit(Edit::KillWordLeft)),
    ("alt-d", Action::Edit(Edit::KillWordRight)),
    ("ctrl-u", Action::Edit(Edit::KillToStart)),
    ("alt-k", Action::Edit(Edit::KillToEnd)),
    ("ctrl-y", Action::Edit(Edit::Yank)),
];

const CATCH_UP: Table = &[
    ("enter", Action::Submit),
    ("up", Action::SelectPrevious),
    ("k", Action::SelectPrevious),
    ("ctrl-p", Action::SelectPrevious),
    ("down", Action::SelectNext),
    ("j", Action::SelectNext),
    ("ctrl-n", Action::SelectNext),
    ("r", Action::MarkRead),
    ("a", Action::MarkAllRead),
    ("esc", Action::Cancel),
    ("q", Action::Cancel),
];

const PANEL: Table = &[
    ("enter", Action::Submit),
    ("up", Action::SelectPrevious),
    ("k", Action::SelectPrevious),
    ("ctrl-p", Action::SelectPrevious),
    ("down", Action::SelectNext),
    ("j", Action::SelectNext),
    ("ctrl-n", Action::SelectNext),
    ("x", Action::Remove),
    ("esc", Action::Cancel),
    ("q", Action::Cancel),
];

const HELP: Table = &[
    ("up", Action::SelectPrevious),
    ("k", Action::SelectPrevious),
    ("down", Action::SelectNext),
    ("j", Action::SelectNext),
    ("esc", Action::Cancel),
    ("q", Action::Cancel),
    ("enter", Action::Cancel),
];

/// The heading of a context in the help.
pub(in crate::app) const fn heading(context: KeyContext) -> &'static str {
    match context {
        KeyContext::Global => "Everywhere",
        KeyContext::Composer => "Writing",
        KeyContext::Completion => "Completing a word",
        KeyContext::Selection => "A selected message",
        KeyContext::Switcher => "Switcher",
        KeyContext::Search => "Search",
        KeyContext::CatchUp => "All that is new",
        KeyContext::Panel => "Members, rooms, devices, questions",
        KeyContext::Help => "This help",
    }
}

/// What an action does, in a few words.
pub(in crate::app) const fn describe(action: Action) -> &'static str {
    match action {
        Action::Quit => "quit",
        Action::Help => "help",
        Action::Switcher => "switch: find a person or command",
        Action::NextConversation => "next conversation",
        Action::PreviousConversation => "previous conversation",
        Action::SearchHere => "search this conversation",
        Action::SearchEverywhere => "search everywhere",
        Action::NextUnread => "next unread conversation",
        Action::Back => "back to where the last jump came from",
        Action::Conversation1
        | Action::Conversation2
        | Action::Conversation3
        | Action::Conversation4
        | Action::Conversation5
        | Action::Conversation6
        | Action::Conversation7
        | Action::Conversation8
        | Action::Conversation9 => "conversation by its place in the list",
        Action::PageUp => "scroll up a page",
        Action::PageDown => "scroll down a page",
        Action::Newest => "newest message",
        Action::FirstUnread => "first unread message",
        Action::SelectPrevious => "up: message or row above",
        Action::SelectNext => "down: message or row below",
        Action::Copy => "copy the message",
        Action::Retry => "send a failed message again",
        Action::Reply => "reply to the message",
        Action::EditMessage => "edit the message",
        Action::Delete => "delete the message, pressed twice",
        Action::React => "react to the message",
        Action::Versions => "what the message was before",
        Action::Link => "copy the link in the message",
        Action::TakeBack => "take a waiting message back",
        Action::Submit => "send, or open the chosen row",
        Action::Cancel => "close, or back to writing",
        Action::Reconnect => "connect at once",
        Action::Redraw => "draw the screen again",
        Action::Suspend => "suspend to the shell",
        Action::TogglePane => "contacts or conversation, where one fits",
        Action::Complete => "complete the word, else the other pane",
        Action::Members => "members of the room",
        Action::Remove => "revoke the device",
        Action::CatchUp => "all that is new, to catch up",
        Action::MarkRead => "read up to the chosen line",
        Action::MarkAllRead => "all of it is read",
        Action::Edit(edit) => describe_edit(edit),
    }
}

const fn describe_edit(edit: Edit) -> &'static str {
    match edit {
        Edit::NewLine => "new line",
        Edit::Left => "left",
        Edit::Right => "right",
        Edit::Up => "row above; select a message when empty",
        Edit::Down => "row below",
        Edit::WordLeft => "start of the word",
        Edit::WordRight => "end of the word",
        Edit::LineStart => "start of the line",
        Edit::LineEnd => "end of the line; newest message when empty",
        Edit::TextStart => "start of the text",
        Edit::TextEnd => "end of the text",
        Edit::DeleteLeft => "delete to the left",
        Edit::DeleteRight => "delete to the right",
        Edit::KillWordLeft => "cut the word to the left",
        Edit::KillWordRight => "cut the word to the right",
        Edit::KillToStart => "cut to the start of the line",
        Edit::KillToEnd => "cut to the end of the line",
        Edit::Yank => "insert what was cut last",
        Edit::Transpose => "swap two characters",
        Edit::Undo => "undo",
        Edit::Redo => "redo",
    }
}
