//! Commands: what is typed after a slash, and what becomes of it.

mod answer;
pub(crate) mod devices;
mod lookup;
mod parse;
mod run;
mod table;

use std::collections::BTreeMap;

use recado_shared::{
    ConversationId, DeviceName, LinkCode, MessageId, Request, RequestNumber, RoomName,
};

use self::parse::Command;
pub(in crate::app) use self::parse::{Parsed, escaped, message_of, parse};
pub(in crate::app) use self::run::act;
pub(in crate::app) use self::table::{COMMANDS, Kind, Spec, find, title};
use crate::app::conversation::state::Purpose;
use crate::app::input::message_actions;
use crate::app::intent::{Confirmed, Delivery, Intent, PanelKind, Show};
use crate::app::parts::Parts;
use crate::app::session::requests::Asked;
use crate::app::view::screen::ItemId;
use recado_shared::ClientFrame;

/// Said where something needs the server at once.
pub(in crate::app) const NOT_CONNECTED: &str = "not connected: try again when connected";

/// What the server was asked for commands, and what it named.
#[derive(Debug, Default)]
pub(in crate::app) struct Commands {
    /// Requests of commands; at most as many as are in flight.
    waiting: BTreeMap<RequestNumber, Wait>,
}

/// A command and where it was given.
#[derive(Clone, Debug)]
pub(in crate::app) struct Call {
    pub(in crate::app) command: Command,
    /// What was open.
    conversation: Option<ConversationId>,
    /// The message that was selected.
    selection: Option<ItemId>,
    /// The server was asked for a name already.
    has_asked: bool,
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

impl Parts<'_> {
    /// Sends what is written in the open conversation, or does it if it is a command. Text that
    /// cannot be sent or done stays.
    pub(in crate::app) fn submit_or_run(&mut self) {
        let Some(conversation) = self.chats.open_conversation() else {
            return;
        };
        let id = conversation.id;
        if let Purpose::Edit { .. } = conversation.purpose {
            // The text of a message is no command, and what was written before comes back.
            return message_actions::submit(self.chats, self.session, self.cx);
        }
        let parsed = match parse(conversation.composer.text().trim_end()) {
            Parsed::Text => {
                return message_actions::submit(self.chats, self.session, self.cx);
            }
            Parsed::Command(Err(why)) => {
                self.cx.notice = Some(why);
                return;
            }
            Parsed::Unknown(why) => {
                let stop = if why.ends_with('?') { "" } else { "." };
                self.cx.notice = Some(format!("{why}{stop} Start with // to send it as text"));
                return;
            }
            Parsed::Command(Ok(command)) => command,
        };
        let text = conversation.composer.take();
        self.chats.unsaved.draft(id);
        self.chats.drafts.end(id);
        if let Err(why) = self.run(&self.call(parsed)) {
            self.cx.notice = Some(why);
            if let Some(conversation) = self.chats.conversations.get_mut(&id)
                && conversation.composer.is_empty()
            {
                conversation.composer.insert(&text);
            }
        }
    }

    /// Does a command that is not written in a composer.
    pub(in crate::app) fn run_and_say(&mut self, command: Command) {
        let call = self.call(command);
        if let Err(why) = self.run(&call) {
            self.cx.notice = Some(why);
        }
    }

    fn call(&self, command: Command) -> Call {
        Call {
            command,
            conversation: self.chats.nav.open,
            selection: self.chats.nav.selection,
            has_asked: false,
        }
    }

    /// Asks the server for something, if it can be asked now.
    pub(in crate::app) fn ask_for(&mut self, request: Request, wait: Wait) -> Result<(), String> {
        if !self.session.link.is_up() {
            return Err(NOT_CONNECTED.to_owned());
        }
        let number = self.session.requests.ask(Asked::Command);
        self.commands.waiting.insert(number, wait);
        self.cx.send(ClientFrame::Request { number, request });
        Ok(())
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        self.cx.intents.push_back(Intent::Deliver(delivery));
    }

    /// Opens a list that the server is asked for.
    pub(in crate::app) fn open_panel(&mut self, kind: PanelKind) -> Result<(), String> {
        if !self.session.link.is_up() {
            return Err(NOT_CONNECTED.to_owned());
        }
        self.show(Show::Panel(kind));
        Ok(())
    }

    /// The members of the open room.
    pub(in crate::app) fn show_members(&mut self) {
        let room = self.chats.nav.open.and_then(ConversationId::room);
        let opened = match room {
            Some(room) => self.open_panel(PanelKind::Members(room)),
            None => Err("only a room has members: open one first".to_owned()),
        };
        self.notify_failure(opened);
    }

    /// Asks the user before something that cannot be undone.
    fn confirm(&mut self, question: String, confirmed: Confirmed) {
        self.show(Show::Confirm {
            question,
            confirmed,
        });
    }

    /// The session is over: what it was asked is not answered any more.
    pub(in crate::app) fn forget_command_requests(&mut self) {
        self.deliver(Delivery::NoRooms);
        // What nobody asked for is not missed.
        let is_awaited = |wait: &Wait| !matches!(wait, Wait::Switcher(_));
        let was_waiting = self.commands.waiting.values().any(is_awaited);
        self.commands.waiting.clear();
        if !was_waiting {
            return;
        }
        self.deliver(Delivery::NoPage);
        let why = "the connection broke before the answer came: check, then try again";
        self.cx.notice = Some(why.to_owned());
    }
}
