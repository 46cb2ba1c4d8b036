//! Counters of the writer, which other threads may read.

use std::sync::atomic::{AtomicU64, Ordering};

use recado_shared::Content;
use serde::{Deserialize, Serialize};

use crate::store::values::request::WriteResult;

/// Counts since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreStats {
    /// Transactions, each synced to disk once.
    pub commits: u64,
    /// Requests that they committed.
    pub writes: u64,
    /// New messages among them.
    pub messages: u64,
    pub checkpoints: u64,
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
        }
    }
}

/// The writer alone counts. The numbers order no other memory, so `Relaxed` suffices.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    commits: AtomicU64,
    writes: AtomicU64,
    messages: AtomicU64,
    checkpoints: AtomicU64,
}

impl Counters {
    pub(crate) fn committed(&self) {
        add(&self.commits, 1);
    }

    /// Counts committed requests, also those that wrote nothing.
    pub(crate) fn did(&self, written: &[WriteResult]) {
        let messages = written.iter().filter(|written| is_new_message(written));
        add(&self.writes, written.len());
        add(&self.messages, messages.count());
    }

    pub(crate) fn checkpointed(&self) {
        add(&self.checkpoints, 1);
    }

    pub(crate) fn stats(&self) -> StoreStats {
        StoreStats {
            commits: self.commits.load(Ordering::Relaxed),
            writes: self.writes.load(Ordering::Relaxed),
            messages: self.messages.load(Ordering::Relaxed),
            checkpoints: self.checkpoints.load(Ordering::Relaxed),
        }
    }
}

fn add(counter: &AtomicU64, count: usize) {
    counter.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
}

fn is_new_message(written: &WriteResult) -> bool {
    let WriteResult::Append { result, .. } = written else {
        return false;
    };
    result.as_ref().is_ok_and(|appended| {
        appended.is_new && matches!(appended.entry.content, Content::Message(_))
    })
}
