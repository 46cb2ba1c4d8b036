//! Errors about messages, their queue and requests. The refusals of the server are worded in
//! `shared`; here are the sentences around them.

use recado_shared::{Content, Membership, RoomEvent};

use crate::app::Clipboard;

/// The name of an attempt, for the text that says why it failed.
pub(crate) const fn attempt(content: &Content) -> &'static str {
    match content {
        Content::Message(_) | Content::Reply { .. } | Content::Emote(_) => "send the message",
        Content::Edit { .. } => "edit the message",
        Content::Deletion { .. } => "delete the message",
        Content::ReactionAdded { .. } | Content::ReactionRemoved { .. } => "react",
        Content::Erased(_) | Content::AuthorRemoved => "do that",
        Content::Room(RoomEvent::Created) => CREATE_ROOM,
        Content::Room(RoomEvent::Joined) => "join the room",
        Content::Room(RoomEvent::Left) => "leave the room",
        Content::Room(RoomEvent::Invited(_)) => "invite them",
        Content::Room(RoomEvent::Renamed(_)) => "rename the room",
        Content::Room(RoomEvent::Topic(_)) => "set the topic",
        Content::Room(RoomEvent::Visibility(_)) => "change who can join",
        Content::Room(RoomEvent::HistoryVisibility(_)) => "change what new members see",
        Content::Room(RoomEvent::Role { .. }) => "change their role",
        Content::Room(RoomEvent::Muted { .. }) => "mute them",
        Content::Room(RoomEvent::Unmuted(_)) => "unmute them",
        Content::Room(RoomEvent::Kicked(_)) => "remove them",
        Content::Room(RoomEvent::Banned(_)) => "ban them",
        Content::Room(RoomEvent::Unbanned(_)) => "unban them",
        Content::Room(RoomEvent::Closed) => "close the room",
    }
}

pub(crate) const FIND_NAME: &str = "find that name";
pub(crate) const CREATE_ROOM: &str = "create the room";
pub(crate) const ACCEPT_REQUEST: &str = "accept the request";
pub(crate) const SHOW_LIST: &str = "show that list";
pub(crate) const FIND_ROOMS: &str = "find rooms";
pub(crate) const FIND_DEVICES: &str = "find your devices";
pub(crate) const FIND_DATE: &str = "find that date";
pub(crate) const LINK_DEVICE: &str = "link the device";
pub(crate) const NAME_DEVICE: &str = "rename the device";
pub(crate) const REVOKE_DEVICE: &str = "revoke the device";
pub(crate) const CHANGE_DISPLAY_NAME: &str = "change your display name";

/// `attempt` is one of the texts above.
pub(crate) fn cannot(attempt: &str, why: impl std::fmt::Display) -> String {
    format!("Cannot {attempt}: {why}")
}

/// `why` is the error of a command whose line was not put over what is being written.
pub(crate) fn undo_returns(why: &str) -> String {
    format!("{why}. Undo brings the command back")
}

pub(crate) const DISPLAY_NAME_TAKEN: &str =
    "it looks like the name of another user. Choose another one";
pub(crate) const NOT_CONNECTED: &str = "Not connected. Try again when connected";
pub(crate) const CONNECTION_LOST: &str =
    "The connection was lost before the server answered. Check the result, then try again";
pub(crate) const WRONG_LINK_CODE: &str = "The server returned a device with another code. Do not \
                                          link it, and tell the operator of the server";

/// `what` is one of the texts below.
pub(crate) fn queued_offline(what: &str) -> String {
    format!("Not connected. {what} will be sent when connected")
}

pub(crate) const THE_DELETION: &str = "The deletion";
pub(crate) const THE_REACTION: &str = "The reaction";
pub(crate) const THE_JOIN: &str = "Your request to join";
pub(crate) const THE_CHANGE: &str = "The change";

pub(crate) fn outbox_full(most: usize) -> String {
    format!("{most} messages are queued already. Reconnect or cancel some, then try again")
}

/// The state of a message that the server confirmed at the place of another one.
pub(crate) const PLACE_TAKEN: &str = "The server confirmed your message at a place that another message \
                                      has, so it may be lost. Send it again, and tell the operator \
                                      of the server";
pub(crate) const WRONG_PAGE: &str = "the server answered with something else";

/// `title` is that of the conversation, `why` the last error.
pub(crate) fn pages_failed(title: &str, why: &str) -> String {
    format!(
        "Cannot load messages of {title}: {why}. Tell the operator of the server if it stays so"
    )
}

pub(crate) fn sent_later(why: impl std::fmt::Display) -> String {
    format!("{why}: your messages are queued and sent later")
}

pub(crate) fn set_here_only(why: impl std::fmt::Display) -> String {
    format!("Changed on this device only: {why}")
}

pub(crate) fn too_many_settings(most: usize) -> String {
    format!("You have {most} settings already. Clear drafts and favourites first")
}

/// The reason why a queued message is not sent to a server that lost its data.
/// The state of an own message that the server lost.
pub(crate) const ROLLED_BACK: &str =
    "the server was put back to an earlier state and has lost it: retry to send it again";
pub(crate) const SERVER_RESET: &str = "the server was reset: check the recipient, then retry";

/// `None` for a member, who can write.
pub(crate) fn cannot_write(membership: Membership, room: &str) -> Option<String> {
    match membership {
        Membership::Member => None,
        Membership::Invited => Some(format!("You are invited to {room}. /join joins it")),
        Membership::Left => Some(format!("You left {room}. /join to rejoin")),
        Membership::Kicked => Some(format!("You were removed from {room}. /join to rejoin")),
        Membership::Banned => Some(format!("You are banned from {room}. Ask a moderator")),
    }
}

pub(crate) fn room_closed(room: &str) -> String {
    format!("{room} was closed. Nothing can be sent there any more")
}

pub(crate) fn user_removed(name: &str) -> String {
    format!("The account of {name} was removed. Nothing can be sent there any more")
}

pub(crate) const MESSAGE_DELETED: &str = "That message was deleted";
pub(crate) const MESSAGE_NOT_SENT: &str =
    "This message has not been sent. Send it again or remove it";
pub(crate) const ONLY_AUTHOR_EDITS: &str = "Only its author can edit a message";
pub(crate) const ONLY_AUTHOR_DELETES: &str =
    "Only its author or a moderator of the room can delete a message";
pub(crate) const SAME_TEXT: &str = "The text has not changed";
pub(crate) const NO_EARLIER_VERSIONS: &str = "This message has no earlier versions";
pub(crate) const NO_LINK: &str = "This message has no link";
pub(crate) const NOTHING_FAILED: &str = "There are no failed messages here";
pub(crate) const ONLY_UNSENT: &str = "Only unsent messages can be cancelled";
pub(crate) const REMOVED_UNSENT: &str = "Removed. Undo brings the text back";
pub(crate) const BEING_SENT: &str = "This message is being sent. It may have arrived already";
pub(crate) const MAY_HAVE_ARRIVED: &str = "This message may have arrived before the connection was \
                                           lost. Press the key again to cancel it anyway";
pub(crate) const SELECT_TO_COPY: &str = "Select a message first, then copy it";
pub(crate) const NEEDS_TERMINAL: &str =
    "Recado needs a terminal. Use 'recado send', 'recado tail' or 'recado who' in scripts.";

/// `what` is one of the texts below.
pub(crate) fn select_first(what: &str) -> String {
    format!("Select a message first, then {what}")
}

pub(crate) const REPLY_TO_IT: &str = "reply to it";
pub(crate) const EDIT_IT: &str = "edit it";
pub(crate) const DELETE_IT: &str = "delete it";
pub(crate) const REACT_TO_IT: &str = "react to it";
pub(crate) const SHOW_VERSIONS: &str = "show its versions";

/// `number` counts from 1.
pub(crate) fn numbered_link(link: &str, number: usize, of: usize) -> String {
    match of {
        1 => link.to_owned(),
        of => format!("link {number} of {of}, press the key again for the next: {link}"),
    }
}

/// A link is shown too: it can be selected where no clipboard takes it.
pub(crate) fn copied(clipboard: Clipboard, link: Option<&str>) -> String {
    let (text, detail) = match clipboard {
        Clipboard::Terminal => ("Sent to the terminal's clipboard", ""),
        Clipboard::TerminalBehindTmux => (
            "Sent to tmux",
            ", which passes it on if set-clipboard is on",
        ),
        Clipboard::Tmux => ("Copied to tmux's buffer", ": prefix ] pastes it"),
        Clipboard::TmuxAndTerminal => (
            "Copied to tmux's buffer",
            " (prefix ] pastes it), offered to the clipboard",
        ),
    };
    match link {
        Some(link) => format!("{text}: {link}"),
        None => format!("{text}{detail}"),
    }
}

pub(crate) fn system(reason: &str) -> String {
    format!("The operating system reports a failure: {reason}. Try again.")
}

/// Reasons for which a host is not found.
pub(crate) const NO_NETWORK_ADDRESS: &str = "it has no network address";
pub(crate) const NO_NAME_SERVICE: &str = "the name service does not answer";
