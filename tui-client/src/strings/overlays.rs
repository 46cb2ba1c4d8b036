//! The switcher, the search, lists, questions and other overlays.

pub(crate) const GO_TO: &str = "Go to…";
pub(crate) const NO_TARGET: &str = "No matching person, room or command";
pub(crate) const NO_TARGET_BUT_COMMANDS: &str =
    "No matching person or room. Press Tab and Enter to run the command";
pub(crate) const COMPOSER_IN_USE: &str = "Send or clear your text first, then choose";

pub(crate) const UNREAD_OVERVIEW: &str = "Unread: everything new";
pub(crate) const SEARCH_HERE: &str = "Search this conversation";
pub(crate) const SEARCH_EVERYWHERE: &str = "Search everywhere";
pub(crate) const NEXT_UNREAD: &str = "Next unread conversation";
pub(crate) const BACK: &str = "Go back";
pub(crate) const FIRST_UNREAD: &str = "First unread message";
pub(crate) const NEWEST: &str = "Newest message";
pub(crate) const RETRY: &str = "Retry failed messages";
pub(crate) const SENT_TITLE: &str = "Sent messages";
pub(crate) const NONE_SENT: &str = "Nothing matches among your messages here";
pub(crate) const RECONNECT: &str = "Reconnect now";
pub(crate) const HELP: &str = "Help: keys and commands";
pub(crate) const REDRAW: &str = "Redraw the screen";
pub(crate) const QUIT: &str = "Quit";

pub(crate) fn join(members: u32) -> String {
    format!("join, {}", super::conversation::members(members.into()))
}

pub(crate) const HELP_TITLE: &str = "Help";
pub(crate) const HELP_NOTHING: &str = "No key or command matches";

pub(crate) fn help_search(text: &str) -> String {
    format!("{HELP_TITLE}: search for {text}▏")
}

pub(crate) const VERSIONS_TITLE: &str = "Versions";
pub(crate) const ANNOUNCEMENTS_TITLE: &str = "Announcements";
pub(crate) const NO_ANNOUNCEMENTS: &str = "No new announcements";
pub(crate) const UNREAD_TITLE: &str = "Unread";
pub(crate) const CONFIRM_TITLE: &str = "Confirm";
pub(crate) const REACT_TITLE: &str = "React";

pub(crate) fn more_below(count: impl std::fmt::Display) -> String {
    format!("↓ {count} more")
}

pub(crate) const LOADING: &str = "Loading…";
pub(crate) const NOTHING_NEW: &str = "Nothing new";
pub(crate) const NOTHING_TO_MARK: &str = "There is nothing to mark as read";
pub(crate) const READ_WHEN_LOADED: &str =
    "Messages not loaded yet are marked as read when they arrive";

pub(crate) fn more_unread(count: u64) -> String {
    format!("{count} more")
}

pub(crate) fn muted_unread(count: u64) -> String {
    format!("{count} unread, muted")
}

pub(crate) const VERSION_DELETED: &str = "This message was deleted.";
pub(crate) const VERSION_FIRST: &str = "written";
pub(crate) const VERSION_EDITED: &str = "edited";
pub(crate) const VERSION_CURRENT: &str = "current version, edited";

pub(crate) const NO_EMOJI: &str = "No such emoji";
pub(crate) const PASTE_NO_EMOJI: &str = "That is not an emoji. Close this first, then write";

pub(crate) fn and_more(first: &str, second: &str, more: usize) -> String {
    format!("{first}, {second} and {more} more")
}

pub(crate) const MEMBERS_TITLE: &str = "Members";
pub(crate) const DEVICES_TITLE: &str = "Your devices";

pub(crate) fn rooms_title(prefix: &str) -> String {
    if prefix.is_empty() {
        "Rooms to join".to_owned()
    } else {
        format!("Rooms to join: {prefix}…")
    }
}

pub(crate) const NOT_CONNECTED: &str = "Not connected";
pub(crate) const NO_ROOMS: &str = "No such room. /create ROOM creates one";
pub(crate) const EMPTY: &str = "Nothing to show";
pub(crate) const MUTED_UNTIL: &str = "muted until";
pub(crate) const NO_NAME: &str = "(no name)";
pub(crate) const THIS_DEVICE: &str = "this device";
pub(crate) const ONLINE: &str = "online";
pub(crate) const SEEN: &str = "last seen";
pub(crate) const NEVER_SEEN: &str = "never seen";

pub(crate) fn answers(yes: &str, no: &str) -> String {
    format!("{yes}: yes   {no}: no")
}

pub(crate) const ONLY_ROOMS_HAVE_MEMBERS: &str = "Only rooms have members. Open a room first";
pub(crate) const MEMBERS_HINT: &str = "/kick NAME removes a member";
pub(crate) const ROOMS_HINT: &str = "/leave in the room leaves it";

pub(crate) const DEVICES_HINT: &str =
    "/device-name NUMBER NEW renames a device, /revoke NUMBER revokes it";

pub(crate) fn confirm_delete(text: &str) -> String {
    format!("Delete \"{text}\" for everyone?")
}

pub(crate) fn confirm_revoke(device: &str) -> String {
    format!("Revoke {device}? It will have to be linked again.")
}

pub(crate) fn confirm_leave(room: impl std::fmt::Display) -> String {
    format!("Leave #{room}? It is private: to return you need an invitation.")
}

pub(crate) fn confirm_leave_last(room: impl std::fmt::Display) -> String {
    format!("Leave #{room}? You are its last member: the room ends, and its messages are deleted.")
}

pub(crate) fn confirm_close(room: impl std::fmt::Display) -> String {
    format!("Close #{room} for good? Its messages are deleted.")
}

pub(crate) fn confirm_quit(unsent: usize) -> String {
    format!("{} Quit?", super::status::unsent(unsent))
}

pub(crate) const CONFIRM_REVOKE_OWN: &str = "Revoke this device? You will lose access here.";

pub(crate) fn confirm_link(device: Option<&str>, code: impl std::fmt::Display) -> String {
    match device {
        Some(name) => format!("Link device \"{name}\" (code {code}) to your account?"),
        None => format!("Link the new device (code {code}) to your account?"),
    }
}

pub(crate) const INVITE_LINK_TITLE: &str = "Invite link";
pub(crate) const INVITE_LINK_INTRODUCTION: &str =
    "Send this line to people you want to invite. They run it in a terminal:";

/// `until` is a time of day, with its date if that is another one.
pub(crate) fn invite_terms(uses: u32, until: Option<&str>) -> String {
    let people = match uses {
        1 => "One person".to_owned(),
        uses => format!("Up to {uses} people"),
    };
    let until = until.map_or_else(String::new, |until| format!(" until {until}"));
    format!("{people} can join with it{until}. /invite-link shows it again.")
}

/// `key` is empty if no key copies.
pub(crate) fn copy_invite(key: &str) -> String {
    let select = "To select it with the mouse, hold Shift";
    match key {
        "" => format!("{select}."),
        key => format!("{key} copies the line. {select}."),
    }
}

pub(crate) fn invite_does_not_fit(key: &str) -> String {
    match key {
        "" => "The invite link does not fit. Make the window larger.".to_owned(),
        key => format!("The invite link does not fit. {key} copies it."),
    }
}

pub(crate) const SEARCH_HELP: &str = "Type words to search for; the last one may be incomplete. \
                                      \"Quotes\" find a phrase. Narrow it with from:bob in:team \
                                      before:2026-11 after:7d";

pub(crate) fn search_in(title: &str) -> String {
    format!("Search in {title}")
}

pub(crate) fn open_or_search(key: &str) -> String {
    format!("Open a conversation first, or press {key} to search everywhere")
}

pub(crate) fn no_results_here(key: &str) -> String {
    format!("No results here. {key} searches everywhere")
}

pub(crate) fn search_while_indexing(title: &str, day: &str) -> String {
    format!("{title} (still indexing messages before {day})")
}

pub(crate) fn no_results_yet(day: &str) -> String {
    format!(
        "No results yet: messages before {day} are still being indexed. Search again in a moment"
    )
}

pub(crate) const SEARCHING: &str = "Searching…";
pub(crate) const NO_RESULTS: &str = "No results in the history on this device";
pub(crate) const NO_RESULT_CHOSEN: &str = "There is no message to go to";
pub(crate) const QUERY_TOO_LONG: &str = "The text is too long to search for. It was left out";
pub(crate) const NOTHING_TO_COMPLETE: &str =
    "Nothing to complete. Type from: or in: and the start of a name";
pub(crate) const EMPTY_RANGE: &str = "The day of after: must be before the day of before:";
pub(crate) const FROM_TAKES: &str = "from:NAME or from:me";
pub(crate) const IN_TAKES: &str = "in:ROOM, in:NAME or in:here";
pub(crate) const BEFORE_TAKES: &str =
    "before:2026-11-21, before:2026-11, before:yesterday or before:7d";
pub(crate) const AFTER_TAKES: &str = "after:2026-11-21, after:2026-11, after:yesterday or after:7d";

/// `takes` is one of the texts above.
pub(crate) fn write_field(takes: &str) -> String {
    format!("Type {takes}")
}

pub(crate) fn field_twice(field: &str) -> String {
    format!("{field}: is given twice. Remove one")
}

pub(crate) fn wrong_value(what: &str, takes: &str) -> String {
    format!("{what}. Type {takes}")
}

pub(crate) fn no_user(name: &str) -> String {
    format!("There is no user named {name} on this device")
}

pub(crate) fn no_room_or_user(name: &str) -> String {
    format!("There is no room or user named {name} on this device")
}

pub(crate) fn not_a_date(text: &str) -> String {
    format!("\"{text}\" is not a date")
}

pub(crate) fn complete_one(field: &str, name: &str) -> String {
    format!("{field}:{name}? Tab completes it")
}

pub(crate) fn complete_several(field: &str, first: &str, last: &str, count: usize) -> String {
    let or = if count > 2 { "… or" } else { "or" };
    format!("{field}:{first} {or} {last}? Tab completes it")
}

pub(crate) fn hit_count(at: usize, of: usize) -> String {
    format!("{at} of {of}")
}

pub(crate) fn hit_count_more(at: usize, of: usize, is_narrow: bool) -> String {
    let more = if is_narrow {
        " +"
    } else {
        ", and more: add words"
    };
    format!("{at} of {of}{more}")
}

pub(crate) fn hit_to(title: &str) -> String {
    format!(" to {title}")
}

pub(crate) fn hit_in(title: &str) -> String {
    format!(" in {title}")
}
