//! Draining: no new sessions and no new writes, then the answers of outstanding writes, then a close
//! of every session.

use std::time::{Duration, Instant};

use recado_shared::{CloseReason, Refusal, ServerFrame};

use super::{Effect, Relay};

/// The longest time that a drain waits for the store. Our judgement: under the 10 s after which
/// container runtimes kill a process.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    Draining { until: Instant },
    Stopped,
}

impl Phase {
    pub(super) fn is_serving(self) -> bool {
        self == Self::Serving
    }

    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Draining { until } => Some(until),
            Self::Serving | Self::Stopped => None,
        }
    }
}

impl Relay {
    pub(super) fn drain(&mut self) {
        if self.phase.is_serving() {
            let until = self.now.instant + DRAIN_LIMIT;
            self.phase = Phase::Draining { until };
            self.refuse_hellos(&Refusal::ShuttingDown);
            self.finish_drain_if_due();
        }
    }

    /// Stops once no write is outstanding, or at the deadline.
    pub(super) fn finish_drain_if_due(&mut self) {
        if let Some(until) = self.phase.deadline()
            && (self.outstanding_writes == 0 || until <= self.now.instant)
        {
            self.stop(CloseReason::ShuttingDown);
        }
    }

    pub(super) fn store_failed(&mut self) {
        if self.phase != Phase::Stopped {
            self.refuse_hellos(&Refusal::Unavailable);
            self.stop(CloseReason::StoreFailed);
        }
    }

    /// The answers of the store to their logins come later and are ignored.
    fn refuse_hellos(&mut self, refusal: &Refusal) {
        for (&to, hello) in &mut self.pending_hellos {
            if !std::mem::replace(&mut hello.is_gone, true) {
                let frame = ServerFrame::Refused(refusal.clone());
                self.effects.push(Effect::Send { to, frame });
            }
        }
    }

    fn stop(&mut self, reason: CloseReason) {
        self.phase = Phase::Stopped;
        for session in std::mem::take(&mut self.sessions).into_keys() {
            self.send(session, ServerFrame::Close(reason));
        }
        self.effects.push(Effect::Stop);
    }
}
