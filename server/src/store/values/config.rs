//! Settings of the store: threads, window and checkpoints.

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
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            readers: 2,
            window: STORE_WINDOW,
            checkpoints: CheckpointThresholds {
                idle_pages: 2_000,
                busy_pages: 8_000,
            },
        }
    }
}
