//! Counters of the writer, which other threads may read.

use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

/// Counts since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreStats {
    /// Transactions, each synced to disk once.
    pub commits: u64,
    /// Requests that they committed, also those that wrote nothing.
    pub writes: u64,
    /// New messages among them.
    pub messages: u64,
    pub checkpoints: u64,
    /// Damaged conversations, users and other things that requests met.
    pub damaged: u64,
}

impl StoreStats {
    #[expect(
        clippy::cast_precision_loss,
        reason = "an average needs no more digits than a float has"
    )]
    pub fn writes_per_commit(&self) -> f64 {
        self.writes as f64 / self.commits.max(1) as f64
    }

    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            commits: self.commits.saturating_sub(earlier.commits),
            writes: self.writes.saturating_sub(earlier.writes),
            messages: self.messages.saturating_sub(earlier.messages),
            checkpoints: self.checkpoints.saturating_sub(earlier.checkpoints),
            damaged: self.damaged.saturating_sub(earlier.damaged),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counters(Mutex<StoreStats>);

impl Counters {
    pub(crate) fn update(&self, update: impl FnOnce(&mut StoreStats)) {
        update(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(crate) fn stats(&self) -> StoreStats {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
