//! Pace of the store's erasures: one step at a time, as a request among those of all users.

use std::time::{Duration, Instant};

use recado_shared::Now;

use crate::store::{Left, Write};

/// Time until a step that failed is tried again. Our judgement.
const RETRY_AFTER: Duration = Duration::from_mins(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Erasures {
    None,
    /// A step is due at this time.
    Due(Instant),
    /// The store does a step.
    Running,
}

impl Erasures {
    /// Continues what an earlier run of the server began.
    pub(super) fn at_start(has_erasures: bool, now: Now) -> Self {
        if has_erasures {
            Self::Due(now.instant)
        } else {
            Self::None
        }
    }

    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::Due(at) => Some(at),
            Self::None | Self::Running => None,
        }
    }

    /// Something may be left to erase after a change.
    pub(super) fn begin(&mut self, now: Now) {
        if *self != Self::Running {
            *self = Self::Due(now.instant);
        }
    }

    /// The next step, if it is due. It runs from then on.
    pub(super) fn take_due(&mut self, now: Now) -> Option<Write> {
        self.deadline().filter(|at| *at <= now.instant)?;
        *self = Self::Running;
        Some(Write::Erase { time: now.wall })
    }

    pub(super) fn step_done(&mut self, left: Option<Left>, now: Now) {
        *self = match left {
            None => Self::None,
            Some(Left::Now) => Self::Due(now.instant),
            Some(Left::Later) => Self::Due(now.instant + RETRY_AFTER),
        };
    }
}
