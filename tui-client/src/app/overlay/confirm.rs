//! A question before something that cannot be undone, answered by Enter or Esc.

use recado_shared::{Content, PendingDevice, Request};

use super::{ListMove, Overlay};
use crate::app::command::{CommandResult, PendingRequest};
use crate::app::intent::{Confirmed, Intent, PanelKind, Question, Show};
use crate::app::{Action, Hint, KeyContext, Parts, Reader, screen};
use crate::strings;

#[derive(Debug)]
pub(super) struct Confirm(pub(super) Question);

impl Overlay for Confirm {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        let hints = vec![
            (Action::Submit, strings::hints::YES),
            (Action::Cancel, strings::hints::NO),
        ];
        (KeyContext::Panel, hints)
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let key = |action| app.settings.keymap.key_of(KeyContext::Panel, action);
        screen::Overlay::Confirm {
            question: &self.0.text,
            answers: strings::overlays::answers(&key(Action::Submit), &key(Action::Cancel)),
        }
    }

    fn step(&mut self, _list_move: ListMove) {}

    /// The same wish again is a yes.
    fn reopen(&mut self, show: &Show, app: &mut Parts<'_>) -> bool {
        let is_same = matches!(show, Show::Confirm(again) if again.confirmed == self.0.confirmed);
        if is_same {
            self.accept(app);
        }
        is_same
    }

    fn cancel(&mut self, app: &mut Parts<'_>) {
        app.close();
        if let Confirmed::Revoke {
            is_listed: true, ..
        } = self.0.confirmed
        {
            app.show(Show::Panel(PanelKind::Devices));
        }
    }

    fn accept(&mut self, app: &mut Parts<'_>) {
        self.cancel(app);
        // What follows belongs to the command again.
        app.pending_requests.running.clone_from(&self.0.line);
        let done = self.carry_out(app);
        app.pending_requests.running = None;
        if let Err(why) = done {
            app.fail(why, self.0.line.as_ref());
        }
    }
}

impl Confirm {
    fn carry_out(&self, app: &mut Parts<'_>) -> CommandResult {
        let (request, task, done) = match self.0.confirmed.clone() {
            Confirmed::Delete(id, target) => {
                let content = Content::Deletion { target };
                return app.append_confirmed(id, content, strings::errors::THE_DELETION);
            }
            Confirmed::Room(id, event) => {
                return app.append_confirmed(id, Content::Room(event), strings::errors::THE_CHANGE);
            }
            Confirmed::Quit => {
                app.cx.intents.push_back(Intent::Quit);
                return Ok(());
            }
            Confirmed::Link(PendingDevice { key, name }) => (
                Request::LinkDevice { key, name },
                strings::errors::LINK_DEVICE,
                strings::commands::DEVICE_LINKED,
            ),
            Confirmed::Revoke { key, .. } => (
                Request::RevokeDevice(key),
                strings::errors::REVOKE_DEVICE,
                strings::commands::DEVICE_REVOKED,
            ),
        };
        app.ask_for(request, PendingRequest::Change(task, done.to_owned()))
    }
}
