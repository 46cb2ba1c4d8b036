//! What came of a run, and one line of JSON of it.

use std::io::Write as _;
use std::time::Instant;

use anyhow::Result;
use recado_server::store::StoreStats;
use serde_json::{Map, Value, json};

use crate::course::Course;
use crate::subject::{Kind, Subject, Used, used_by};

/// The load counts as the bottleneck where it takes this much of its core.
const BUSY: f64 = 0.95;

/// How often the server syncs for a checkpoint: the write-ahead log before it, and the database
/// after.
const SYNCS_PER_CHECKPOINT: u64 = 2;

/// The beginning of a measurement.
pub(crate) struct Begun {
    at: Instant,
    subject: Used,
    load: Used,
    store: Option<StoreStats>,
}

/// What was used in a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    seconds: f64,
    /// Seconds on a core.
    subject_cpu: f64,
    load_cpu: f64,
    /// What the store did.
    store: Option<StoreStats>,
}

pub(crate) async fn begin(subject: &Subject) -> Result<Begun> {
    Ok(Begun {
        store: subject.store_stats().await?,
        subject: subject.used()?,
        load: used_by(std::process::id())?,
        at: Instant::now(),
    })
}

impl Begun {
    pub(crate) async fn end(self, subject: &Subject) -> Result<Measure> {
        let seconds = self.at.elapsed().as_secs_f64();
        let taken = |before: Used, after: Used| nanos(after.cpu.saturating_sub(before.cpu)) / 1e9;
        let mut measure = Measure {
            seconds,
            subject_cpu: taken(self.subject, subject.used()?),
            load_cpu: taken(self.load, used_by(std::process::id())?),
            store: None,
        };
        let now = subject.store_stats().await?;
        measure.store = now.zip(self.store).map(|(now, then)| now.since(&then));
        Ok(measure)
    }
}

/// What came of one run.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) scenario: &'static str,
    pub(crate) subject: Kind,
    values: Map<String, Value>,
}

impl Figures {
    pub(crate) fn of(
        scenario: &'static str,
        subject: Kind,
        measure: &Measure,
        course: &Course,
    ) -> Self {
        let latency = course.latency();
        let mut figures = Self {
            scenario,
            subject,
            values: Map::new(),
        };
        figures.put("seconds", measure.seconds);
        if !latency.is_empty() {
            let delivered = nanos(latency.len());
            figures.put("delivered", delivered);
            figures.put("delivered_per_second", delivered / measure.seconds);
            figures.put("cpu_us_per_delivery", measure.subject_cpu * 1e6 / delivered);
            for (name, quantile) in [("p50_us", 0.5), ("p99_us", 0.99), ("p999_us", 0.999)] {
                figures.put(name, micros(latency.value_at_quantile(quantile)));
            }
        }
        figures.put("server_core", measure.subject_cpu / measure.seconds);
        figures.put("load_core", measure.load_cpu / measure.seconds);
        let is_limited = measure.load_cpu / measure.seconds >= BUSY;
        figures = figures.with("load_was_the_bottleneck", is_limited);
        if let Some(store) = &measure.store {
            let syncs = store.commits + SYNCS_PER_CHECKPOINT * store.checkpoints;
            figures.put("writes_per_commit", store.writes_per_commit());
            figures = figures.with("commits", store.commits).with("syncs", syncs);
        }
        figures
    }

    /// A figure; one that is true or false as one or zero.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        let value = self.values.get(name)?;
        let flag = value.as_bool().map(|is_true| f64::from(u8::from(is_true)));
        value.as_f64().or(flag)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    fn put(&mut self, name: &str, value: f64) {
        let rounded = (value * 1_000.0).round() / 1_000.0;
        self.values.insert(name.to_owned(), json!(rounded));
    }

    pub(crate) fn called(mut self, scenario: &'static str) -> Self {
        self.scenario = scenario;
        self
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn print(&self) {
        let mut line = Map::new();
        line.insert("scenario".to_owned(), json!(self.scenario));
        line.insert("subject".to_owned(), json!(self.subject));
        line.extend(self.values.clone());
        say(&Value::Object(line).to_string());
    }
}

/// Nanoseconds as microseconds.
pub(crate) fn micros(value: u64) -> f64 {
    nanos(value) / 1_000.0
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts and times far below 2^52"
)]
fn nanos(value: u64) -> f64 {
    value as f64
}

/// Prints a line; a reader that is gone ends nothing.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
