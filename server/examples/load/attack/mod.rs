//! Attacks of one user with one device, and of strangers, beside honest clients that exchange messages all
//! the time, and newcomers that come all the time. All limits of the server have their defaults, and the
//! attackers connect from many addresses of the loopback network.
//!
//! Each run measures the honest clients first without the attack and then with it.

mod hostile;
mod strangers;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use clap::ValueEnum;
use hdrhistogram::Histogram;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::clients;
use crate::recorder::{LatencyRecorder, latencies, nanos};
use crate::report::{Figures, micros};
use crate::storm::StayingPairs;
use crate::subject::Subject;

use hostile::{Attacker, Outcome};
use strangers::{Linker, Strangers};

/// Honest pairs of a sender and a receiver.
const HONEST_PAIRS: u32 = 5;

/// Interval of the newcomers, which register, sync and leave.
const NEWCOMER_INTERVAL: Duration = Duration::from_millis(250);

/// Time from the end of an attack until the figures of the server are taken.
const SETTLE: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Attack {
    /// As many sessions as the server lets in, which do nothing
    Sessions,
    /// 250 sessions that append short messages as fast as they can
    Appends,
    /// 250 sessions that append messages of 15 KB as fast as they can
    Bytes,
    /// 250 sessions that switch between active and away
    Activity,
    /// 250 sessions that list all users
    FindUsers,
    /// 250 sessions that send watch lists of 16,000 users
    Watch,
    /// Rooms made and left, then 50 sessions that ask for all heads and read nothing
    Heads,
    /// Deletions, beside sessions that read nothing
    Deletions,
    /// 2,000 connections of strangers from 125 addresses, which send nothing
    Idle,
    /// As many that send the first message of TLS and nothing more
    HalfHandshakes,
    /// As many that finish TLS and send no hello
    NoHello,
    /// Strangers at 64 addresses who are refused and reconnect
    Reconnects,
    /// Requests to be linked from 64 addresses; an honest user links devices beside them
    Links,
    /// Registrations from 200 addresses, with the policy "open"
    Registrations,
}

impl Attack {
    fn name(self) -> &'static str {
        match self {
            Self::Sessions => "attack-sessions",
            Self::Appends => "attack-appends",
            Self::Bytes => "attack-bytes",
            Self::Activity => "attack-activity",
            Self::FindUsers => "attack-find-users",
            Self::Watch => "attack-watch",
            Self::Heads => "attack-heads",
            Self::Deletions => "attack-deletions",
            Self::Idle => "attack-idle",
            Self::HalfHandshakes => "attack-half-handshakes",
            Self::NoHello => "attack-no-hello",
            Self::Reconnects => "attack-reconnects",
            Self::Links => "attack-links",
            Self::Registrations => "attack-registrations",
        }
    }

    fn is_by_strangers(self) -> bool {
        matches!(
            self,
            Self::Idle
                | Self::HalfHandshakes
                | Self::NoHello
                | Self::Reconnects
                | Self::Links
                | Self::Registrations
        )
    }
}

/// Measures an attack: `time` without it, and `time` with it.
pub(crate) async fn attack(
    subject: &mut Subject,
    attack: Attack,
    time: Duration,
) -> Result<Figures> {
    let recorder = Arc::new(LatencyRecorder::new());
    let endpoint = subject.endpoint.clone();
    let honest = StayingPairs::start(&endpoint, 0, HONEST_PAIRS, &recorder).await?;
    let mut newcomers = Newcomers::new(1_000_000);
    if attack == Attack::Links {
        newcomers.linker = Some(Linker::register(&endpoint).await?);
    }
    let calm = phase(subject, &recorder, &mut newcomers, time).await?;
    let (attacked, outcome) = if attack.is_by_strangers() {
        let strangers = Strangers::start(&endpoint, attack).await?;
        let attacked = phase(subject, &recorder, &mut newcomers, time).await?;
        (attacked, strangers.end()?)
    } else {
        let hostile = Attacker::start(&endpoint, attack).await?;
        let attacked = phase(subject, &recorder, &mut newcomers, time).await?;
        (attacked, hostile.end()?)
    };
    sleep(SETTLE).await;
    honest.end()?;
    Ok(figures(attack, subject, &calm, &attacked, &outcome))
}

fn figures(
    attack: Attack,
    subject: &Subject,
    calm: &Phase,
    attacked: &Phase,
    outcome: &Outcome,
) -> Figures {
    let at = |histogram: &Histogram<u64>, quantile| micros(histogram.value_at_quantile(quantile));
    Figures::empty(attack.name(), subject.kind)
        .with("baseline_p50_us", at(&calm.honest, 0.5))
        .with("baseline_p99_us", at(&calm.honest, 0.99))
        .with("p50_us", at(&attacked.honest, 0.5))
        .with("p99_us", at(&attacked.honest, 0.99))
        .with("honest_messages", attacked.honest.len())
        .with("sessions_open", outcome.open)
        .with("sessions_refused", outcome.refused)
        .with("attacks", outcome.attacks)
        .with("newcomers", attacked.newcomers.len())
        .with("newcomers_refused", attacked.refused)
        .with("links_missed", attacked.links_missed)
        .with("baseline_newcomer_p99_us", at(&calm.newcomers, 0.99))
        .with("newcomer_p99_us", at(&attacked.newcomers, 0.99))
        .with("memory_before_bytes", calm.memory)
        .with("memory_peak_bytes", attacked.memory)
        .with("disk_before_bytes", calm.disk)
        .with("disk_bytes", attacked.disk)
        .with("log_bytes", attacked.log - calm.log)
}

/// Figures of one phase.
struct Phase {
    /// Latencies of the messages of honest clients, in nanoseconds.
    honest: Histogram<u64>,
    /// Times until newcomers were in sync, in nanoseconds.
    newcomers: Histogram<u64>,
    refused: u64,
    /// The most resident memory of the server, in bytes.
    memory: u64,
    /// Bytes in the data folder at the end.
    disk: u64,
    /// Bytes of the server's log at the end.
    log: u64,
    /// Devices that asked to be linked and were not found.
    links_missed: u64,
}

async fn phase(
    subject: &Subject,
    recorder: &LatencyRecorder,
    newcomers: &mut Newcomers,
    time: Duration,
) -> Result<Phase> {
    recorder.latency().reset();
    recorder.record(true);
    let mut phase = Phase {
        honest: latencies(),
        newcomers: latencies(),
        refused: 0,
        memory: 0,
        disk: 0,
        log: 0,
        links_missed: 0,
    };
    let end = Instant::now() + time;
    let mut due = interval(NEWCOMER_INTERVAL);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while Instant::now() < end {
        due.tick().await;
        let start = Instant::now();
        match newcomers.visit(subject).await {
            Ok(()) => phase.newcomers.saturating_record(nanos(start.elapsed())),
            Err(_) => phase.refused += 1,
        }
        phase.links_missed += u64::from(!newcomers.link().await?);
        phase.memory = phase.memory.max(subject.used()?.memory);
    }
    recorder.record(false);
    phase.honest.add(&*recorder.latency())?;
    phase.disk = size_of(subject.folder())?;
    phase.log = subject.log_len()?;
    Ok(phase)
}

/// Newcomers, one after the other.
struct Newcomers {
    next: u32,
    linker: Option<Linker>,
}

impl Newcomers {
    const fn new(first: u32) -> Self {
        Self {
            next: first,
            linker: None,
        }
    }

    /// Whether a new device is found by the user who links it, if there is one.
    async fn link(&mut self) -> Result<bool> {
        match &mut self.linker {
            Some(linker) => linker.finds_device().await,
            None => Ok(true),
        }
    }

    async fn visit(&mut self, subject: &Subject) -> Result<()> {
        self.next += 1;
        clients::register(&subject.endpoint, self.next).await?;
        Ok(())
    }
}

/// Bytes of all files in a folder.
fn size_of(folder: &Path) -> Result<u64> {
    let mut size = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let data = entry.metadata()?;
        size += if data.is_dir() {
            size_of(&entry.path())?
        } else {
            data.len()
        };
    }
    Ok(size)
}
