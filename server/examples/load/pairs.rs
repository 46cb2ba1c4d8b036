//! Pairs of a sender, which keeps a number of messages in flight, and a receiver. In the ping-pong, one
//! pair with one message in flight, each message is the answer to the last one.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::sync::Notify;

use crate::clients;
use crate::connection::{Connection, To};
use crate::idle;
use crate::measure::{self, Usage};
use crate::recorder::{ClientTasks, LatencyRecorder};
use crate::report::{Figures, micros};
use crate::subject::{Kind, Rates, Subject};
use crate::sync::SyncTimes;

/// Messages that a sender may still send.
struct Window {
    free: AtomicUsize,
    wake: Notify,
}

/// Clients of a run with pairs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pairs {
    pub(crate) count: usize,
    /// Clients that only ping, beside the pairs.
    pub(crate) idle: usize,
}

pub(crate) async fn pairs(
    subject: &mut Subject,
    pairs: Pairs,
    window: usize,
    time: Duration,
) -> Result<Figures> {
    let people = clients::connect_all(
        &subject.endpoint,
        0..u32::try_from(2 * pairs.count + pairs.idle)?,
    )
    .await?;
    let recorder = Arc::new(LatencyRecorder::new());
    let mut clients = ClientTasks::new();
    let mut people = people.into_iter();
    for _ in 0..pairs.count {
        let (Some(sender), Some(receiver)) = (people.next(), people.next()) else {
            break;
        };
        let to = sender.to(&receiver);
        let window = Arc::new(Window {
            free: AtomicUsize::new(window),
            wake: Notify::new(),
        });
        let (shared, there) = (Arc::clone(&recorder), Arc::clone(&window));
        clients.spawn(send(sender.connection, to, shared, there));
        let shared = Arc::clone(&recorder);
        clients.spawn(async move {
            let free = |_: &mut Connection, count| {
                window.free.fetch_add(count, Ordering::Relaxed);
                window.wake.notify_one();
                Ok(())
            };
            shared.receive(receiver.connection, free).await
        });
    }
    idle::spawn_idle(people, &mut clients);
    let measure = measure::run(&recorder, subject, clients, time).await?;
    Ok(Figures::of("pairs", subject.kind, &measure, &recorder)
        .with("pairs", pairs.count)
        .with("idle", pairs.idle)
        .with("window", window))
}

async fn send(
    mut connection: Connection,
    to: To,
    recorder: Arc<LatencyRecorder>,
    window: Arc<Window>,
) -> Result<()> {
    loop {
        for _ in 0..window.free.swap(0, Ordering::Relaxed) {
            connection.queue_message(to, &recorder.text())?;
        }
        tokio::select! {
            biased;
            exchanged = connection.exchange(|_| {}) => exchanged?,
            () = window.wake.notified() => {}
        }
    }
}

/// One message at a time, with the time of a disk sync and the latency of the baseline relay.
pub(crate) async fn pingpong(subject: &mut Subject, time: Duration) -> Result<Figures> {
    if subject.kind == Kind::Plain {
        let (recorder, measure) = rally(subject, time).await?;
        return Ok(Figures::of("pingpong", subject.kind, &measure, &recorder));
    }
    let mut syncs = SyncTimes::default();
    syncs.take(subject.folder()).await?;
    let (recorder, measure) = rally(subject, time).await?;
    syncs.take(subject.folder()).await?;
    let plain = Subject::start(Kind::Plain, subject.folder(), Rates::Default).await?;
    let (hops, _) = rally(&plain, time / 2).await?;
    plain.stop().await?;
    let p50 = |recorder: &LatencyRecorder| recorder.latency().value_at_quantile(0.5);
    let (own, hops) = (p50(&recorder), p50(&hops));
    let figures = Figures::of("pingpong", subject.kind, &measure, &recorder);
    let over = own.saturating_sub(syncs.growing());
    Ok(syncs
        .show(figures)
        .with("over_fdatasync_us", micros(over))
        .with("plain_p50_us", micros(hops)))
}

async fn rally(subject: &Subject, time: Duration) -> Result<(Arc<LatencyRecorder>, Usage)> {
    let mut people = clients::connect_all(&subject.endpoint, 0..2)
        .await?
        .into_iter();
    let (Some(one), Some(other)) = (people.next(), people.next()) else {
        anyhow::bail!("two clients are needed");
    };
    let recorder = Arc::new(LatencyRecorder::new());
    let mut clients = ClientTasks::new();
    let there = one.to(&other);
    let back = other.to(&one);
    let mut first = one.connection;
    first.queue_message(there, &recorder.text())?;
    for (connection, to) in [(first, there), (other.connection, back)] {
        let recorder = Arc::clone(&recorder);
        clients.spawn(async move {
            let answer = |connection: &mut Connection, count| {
                (0..count).try_for_each(|_| connection.queue_message(to, &recorder.text()))
            };
            recorder.receive(connection, answer).await
        });
    }
    let measure = measure::run(&recorder, subject, clients, time).await?;
    Ok((recorder, measure))
}
