//! The status line and the notices in it that do not answer a command.

use std::time::Duration;

pub(crate) const ACCESS_DENIED: &str = "access denied";
pub(crate) const CONNECTED: &str = "connected";
pub(crate) const CONNECTING: &str = "connecting…";
pub(crate) const FAILED: &str = "failed";
pub(crate) const QUEUED: &str = "queued";

pub(crate) fn offline(retry_in: Duration) -> String {
    let seconds = retry_in.as_millis().div_ceil(1000);
    format!("offline, retrying within {seconds} s")
}

pub(crate) fn milliseconds(round_trip: Duration) -> String {
    match round_trip.as_millis() {
        0 => "<1 ms".to_owned(),
        ms => format!("{ms} ms"),
    }
}

pub(crate) fn unread(count: &str) -> String {
    format!("{count} unread")
}

pub(crate) const NO_CONTACTS: &str = "No contacts yet";
pub(crate) const NOTHING_TO_GO_BACK_TO: &str = "There is no previous place to go back to";
pub(crate) const NOTHING_UNREAD: &str = "No unread messages";
pub(crate) const NOTHING_UNREAD_HERE: &str = "No unread messages here";
pub(crate) const ONLY_MUTED_UNREAD: &str = "No unread messages except in muted conversations";
pub(crate) fn how_to_quit(key: &str) -> String {
    match key {
        "" => "/quit leaves Recado".to_owned(),
        key => format!("Press {key} to quit"),
    }
}

pub(crate) const ALREADY_CONNECTED: &str = "Already connected";
pub(crate) const ROLLED_BACK: &str =
    "The server was put back to an earlier state. Conversations show what is gone";
pub(crate) const SERVER_RESET: &str = "The server was reset. Check the recipient before sending";
pub(crate) const CLOSE_FIRST: &str = "Close this first, then write";
pub(crate) const CLOSE_HELP_FIRST: &str = "Close the help first, then write";
pub(crate) const NOT_A_NAME: &str = "That is too long for a name. Close this first, then paste";
pub(crate) const TMUX_REPORTS_NO_FOCUS: &str =
    "tmux reports no focus. Put 'set -g focus-events on' in ~/.tmux.conf";
pub(crate) const PASTE_CUT: &str = "The text is too long. Its end was left out";

/// Both are titles of conversations.
pub(crate) fn moved(from: &str, to: &str) -> String {
    format!("{to} opened while you wrote to {from}. Enter again sends this to {to}")
}

pub(crate) fn no_position(position: usize) -> String {
    format!("There is no conversation {position} in the list")
}

pub(crate) const INVITE_LINK_READY: &str = "The invite link is ready. /invite-link shows it";

/// Characters of an announcement in the line about it.
const MAX_ANNOUNCEMENT_LINE: usize = 160;

/// `key` opens all of it; without one the command does.
pub(crate) fn announcement(text: &str, key: &str) -> String {
    let start: String = text.chars().take(MAX_ANNOUNCEMENT_LINE).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    let key = if key.is_empty() {
        "/announcements"
    } else {
        key
    };
    format!("Announcement ({key} reads and closes it): {start}{more}")
}

/// `count` is at least 1.
pub(crate) fn unsent(count: usize) -> String {
    let (messages, they) = match count {
        1 => ("1 message is".to_owned(), "It goes"),
        _ => (format!("{count} messages are"), "They go"),
    };
    format!("{messages} not sent yet. {they} out when Recado is open and connected again.")
}

pub(crate) fn store_failed(why: &str) -> String {
    format!("Cannot save to disk: {why}. Copy what you need first")
}

pub(crate) fn server_key_changed(seen: &str, pinned: &str) -> String {
    format!(
        "this is not the server you joined: its key is {seen}, yours is {pinned}. If the operator \
         confirms the new key, join again with a new invite"
    )
}

pub(crate) fn too_small(width: u16, height: u16) -> [String; 2] {
    [
        format!("{width}×{height} is too small"),
        "at least 20×6".to_owned(),
    ]
}

/// For commands and bots.
pub(crate) fn rolled_back(entries: u64) -> String {
    let are_gone = if entries == 1 {
        "1 entry that was delivered is gone".to_owned()
    } else {
        format!("{entries} entries that were delivered are gone")
    };
    format!("the server was put back to an earlier state: {are_gone}")
}
