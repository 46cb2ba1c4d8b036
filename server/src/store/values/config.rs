//! Settings of the store: threads, window and checkpoints.

/// Most requests that may be unanswered, counted until their answer is taken from
/// [`StoreEvents`]. With the longest bodies they hold about 30 MiB.
pub const STORE_WINDOW: usize = 2_048;

/// How the store works. The default suits everyone but tests.
#[derive(Clone, Copy, Debug)]
pub struct StoreConfig {
    /// How many threads read; at least one.
    pub readers: usize,
    /// Most requests that may be unanswered.
    pub window: usize,
    /// When committed pages move from the write-ahead log into the database.
    pub checkpoints: Checkpoints,
}

/// How many pages of 4 KiB gather in the write-ahead log before they move into the database. More
/// of them make commits faster on average and the opening after a crash slower.
#[derive(Clone, Copy, Debug)]
pub struct Checkpoints {
    /// While nobody waits for a commit.
    pub when_idle: i64,
    /// While somebody does.
    pub at_most: i64,
}

impl Default for StoreConfig {
    fn default() -> Self {
        Self {
            readers: 2,
            window: STORE_WINDOW,
            checkpoints: Checkpoints {
                when_idle: 2_000,
                at_most: 8_000,
            },
        }
    }
}
