//! A question before something that cannot be undone, answered by Enter or Esc.

use recado_shared::{Content, PendingDevice, Request};

use super::traits::Overlay;
use crate::app::action::Hint;
use crate::app::action::{Action, KeyContext};
use crate::app::command::act;
use crate::app::intent::Confirmed;
use crate::app::parts::Parts;
use crate::app::reader::Reader;
use crate::app::view::screen;
use crate::strings;

#[derive(Debug)]
pub(super) struct Confirm {
    question: String,
    /// Taken by the first yes.
    confirmed: Option<Confirmed>,
}

impl Confirm {
    pub(super) fn new(question: String, confirmed: Confirmed) -> Self {
        Self {
            question,
            confirmed: Some(confirmed),
        }
    }
}

impl Overlay for Confirm {
    fn context(&self) -> KeyContext {
        KeyContext::Panel
    }

    fn hints(&self) -> &'static [Hint] {
        &[
            (Action::Submit, strings::hints::YES),
            (Action::Cancel, strings::hints::NO),
        ]
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let key = |action| app.keymap.key_of(KeyContext::Panel, action);
        screen::Overlay::Confirm {
            question: &self.question,
            answers: strings::overlays::answers(&key(Action::Submit), &key(Action::Cancel)),
        }
    }

    fn step(&mut self, _steps: i32) {}

    fn accept(&mut self, app: &mut Parts<'_>) {
        app.close();
        let asked = match self.confirmed.take() {
            None => Ok(()),
            Some(Confirmed::Delete {
                conversation,
                target,
            }) => {
                let deletion = Content::Deletion { target };
                app.session.queue(app.chats, conversation, deletion, app.cx);
                app.note_waiting(strings::errors::THE_DELETION);
                Ok(())
            }
            Some(Confirmed::Link(PendingDevice { key, name })) => {
                let done = strings::commands::DEVICE_LINKED.to_owned();
                let request = Request::LinkDevice { key, name };
                app.ask_for(request, act(strings::errors::LINK_DEVICE, done))
            }
            Some(Confirmed::Revoke(key)) => {
                let done = strings::commands::DEVICE_REVOKED.to_owned();
                let request = Request::RevokeDevice(key);
                app.ask_for(request, act(strings::errors::REVOKE_DEVICE, done))
            }
        };
        app.notify_failure(asked);
    }
}
