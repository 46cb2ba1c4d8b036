//! Connections that do nothing but answer pings: what each holds of the memory, and what all of them
//! take of a core.

use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;

use crate::connection::Connection;
use crate::course::{Course, still};
use crate::people;
use crate::report::{self, Figures};
use crate::subject::Subject;

/// Until what was needed to let them in is given back.
const SETTLE: Duration = Duration::from_secs(3);

pub(crate) async fn idle(subject: &mut Subject, count: usize, time: Duration) -> Result<Figures> {
    let empty = subject.used()?.memory;
    let people = people::let_in(&subject.door, 0..u32::try_from(count)?).await?;
    let mut clients = JoinSet::new();
    for person in people {
        clients.spawn(sit(person.connection));
    }
    still(&mut clients, SETTLE).await?;
    let before = report::begin(subject).await?;
    still(&mut clients, time).await?;
    let measure = before.end(subject).await?;
    let full = subject.used()?.memory;
    clients.shutdown().await;
    let each = full.saturating_sub(empty) / u64::try_from(count.max(1))?;
    let figures = Figures::of("idle", subject.kind, &measure, &Course::new());
    Ok(figures
        .with("connections", count)
        .with("memory_per_connection_bytes", each)
        .with("memory_empty_bytes", empty))
}

/// Does nothing but answer pings.
pub(crate) async fn sit(mut connection: Connection) -> Result<()> {
    loop {
        connection.turn(|_| {}).await?;
    }
}
