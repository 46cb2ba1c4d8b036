//! Resources that the subject and the load use while a scenario is measured.

use std::time::{Duration, Instant};

use anyhow::Result;
use recado_server::store::StoreStats;

use crate::recorder::{ClientTasks, LatencyRecorder, run_for};
use crate::subject::{LOAD_CORE, SUBJECT_CORE, Subject};
use crate::usage::{CoreTime, ProcessUsage};

/// Time that a scenario runs before it is measured.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// A measurement in progress.
pub(crate) struct Measurement {
    at: Instant,
    subject: ProcessUsage,
    load: ProcessUsage,
    subject_core: CoreTime,
    load_core: CoreTime,
    store: Option<StoreStats>,
}

/// Resources used during a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) time: Duration,
    /// CPU time in nanoseconds.
    pub(crate) subject_cpu: u64,
    pub(crate) load_cpu: u64,
    /// Share of the time in which any process ran on the core.
    pub(crate) subject_core_busy: f64,
    pub(crate) load_core_busy: f64,
    pub(crate) store: Option<StoreStats>,
}

impl Measurement {
    pub(crate) async fn start(subject: &Subject) -> Result<Self> {
        Ok(Self {
            store: subject.store_stats().await?,
            subject: subject.used()?,
            load: ProcessUsage::by(std::process::id())?,
            subject_core: CoreTime::of(SUBJECT_CORE)?,
            load_core: CoreTime::of(LOAD_CORE)?,
            at: Instant::now(),
        })
    }

    pub(crate) async fn end(self, subject: &Subject) -> Result<Usage> {
        let time = self.at.elapsed();
        let mut measure = Usage {
            time,
            subject_cpu: subject.used()?.cpu_since(&self.subject),
            load_cpu: ProcessUsage::by(std::process::id())?.cpu_since(&self.load),
            subject_core_busy: CoreTime::of(SUBJECT_CORE)?.busy_since(&self.subject_core),
            load_core_busy: CoreTime::of(LOAD_CORE)?.busy_since(&self.load_core),
            store: None,
        };
        let now = subject.store_stats().await?;
        measure.store = now.zip(self.store).map(|(now, before)| now.since(&before));
        Ok(measure)
    }
}

impl Usage {
    /// CPU time of the subject in microseconds, divided by `count`.
    pub(crate) fn subject_micros_each(&self, count: u64) -> u64 {
        self.subject_cpu.checked_div(count).unwrap_or(0) / 1_000
    }
}

/// Measures for `time` after the warm-up, then ends the clients.
pub(crate) async fn run(
    recorder: &LatencyRecorder,
    subject: &Subject,
    mut clients: ClientTasks,
    time: Duration,
) -> Result<Usage> {
    run_for(&mut clients, WARM_UP).await?;
    let measurement = Measurement::start(subject).await?;
    recorder.record(true);
    run_for(&mut clients, time).await?;
    recorder.record(false);
    let measure = measurement.end(subject).await?;
    clients.shutdown().await;
    Ok(measure)
}
