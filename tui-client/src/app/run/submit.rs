//! Submitting the composer: a slash command is run, other text is sent.

use recado_shared::{ClientFrame, ConversationId, Request};

use crate::app::command::{Call, Command, CommandResult, Parsed, PendingRequest, parse};
use crate::app::command_line::CommandLine;
use crate::app::composer::markup::trimmed;
use crate::app::conversation::state::Purpose;
use crate::app::intent::{Delivery, Intent, PanelKind, Show};
use crate::app::parts::Parts;
use crate::app::session::requests::RequestKind;
use crate::strings;

impl Parts<'_> {
    /// Sends the text of the composer, or runs it as a command. Text that fails stays there.
    pub(crate) fn submit_or_run(&mut self) {
        let Some(conversation) = self.chats.open_conversation() else {
            return;
        };
        let id = conversation.id;
        if let Purpose::Edit { .. } = conversation.purpose {
            // An edited text is never a command, and the draft before it comes back.
            return self.submit();
        }
        let parsed = match parse(trimmed(conversation.composer.text())) {
            Parsed::Text => return self.submit(),
            Parsed::Command(Err(why)) => return self.notify(why),
            Parsed::Unknown(why) => return self.notify(strings::commands::or_send_as_text(&why)),
            Parsed::Command(Ok(command)) => command,
        };
        let typed = conversation.composer.clone();
        let text = conversation.composer.take();
        self.chats.unsaved.drafts.insert(id);
        self.chats.drafts.end(id);
        let conversation = Some(id);
        let line = CommandLine { conversation, text };
        let Err(why) = self.run_line(&line, parsed) else {
            return;
        };
        match self.chats.conversations.get_mut(&id) {
            // With its undo steps.
            Some(conversation) if conversation.composer.is_empty() => {
                conversation.composer = typed;
                self.chats.drafts.changed.insert(id);
                self.notify(why);
            }
            _ => self.fail(why, Some(&line)),
        }
    }

    /// Runs a command that was typed in the switcher.
    pub(crate) fn run_and_say(&mut self, text: &str, command: Command) {
        let line = CommandLine {
            conversation: self.chats.navigation.open,
            text: text.to_owned(),
        };
        if let Err(why) = self.run_line(&line, command) {
            self.fail(why, Some(&line));
        }
    }

    fn run_line(&mut self, line: &CommandLine, command: Command) -> CommandResult {
        self.pending_requests.running = Some(line.clone());
        let result = self.run(&self.call(command));
        self.pending_requests.running = None;
        result
    }

    /// Notifies the user of a failure, and returns the line of the command to its composer. Without
    /// a conversation it returns to the switcher.
    pub(crate) fn fail(&mut self, why: String, line: Option<&CommandLine>) {
        let is_shown = line.is_none_or(|line| self.give_back(line));
        self.notify(if is_shown {
            why
        } else {
            strings::errors::undo_returns(&why)
        });
    }

    fn call(&self, command: Command) -> Call {
        Call {
            command,
            conversation: self.chats.navigation.open,
            selection: self.chats.navigation.selection,
            has_asked: false,
        }
    }

    pub(crate) fn ask_for(&mut self, request: Request, pending: PendingRequest) -> CommandResult {
        if !self.session.link.is_up() {
            return Err(strings::errors::NOT_CONNECTED.to_owned());
        }
        let number = self.session.requests.ask(RequestKind::Command);
        self.pending_requests.insert(number, pending);
        self.cx.send(ClientFrame::Request { number, request });
        Ok(())
    }

    pub(super) fn deliver(&mut self, delivery: Delivery) {
        self.cx.intents.push_back(Intent::Deliver(delivery));
    }

    pub(crate) fn open_panel(&mut self, kind: PanelKind) -> CommandResult {
        if !self.session.link.is_up() {
            return Err(strings::errors::NOT_CONNECTED.to_owned());
        }
        self.show(Show::Panel(kind));
        Ok(())
    }

    pub(crate) fn show_members(&mut self) {
        let room = self.chats.navigation.open.and_then(ConversationId::room);
        let opened = match room {
            Some(room) => self.open_panel(PanelKind::Members(room)),
            None => Err(strings::overlays::ONLY_ROOMS_HAVE_MEMBERS.to_owned()),
        };
        self.notify_failure(opened);
    }

    fn give_back(&mut self, line: &CommandLine) -> bool {
        if line.conversation.is_some() {
            return self.chats.give_back(line);
        }
        if !self.cx.is_covered {
            self.show(Show::Switcher(line.text.clone()));
        }
        true
    }

    /// Returns the commands whose answers were lost with the connection.
    pub(crate) fn return_commands(&mut self) {
        for line in self.pending_requests.take_lines() {
            self.fail(strings::errors::CONNECTION_LOST.to_owned(), Some(&line));
        }
    }

    /// Drops the requests of a session that ended.
    pub(crate) fn forget_command_requests(&mut self) {
        self.deliver(Delivery::NoRooms);
        self.return_commands();
        // The switcher asks by itself; its lost answer needs no notice.
        let is_awaited = |pending: &PendingRequest| !matches!(pending, PendingRequest::Switcher(_));
        let mut lost = self.pending_requests.take_all();
        if lost.any(|(pending, _)| is_awaited(&pending)) {
            self.deliver(Delivery::NoPage);
            self.notify(strings::errors::CONNECTION_LOST);
        }
    }
}
