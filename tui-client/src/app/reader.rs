//! Read access to the sub-cores for views and overlays, borrowed from the app.

use recado_shared::{ConversationId, Now, Presence};

use super::action::{Action, KeyContext};
use super::chats::Chats;
use super::session::Session;
use super::settings::Settings;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a> {
    pub(super) chats: &'a Chats,
    pub(super) session: &'a Session,
    pub(super) settings: &'a Settings,
    pub(super) now: Now,
}

impl Reader<'_> {
    /// The presence of the other user; `None` in rooms and without a synchronised session.
    pub(super) fn presence_in(&self, id: ConversationId) -> Option<Presence> {
        let peer = id.peer_of(self.chats.user()?)?;
        let contact = self.chats.contacts.get(peer)?;
        contact.presence.filter(|_| self.session.link.is_synced())
    }

    /// The key that searches everywhere, or the command where it has none.
    pub(super) fn search_everywhere_key(&self) -> String {
        let action = Action::SearchEverywhere;
        match self.settings.keymap.key_of(KeyContext::Global, action) {
            key if key.is_empty() => "/search".to_owned(),
            key => key,
        }
    }
}
