//! Load generator: it starts `recado-server` on one core and real clients on another, with TLS, keys and
//! acknowledgements, and measures latency, CPU time and memory. The baseline is a relay of plain bytes,
//! which neither stores nor acknowledges.
//!
//! ```sh
//! cargo build --release -p recado-server --example load && cargo build --release -p recado-server
//! target/release/examples/load pairs            # one line of JSON for each subject
//! target/release/examples/load all --runs 5     # and a table, subjects in turn
//! target/release/examples/load growth-rooms     # cost of a delivery at sizes that grow
//! target/release/examples/load attack           # hostile clients beside honest ones
//! ```

mod attack;
mod clients;
mod connection;
mod growth;
mod idle;
mod measure;
mod message_ids;
mod opening;
mod pairs;
mod plain;
mod plain_frame;
mod recorder;
mod report;
mod room;
mod storm;
mod subject;
mod sync;
mod table;
mod tls_memory;
mod usage;
mod warmup;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use tokio::runtime::{Builder, Runtime};

use crate::attack::Attack;
use crate::growth::Growth;
use crate::pairs::Pairs;
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
    /// Pairs of a sender and a receiver, with messages in flight
    Pairs(Run),
    /// A room with one sender
    Room(Run),
    /// One message at a time
    Pingpong(Run),
    /// Idle connections, which only ping
    Idle(Run),
    /// Reconnect storm: all clients reconnect at once
    Storm(Run),
    /// All five scenarios in turn
    All(Run),
    /// Cost of a delivery with 2 to 10,000 connections
    GrowthConnections(Run),
    /// Cost of a delivery beside up to 10,000 idle connections
    GrowthBystanders(Run),
    /// Cost of a delivery in rooms of 10 to 10,000 members
    GrowthRooms(Run),
    /// Attacks of one user or of strangers, beside honest clients: both phases in each run
    Attack {
        /// Attacks to measure [default: all in turn]
        #[arg(value_enum)]
        attacks: Vec<Attack>,
        #[command(flatten)]
        run: Run,
    },
    /// Memory of an idle TLS connection, with the server's own stream and with tokio-rustls
    TlsMemory {
        /// Number of connections
        #[arg(long, default_value_t = 2_000)]
        size: usize,
    },
    /// A TLS echo server, for `tls-memory`
    #[command(hide = true)]
    TlsServer { stream: tls_memory::Stream },
    /// The baseline relay of plain bytes
    #[command(hide = true)]
    PlainRelay,
    /// Times of disk syncs on the core of the server
    #[command(hide = true)]
    SyncTimes { folder: PathBuf },
}

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
    /// Subject to measure [default: both in turn]
    #[arg(long, value_enum)]
    subject: Option<Kind>,
    /// Number of runs; with more than one, a table is printed too
    #[arg(long, default_value_t = 1)]
    runs: usize,
    /// Duration of each measurement, in seconds
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Pairs, members of the room, or connections (for growth, the maximum)
    #[arg(long)]
    size: Option<usize>,
    /// Messages in flight per sender
    #[arg(long)]
    window: Option<usize>,
    /// Idle connections beside the pairs
    #[arg(long, default_value_t = 0)]
    idle: usize,
    /// Keep the server's default rate limits
    ///
    /// Without this option they are lifted: a session may send 200 frames and 256 KiB per second, so 50
    /// senders would send at most 10,000 messages per second. To reach more with them: `pairs
    /// --default-rates --size 1000`
    #[arg(long)]
    default_rates: bool,
    /// Folder for the data of the measured servers, on the disk to measure
    #[arg(long, default_value = "target/load")]
    folder: PathBuf,
}

/// Default number of pairs.
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
        What::TlsMemory { size } => {
            subject::prepare_machine()?;
            return runtime()?.block_on(tls_memory::measure(size));
        }
        What::TlsServer { stream } => return runtime()?.block_on(tls_memory::serve(stream)),
        What::Attack { attacks, run } => return attack_all(&attacks, &run),
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

fn attack_all(attacks: &[Attack], run: &Run) -> Result<()> {
    subject::prepare_machine()?;
    let attacks = match attacks {
        [] => Attack::value_variants(),
        chosen => chosen,
    };
    let time = Duration::from_secs(run.seconds);
    for &attack in attacks.iter().cycle().take(attacks.len() * run.runs.max(1)) {
        let figures = runtime()?.block_on(async {
            let folder = &run.folder;
            let mut subject = Subject::start(Kind::Recado, folder, Rates::Untouched).await?;
            let figures = attack::attack(&mut subject, attack, time).await;
            subject.stop().await?;
            figures
        });
        figures?.print();
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

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Measures a scenario with a subject of its own.
fn measure(scenario: Scenario, kind: Kind, run: &Run) -> Result<Figures> {
    runtime()?.block_on(async {
        let mut subject = Subject::start(kind, &run.folder, run.rates()).await?;
        let time = Duration::from_secs(run.seconds);
        let size = |usual: usize| run.size.unwrap_or(usual);
        let window = |usual: usize| run.window.unwrap_or(usual);
        let figures = match scenario {
            Scenario::Pairs => {
                let pairs = Pairs {
                    count: size(PAIRS),
                    idle: run.idle,
                };
                pairs::pairs(&mut subject, pairs, window(16), time).await
            }
            Scenario::Pingpong => pairs::pingpong(&mut subject, time).await,
            Scenario::Room => room::room(&mut subject, size(1_000), window(4), time).await,
            Scenario::Idle => idle::idle(&mut subject, size(10_000), time).await,
            Scenario::Storm => storm::storm(&mut subject, size(5_000)).await,
        };
        let store = subject.store_stats().await;
        let stopped = subject.stop().await;
        let figures = figures?;
        stopped?;
        // Counted since the start of the server, unlike all other figures.
        let stored = store?.map(|store| store.messages);
        Ok(match stored {
            Some(stored) => figures.with("messages_stored", stored),
            None => figures,
        })
    })
}
