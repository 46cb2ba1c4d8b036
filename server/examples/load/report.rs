//! What came of a run: one line of JSON each, and a table of medians and ratios of several.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

use crate::subject::{Kind, Subject, Used, used_by};
use crate::talk::latencies;

/// The load counts as the bottleneck where it takes this much of its core.
const BUSY: f64 = 0.95;

/// How many bare syncs are timed.
const SYNCS: usize = 400;

/// The beginning of a measurement.
pub(crate) struct Begun {
    at: Instant,
    subject: Used,
    load: Used,
}

/// What was used in a measurement.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measure {
    seconds: f64,
    /// Seconds on a core.
    subject_cpu: f64,
    load_cpu: f64,
}

pub(crate) fn begin(subject: &Subject) -> Result<Begun> {
    Ok(Begun {
        subject: subject.used()?,
        load: used_by(std::process::id())?,
        at: Instant::now(),
    })
}

impl Begun {
    pub(crate) fn end(self, subject: &Subject) -> Result<Measure> {
        let seconds = self.at.elapsed().as_secs_f64();
        let taken = |before: Used, after: Used| nanos(after.cpu.saturating_sub(before.cpu)) / 1e9;
        Ok(Measure {
            seconds,
            subject_cpu: taken(self.subject, subject.used()?),
            load_cpu: taken(self.load, used_by(std::process::id())?),
        })
    }
}

/// Waits for all clients and puts their latencies together.
pub(crate) async fn gather(mut clients: JoinSet<Result<Histogram<u64>>>) -> Result<Histogram<u64>> {
    let mut all = latencies();
    while let Some(client) = clients.join_next().await {
        all.add(client.context("a client failed")??)?;
    }
    Ok(all)
}

/// Times bare synced writes on the disk of this folder, in nanoseconds.
pub(crate) fn sync_times(folder: &Path) -> Result<Histogram<u64>> {
    let path = folder.join("sync");
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let mut times = latencies();
    for _ in 0..SYNCS {
        file.write_all(&[b'.'; 200])?;
        let start = Instant::now();
        file.sync_data()?;
        times.saturating_record(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
    }
    Ok(times)
}

/// What came of one run.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    scenario: &'static str,
    subject: Kind,
    values: Map<String, Value>,
}

impl Figures {
    pub(crate) fn of(
        scenario: &'static str,
        subject: Kind,
        delivered: u64,
        measure: Measure,
        latency: &Histogram<u64>,
    ) -> Self {
        let mut values = Map::new();
        let mut put = |name: &str, value: f64| {
            values.insert(name.to_owned(), json!((value * 1_000.0).round() / 1_000.0));
        };
        put("seconds", measure.seconds);
        if delivered > 0 {
            put("delivered", nanos(delivered));
            put("delivered_per_second", nanos(delivered) / measure.seconds);
            put(
                "cpu_us_per_delivery",
                measure.subject_cpu * 1e6 / nanos(delivered),
            );
            for (name, quantile) in [("p50_us", 0.5), ("p99_us", 0.99), ("p999_us", 0.999)] {
                put(name, nanos(latency.value_at_quantile(quantile)) / 1_000.0);
            }
        }
        put("server_core", measure.subject_cpu / measure.seconds);
        put("load_core", measure.load_cpu / measure.seconds);
        let is_limited = measure.load_cpu / measure.seconds >= BUSY;
        values.insert("load_was_the_bottleneck".to_owned(), json!(is_limited));
        Self {
            scenario,
            subject,
            values,
        }
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

/// Several runs.
#[derive(Debug, Default)]
pub(crate) struct Table {
    runs: BTreeMap<(&'static str, Kind), Vec<Figures>>,
}

impl Table {
    pub(crate) fn add(&mut self, figures: Figures) {
        let key = (figures.scenario, figures.subject);
        self.runs.entry(key).or_default().push(figures);
    }

    /// Prints the median of each figure, and what part of the plain relay's it is.
    pub(crate) fn print(&self) {
        say(&format!(
            "{:<10} {:<28} {:>14} {:>14} {:>8}",
            "", "median of runs", "recado", "plain", "ratio"
        ));
        for ((scenario, kind), runs) in &self.runs {
            if *kind != Kind::Recado {
                continue;
            }
            for name in runs
                .iter()
                .flat_map(|figures| figures.values.keys())
                .collect::<std::collections::BTreeSet<_>>()
            {
                let own = median(runs, name);
                let plain = self.runs.get(&(scenario, Kind::Plain));
                let plain = plain.and_then(|runs| median(runs, name));
                if let Some(own) = own {
                    let other = plain.map_or("-".to_owned(), |plain| format!("{plain:.3}"));
                    let ratio = plain.filter(|plain| *plain > 0.0);
                    let ratio = ratio.map_or("-".to_owned(), |plain| format!("{:.3}", own / plain));
                    say(&format!(
                        "{scenario:<10} {name:<28} {own:>14.3} {other:>14} {ratio:>8}"
                    ));
                }
            }
        }
    }
}

fn median(runs: &[Figures], name: &str) -> Option<f64> {
    let values = runs
        .iter()
        .filter_map(|figures| figures.values.get(name)?.as_f64());
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
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
