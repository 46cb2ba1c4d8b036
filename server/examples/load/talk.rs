//! Pairs: each sender keeps a number of messages in flight to its receiver. One pair with one
//! message in flight is the ping-pong, where what one receives is what lets the other send.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::Result;
use tokio::sync::Notify;

use crate::connection::{Connection, To};
use crate::course::{Clients, Course};
use crate::idle;
use crate::measure::{self, Measure};
use crate::people;
use crate::report::{Figures, micros};
use crate::subject::{Kind, Rates, Subject};
use crate::sync::SyncTimes;

/// What a sender may still send.
struct Window {
    free: AtomicUsize,
    wake: Notify,
}

pub(crate) async fn pairs(
    subject: &mut Subject,
    (count, idle): (usize, usize),
    window: usize,
    time: Duration,
) -> Result<Figures> {
    let people = people::let_in(&subject.door, 0..u32::try_from(2 * count + idle)?).await?;
    let course = Arc::new(Course::new());
    let mut clients = Clients::new();
    let mut people = people.into_iter();
    for _ in 0..count {
        let (Some(sender), Some(receiver)) = (people.next(), people.next()) else {
            break;
        };
        let to = sender.to(&receiver);
        let window = Arc::new(Window {
            free: AtomicUsize::new(window),
            wake: Notify::new(),
        });
        let (shared, there) = (Arc::clone(&course), Arc::clone(&window));
        clients.spawn(send(sender.connection, to, shared, there));
        let shared = Arc::clone(&course);
        clients.spawn(async move {
            let free = |_: &mut Connection, count| {
                window.free.fetch_add(count, Ordering::Relaxed);
                window.wake.notify_one();
                Ok(())
            };
            shared.receive(receiver.connection, free).await
        });
    }
    idle::sit_all(people, &mut clients);
    let measure = measure::run(&course, subject, clients, time).await?;
    Ok(Figures::of("pairs", subject.kind, &measure, &course)
        .with("pairs", count)
        .with("idle", idle)
        .with("window", window))
}

async fn send(
    mut connection: Connection,
    to: To,
    course: Arc<Course>,
    window: Arc<Window>,
) -> Result<()> {
    loop {
        for _ in 0..window.free.swap(0, Ordering::Relaxed) {
            connection.queue_message(to, &course.text())?;
        }
        tokio::select! {
            biased;
            turned = connection.turn(|_| {}) => turned?,
            () = window.wake.notified() => {}
        }
    }
}

/// One message at a time; beside it what the disk needs for a sync, and the plain relay for the
/// same hops.
pub(crate) async fn pingpong(subject: &mut Subject, time: Duration) -> Result<Figures> {
    if subject.kind == Kind::Plain {
        let (course, measure) = rally(subject, time).await?;
        return Ok(Figures::of("pingpong", subject.kind, &measure, &course));
    }
    let mut syncs = SyncTimes::default();
    syncs.take(subject.folder()).await?;
    let (course, measure) = rally(subject, time).await?;
    syncs.take(subject.folder()).await?;
    let plain = Subject::start(Kind::Plain, subject.folder(), Rates::Default).await?;
    let (hops, _) = rally(&plain, time / 2).await?;
    plain.stop().await?;
    let p50 = |course: &Course| course.latency().value_at_quantile(0.5);
    let (own, hops) = (p50(&course), p50(&hops));
    let figures = Figures::of("pingpong", subject.kind, &measure, &course);
    let over = own.saturating_sub(syncs.growing());
    Ok(syncs
        .show(figures)
        .with("over_fdatasync_us", micros(over))
        .with("plain_p50_us", micros(hops)))
}

async fn rally(subject: &Subject, time: Duration) -> Result<(Arc<Course>, Measure)> {
    let mut people = people::let_in(&subject.door, 0..2).await?.into_iter();
    let (Some(one), Some(other)) = (people.next(), people.next()) else {
        anyhow::bail!("two people are needed");
    };
    let course = Arc::new(Course::new());
    let mut clients = Clients::new();
    let there = one.to(&other);
    let back = other.to(&one);
    let mut first = one.connection;
    first.queue_message(there, &course.text())?;
    for (connection, to) in [(first, there), (other.connection, back)] {
        let course = Arc::clone(&course);
        clients.spawn(async move {
            let answer = |connection: &mut Connection, count| {
                (0..count).try_for_each(|_| connection.queue_message(to, &course.text()))
            };
            course.receive(connection, answer).await
        });
    }
    let measure = measure::run(&course, subject, clients, time).await?;
    Ok((course, measure))
}
