//! Keys, actions and the composer's completion.

pub(super) mod completion;

use self::completion::Completion;
use crate::app::chats::Chats;
use crate::app::context::Context;
use crate::app::keymap::Keymap;
use crate::app::messages::selection;
use crate::app::session::Session;

/// The keymap and what the composer offers.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) keymap: Keymap,
    pub(super) completion: Option<Completion>,
}

impl Input {
    /// Closes the selection and the completion where they have no subject any more.
    pub(super) fn reconcile(&mut self, chats: &mut Chats, session: &mut Session, cx: &mut Context) {
        selection::check_selection(chats, session);
        self.check_completion(chats, cx);
    }
}
