//! What all clients of a run share: the clock, and the latencies of what arrived while it counted.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use hdrhistogram::Histogram;
use tokio::task::JoinSet;

use crate::report::{self, Measure};
use crate::subject::Subject;

/// Length of a message.
const PAYLOAD: usize = 100;

/// Digits at its beginning, which say when it was made.
const DIGITS: usize = 20;

/// How long a scenario runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);

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

    /// Counts a message that arrived.
    pub(crate) fn count(&self, text: &[u8]) {
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

    /// Measures for a while after warming up, says what was used meanwhile, and ends the clients.
    pub(crate) async fn run(
        &self,
        subject: &Subject,
        mut clients: Clients,
        time: Duration,
    ) -> Result<Measure> {
        still(&mut clients, WARM_UP).await?;
        let before = report::begin(subject).await?;
        self.measure(true);
        still(&mut clients, time).await?;
        self.measure(false);
        let measure = before.end(subject).await?;
        clients.shutdown().await;
        Ok(measure)
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
