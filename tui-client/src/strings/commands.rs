//! Slash commands: their help, their answers and what is wrong with a line.

use std::fmt::Display;
use std::time::Duration;

use recado_shared::{HistoryVisibility, NotificationLevel};

use super::time;

/// The help of a command by its name, in at most 42 characters; empty for an unknown name.
pub(crate) const fn help(name: &str) -> &'static str {
    match name.as_bytes() {
        b"msg" => "open a conversation, or send a message",
        b"me" => "send an action, like \"waves\"",
        b"reply" => "reply to the selected or newest message",
        b"react" => "react to the selected or newest message",
        b"edit" => "edit your last message here",
        b"delete" => "delete your last message here",
        b"create" => "create a room",
        b"join" => "join a room (default: the current one)",
        b"rooms" => "list the rooms that you can join",
        b"leave" => "leave this room",
        b"close" => "close this room, if you are alone in it",
        b"invite" => "invite someone to this room",
        b"topic" => "show or set the topic (- removes it)",
        b"rename" => "rename this room",
        b"public" => "let anyone join this room",
        b"private" => "make this room invite-only",
        b"history" => "what new members see of the past",
        b"members" => "list the members of this room",
        b"role" => "change the role of a member",
        b"mute" => "mute a member",
        b"unmute" => "unmute a member",
        b"kick" => "remove a member",
        b"ban" => "ban a user from this room",
        b"unban" => "unban a user",
        b"nick" => "show or set your display name (- removes)",
        b"block" => "block a user",
        b"unblock" => "unblock a user",
        b"contacts" => "whether new people must ask first",
        b"accept" => "accept a message request",
        b"favourite" => "add this conversation to favourites",
        b"unfavourite" => "remove it from favourites",
        b"notify" => "notifications: all, mentions or nothing",
        b"quiet" => "mute this conversation",
        b"theme" => "show or change the colours",
        b"unquiet" => "unmute this conversation",
        b"catchup" => "unread: everything new",
        b"announcements" => "read the operator's announcements",
        b"devices" => "list your devices",
        b"link" => "link the device that shows this code",
        b"device-name" => "rename a device, by name or number",
        b"revoke" => "revoke a device, by name or number",
        b"invite-link" => "show a link that lets others join",
        b"search" => "search all messages (try from:NAME)",
        b"goto" => "jump to a date in this conversation",
        b"help" => "all keys and commands, or one command",
        b"quit" => "quit Recado",
        _ => "",
    }
}

pub(crate) const INVITE_LINK_FAILED: &str =
    "Cannot make an invite link: a part of the program failed. See the log";

pub(crate) fn wrong_uses(most: u32) -> String {
    format!("N is a number of people from 1 to {most}")
}

pub(crate) fn title(name: &str, help: &str) -> String {
    format!("/{name}  {help}")
}

pub(crate) fn usage_with_help(usage: &str, help: &str) -> String {
    format!("{usage}: {help}")
}

pub(crate) fn usage(usage: &str) -> String {
    format!("Usage: {usage}")
}

pub(crate) fn bad_argument(command: &str, why: &str) -> String {
    format!("/{command}: {why}")
}

pub(crate) const NO_NAME: &str = "Type a command after the slash. /help lists them";

pub(crate) fn unknown(name: &str, nearest: Option<&str>) -> String {
    match nearest {
        Some(known) => format!("Unknown command /{name}. Did you mean /{known}?"),
        None => format!("Unknown command /{name}. /help lists them"),
    }
}

/// Adds to [`unknown`] what else the user may have meant.
pub(crate) fn or_send_as_text(unknown: &str) -> String {
    if unknown.ends_with('?') {
        format!("{unknown} Start with // to send it as text")
    } else {
        format!("{unknown}; start with // to send it as text")
    }
}

pub(crate) fn not_a_duration(text: &str) -> String {
    format!("\"{text}\" is not a duration. Examples: 30m, 2h, 1d, 1w")
}

pub(crate) fn not_a_moment(text: &str) -> String {
    format!(
        "\"{text}\" is not a date. Examples: 2026-11-03, 11-03 14:00, yesterday, monday 9:30, 7d"
    )
}

pub(crate) fn nothing_since(text: &str) -> String {
    format!("There is no message here from {text} or later. The newest ones are older")
}

pub(crate) const NOT_ON_THIS_DEVICE: &str =
    "Not connected, and the messages of that time are not on this device yet";
pub(crate) const ONLY_IN_ROOMS: &str = "This works only in a room";
pub(crate) const OPEN_FIRST: &str = "Open a conversation first";
pub(crate) const NAME_A_USER: &str = "Name a user, or open the conversation with them first";
pub(crate) const NAME_A_ROOM: &str = "Usage: /join ROOM. /rooms lists the rooms you can join";
pub(crate) const NO_MESSAGE_HERE: &str = "There is no message here yet";
pub(crate) const NO_OWN_MESSAGE: &str = "You have no message here to edit or delete";
pub(crate) const CANNOT_BLOCK_SELF: &str = "You cannot block yourself";

pub(crate) fn no_user(name: impl Display) -> String {
    format!("There is no user named {name}")
}

pub(crate) fn no_room(name: impl Display) -> String {
    format!("No such room, or you have no access: #{name}. /create {name} creates it")
}

pub(crate) fn room_renamed(former: impl Display, name: impl Display) -> String {
    format!("#{former} was renamed to #{name}. Use the new name")
}

/// `why` is a whole sentence.
pub(crate) fn cannot_look_up(name: impl Display, why: &str) -> String {
    format!("{name} is not known on this device. {why}")
}

pub(crate) fn member_already(room: impl Display) -> String {
    format!("You are already a member of #{room}")
}

pub(crate) fn several_devices(name: &str) -> String {
    format!("Several devices are named {name}. Use the number in the list of your devices")
}

pub(crate) fn no_device(name: &str) -> String {
    format!("You have no device {name}. See the list of your devices")
}

pub(crate) fn room_created(name: impl Display) -> String {
    format!("Created #{name}. /invite NAME invites people")
}

pub(crate) fn now_in_list(title: &str) -> String {
    format!("{title} is now in your list")
}

pub(crate) fn request_accepted(title: &str) -> String {
    format!("Accepted the request of {title}")
}

pub(crate) fn display_name_set(name: impl Display) -> String {
    format!("Your display name is now {name}")
}

/// The user's own names.
pub(crate) fn own_name(name: &str, display: Option<impl Display>) -> String {
    match display {
        Some(display) => format!("You are {name}, shown as {display}. /nick - removes it"),
        None => format!("You are {name}. /nick TEXT sets a display name"),
    }
}

pub(crate) fn topic(room: impl Display, topic: Option<impl Display>) -> String {
    match topic {
        Some(topic) => format!("Topic of #{room}: {topic}"),
        None => format!("#{room} has no topic. /topic TEXT sets one"),
    }
}

pub(crate) const fn history(visibility: HistoryVisibility) -> &'static str {
    match visibility {
        HistoryVisibility::Visible => "New members see what was written before they joined",
        HistoryVisibility::Hidden => "New members do not see what was written before they joined",
    }
}

pub(crate) const NOTHING_TO_COMPLETE: &str = "Nothing to complete";
pub(crate) const DISPLAY_NAME_REMOVED: &str = "Display name removed";

pub(crate) fn device_renamed(name: impl Display) -> String {
    format!("Renamed the device to {name}")
}

pub(crate) const DEVICE_LINKED: &str = "Device linked";
pub(crate) const DEVICE_REVOKED: &str = "Device revoked";

pub(crate) fn blocked(name: &str, is_on: bool) -> String {
    let state = if is_on { "blocked" } else { "unblocked" };
    format!("{name} is {state}")
}

pub(crate) const fn first_contact(must_ask: bool) -> &'static str {
    if must_ask {
        "New people must ask before writing to you"
    } else {
        "Anyone can write to you"
    }
}

pub(crate) const fn favourite(is_on: bool) -> &'static str {
    if is_on {
        "Added to favourites"
    } else {
        "Removed from favourites"
    }
}

pub(crate) const fn notifications(level: NotificationLevel) -> &'static str {
    match level {
        NotificationLevel::All => "You will be notified of all messages",
        NotificationLevel::Mentions => "You will be notified of mentions only",
        NotificationLevel::Nothing => "You will not be notified of messages here",
    }
}

/// `None` mutes until `/unquiet`.
pub(crate) fn muted(length: Option<Duration>) -> String {
    match length {
        Some(length) => format!("Muted for {}", time::duration(length)),
        None => "Muted".to_owned(),
    }
}

pub(crate) const UNMUTED: &str = "Unmuted";
