//! From the wish for an overlay to the overlay.

use super::Overlay;
use super::announcements::Announcements;
use super::confirm::Confirm;
use super::help::{Help, Versions};
use super::invite_link::InviteLinkPanel;
use super::panel::Panel;
use super::picker::Picker;
use super::search::Search;
use super::sent::SentMessages;
use super::switcher::Switcher;
use super::unread_overview::UnreadOverview;
use crate::app::Parts;
use crate::app::intent::Show;

/// Opens an overlay; `None` for a picker without an open conversation.
pub(crate) fn open(show: Show, app: &mut Parts<'_>) -> Option<Box<dyn Overlay>> {
    let mut overlay: Box<dyn Overlay> = match show {
        Show::Switcher(query) => Box::new(Switcher::new(&query)),
        Show::SentMessages => Box::new(SentMessages::default()),
        Show::Help => Box::new(Help::default()),
        Show::Announcements => Box::new(Announcements::default()),
        Show::Versions(conversation, seq) => Box::new(Versions {
            conversation,
            seq,
            scroll: 0,
        }),
        Show::InviteLink(link) => Box::new(InviteLinkPanel(link)),
        Show::Panel(kind) => Box::new(Panel::new(kind)),
        Show::Confirm(question) => Box::new(Confirm(question)),
        Show::Picker(target) => Box::new(Picker::new(app.chats.navigation.open?, target)),
        Show::UnreadOverview => Box::new(UnreadOverview::default()),
        Show::Search(scope, text) => Box::new(Search::new(scope, text, app)),
    };
    overlay.opened(app);
    Some(overlay)
}
