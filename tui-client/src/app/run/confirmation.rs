//! Questions before acts that cannot be undone: each opens the same dialog.
//!
//! A kick, a ban, a mute and a block can be undone by their opposite, so they do not ask.

use recado_shared::{
    ConversationId, Device, DeviceName, LinkCode, Membership, PendingDevice, RoomEvent, Seq,
    Visibility, text::is_visible,
};

use crate::app::command::{Call, CommandResult};
use crate::app::intent::{Confirmed, Question, Show};
use crate::app::parts::Parts;
use crate::strings::{self, overlays};

/// Characters of a message in the question about it.
const MAX_EXCERPT: usize = 30;

impl Parts<'_> {
    pub(crate) fn confirm_deletion(&mut self, id: ConversationId, target: Seq, text: &str) {
        let question = overlays::confirm_delete(&excerpt(text));
        self.confirm(question, Confirmed::Delete(id, target));
    }

    /// `fallback` names a device that has no name. `is_listed`: the list of devices opens again.
    pub(crate) fn confirm_revocation(&mut self, device: &Device, fallback: &str, is_listed: bool) {
        let name = device.name.as_ref().and_then(DeviceName::visible);
        let name = name.unwrap_or(fallback);
        let question = if device.key == self.settings.device {
            overlays::CONFIRM_REVOKE_OWN.to_owned()
        } else {
            overlays::confirm_revoke(name)
        };
        let key = device.key;
        self.confirm(question, Confirmed::Revoke { key, is_listed });
    }

    pub(super) fn confirm_link(&mut self, device: PendingDevice, code: LinkCode) {
        let name = device.name.as_ref().and_then(DeviceName::visible);
        let question = overlays::confirm_link(name, code);
        self.confirm(question, Confirmed::Link(device));
    }

    /// Leaves a room. A user who left a private one needs an invitation to return, and a room ends with its
    /// last member.
    pub(super) fn run_leave(&mut self, call: &Call) -> CommandResult {
        let (id, info) = self.room_info_of(call)?;
        let is_last = info.membership == Membership::Member && info.members == 1;
        let question = if is_last {
            overlays::confirm_leave_last(&info.name)
        } else if info.visibility == Visibility::Public {
            return self.change_room(call, RoomEvent::Left);
        } else {
            overlays::confirm_leave(&info.name)
        };
        self.confirm(question, Confirmed::Room(id, RoomEvent::Left));
        Ok(())
    }

    pub(super) fn run_close(&mut self, call: &Call) -> CommandResult {
        let (id, info) = self.room_info_of(call)?;
        let question = overlays::confirm_close(&info.name);
        self.confirm(question, Confirmed::Room(id, RoomEvent::Closed));
        Ok(())
    }

    pub(crate) fn confirm_quit(&mut self, unsent: usize) {
        self.confirm(overlays::confirm_quit(unsent), Confirmed::Quit);
    }

    fn confirm(&mut self, text: String, confirmed: Confirmed) {
        let line = self.pending_requests.running.clone();
        self.show(Show::Confirm(Question {
            text,
            confirmed,
            line,
        }));
    }
}

/// The beginning of a text, on one line.
fn excerpt(text: &str) -> String {
    let text = strings::conversation::shown(text);
    let line = text.lines().find(|line| is_visible(line));
    let start: String = line.unwrap_or_default().chars().take(MAX_EXCERPT).collect();
    let more = if start.len() < text.trim_end().len() {
        "…"
    } else {
        ""
    };
    format!("{start}{more}")
}
