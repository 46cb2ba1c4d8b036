//! Wishes of overlays and slash commands that only the [`App`](super::App) can fulfil.

use recado_shared::{
    Answer, ConversationId, DeviceKey, PendingDevice, RoomEvent, RoomId, RoomSummary, Seq,
};

use super::action::Action;
use super::command_line::CommandLine;
use crate::model::InviteLink;

/// One wish; fulfilled in order, after the method that returned to the app.
#[derive(Debug)]
pub(crate) enum Intent {
    Close,
    Show(Show),
    /// Does what a key with this action does.
    Act(Action),
    /// Leaves the program, without a further question.
    Quit,
    /// Passes an answer of the server to the open overlay.
    Deliver(Delivery),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Show {
    Switcher(String),
    Help,
    /// What the user sent, to be written again.
    SentMessages,
    /// The announcements that were not seen yet.
    Announcements,
    /// The earlier texts of a message.
    Versions(ConversationId, Seq),
    /// The panel with an invite link.
    InviteLink(InviteLink),
    Panel(PanelKind),
    Confirm(Question),
    /// The picker of reactions to a message of the open conversation.
    Picker(Seq),
    UnreadOverview,
    /// The search in one conversation or everywhere; without a text, for that of the last search.
    Search(Option<ConversationId>, Option<String>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PanelKind {
    Members(RoomId),
    /// Rooms whose names begin so.
    Rooms(String),
    Devices,
}

/// A question before something that cannot be undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) text: String,
    pub(crate) confirmed: Confirmed,
    /// The command that leads to it, if one does. Its text returns if what follows the yes fails.
    pub(crate) line: Option<CommandLine>,
}

/// The consequence of a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Confirmed {
    Delete(ConversationId, Seq),
    Link(PendingDevice),
    Revoke {
        key: DeviceKey,
        /// Whether the list of devices opens again after the answer.
        is_listed: bool,
    },
    /// Appends an event to a room.
    Room(ConversationId, RoomEvent),
    /// Leaves the program although messages are unsent.
    Quit,
}

/// An answer of the server for an overlay, which may be closed by now.
#[derive(Debug)]
pub(crate) enum Delivery {
    Page(PanelKind, Answer),
    /// Rooms whose names begin with a prefix, and whether there are more.
    Rooms(String, Vec<RoomSummary>, bool),
    /// The search for rooms gets no answer.
    NoRooms,
    /// Requested rows do not come.
    NoPage,
    DevicesChanged,
}
