//! A question before something that cannot be undone, answered by Enter or Esc.

use recado_shared::{Content, PendingDevice, Request};

use super::{Overlay, Step};
use crate::app::action::{Action, Hint, KeyContext};
use crate::app::command::PendingRequest;
use crate::app::intent::Confirmed;
use crate::app::parts::Parts;
use crate::app::reader::Reader;
use crate::app::view::screen;
use crate::strings;

#[derive(Debug)]
pub(super) struct Confirm {
    pub(super) question: String,
    pub(super) confirmed: Confirmed,
}

impl Overlay for Confirm {
    fn keys(&self) -> (KeyContext, &'static [Hint]) {
        let hints = &[
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

    fn step(&mut self, _step: Step) {}

    fn accept(&mut self, app: &mut Parts<'_>) {
        app.close();
        let asked = match self.confirmed.clone() {
            Confirmed::Delete {
                conversation,
                target,
            } => {
                let deletion = Content::Deletion { target };
                app.session.queue(app.chats, conversation, deletion, app.cx);
                app.note_waiting(strings::errors::THE_DELETION);
                Ok(())
            }
            Confirmed::Link(PendingDevice { key, name }) => {
                let done = strings::commands::DEVICE_LINKED.to_owned();
                let request = Request::LinkDevice { key, name };
                let change = PendingRequest::Change(strings::errors::LINK_DEVICE, done);
                app.ask_for(request, change)
            }
            Confirmed::Revoke(key) => {
                let done = strings::commands::DEVICE_REVOKED.to_owned();
                let request = Request::RevokeDevice(key);
                let change = PendingRequest::Change(strings::errors::REVOKE_DEVICE, done);
                app.ask_for(request, change)
            }
        };
        app.notify_failure(asked);
    }
}
