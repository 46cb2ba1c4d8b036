//! The end: no new sessions, no new appends, outstanding writes answered, everybody told why.

use std::time::{Duration, Instant};

use recado_shared::{CloseReason, Now, Refusal};

use super::{Effect, Relay};

/// A drain does not wait longer than this for the store.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(5);

/// Where the server is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// Waits for outstanding writes, but no longer than this.
    Draining {
        until: Instant,
    },
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
    pub(super) fn drain(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.phase.is_serving() {
            self.phase = Phase::Draining {
                until: now.instant + DRAIN_LIMIT,
            };
            self.refuse_greetings(&Refusal::ShuttingDown, out);
            self.finish_drain_if_idle(out);
        }
    }

    pub(super) fn finish_drain_if_idle(&mut self, out: &mut Vec<Effect>) {
        if self.outstanding_writes == 0 && self.phase.deadline().is_some() {
            self.stop(CloseReason::ShuttingDown, out);
        }
    }

    pub(super) fn finish_drain_if_due(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self
            .phase
            .deadline()
            .is_some_and(|until| until <= now.instant)
        {
            self.stop(CloseReason::ShuttingDown, out);
        }
    }

    pub(super) fn store_failed(&mut self, out: &mut Vec<Effect>) {
        if self.phase != Phase::Stopped {
            self.refuse_greetings(&Refusal::Unavailable, out);
            self.stop(CloseReason::StoreFailed, out);
        }
    }

    /// The store still answers their logins; those answers find nobody.
    fn refuse_greetings(&mut self, refusal: &Refusal, out: &mut Vec<Effect>) {
        for (&session, greeting) in &mut self.greetings {
            if !std::mem::replace(&mut greeting.is_gone, true) {
                let refusal = refusal.clone();
                out.push(Effect::Refuse { session, refusal });
            }
        }
    }

    fn stop(&mut self, farewell: CloseReason, out: &mut Vec<Effect>) {
        self.phase = Phase::Stopped;
        let sessions = std::mem::take(&mut self.sessions);
        out.extend(
            sessions
                .into_keys()
                .map(|session| Effect::Close { session, farewell }),
        );
        out.push(Effect::Stop);
    }
}
