//! A question that is answered by Enter or Esc, before something that cannot be taken back.

use recado_shared::{Content, ConversationId, DeviceKey, PendingDevice, Request, Seq};

use crate::app::App;
use crate::app::command::act;
use crate::app::overlay::switcher::OverlayState;

/// A question and what a yes does.
#[derive(Debug)]
pub(in crate::app) struct Confirm {
    pub(in crate::app) question: String,
    act: Confirmed,
}

/// What a yes does.
#[derive(Debug)]
pub(in crate::app) enum Confirmed {
    /// Takes a message back.
    Delete {
        conversation: ConversationId,
        target: Seq,
    },
    /// Makes a device one of the user's.
    Link(PendingDevice),
    /// Takes a device from the user.
    Revoke(DeviceKey),
}

impl App {
    /// Asks the person. What was open over the panes makes room for the question.
    pub(in crate::app) fn ask_person(&mut self, question: String, act: Confirmed) {
        self.show_overlay(Some(OverlayState::Confirm(Confirm { question, act })));
    }

    /// The person said yes.
    pub(in crate::app) fn accept_confirm(&mut self) {
        let Some(OverlayState::Confirm(confirm)) = self.take_overlay() else {
            return;
        };
        let asked = match confirm.act {
            Confirmed::Delete {
                conversation,
                target,
            } => {
                self.session.queue(
                    &mut self.chats,
                    conversation,
                    Content::Deletion { target },
                    &mut self.cx,
                );
                self.note_waiting("the deletion");
                Ok(())
            }
            Confirmed::Link(PendingDevice { key, name }) => {
                let done = "the device is linked: it shows your conversations now".to_owned();
                let request = Request::LinkDevice { key, name };
                self.ask_for(request, act("link the device", done))
            }
            Confirmed::Revoke(key) => {
                let done = "the device is revoked".to_owned();
                let request = Request::RevokeDevice(key);
                self.ask_for(request, act("revoke the device", done))
            }
        };
        if let Err(why) = asked {
            self.cx.notice = Some(why);
        }
    }
}
