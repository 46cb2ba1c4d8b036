//! Connections that do nothing but answer pings and ping themselves, as seldom as a client does: what
//! each holds of the memory, and what all of them take of a core.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Result;
use recado_shared::limits::QUIET_PING_AFTER;
use tokio::time::{Instant, interval_at};

use crate::connection::{Arrival, Connection};
use crate::course::{Clients, Course, still};
use crate::measure::Begun;
use crate::people::{self, Person};
use crate::report::Figures;
use crate::subject::Subject;

/// Until what was needed to let them in is given back.
const SETTLE: Duration = Duration::from_secs(3);

pub(crate) async fn idle(subject: &mut Subject, count: usize, time: Duration) -> Result<Figures> {
    let empty = subject.used()?.memory;
    let people = people::let_in(&subject.door, 0..u32::try_from(count)?).await?;
    let mut clients = Clients::new();
    let pongs = sit_all(people.into_iter(), &mut clients);
    still(&mut clients, SETTLE).await?;
    let begun = Begun::now(subject).await?;
    let pongs_before = pongs.load(Ordering::Relaxed);
    still(&mut clients, time).await?;
    let measure = begun.end(subject).await?;
    let pongs = pongs.load(Ordering::Relaxed) - pongs_before;
    let full = subject.used()?.memory;
    clients.shutdown().await;
    let each = full.saturating_sub(empty) / u64::try_from(count.max(1))?;
    let figures = Figures::of("idle", subject.kind, &measure, &Course::new());
    Ok(figures
        .with("connections", count)
        .with("pings", pongs)
        .with("cpu_us_per_ping", measure.subject_micros_each(pongs))
        .with("memory_per_connection_bytes", each)
        .with("memory_empty_bytes", empty))
}

/// Lets all of these do nothing, their pings spread evenly over the time between two of one client's.
/// Returns how many are answered.
pub(crate) fn sit_all(
    people: impl ExactSizeIterator<Item = Person>,
    clients: &mut Clients,
) -> Arc<AtomicU64> {
    let pongs = Arc::new(AtomicU64::new(0));
    let now = Instant::now();
    let count = u32::try_from(people.len()).unwrap_or(u32::MAX);
    for (person, number) in people.zip(0_u32..) {
        let first = now + QUIET_PING_AFTER * number / count;
        clients.spawn(sit(person.connection, first, Arc::clone(&pongs)));
    }
    pongs
}

async fn sit(mut connection: Connection, first: Instant, pongs: Arc<AtomicU64>) -> Result<()> {
    let mut due = interval_at(first, QUIET_PING_AFTER);
    let take = |arrival: Arrival<'_>| {
        if matches!(arrival, Arrival::Pong) {
            pongs.fetch_add(1, Ordering::Relaxed);
        }
    };
    loop {
        tokio::select! {
            biased;
            turned = connection.turn(take) => turned?,
            _ = due.tick() => connection.queue_ping()?,
        }
    }
}
