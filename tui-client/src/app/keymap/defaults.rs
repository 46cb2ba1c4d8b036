//! Default key bindings, in the order in which the help shows them.

use super::Key;
use crate::app::action::{Action, Edit, KeyContext, Motion};

/// Bindings of one context; the first key of an action is the one that hints show.
pub(super) type Table = &'static [(Action, &'static str)];

/// All contexts in the order of the help, each with its tables.
pub(super) const DEFAULTS: [(KeyContext, &[Table]); 11] = [
    (KeyContext::Global, &[GLOBAL]),
    (KeyContext::Composer, &[COMPOSER]),
    (KeyContext::Prefix, &[PREFIX]),
    (KeyContext::Completion, &[COMPLETION]),
    (KeyContext::Selection, &[SELECTION]),
    (KeyContext::Contacts, &[CONTACTS]),
    (KeyContext::Switcher, &[SWITCHER, LINE]),
    (KeyContext::Search, &[SEARCH, LINE]),
    (KeyContext::UnreadOverview, &[UNREAD_OVERVIEW]),
    (KeyContext::Panel, &[PANEL]),
    (KeyContext::Help, &[HELP]),
];

pub(super) fn bindings(tables: &[Table]) -> impl Iterator<Item = (Key, Action)> {
    let rows = tables.iter().copied().flatten();
    rows.flat_map(|&(action, keys)| {
        let keys = keys.split(' ').map(str::parse);
        keys.map(move |key| (key.expect("a test parses all defaults"), action))
    })
}

/// Finds an action by its name in the key configuration. Each action has a default key, as a test
/// checks.
pub(super) fn action_named(name: &str) -> Option<Action> {
    let mut rows = DEFAULTS.iter().flat_map(|(_, tables)| tables.concat());
    let found = rows.find(|(action, _)| action.to_string() == name);
    found.map(|(action, _)| action)
}

const GLOBAL: Table = &[
    (Action::Switcher, "ctrl-k ctrl-g"),
    (Action::NextConversation, "alt-down ctrl-n"),
    (Action::PreviousConversation, "alt-up ctrl-p"),
    (Action::SearchHere, "ctrl-f"),
    (Action::SearchEverywhere, "alt-f"),
    (Action::UnreadOverview, "alt-i"),
    (Action::NextUnread, "alt-a"),
    (Action::Back, "alt-/"),
    (Action::Conversation(1), "alt-1"),
    (Action::Conversation(2), "alt-2"),
    (Action::Conversation(3), "alt-3"),
    (Action::Conversation(4), "alt-4"),
    (Action::Conversation(5), "alt-5"),
    (Action::Conversation(6), "alt-6"),
    (Action::Conversation(7), "alt-7"),
    (Action::Conversation(8), "alt-8"),
    (Action::Conversation(9), "alt-9"),
    (Action::PageUp, "pageup"),
    (Action::PageDown, "pagedown"),
    (Action::Newest, "ctrl-end alt-end end"),
    (Action::Oldest, "ctrl-home alt-home"),
    (Action::FirstUnread, "alt-u"),
    (Action::TogglePane, "alt-c tab"),
    (Action::ToggleList, "alt-0"),
    (Action::WidenList, "alt-="),
    (Action::NarrowList, "alt--"),
    (Action::Members, "alt-m"),
    (Action::Announcements, "alt-n"),
    (Action::SentMessages, "ctrl-r"),
    (Action::Reconnect, "alt-r"),
    (Action::Redraw, "ctrl-l"),
    (Action::Suspend, "ctrl-z"),
    (Action::Cancel, "esc"),
    (Action::Help, "f1"),
    (Action::Quit, "ctrl-q"),
    (Action::ExplainQuit, "ctrl-c ctrl-d"),
];

/// Ctrl+F and Alt+F are left to the search, which is looked for there.
const COMPOSER: Table = &[
    (Action::Submit, "enter"),
    (Action::Complete, "tab"),
    (Action::Edit(Edit::NewLine), "alt-enter shift-enter ctrl-j"),
    (Action::Edit(Edit::Up), "up"),
    (Action::Edit(Edit::Down), "down"),
    (Action::SelectPrevious, "ctrl-up"),
    (Action::Edit(Edit::Left), "left ctrl-b"),
    (Action::Edit(Edit::Right), "right"),
    (Action::Edit(Edit::WordLeft), "alt-b ctrl-left alt-left"),
    (Action::Edit(Edit::WordRight), "ctrl-right alt-right"),
    (Action::Edit(Edit::LineStart), "ctrl-a home"),
    (Action::Edit(Edit::LineEnd), "ctrl-e end"),
    (Action::Edit(Edit::TextStart), "alt-< ctrl-home"),
    (Action::Edit(Edit::TextEnd), "alt->"),
    (
        Action::Edit(Edit::DeleteLeft),
        "backspace shift-backspace ctrl-h",
    ),
    (Action::Edit(Edit::DeleteRight), "delete ctrl-d"),
    (
        Action::Edit(Edit::KillWordLeft),
        "alt-backspace ctrl-backspace",
    ),
    (Action::Edit(Edit::UnixWordRubout), "ctrl-w"),
    (Action::Edit(Edit::KillWordRight), "alt-d ctrl-delete"),
    (Action::Edit(Edit::KillToStart), "ctrl-u"),
    (Action::Edit(Edit::KillToEnd), "alt-k"),
    (Action::Edit(Edit::Yank), "ctrl-y"),
    (Action::Edit(Edit::YankPop), "alt-y"),
    (Action::Edit(Edit::Transpose), "ctrl-t"),
    (Action::Edit(Edit::TransposeWords), "alt-t"),
    // Readline has Alt+U and Alt+C too: these keys mean other things here.
    (Action::Edit(Edit::Upcase), "alt-shift-u"),
    (Action::Edit(Edit::Downcase), "alt-l alt-shift-l"),
    (Action::Edit(Edit::Capitalise), "alt-shift-c"),
    // Terminals send Ctrl+_ and Ctrl+/ as one byte, which is read as Ctrl+7.
    (Action::Edit(Edit::Undo), "ctrl-_ ctrl-/ ctrl-7"),
    (Action::Edit(Edit::Redo), "alt-_"),
    (Action::Edit(Edit::Extend(Motion::Left)), "shift-left"),
    (Action::Edit(Edit::Extend(Motion::Right)), "shift-right"),
    (Action::Edit(Edit::Extend(Motion::Up)), "shift-up"),
    (Action::Edit(Edit::Extend(Motion::Down)), "shift-down"),
    (
        Action::Edit(Edit::Extend(Motion::WordLeft)),
        "ctrl-shift-left alt-shift-left",
    ),
    (
        Action::Edit(Edit::Extend(Motion::WordRight)),
        "ctrl-shift-right alt-shift-right",
    ),
    (Action::Edit(Edit::Extend(Motion::LineStart)), "shift-home"),
    (Action::Edit(Edit::Extend(Motion::LineEnd)), "shift-end"),
    (
        Action::Edit(Edit::Extend(Motion::TextStart)),
        "ctrl-shift-home",
    ),
    (
        Action::Edit(Edit::Extend(Motion::TextEnd)),
        "ctrl-shift-end",
    ),
    (Action::Copy, "alt-w ctrl-c"),
    (Action::OpenEditor, "alt-e"),
    (Action::Prefix, "ctrl-x"),
];

const PREFIX: Table = &[
    (Action::OpenEditor, "ctrl-e e"),
    (Action::Edit(Edit::SelectAll), "h"),
    (Action::Edit(Edit::Undo), "ctrl-u u"),
    (Action::Edit(Edit::Redo), "ctrl-r r"),
    (Action::Cancel, "esc ctrl-g"),
];

const COMPLETION: Table = &[
    (Action::Complete, "tab"),
    (Action::Submit, "enter"),
    (Action::SelectPrevious, "up ctrl-p"),
    (Action::SelectNext, "down ctrl-n"),
    (Action::Cancel, "esc"),
];

const SELECTION: Table = &[
    (Action::SelectPrevious, "up ctrl-up k"),
    (Action::SelectNext, "down ctrl-down j"),
    (Action::Copy, "y ctrl-c"),
    (Action::Reply, "r"),
    (Action::EditMessage, "e"),
    (Action::OpenEditor, "E"),
    (Action::Delete, "d"),
    (Action::React, "+"),
    (Action::Versions, "v"),
    (Action::Link, "o"),
    (Action::Submit, "enter"),
    (Action::Retry, "s"),
    (Action::TakeBack, "t"),
];

const CONTACTS: Table = &[
    (Action::Submit, "enter"),
    (Action::SelectPrevious, "up"),
    (Action::SelectNext, "down"),
    (Action::First, "home"),
    (Action::Last, "end"),
    (Action::TogglePeople, "left right"),
    (Action::Cancel, "esc"),
];

const SWITCHER: Table = &[
    (Action::Submit, "enter"),
    (Action::SelectPrevious, "up ctrl-p shift-tab"),
    (Action::SelectNext, "down ctrl-n"),
    (Action::Complete, "tab"),
    (Action::Cancel, "esc ctrl-g ctrl-k"),
];

const SEARCH: Table = &[
    (Action::Submit, "enter"),
    (Action::SelectPrevious, "up ctrl-p"),
    (Action::SelectNext, "down ctrl-n"),
    (Action::Complete, "tab"),
    (Action::Cancel, "esc"),
];

const LINE: Table = &[
    (Action::Edit(Edit::Left), "left ctrl-b"),
    (Action::Edit(Edit::Right), "right"),
    (Action::Edit(Edit::WordLeft), "ctrl-left alt-b"),
    (Action::Edit(Edit::WordRight), "ctrl-right"),
    (Action::Edit(Edit::LineStart), "home ctrl-a"),
    (Action::Edit(Edit::LineEnd), "end ctrl-e"),
    (Action::Edit(Edit::DeleteLeft), "backspace ctrl-h"),
    (Action::Edit(Edit::DeleteRight), "delete ctrl-d"),
    (Action::Edit(Edit::KillWordLeft), "alt-backspace"),
    (Action::Edit(Edit::UnixWordRubout), "ctrl-w"),
    (Action::Edit(Edit::KillWordRight), "alt-d"),
    (Action::Edit(Edit::KillToStart), "ctrl-u"),
    (Action::Edit(Edit::KillToEnd), "alt-k"),
    (Action::Edit(Edit::Yank), "ctrl-y"),
    (Action::Edit(Edit::YankPop), "alt-y"),
    (Action::Edit(Edit::Undo), "ctrl-_ ctrl-/ ctrl-7"),
];

const UNREAD_OVERVIEW: Table = &[
    (Action::Submit, "enter"),
    (Action::SelectPrevious, "up k ctrl-p"),
    (Action::SelectNext, "down j ctrl-n"),
    (Action::First, "home"),
    (Action::Last, "end"),
    (Action::MarkRead, "r"),
    (Action::MarkAllRead, "a"),
    (Action::Cancel, "esc q"),
];

const PANEL: Table = &[
    (Action::Submit, "enter"),
    (Action::SelectPrevious, "up k ctrl-p"),
    (Action::SelectNext, "down j ctrl-n"),
    (Action::First, "home"),
    (Action::Last, "end"),
    (Action::Remove, "x"),
    (Action::Copy, "y"),
    (Action::Cancel, "esc q"),
];

const HELP: Table = &[
    (Action::SelectPrevious, "up k"),
    (Action::SelectNext, "down j"),
    (Action::First, "home"),
    (Action::Last, "end"),
    (Action::Find, "/"),
    (Action::Cancel, "esc q enter"),
];

/// The keys that a user needs, in the order of the first page of the help: as many as a terminal of
/// 24 rows shows.
pub(super) const ESSENTIALS: [(KeyContext, Action); 20] = [
    (KeyContext::Composer, Action::Submit),
    (KeyContext::Composer, Action::Edit(Edit::NewLine)),
    (KeyContext::Global, Action::Switcher),
    (KeyContext::Global, Action::NextConversation),
    (KeyContext::Global, Action::PreviousConversation),
    (KeyContext::Global, Action::NextUnread),
    (KeyContext::Global, Action::Back),
    (KeyContext::Global, Action::UnreadOverview),
    (KeyContext::Global, Action::SearchHere),
    (KeyContext::Global, Action::SearchEverywhere),
    (KeyContext::Global, Action::TogglePane),
    (KeyContext::Global, Action::PageUp),
    (KeyContext::Global, Action::Newest),
    (KeyContext::Composer, Action::SelectPrevious),
    (KeyContext::Selection, Action::Reply),
    (KeyContext::Selection, Action::EditMessage),
    (KeyContext::Selection, Action::Delete),
    (KeyContext::Selection, Action::React),
    (KeyContext::Global, Action::Cancel),
    (KeyContext::Global, Action::Quit),
];
