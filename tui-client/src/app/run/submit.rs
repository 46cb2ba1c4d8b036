//! Submitting the composer: a slash command is run, other text is sent.

use recado_shared::{ClientFrame, ConversationId, Request};

use crate::app::command::{Call, Command, CommandResult, Parsed, PendingRequest, parse};
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
        let parsed = match parse(conversation.composer.text().trim_end()) {
            Parsed::Text => return self.submit(),
            Parsed::Command(Err(why)) => return self.notify(why),
            Parsed::Unknown(why) => return self.notify(strings::commands::or_send_as_text(&why)),
            Parsed::Command(Ok(command)) => command,
        };
        let text = conversation.composer.take();
        self.chats.unsaved.drafts.insert(id);
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

    pub(crate) fn run_and_say(&mut self, command: Command) {
        let result = self.run(&self.call(command));
        self.notify_failure(result);
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

    /// Drops the requests of a session that ended.
    pub(crate) fn forget_command_requests(&mut self) {
        self.deliver(Delivery::NoRooms);
        // The switcher asks by itself; its lost answer needs no notice.
        let lost = std::mem::take(self.pending_requests);
        let is_awaited = |pending: &PendingRequest| !matches!(pending, PendingRequest::Switcher(_));
        if lost.values().any(is_awaited) {
            self.deliver(Delivery::NoPage);
            self.notify(strings::errors::CONNECTION_LOST);
        }
    }
}
