//! Figures of a run, printed as one line of JSON.

use std::io::Write as _;

use recado_server::store::StoreStats;
use serde_json::{Map, Value, json};

use crate::measure::Usage;
use crate::recorder::{self, LatencyRecorder};
use crate::subject::Kind;

/// Share of the load's core from which the load counts as the bottleneck, whatever uses the core.
const BUSY: f64 = 0.95;

/// Syncs of the server for a checkpoint: one of the write-ahead log, one of the database.
const SYNCS_PER_CHECKPOINT: u64 = 2;

/// Figure that is true if the load, and not the subject, limits the throughput.
pub(crate) const LIMITED: &str = "load_was_the_bottleneck";

/// Figures of one run, by name.
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
        measure: &Usage,
        recorder: &LatencyRecorder,
    ) -> Self {
        let latency = recorder.latency();
        let mut figures = Self::empty(scenario, subject);
        let time = nanos(recorder::nanos(measure.time));
        let (own_cpu, load_cpu) = (nanos(measure.subject_cpu), nanos(measure.load_cpu));
        figures.put("seconds", time / 1e9);
        if !latency.is_empty() {
            let delivered = nanos(latency.len());
            figures.put("delivered", delivered);
            figures.put("delivered_per_second", delivered * 1e9 / time);
            figures.put("cpu_us_per_delivery", own_cpu / 1e3 / delivered);
            for (name, quantile) in [("p50_us", 0.5), ("p99_us", 0.99), ("p999_us", 0.999)] {
                figures.put(name, micros(latency.value_at_quantile(quantile)));
            }
        }
        figures.put("server_core", own_cpu / time);
        figures.put("load_core", load_cpu / time);
        figures.put("server_core_busy", measure.subject_core_busy);
        figures.put("load_core_busy", measure.load_core_busy);
        let is_limited = load_cpu / time >= BUSY || measure.load_core_busy >= BUSY;
        figures = figures.with(LIMITED, is_limited);
        if let Some(store) = &measure.store {
            figures.put("writes_per_commit", store.writes_per_commit());
            figures = figures
                .with("commits", store.commits)
                .with("syncs_estimated", syncs_estimated(store));
        }
        figures
    }

    pub(crate) fn empty(scenario: &'static str, subject: Kind) -> Self {
        Self {
            scenario,
            subject,
            values: Map::new(),
        }
    }

    /// A figure; true is 1 and false is 0.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        let value = self.values.get(name)?;
        let flag = value.as_bool().map(|is_true| f64::from(u8::from(is_true)));
        value.as_f64().or(flag)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    fn put(&mut self, name: &str, value: f64) {
        // Small values keep enough digits to differ from zero.
        let digits = if value < 1.0 { 1e6 } else { 1e3 };
        let rounded = (value * digits).round() / digits;
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

/// Syncs of the server, estimated from its commits and checkpoints.
fn syncs_estimated(store: &StoreStats) -> u64 {
    store.commits + SYNCS_PER_CHECKPOINT * store.checkpoints
}

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

/// Prints a line, and ignores a closed standard output.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
