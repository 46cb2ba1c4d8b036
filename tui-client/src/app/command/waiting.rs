//! Commands that wait for an answer of the server.

use std::collections::BTreeMap;

use recado_shared::{ConversationId, DeviceName, LinkCode, MessageId, RequestNumber, RoomName};

use super::table::Command;
use crate::app::intent::PanelKind;
use crate::model::ItemId;

/// The state of commands between events.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    /// Requests of commands; at most as many as are in flight.
    pub(crate) waiting: BTreeMap<RequestNumber, Wait>,
}

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
pub(crate) enum Wait {
    /// Finds a name; the answer resumes the command.
    Name(Call),
    Create {
        name: RoomName,
        id: MessageId,
        from: Option<ConversationId>,
    },
    Act {
        what: String,
        done: String,
    },
    Accept(ConversationId),
    Panel(PanelKind),
    /// Rooms for the switcher, by a prefix of their names.
    Switcher(String),
    /// Lists the devices, to find one by name or number.
    Devices {
        which: String,
        /// `None` revokes the device.
        new: Option<DeviceName>,
    },
    /// Finds the pending device that shows the code.
    Link(LinkCode),
}

/// A request that only needs a notice: `what` if it fails, `done` if it succeeds.
pub(crate) fn act(what: &str, done: String) -> Wait {
    Wait::Act {
        what: what.to_owned(),
        done,
    }
}
