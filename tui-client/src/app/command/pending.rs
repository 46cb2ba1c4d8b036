//! Requests of commands and overlays that wait for an answer of the server, with the command lines
//! that go back to their input boxes if the answer is an error.

use std::collections::BTreeMap;

use recado_shared::{
    ConversationId, DeviceName, LinkCode, MessageId, RequestNumber, RoomName, Seq, Timestamp,
};

use super::table::Command;
use crate::app::command_line::CommandLine;
use crate::app::intent::PanelKind;
use crate::model::ItemId;
use crate::store::StoreRead;
use crate::strings;

/// At most as many as are in flight.
#[derive(Debug, Default)]
pub(crate) struct PendingRequests {
    in_flight: BTreeMap<RequestNumber, (PendingRequest, Option<CommandLine>)>,
    /// The line of the command that runs at this moment: it belongs to all that the command asks
    /// for and appends.
    pub(crate) running: Option<CommandLine>,
    /// The line of the command that waits for an invite link, which no server answers. A newer one
    /// takes its place.
    pub(crate) invite_link: Option<CommandLine>,
    /// The search for a date that waits for this read of the local store. A newer one takes its
    /// place.
    pub(crate) date: Option<(StoreRead, DateSearch)>,
}

impl PendingRequests {
    pub(crate) fn insert(&mut self, number: RequestNumber, pending: PendingRequest) {
        let line = self.running.clone();
        self.in_flight.insert(number, (pending, line));
    }

    pub(crate) fn take(
        &mut self,
        number: RequestNumber,
    ) -> Option<(PendingRequest, Option<CommandLine>)> {
        self.in_flight.remove(&number)
    }

    pub(crate) fn take_all(
        &mut self,
    ) -> impl Iterator<Item = (PendingRequest, Option<CommandLine>)> + use<> {
        std::mem::take(&mut self.in_flight).into_values()
    }

    /// The lines of the commands whose answers will not come.
    pub(crate) fn take_lines(&mut self) -> Vec<CommandLine> {
        let lines: Vec<_> = self
            .in_flight
            .values()
            .filter_map(|(_, line)| line.clone())
            .collect();
        self.in_flight.retain(|_, (_, line)| line.is_none());
        lines
    }
}

/// The result of a command; the error is a text for the user.
pub(crate) type CommandResult = Result<(), String>;

/// A command with the place where the user gave it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) command: Command,
    pub(crate) conversation: Option<ConversationId>,
    pub(crate) selection: Option<ItemId>,
    /// Whether the server was already asked for a name; a command asks once.
    pub(crate) has_asked: bool,
}

/// The reason for a request in flight, which decides what its answer does.
#[derive(Debug)]
pub(crate) enum PendingRequest {
    /// Finds a name; the answer resumes the command.
    Name(Call),
    /// Creates a room from the conversation that was open.
    Create(RoomName, MessageId, Option<ConversationId>),
    /// Only needs a notice: the attempt if it fails, a text if it succeeds.
    Change(&'static str, String),
    Accept(ConversationId),
    Panel(PanelKind),
    /// Rooms for the switcher, by a prefix of their names.
    Switcher(String),
    /// Lists the devices, to rename the one with this name or number, or to revoke it.
    Device(String, Option<DeviceName>),
    Link(LinkCode),
    /// Reads one entry, to find the place of a date.
    Date(DateSearch),
}

/// The search for the first entry of a conversation at or after a time. It lies between `from` and
/// `to`, both included.
#[derive(Debug)]
pub(crate) struct DateSearch {
    pub(crate) conversation: ConversationId,
    pub(crate) time: Timestamp,
    /// The time as it was typed.
    pub(crate) text: String,
    /// All entries before it are earlier.
    pub(crate) from: Seq,
    /// The place after the newest entry, if no late enough entry is known.
    pub(crate) to: Seq,
    pub(crate) line: Option<CommandLine>,
}

impl PendingRequest {
    pub(crate) fn attempt(&self) -> &'static str {
        match self {
            Self::Name(_) => strings::errors::FIND_NAME,
            Self::Create(..) => strings::errors::CREATE_ROOM,
            Self::Change(attempt, _) => attempt,
            Self::Accept(_) => strings::errors::ACCEPT_REQUEST,
            Self::Panel(_) => strings::errors::SHOW_LIST,
            Self::Switcher(_) => strings::errors::FIND_ROOMS,
            Self::Device(..) => strings::errors::FIND_DEVICES,
            Self::Link(_) => strings::errors::LINK_DEVICE,
            Self::Date(_) => strings::errors::FIND_DATE,
        }
    }
}
