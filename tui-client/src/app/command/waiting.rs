//! Commands that wait for an answer of the server.

use std::collections::BTreeMap;

use recado_shared::{ConversationId, DeviceName, LinkCode, MessageId, RequestNumber, RoomName};

use super::parse::Command;
use crate::app::intent::PanelKind;
use crate::model::ItemId;

/// What the server was asked for commands, and what it named.
#[derive(Debug, Default)]
pub(in crate::app) struct Commands {
    /// Requests of commands; at most as many as are in flight.
    pub(in crate::app) waiting: BTreeMap<RequestNumber, Wait>,
}

/// A command and where it was given.
#[derive(Clone, Debug)]
pub(in crate::app) struct Call {
    pub(in crate::app) command: Command,
    /// What was open.
    pub(in crate::app) conversation: Option<ConversationId>,
    /// The message that was selected.
    pub(in crate::app) selection: Option<ItemId>,
    /// The server was asked for a name already.
    pub(in crate::app) has_asked: bool,
}

/// What an answer is waited for.
#[derive(Debug)]
pub(in crate::app) enum Wait {
    /// To find a name: then the command goes on.
    Name(Call),
    /// To make a room.
    Create {
        name: RoomName,
        id: MessageId,
        from: Option<ConversationId>,
    },
    /// To do something that is done then.
    Act { what: String, done: String },
    /// To take a person's request to write.
    Accept(ConversationId),
    /// For the next rows of a panel.
    Panel(PanelKind),
    /// For rooms whose names begin so, for the switcher.
    Switcher(String),
    /// For the devices, one of which the command is about.
    Devices {
        which: String,
        /// Its new name; `None` takes it away.
        new: Option<DeviceName>,
    },
    /// For the device that shows a code.
    Link(LinkCode),
}

/// Something that is done once the server has answered.
pub(in crate::app) fn act(what: &str, done: String) -> Wait {
    Wait::Act {
        what: what.to_owned(),
        done,
    }
}
