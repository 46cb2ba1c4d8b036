//! The queues of all sessions.

use std::collections::BTreeMap;

use recado_shared::ServerFrame;
use tracing::{debug, error};

use super::outbox::{NoRoom, Outbox, Outgoing, Then, kind};
use crate::id::SessionId;

/// Where frames for each session go. The driver's.
#[derive(Debug, Default)]
pub struct Outboxes(BTreeMap<SessionId, Outbox>);

impl Outboxes {
    /// Adds a session.
    pub fn insert(&mut self, session: SessionId, outbox: Outbox) {
        self.0.insert(session, outbox);
    }

    /// Lets go of a session, which ends once what is queued is written.
    pub fn remove(&mut self, session: SessionId) {
        self.0.remove(&session);
    }

    /// Queues a frame that must not be left out. Room is reserved for it; a session without any
    /// is let go, and comes back by its cursors.
    pub fn send(&mut self, to: SessionId, frame: &ServerFrame, then: Then) {
        let Some(outbox) = self.0.get(&to) else {
            return;
        };
        debug!(session = %to, kind = kind(frame), "sent");
        let queued = Outgoing::encode(frame, then).map(|frame| outbox.send(frame));
        if queued != Some(Ok(())) {
            error!(session = %to, kind = kind(frame), "no room for a frame: session let go");
            self.remove(to);
        }
    }

    /// Queues a live frame, encoded once, where live frames have room. Returns those who did not
    /// get it for want of that.
    #[must_use]
    pub fn push(&self, to: &[SessionId], frame: &ServerFrame) -> Vec<SessionId> {
        debug!(sessions = to.len(), kind = kind(frame), "pushed");
        let Some(outgoing) = Outgoing::encode(frame, Then::Nothing) else {
            return Vec::new();
        };
        let is_full = |session: &&SessionId| {
            let queued = self.0.get(session).map(|outbox| outbox.push(&outgoing));
            queued == Some(Err(NoRoom))
        };
        to.iter().filter(is_full).copied().collect()
    }
}
