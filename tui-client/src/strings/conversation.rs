//! The contact list, the conversation pane, its titles and the input box.

use recado_shared::text::is_visible;

use super::counted;
use crate::app::composer::vi::ViMode;

pub(crate) const INVITE_IN_LIST: [&str; 4] = [
    super::status::NO_CONTACTS,
    "",
    "The operator of the",
    "server invites others.",
];

/// What a client without contacts shows. `key` opens the switcher; empty if it has none.
pub(crate) fn invite(key: &str) -> [String; 4] {
    let how = if key.is_empty() {
        "`recado-server invite` prints a line to send.".to_owned()
    } else {
        format!("{key}, then /invite-link, shows a line to send.")
    };
    [
        super::status::NO_CONTACTS.to_owned(),
        "The operator of the server invites others:".to_owned(),
        how,
        "On the machine of the server, `recado NAME` in another terminal works, too.".to_owned(),
    ]
}
pub(crate) const PEOPLE: &str = "── people ──";
pub(crate) const PEOPLE_ONLINE: &str = "── people online ──";
pub(crate) const INVITED: &str = "invited";
pub(crate) const UNKNOWN_USER: &str = "unknown user";
pub(crate) const YOU: &str = "you";

/// The label of a user whose name is not known yet.
pub(crate) fn user_number(user: impl std::fmt::Display) -> String {
    format!("user {user}")
}

pub(crate) fn start_conversation(key: &str) -> String {
    if key.is_empty() {
        "Choose a conversation in the list.".to_owned()
    } else {
        format!("Press {key} and type a name to start a conversation.")
    }
}

pub(crate) const MEMBERS_ONLY: &str = "Only members can read this room.";
pub(crate) const NO_MESSAGES: &str = "No messages yet.";
pub(crate) const FETCHING: &str = "Loading messages…";
pub(crate) const NOT_LOADED: &str = "Messages are not loaded yet.";
pub(crate) const WRITE_BELOW: &str = "Write below. Enter sends.";

pub(crate) fn new_messages(count: u64) -> String {
    format!("{count} new")
}

pub(crate) fn gap_loading(missing: u64) -> String {
    format!("… loading {} …", counted(missing, "message"))
}

pub(crate) fn gap(missing: u64) -> String {
    format!("… {} not loaded yet …", counted(missing, "message"))
}

pub(crate) const EDITED: &str = "(edited)";
pub(crate) const DELETED: &str = "message deleted";
pub(crate) const QUOTE_DELETED: &str = "deleted message";
pub(crate) const QUOTE_NOT_LOADED: &str = "… earlier message";
pub(crate) const BLOCKED: &str = "message from a blocked user";
pub(crate) const NO_VISIBLE_TEXT: &str = "(no visible text)";

/// The text of a message as it is shown: a note if there is text of which nothing is visible.
pub(crate) fn shown(text: &str) -> &str {
    if text.is_empty() || is_visible(text) {
        text
    } else {
        NO_VISIBLE_TEXT
    }
}

pub(crate) fn queued_event(event: &str) -> String {
    format!("{event} (queued)")
}

pub(crate) fn is_typing(name: &str) -> String {
    format!("{name} is typing…")
}

pub(crate) fn are_typing(first: &str, second: &str) -> String {
    format!("{first} and {second} are typing…")
}

pub(crate) fn many_are_typing(first: &str, second: &str, more: usize) -> String {
    format!("{first}, {second} and {more} more are typing…")
}

/// Beside a title; with the space behind it 6 cells wide.
pub(crate) const MUTED: &str = "muted";

pub(crate) fn members(count: u64) -> String {
    counted(count, "member")
}

/// Before the title, where there is no line above the input box.
pub(crate) const PROMPT_EDIT: &str = "e:";
pub(crate) const PROMPT_REPLY: &str = "r:";

pub(crate) fn editing(title: &str, save: &str, cancel: &str) -> String {
    match (save, cancel) {
        ("", _) | (_, "") => format!("to {title}, editing"),
        _ => format!("to {title}, editing: {save} saves, {cancel} cancels"),
    }
}

pub(crate) const ROOM_CLOSED: &str = "This room was closed";
pub(crate) const ROOM_LEFT: &str = "You left. /join to rejoin";
pub(crate) const ROOM_KICKED: &str = "You were removed. /join to rejoin";
pub(crate) const ROOM_BANNED: &str = "You are banned from this room";

/// `inviter` is not known of older invitations.
pub(crate) fn invited(inviter: Option<&str>) -> String {
    match inviter {
        Some(name) => format!("{name} invited you: Enter joins"),
        None => "You are invited: Enter joins".to_owned(),
    }
}

pub(crate) fn to_removed(title: &str) -> String {
    format!("the account of {title} was removed")
}

/// Stands at the end of the contact list.
pub(crate) fn people_hidden(count: usize) -> String {
    format!("── {count} more hidden ──")
}

/// A title behind the mode of vi keys.
pub(crate) fn in_mode(mode: Option<ViMode>, title: String) -> String {
    match mode {
        None => title,
        Some(ViMode::Insert) => format!("INSERT {title}"),
        Some(ViMode::Normal) => format!("NORMAL {title}"),
        Some(ViMode::Visual) => format!("VISUAL {title}"),
    }
}

/// The mode of vi keys before the name of the recipient, where there is little room.
pub(crate) const fn mode_mark(mode: Option<ViMode>) -> &'static str {
    match mode {
        None | Some(ViMode::Insert) => "",
        Some(ViMode::Normal) => "N:",
        Some(ViMode::Visual) => "V:",
    }
}

pub(crate) fn to(title: &str) -> String {
    format!("to {title}")
}

pub(crate) fn to_blocked(title: &str) -> String {
    format!("to {title} (blocked)")
}

pub(crate) fn reply_to(title: &str, quote: &str) -> String {
    format!("to {title}, reply {quote}")
}

pub(crate) fn message_request(from: &str) -> String {
    format!("Message request from {from}: reply to accept, /block to decline")
}

pub(crate) fn length(bytes: usize, most: usize) -> String {
    format!("{bytes} of {most} bytes")
}

pub(crate) fn newer(count: usize, key: &str) -> String {
    format!("↓ {count} newer {key}").trim_end().to_owned()
}

/// How much of the last message is below the pane.
pub(crate) fn more_lines(count: usize, key: &str) -> String {
    let lines = if count == 1 { "line" } else { "lines" };
    format!("↓ {count} more {lines} {key}")
        .trim_end()
        .to_owned()
}

/// The line from which on messages are missing that the server had accepted.
pub(crate) fn lost(messages: u64) -> String {
    let are_gone = if messages == 1 {
        "1 message is gone".to_owned()
    } else {
        format!("{messages} messages are gone")
    };
    format!("Server restored: {are_gone} from here on")
}
