//! Time of a disk sync after a small write, the lower bound of any durable relay: on the core of the server
//! and on that of the load, in a file that grows and in one that has its length already.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::recorder::{latencies, nanos};
use crate::report::{self, Figures, micros};
use crate::subject::on_core;

/// Syncs of each kind in a sample.
const SYNCS: usize = 100;

/// The content of each write, as long as a small message in a log.
const WRITE: [u8; 200] = [b'.'; 200];

/// One sample, in nanoseconds.
#[derive(Serialize, Deserialize)]
struct Times {
    growing: Vec<u64>,
    overwriting: Vec<u64>,
}

/// Times of syncs around a measurement.
pub(crate) struct SyncTimes {
    growing: Histogram<u64>,
    overwriting: Histogram<u64>,
    on_load_core: Histogram<u64>,
}

impl Default for SyncTimes {
    fn default() -> Self {
        Self {
            growing: latencies(),
            overwriting: latencies(),
            on_load_core: latencies(),
        }
    }
}

impl SyncTimes {
    /// Adds a sample on the disk of this folder.
    pub(crate) async fn take(&mut self, folder: &Path) -> Result<()> {
        let output = on_core(&std::env::current_exe()?)
            .arg("sync-times")
            .arg(folder)
            .stderr(Stdio::inherit())
            .output()
            .await?;
        if !output.status.success() {
            bail!("cannot time disk syncs");
        }
        let times: Times = serde_json::from_slice(&output.stdout)?;
        put(&mut self.growing, &times.growing);
        put(&mut self.overwriting, &times.overwriting);
        put(&mut self.on_load_core, &time(folder)?.growing);
        Ok(())
    }

    /// The median for a file that grows, in nanoseconds, on the core where it is lower: on a core that other
    /// processes use, the time contains theirs.
    pub(crate) fn growing(&self) -> u64 {
        let p50 = |times: &Histogram<u64>| times.value_at_quantile(0.5);
        p50(&self.growing).min(p50(&self.on_load_core))
    }

    pub(crate) fn show(&self, figures: Figures) -> Figures {
        let p50 = |times: &Histogram<u64>| micros(times.value_at_quantile(0.5));
        figures
            .with("fdatasync_p50_us", p50(&self.growing))
            .with("fdatasync_overwriting_p50_us", p50(&self.overwriting))
            .with("fdatasync_on_load_core_p50_us", p50(&self.on_load_core))
    }
}

fn put(times: &mut Histogram<u64>, values: &[u64]) {
    for value in values {
        times.saturating_record(*value);
    }
}

/// Prints a sample on the core of this process as JSON.
pub(crate) fn say_times(folder: &Path) -> Result<()> {
    let times = serde_json::to_string(&time(folder)?).context("numbers can be written")?;
    report::say(&times);
    Ok(())
}

fn time(folder: &Path) -> Result<Times> {
    let path = folder.join(format!("sync-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .create_new(true)
        .write(true)
        .open(&path)?;
    let sync = |file: &mut fs::File| -> Result<u64> {
        file.write_all(&WRITE)?;
        let start = Instant::now();
        file.sync_data()?;
        Ok(nanos(start.elapsed()))
    };
    let growing = (0..SYNCS)
        .map(|_| sync(&mut file))
        .collect::<Result<Vec<_>>>()?;
    file.seek(SeekFrom::Start(0))?;
    let overwriting = (0..SYNCS)
        .map(|_| sync(&mut file))
        .collect::<Result<Vec<_>>>()?;
    fs::remove_file(path)?;
    Ok(Times {
        growing,
        overwriting,
    })
}
