//! Latency recorder that all clients of a run share, with the clock that messages carry.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::connection::{Connection, Incoming};

/// Bytes of a message.
const PAYLOAD: usize = 100;

/// Digits at its start: the time at which it was made.
const DIGITS: usize = 20;

/// Tasks of clients. They run until they are aborted or fail.
pub(crate) type ClientTasks = JoinSet<Result<()>>;

pub(crate) struct LatencyRecorder {
    start: Instant,
    is_recording: AtomicBool,
    latency: Mutex<Histogram<u64>>,
    /// The text after the digits.
    filling: String,
}

impl LatencyRecorder {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            is_recording: AtomicBool::new(false),
            latency: Mutex::new(latencies()),
            filling: ".".repeat(PAYLOAD - DIGITS),
        }
    }

    /// Starts or stops recording.
    pub(crate) fn record(&self, is_on: bool) {
        self.is_recording.store(is_on, Ordering::Relaxed);
    }

    /// A message with the time at which it is made.
    pub(crate) fn text(&self) -> String {
        let made = nanos(self.start.elapsed());
        format!("{made:0>DIGITS$}{}", self.filling)
    }

    /// Receives and records messages. After each exchange with messages it calls `react` with their number.
    pub(crate) async fn receive(
        &self,
        mut connection: Connection,
        mut react: impl FnMut(&mut Connection, usize) -> Result<()>,
    ) -> Result<()> {
        loop {
            let mut count = 0;
            let take = |arrival: Incoming<'_>| {
                if let Incoming::Message(text) = arrival {
                    self.record_message(text);
                    count += 1;
                }
            };
            connection.exchange(take).await?;
            if count > 0 {
                react(&mut connection, count)?;
            }
        }
    }

    fn record_message(&self, text: &[u8]) {
        // An attacker may write to an honest client: those texts have no time.
        if !self.is_recording.load(Ordering::Relaxed) || text.len() != PAYLOAD {
            return;
        }
        let digits = text.get(..DIGITS).unwrap_or_default();
        let made = digits
            .iter()
            .fold(0, |made: u64, digit| made * 10 + u64::from(digit & 0xf));
        let age = nanos(self.start.elapsed()).saturating_sub(made);
        self.latency().saturating_record(age);
    }

    /// The recorded latencies, in nanoseconds.
    pub(crate) fn latency(&self) -> std::sync::MutexGuard<'_, Histogram<u64>> {
        self.latency.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits while the clients run. A client that ends or fails is an error.
pub(crate) async fn run_for(clients: &mut ClientTasks, time: Duration) -> Result<()> {
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(()),
        Some(ended) = clients.join_next() => {
            ended.context("a client failed")?.context("a client ended")?;
            bail!("a client ended");
        }
    }
}

/// An empty histogram of nanoseconds, up to one minute.
pub(crate) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are valid")
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_arrives_while_it_is_recording_counts() {
        let recorder = LatencyRecorder::new();
        let text = recorder.text();
        assert_eq!(text.len(), PAYLOAD);
        recorder.record_message(text.as_bytes());
        assert_eq!(recorder.latency().len(), 0);
        recorder.record(true);
        recorder.record_message(text.as_bytes());
        recorder.record_message(b"a text of an attacker");
        recorder.record(false);
        recorder.record_message(text.as_bytes());
        assert_eq!(recorder.latency().len(), 1);
        let since_start = nanos(recorder.start.elapsed());
        assert!(recorder.latency().max() <= since_start + since_start / 500);
    }
}
