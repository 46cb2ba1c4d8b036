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
