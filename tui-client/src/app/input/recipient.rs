//! A question before a text goes to a recipient that changed while the user was writing to another one,
//! as when the server answers a `/join`.

use recado_shared::ConversationId;

use crate::app::App;
use crate::app::chats::navigation::Pane;
use crate::app::event::Event;
use crate::strings;

/// The open conversation before an event.
pub(in crate::app) struct RecipientBefore {
    open: Option<ConversationId>,
    /// Whether a change is a surprise: something is written, and the event is not of the user.
    is_surprise: bool,
}

impl App {
    pub(in crate::app) fn recipient_before(&self, event: &Event) -> RecipientBefore {
        let open = self.chats.opened();
        let is_writing = open.is_some_and(|open| !open.composer.is_empty());
        RecipientBefore {
            open: open.map(|open| open.id),
            is_surprise: is_writing && !event.is_of_user(),
        }
    }

    pub(in crate::app) fn note_recipient(&mut self, before: &RecipientBefore) {
        if self.chats.navigation.open != before.open {
            self.input.moved_from = before.open.filter(|_| before.is_surprise);
        }
    }

    /// Asks once whether the text is for the conversation that was opened unasked. Returns whether it did.
    pub(in crate::app) fn asks_for_recipient(&mut self) -> bool {
        let is_here = self.is_writing() && self.chats.navigation.pane == Pane::Conversation;
        let open = self.chats.opened();
        let open = open.filter(|open| is_here && !open.composer.is_empty());
        let (Some(open), Some(from)) = (open, self.input.moved_from) else {
            return false;
        };
        let text = strings::status::moved(self.chats.title(from), self.chats.title(open.id));
        self.input.moved_from = None;
        self.cx.notify(text);
        true
    }
}
