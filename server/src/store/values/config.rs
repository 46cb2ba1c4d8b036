//! Settings of the store: threads, window and checkpoints.

use std::time::Duration;

use recado_shared::Timestamp;

/// Default of [`StoreConfig::window`]. Requests with the longest bodies then take about 30 MiB.
pub const STORE_WINDOW: usize = 2_048;

/// Settings of the store, whose default suits all but tests.
#[derive(Clone, Copy, Debug)]
pub struct StoreConfig {
    /// Reader threads, at least one.
    pub readers: usize,
    /// Most unanswered requests, until their answer is taken from
    /// [`StoreEvents`](crate::store::StoreEvents).
    pub window: usize,
    pub checkpoints: CheckpointThresholds,
    /// Bytes of the disk that messages leave free.
    pub disk_reserve: u64,
    /// The clock to compare with that of the last run; `None` compares nothing.
    pub clock: Option<ClockCheck>,
}

/// The clock of the system at the start of a server.
#[derive(Clone, Copy, Debug)]
pub struct ClockCheck {
    pub now: Timestamp,
    /// Whether the operator insists that it is right.
    pub is_accepted: bool,
}

impl ClockCheck {
    /// A clock further behind the last change of the data is wrong.
    pub const MAX_BEHIND: Duration = Duration::from_hours(24);

    /// A clock further ahead of the last change of the data may be wrong. A server that was off for
    /// less starts as ever.
    pub const MAX_AHEAD: Duration = Duration::from_hours(2 * 365 * 24);

    /// Whether the clock fits the one of the last change.
    pub(crate) fn is_plausible(self, last: Timestamp) -> bool {
        let is_within = |from: Timestamp, to: Timestamp, limit: Duration| {
            u128::from(to.0.saturating_sub(from.0)) <= limit.as_millis()
        };
        self.is_accepted
            || (is_within(self.now, last, Self::MAX_BEHIND)
                && is_within(last, self.now, Self::MAX_AHEAD))
    }
}

/// Length of the write-ahead log at which a checkpoint runs, in pages of 4 KiB. A longer log makes
/// commits faster on average, and opening after a crash slower
/// (<https://www.sqlite.org/wal.html#performance_considerations>).
#[derive(Clone, Copy, Debug)]
pub struct CheckpointThresholds {
    /// The length while no request waits.
    pub idle_pages: i64,
    /// The length while requests wait.
    pub busy_pages: i64,
    /// The length from which on a checkpoint stops the writer for the last pages, so that the log starts over.
    pub restart_pages: i64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            readers: 2,
            window: STORE_WINDOW,
            checkpoints: CheckpointThresholds {
                idle_pages: 2_000,
                busy_pages: 8_000,
                // 64 MiB, as many as the file keeps.
                restart_pages: 16_384,
            },
            disk_reserve: 0,
            clock: None,
        }
    }
}
