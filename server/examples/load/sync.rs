//! How long the disk needs to sync a small write, which is what any durable relay waits for: on the
//! server's core and on the load's, in a file that grows and in one that has its length already.

use std::fs::{self, OpenOptions};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::course::{latencies, nanos};
use crate::report::{self, Figures, micros};
use crate::subject::on_core;

/// How many of each kind are timed at a time.
const SYNCS: usize = 100;

/// What each writes: as much as a small message needs in a log.
const WRITE: [u8; 200] = [b'.'; 200];

/// Times of one go, in nanoseconds.
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
    /// Times some, on the disk of this folder.
    pub(crate) async fn take(&mut self, folder: &Path) -> Result<()> {
        let output = on_core(&std::env::current_exe()?)
            .arg("sync-times")
            .arg(folder)
            .stderr(Stdio::inherit())
            .output()
            .await?;
        if !output.status.success() {
            bail!("the disk cannot be timed");
        }
        let times: Times = serde_json::from_slice(&output.stdout)?;
        put(&mut self.growing, &times.growing);
        put(&mut self.overwriting, &times.overwriting);
        put(&mut self.on_load_core, &time(folder)?.growing);
        Ok(())
    }

    /// The median in a file that grows, in nanoseconds, on the core where it is less: where others
    /// use a core too, what is timed there is their time and not the disk's.
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

/// Times on the core of this process, and says them on standard output.
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
