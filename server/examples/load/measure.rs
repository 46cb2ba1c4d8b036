//! What is used up while a scenario is measured.

use std::time::{Duration, Instant};

use anyhow::Result;
use recado_server::store::StoreStats;

use crate::course::{Clients, Course, still};
use crate::subject::{LOAD_CORE, SUBJECT_CORE, Subject};
use crate::usage::{CoreTime, Used};

/// How long a scenario runs before it is measured.
pub(crate) const WARM_UP: Duration = Duration::from_secs(1);

/// The beginning of a measurement.
pub(crate) struct Begun {
    at: Instant,
    subject: Used,
    load: Used,
    subject_core: CoreTime,
    load_core: CoreTime,
    store: Option<StoreStats>,
}

/// What was used in a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    pub(crate) time: Duration,
    /// Nanoseconds on a core.
    pub(crate) subject_cpu: u64,
    pub(crate) load_cpu: u64,
    /// Which part of the time anything at all ran there.
    pub(crate) subject_core_busy: f64,
    pub(crate) load_core_busy: f64,
    /// What the store did.
    pub(crate) store: Option<StoreStats>,
}

impl Begun {
    /// Begins one.
    pub(crate) async fn now(subject: &Subject) -> Result<Self> {
        Ok(Self {
            store: subject.store_stats().await?,
            subject: subject.used()?,
            load: Used::by(std::process::id())?,
            subject_core: CoreTime::of(SUBJECT_CORE)?,
            load_core: CoreTime::of(LOAD_CORE)?,
            at: Instant::now(),
        })
    }

    pub(crate) async fn end(self, subject: &Subject) -> Result<Measure> {
        let time = self.at.elapsed();
        let mut measure = Measure {
            time,
            subject_cpu: subject.used()?.cpu_since(&self.subject),
            load_cpu: Used::by(std::process::id())?.cpu_since(&self.load),
            subject_core_busy: CoreTime::of(SUBJECT_CORE)?.busy_since(&self.subject_core),
            load_core_busy: CoreTime::of(LOAD_CORE)?.busy_since(&self.load_core),
            store: None,
        };
        let now = subject.store_stats().await?;
        measure.store = now.zip(self.store).map(|(now, then)| now.since(&then));
        Ok(measure)
    }
}

impl Measure {
    /// Microseconds on a core that the subject took for each of so many.
    pub(crate) fn subject_micros_each(&self, count: u64) -> u64 {
        self.subject_cpu.checked_div(count).unwrap_or(0) / 1_000
    }
}

/// Measures for a while after warming up, says what was used meanwhile, and ends the clients.
pub(crate) async fn run(
    course: &Course,
    subject: &Subject,
    mut clients: Clients,
    time: Duration,
) -> Result<Measure> {
    still(&mut clients, WARM_UP).await?;
    let begun = Begun::now(subject).await?;
    course.measure(true);
    still(&mut clients, time).await?;
    course.measure(false);
    let measure = begun.end(subject).await?;
    clients.shutdown().await;
    Ok(measure)
}
