//! Load for a server, and what it costs: starts `recado-server` on one core as it would run anywhere,
//! and real clients on another one, with TLS, keys and acknowledgements; or a relay of plain bytes
//! in its place, which neither stores nor acknowledges, as the limit of what the machine can do.
//!
//! ```sh
//! cargo build --release -p recado-server --example load && cargo build --release -p recado-server
//! target/release/examples/load pairs            # one line of JSON for each subject
//! target/release/examples/load all --runs 5     # and a table, subjects taking turns
//! target/release/examples/load growth-rooms     # what a delivery costs at sizes that grow
//! ```

mod connection;
mod course;
mod growth;
mod idle;
mod ids;
mod life;
mod measure;
mod opening;
mod people;
mod plain;
mod report;
mod room;
mod storm;
mod subject;
mod sync;
mod table;
mod talk;
mod usage;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use crate::growth::Growth;
use crate::report::Figures;
use crate::subject::{Kind, Rates, Subject};
use crate::table::Table;

#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Senders to receivers, each with messages in flight
    Pairs(Run),
    /// One sender to a room
    Room(Run),
    /// One message at a time
    Pingpong(Run),
    /// Connections that do nothing
    Idle(Run),
    /// Everybody back at once after a cut
    Storm(Run),
    /// All five
    All(Run),
    /// What a delivery costs with 2 to 10,000 connections
    GrowthConnections(Run),
    /// What a delivery costs beside up to 10,000 connections that do nothing
    GrowthBystanders(Run),
    /// What a delivery costs in rooms of 10 to 10,000 members
    GrowthRooms(Run),
    /// The relay of plain bytes, as a program of its own
    #[command(hide = true)]
    PlainRelay,
    /// Syncs on the disk of a folder, timed on the server's core
    #[command(hide = true)]
    SyncTimes { folder: PathBuf },
}

/// One of the five.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scenario {
    Pairs,
    Room,
    Pingpong,
    Idle,
    Storm,
}

const ALL: [Scenario; 5] = [
    Scenario::Pairs,
    Scenario::Room,
    Scenario::Pingpong,
    Scenario::Idle,
    Scenario::Storm,
];

#[derive(Clone, Debug, clap::Args)]
struct Run {
    /// What to load; both by default, taking turns
    #[arg(long, value_enum)]
    subject: Option<Kind>,
    /// How often; above 1 a table is printed too
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// How long each measures, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Pairs, members of the room, or connections (for growth, at most)
    #[arg(long)]
    size: Option<usize>,
    /// Messages in flight of each sender
    #[arg(long)]
    window: Option<usize>,
    /// Connections that do nothing beside the pairs
    #[arg(long, default_value_t = 0)]
    idle: usize,
    /// Keep the server's rates
    ///
    /// By default they are lifted: a server lets a session send 200 frames and 256 KiB a second, and so 50
    /// senders bring at most 10,000 messages a second. To load it all the same: `pairs --default-rates
    /// --size 1000`
    #[arg(long)]
    default_rates: bool,
    /// The folder in which servers keep their data while they are measured: its disk is measured too
    #[arg(long, default_value = "target/load")]
    folder: PathBuf,
}

/// Pairs unless something else is wanted.
const PAIRS: usize = 50;

impl Run {
    fn kinds(&self) -> Vec<Kind> {
        let both = vec![Kind::Plain, Kind::Recado];
        self.subject.map_or(both, |kind| vec![kind])
    }

    fn rates(&self) -> Rates {
        if self.default_rates {
            Rates::Default
        } else {
            Rates::Unlimited
        }
    }
}

fn main() -> Result<()> {
    let (scenarios, run) = match Arguments::parse().what {
        What::PlainRelay => return plain::serve(),
        What::SyncTimes { folder } => return sync::say_times(&folder),
        What::Pairs(run) => (vec![Scenario::Pairs], run),
        What::Room(run) => (vec![Scenario::Room], run),
        What::Pingpong(run) => (vec![Scenario::Pingpong], run),
        What::Idle(run) => (vec![Scenario::Idle], run),
        What::Storm(run) => (vec![Scenario::Storm], run),
        What::All(run) => (ALL.to_vec(), run),
        What::GrowthConnections(run) => return grow(Growth::Connections, &run),
        What::GrowthBystanders(run) => return grow(Growth::Bystanders, &run),
        What::GrowthRooms(run) => return grow(Growth::Rooms, &run),
    };
    subject::prepare_machine()?;
    let kinds = run.kinds();
    let mut table = Table::default();
    for scenario in scenarios {
        for _ in 0..run.runs.max(1) {
            for &kind in &kinds {
                let figures = measure(scenario, kind, &run)?;
                figures.print();
                table.add(figures);
            }
        }
    }
    if run.runs > 1 {
        table.print();
    }
    Ok(())
}

fn grow(growth: Growth, run: &Run) -> Result<()> {
    subject::prepare_machine()?;
    let largest = run.size.unwrap_or(usize::MAX);
    let kinds = run.kinds();
    let sizes = (kinds.as_slice(), largest);
    growth::measure(growth, run.runs.max(1), sizes, |kind, size| {
        let (scenario, size, idle) = match growth {
            Growth::Connections => (Scenario::Pairs, Some(size / 2), 0),
            Growth::Bystanders => (Scenario::Pairs, None, size.saturating_sub(2 * PAIRS)),
            Growth::Rooms => (Scenario::Room, Some(size), 0),
        };
        let run = Run {
            size,
            idle,
            ..run.clone()
        };
        measure(scenario, kind, &run)
    })
}

/// Starts a subject of its own for one measurement.
fn measure(scenario: Scenario, kind: Kind, run: &Run) -> Result<Figures> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut subject = Subject::start(kind, &run.folder, run.rates()).await?;
        let time = Duration::from_secs(run.seconds);
        let size = |usual: usize| run.size.unwrap_or(usual);
        let window = |usual: usize| run.window.unwrap_or(usual);
        let figures = match scenario {
            Scenario::Pairs => {
                let people = (size(PAIRS), run.idle);
                talk::pairs(&mut subject, people, window(16), time).await
            }
            Scenario::Pingpong => talk::pingpong(&mut subject, time).await,
            Scenario::Room => room::room(&mut subject, size(1_000), window(4), time).await,
            Scenario::Idle => idle::idle(&mut subject, size(10_000), time).await,
            Scenario::Storm => storm::storm(&mut subject, size(5_000)).await,
        };
        let store = subject.store_stats().await;
        let stopped = subject.stop().await;
        let figures = figures?;
        stopped?;
        // Since the server was started, unlike everything else.
        let stored = store?.map(|store| store.messages);
        Ok(match stored {
            Some(stored) => figures.with("messages_stored", stored),
            None => figures,
        })
    })
}
