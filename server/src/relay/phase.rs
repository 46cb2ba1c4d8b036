//! Phase of the server: serving, draining or stopped.

use std::time::{Duration, Instant};

/// The longest time that a drain waits for the store. Our judgement: under the 10 s after which
/// container runtimes kill a process.
pub const DRAIN_LIMIT: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Serving,
    /// Waits for outstanding writes, at most until this moment.
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
