//! A question before something that cannot be undone, answered by Enter or Esc.

use recado_shared::{Content, PendingDevice, Request};

use super::{ListMove, Overlay};
use crate::app::command::PendingRequest;
use crate::app::intent::Confirmed;
use crate::app::{Action, Hint, KeyContext, Parts, Reader, screen};
use crate::strings;

#[derive(Debug)]
pub(super) struct Confirm {
    pub(super) question: String,
    pub(super) confirmed: Confirmed,
}

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
            question: &self.question,
            answers: strings::overlays::answers(&key(Action::Submit), &key(Action::Cancel)),
        }
    }

    fn step(&mut self, _list_move: ListMove) {}

    fn accept(&mut self, app: &mut Parts<'_>) {
        app.close();
        let (request, task, done) = match self.confirmed.clone() {
            Confirmed::Delete(conversation, target) => {
                let deletion = Content::Deletion { target };
                app.queue_change(conversation, deletion);
                return app.note_waiting(strings::errors::THE_DELETION);
            }
            Confirmed::Link(PendingDevice { key, name }) => (
                Request::LinkDevice { key, name },
                strings::errors::LINK_DEVICE,
                strings::commands::DEVICE_LINKED,
            ),
            Confirmed::Revoke(key) => (
                Request::RevokeDevice(key),
                strings::errors::REVOKE_DEVICE,
                strings::commands::DEVICE_REVOKED,
            ),
        };
        let asked = app.ask_for(request, PendingRequest::Change(task, done.to_owned()));
        app.notify_failure(asked);
    }
}
