//! Panel with an invite link, over the whole width so that the terminal can select the line as one.

use super::{ListMove, Overlay};
use crate::app::intent::Show;
use crate::app::{Action, Hint, KeyContext, Parts, Reader, screen};
use crate::model::InviteLink;
use crate::strings;

#[derive(Debug)]
pub(super) struct InviteLinkPanel(pub(super) InviteLink);

impl Overlay for InviteLinkPanel {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        let hints = vec![
            (Action::Copy, strings::hints::COPY),
            (Action::Cancel, strings::hints::CLOSE),
        ];
        (KeyContext::Panel, hints)
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        screen::Overlay::InviteLink {
            link: &self.0,
            copy_key: (app.settings.keymap).key_of(KeyContext::Panel, Action::Copy),
        }
    }

    fn reopen(&mut self, show: &Show, _app: &mut Parts<'_>) -> bool {
        let Show::InviteLink(link) = show else {
            return false;
        };
        self.0.clone_from(link);
        true
    }

    fn step(&mut self, _list_move: ListMove) {}

    /// Enter does nothing: the panel stays until it is closed on purpose.
    fn accept(&mut self, _app: &mut Parts<'_>) {}

    fn act(&mut self, action: Action, app: &mut Parts<'_>) {
        if action == Action::Copy {
            app.copy(self.0.line.clone());
        }
    }
}
