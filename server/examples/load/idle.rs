//! Idle connections, which only ping, as seldom as a client does: their memory and CPU time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use recado_shared::limits::QUIET_PING_AFTER;
use tokio::time::{Instant, interval_at};

use crate::clients::{self, Client};
use crate::connection::{Connection, Incoming};
use crate::measure::Measurement;
use crate::recorder::{ClientTasks, LatencyRecorder, run_for};
use crate::report::Figures;
use crate::subject::Subject;

/// Time for the server to free the memory of the handshakes.
const SETTLE: Duration = Duration::from_secs(3);

pub(crate) async fn idle(subject: &mut Subject, count: usize, time: Duration) -> Result<Figures> {
    let empty = subject.used()?.memory;
    let people = clients::connect_all(&subject.endpoint, 0..u32::try_from(count)?).await?;
    let mut clients = ClientTasks::new();
    let pongs = spawn_idle(people.into_iter(), &mut clients);
    run_for(&mut clients, SETTLE).await?;
    let measurement = Measurement::start(subject).await?;
    let pongs_before = pongs.load(Ordering::Relaxed);
    run_for(&mut clients, time).await?;
    let measure = measurement.end(subject).await?;
    let pongs = pongs.load(Ordering::Relaxed) - pongs_before;
    let full = subject.used()?.memory;
    clients.shutdown().await;
    let each = full.saturating_sub(empty) / u64::try_from(count.max(1))?;
    let figures = Figures::of("idle", subject.kind, &measure, &LatencyRecorder::new());
    Ok(figures
        .with("connections", count)
        .with("pings", pongs)
        .with("cpu_us_per_ping", measure.subject_micros_each(pongs))
        .with("memory_per_connection_bytes", each)
        .with("memory_empty_bytes", empty))
}

/// Starts idle clients, whose pings are spread evenly. Returns the counter of answered pings.
pub(crate) fn spawn_idle(
    clients: impl ExactSizeIterator<Item = Client>,
    tasks: &mut ClientTasks,
) -> Arc<AtomicU64> {
    let pongs = Arc::new(AtomicU64::new(0));
    let now = Instant::now();
    let count = u32::try_from(clients.len()).unwrap_or(u32::MAX);
    for (client, number) in clients.zip(0_u32..) {
        let first = now + QUIET_PING_AFTER * number / count;
        tasks.spawn(stay_idle(client.connection, first, Arc::clone(&pongs)));
    }
    pongs
}

async fn stay_idle(
    mut connection: Connection,
    first: Instant,
    pongs: Arc<AtomicU64>,
) -> Result<()> {
    let mut timer = interval_at(first, QUIET_PING_AFTER);
    let take = |arrival: Incoming<'_>| {
        if matches!(arrival, Incoming::Pong) {
            pongs.fetch_add(1, Ordering::Relaxed);
        }
    };
    loop {
        tokio::select! {
            biased;
            exchanged = connection.exchange(take) => exchanged?,
            _ = timer.tick() => connection.queue_ping()?,
        }
    }
}
