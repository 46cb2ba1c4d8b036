//! What all clients of a run share: the clock, and the latencies of what arrived while it counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::connection::{Arrival, Connection};

/// Length of a message.
const PAYLOAD: usize = 100;

/// Digits at its beginning, which say when it was made.
const DIGITS: usize = 20;

/// Clients, which go on until they are dropped or fail.
pub(crate) type Clients = JoinSet<Result<()>>;

pub(crate) struct Course {
    start: Instant,
    is_measured: AtomicBool,
    latency: Mutex<Histogram<u64>>,
    /// What follows the digits.
    filling: String,
}

impl Course {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            is_measured: AtomicBool::new(false),
            latency: Mutex::new(latencies()),
            filling: ".".repeat(PAYLOAD - DIGITS),
        }
    }

    /// From here on, or no longer, arrivals count.
    pub(crate) fn measure(&self, is_on: bool) {
        self.is_measured.store(is_on, Ordering::Relaxed);
    }

    /// A text of the usual length that says when it was made.
    pub(crate) fn text(&self) -> String {
        let made = nanos(self.start.elapsed());
        format!("{made:0>DIGITS$}{}", self.filling)
    }

    /// Takes what arrives and counts the messages; says after each turn that had some how many.
    pub(crate) async fn receive(
        &self,
        mut connection: Connection,
        mut then: impl FnMut(&mut Connection, usize) -> Result<()>,
    ) -> Result<()> {
        loop {
            let mut count = 0;
            let take = |arrival: Arrival<'_>| {
                if let Arrival::Message(text) = arrival {
                    self.count(text);
                    count += 1;
                }
            };
            connection.turn(take).await?;
            if count > 0 {
                then(&mut connection, count)?;
            }
        }
    }

    /// Counts a message that arrived.
    fn count(&self, text: &[u8]) {
        if !self.is_measured.load(Ordering::Relaxed) {
            return;
        }
        let digits = text.get(..DIGITS).unwrap_or_default();
        let made = digits
            .iter()
            .fold(0, |made: u64, digit| made * 10 + u64::from(digit & 0xf));
        let age = nanos(self.start.elapsed()).saturating_sub(made);
        self.latency().saturating_record(age);
    }

    /// What was counted, in nanoseconds.
    pub(crate) fn latency(&self) -> std::sync::MutexGuard<'_, Histogram<u64>> {
        self.latency.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits while the clients go on; one that fails ends the wait.
pub(crate) async fn still(clients: &mut Clients, time: Duration) -> Result<()> {
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(()),
        Some(ended) = clients.join_next() => {
            ended.context("a client failed")?.context("a client ended")?;
            bail!("a client ended");
        }
    }
}

/// An empty histogram of nanoseconds, up to a minute.
pub(crate) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("these bounds are right")
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_arrives_while_it_is_measured_counts() {
        let course = Course::new();
        let text = course.text();
        assert_eq!(text.len(), PAYLOAD);
        course.count(text.as_bytes());
        assert_eq!(course.latency().len(), 0);
        course.measure(true);
        course.count(text.as_bytes());
        course.measure(false);
        course.count(text.as_bytes());
        assert_eq!(course.latency().len(), 1);
        let since_start = nanos(course.start.elapsed());
        assert!(course.latency().max() <= since_start + since_start / 500);
    }
}
