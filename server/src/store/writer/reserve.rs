//! Disk reserve: free space that messages leave on the disk of the data, so that reading, cursors, and the
//! operator's changes go on, and the server can start.

use std::path::PathBuf;

use rusqlite::Result;
use tracing::{info, warn};

use super::thread::Writer;
use crate::store::values::{Refused, Write, WriteResult};

#[derive(Debug, Default)]
pub(crate) struct DiskReserve {
    /// The data folder; `None` in memory.
    dir: Option<PathBuf>,
    /// Bytes; 0 for no reserve.
    bytes: u64,
    /// Whether the last look found less free space.
    is_used_up: bool,
}

impl DiskReserve {
    pub(crate) fn new(dir: PathBuf, bytes: u64) -> Self {
        Self {
            dir: Some(dir),
            bytes,
            is_used_up: false,
        }
    }

    /// Looks at the free space, which takes a microsecond.
    fn look(&mut self) -> bool {
        let free = self.dir.as_ref().filter(|_| self.bytes > 0);
        let free = free.and_then(free_bytes);
        let is_used_up = free.is_some_and(|free| free < self.bytes);
        if is_used_up != std::mem::replace(&mut self.is_used_up, is_used_up) {
            let (free, reserve) = (free.unwrap_or_default(), self.bytes);
            if is_used_up {
                warn!(
                    free,
                    reserve, "the disk is almost full: messages are refused, reading works"
                );
            } else {
                info!(
                    free,
                    reserve, "there is free space again: messages are accepted"
                );
            }
        }
        is_used_up
    }
}

#[cfg(unix)]
fn free_bytes(dir: &PathBuf) -> Option<u64> {
    let system = rustix::fs::statvfs(dir).ok()?;
    Some(system.f_bavail.saturating_mul(system.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &PathBuf) -> Option<u64> {
    None
}

/// Whether a request adds to the data for good. Logins of registered users, cursors and the operator's
/// changes add next to nothing, or free space.
const fn adds(write: &Write) -> bool {
    match write {
        Write::Append { .. } | Write::CreateRoom { .. } | Write::User { .. } => true,
        Write::Login(_)
        | Write::Advance { .. }
        | Write::Device { .. }
        | Write::Admin { .. }
        | Write::Erase { .. } => false,
    }
}

impl Writer {
    /// Commits a batch. While the disk reserve is used up, requests that add to the data are refused.
    pub(crate) fn commit(&mut self, batch: &[Write]) -> Result<Vec<WriteResult>> {
        if !self.reserve.look() || !batch.iter().any(adds) {
            return self.commit_all_of(batch);
        }
        let rest: Vec<_> = batch.iter().filter(|write| !adds(write)).cloned().collect();
        let written = if rest.is_empty() {
            Vec::new()
        } else {
            self.commit_all_of(&rest)?
        };
        let mut written = written.into_iter();
        let results = batch.iter().filter_map(|write| {
            if adds(write) {
                Some(write.refused(Refused::NoSpace, self.stamp))
            } else {
                written.next()
            }
        });
        Ok(results.collect())
    }
}
