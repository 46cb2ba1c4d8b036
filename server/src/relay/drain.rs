//! Draining: no new sessions and no new writes, then the answers of outstanding writes, then a close
//! of every session.

use recado_shared::{CloseReason, Now, Refusal};

use super::phase::{DRAIN_LIMIT, Phase};
use super::{Effect, Relay};

impl Relay {
    pub(super) fn drain(&mut self, now: Now, out: &mut Vec<Effect>) {
        if self.phase.is_serving() {
            self.phase = Phase::Draining {
                until: now.instant + DRAIN_LIMIT,
            };
            self.refuse_hellos(&Refusal::ShuttingDown, out);
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
            self.refuse_hellos(&Refusal::Unavailable, out);
            self.stop(CloseReason::StoreFailed, out);
        }
    }

    /// The answers of the store to their logins come later and are ignored.
    fn refuse_hellos(&mut self, refusal: &Refusal, out: &mut Vec<Effect>) {
        for (&session, hello) in &mut self.pending_hellos {
            if !std::mem::replace(&mut hello.is_gone, true) {
                let refusal = refusal.clone();
                out.push(Effect::Refuse { session, refusal });
            }
        }
    }

    fn stop(&mut self, reason: CloseReason, out: &mut Vec<Effect>) {
        self.phase = Phase::Stopped;
        let sessions = std::mem::take(&mut self.sessions);
        let closes = sessions.into_keys();
        out.extend(closes.map(|session| Effect::Close { session, reason }));
        out.push(Effect::Stop);
    }
}
