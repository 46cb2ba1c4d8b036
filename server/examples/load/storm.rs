//! Everybody is cut off at once and comes back at once, while a few pairs that stay talk on.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use hdrhistogram::Histogram;
use recado_shared::{ConversationId, Invite};
use rustls::ClientConfig;
use tokio::task::JoinSet;

use crate::connection::{Arrival, Connection, To};
use crate::people;
use crate::report::{self, Figures};
use crate::subject::{Kind, Subject};
use crate::talk::{Course, latencies};

/// Pairs that stay.
const STAYING: usize = 10;

/// How often each of them writes.
const WRITES_EVERY: Duration = Duration::from_millis(20);

pub(crate) async fn storm(subject: &mut Subject, count: usize) -> Result<Figures> {
    let mut people = people::let_in(subject, count + 2 * STAYING).await?;
    let staying = people.split_off(count);
    let course = Arc::new(Course::new());
    let mut clients = JoinSet::new();
    let mut staying = staying.into_iter();
    while let (Some(one), Some(other)) = (staying.next(), staying.next()) {
        let to = match subject.kind {
            Kind::Plain => To::Number(other.number),
            Kind::Recado => To::Conversation(ConversationId::direct(one.user, other.user)),
        };
        clients.spawn(write(one.connection, to, Arc::clone(&course)));
        clients.spawn(read(other.connection, Arc::clone(&course)));
    }
    let returning: Vec<_> = people
        .into_iter()
        .map(|person| (person.number, person.config))
        .collect();
    let before = report::begin(subject)?;
    course.measure(true);
    let start = Instant::now();
    let mut back = JoinSet::new();
    for (number, config) in returning {
        let (ticket, address) = (subject.ticket.clone(), subject.address);
        back.spawn(async move {
            match (ticket, config) {
                (Some(ticket), Some(config)) => come_back(&ticket, config).await,
                _ => Connection::plain(address, number).await,
            }
        });
    }
    let mut held = Vec::new();
    while let Some(connection) = back.join_next().await {
        held.push(connection.context("a client failed")??);
    }
    let took = start.elapsed();
    course.measure(false);
    let measure = before.end(subject)?;
    course.end();
    let latency = report::gather(clients).await?;
    let delivered = course.delivered.load(Ordering::Relaxed);
    let figures = Figures::of("storm", subject.kind, delivered, measure, &latency);
    let millis = u64::try_from(took.as_millis())?;
    Ok(figures
        .with("connections", count)
        .with("back_after_ms", millis))
}

async fn come_back(ticket: &Invite, config: Arc<ClientConfig>) -> Result<Connection> {
    let (mut connection, _) = Connection::open(ticket, config, None, 0).await?;
    people::in_sync(&mut connection).await?;
    Ok(connection)
}

async fn write(mut connection: Connection, to: To, course: Arc<Course>) -> Result<Histogram<u64>> {
    while !course.is_over() {
        connection.queue_message(to, &course.text())?;
        connection.flush().await?;
        let end = Instant::now() + WRITES_EVERY;
        while let Some(rest) = end.checked_duration_since(Instant::now()) {
            if let Ok(arrivals) = tokio::time::timeout(rest, connection.arrivals()).await {
                arrivals?;
            }
        }
    }
    Ok(latencies())
}

async fn read(mut connection: Connection, course: Arc<Course>) -> Result<Histogram<u64>> {
    let mut latency = latencies();
    while !course.is_over() {
        let arrivals = tokio::time::timeout(WRITES_EVERY, connection.arrivals()).await;
        for arrival in arrivals.unwrap_or_else(|_| Ok(Vec::new()))? {
            if let Arrival::Message { text } = arrival {
                course.count(&text, &mut latency);
            }
        }
        connection.queue_delivered()?;
        connection.flush().await?;
    }
    Ok(latency)
}
