//! Pairs: each sender keeps a number of messages in flight to its receiver. One pair with one
//! message in flight is the ping-pong, where what one receives is what lets the other send.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;
use recado_shared::ConversationId;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::connection::{Arrival, Connection, To};
use crate::people::{self, Person};
use crate::report::{self, Figures, Measure};
use crate::subject::{Kind, Subject};

/// Length of a message.
const PAYLOAD: usize = 100;

/// How long a scenario runs before it is measured.
const WARM_UP: Duration = Duration::from_secs(1);

/// How long after a message its delivery is reported, so that many are reported at once. A client
/// does the same.
pub(crate) const REPORT_AFTER: Duration = Duration::from_millis(100);

/// What all clients of a run share.
pub(crate) struct Course {
    start: Instant,
    is_measured: AtomicBool,
    is_over: AtomicBool,
    pub(crate) delivered: AtomicU64,
}

impl Course {
    pub(crate) fn new() -> Self {
        Self {
            start: Instant::now(),
            is_measured: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            delivered: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    /// From here on, or no longer, arrivals count.
    pub(crate) fn measure(&self, is_on: bool) {
        self.is_measured.store(is_on, Ordering::Relaxed);
    }

    /// Tells all clients to stop.
    pub(crate) fn end(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// A text of the usual length that says when it was made.
    pub(crate) fn text(&self) -> String {
        let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        format!("{now:0>20}{:.<width$}", "", width = PAYLOAD - 20)
    }

    /// Counts a message that arrived.
    pub(crate) fn count(&self, text: &[u8], latency: &mut Histogram<u64>) {
        if !self.is_measured.load(Ordering::Relaxed) {
            return;
        }
        let made = text
            .get(..20)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let made = made.and_then(|digits| digits.parse().ok());
        if let Some(made) = made {
            let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.delivered.fetch_add(1, Ordering::Relaxed);
            latency.saturating_record(now.saturating_sub(made));
        }
    }

    /// Measures for a while after warming up, and says what was used meanwhile.
    pub(crate) async fn run(&self, subject: &Subject, time: Duration) -> Result<Measure> {
        tokio::time::sleep(WARM_UP).await;
        let before = report::begin(subject)?;
        self.measure(true);
        tokio::time::sleep(time).await;
        self.measure(false);
        let measure = before.end(subject)?;
        self.end();
        Ok(measure)
    }
}

/// An empty histogram of nanoseconds, up to a minute.
pub(crate) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("these bounds are right")
}

/// What a sender may still send.
struct Window {
    free: AtomicUsize,
    wake: Notify,
}

pub(crate) async fn pairs(
    subject: &mut Subject,
    count: usize,
    window: usize,
    time: Duration,
) -> Result<Figures> {
    let people = people::let_in(subject, 2 * count).await?;
    let course = Arc::new(Course::new());
    let mut clients = JoinSet::new();
    let mut people = people.into_iter();
    while let (Some(sender), Some(receiver)) = (people.next(), people.next()) {
        let to = between(subject, &sender, &receiver);
        let window = Arc::new(Window {
            free: AtomicUsize::new(window),
            wake: Notify::new(),
        });
        let (course, shared) = (Arc::clone(&course), Arc::clone(&window));
        clients.spawn(send(sender.connection, to, Arc::clone(&course), shared));
        clients.spawn(receive(receiver.connection, course, window));
    }
    let measure = course.run(subject, time).await?;
    let latency = report::gather(clients).await?;
    let delivered = course.delivered.load(Ordering::Relaxed);
    Ok(Figures::of("pairs", subject.kind, delivered, measure, &latency).with("pairs", count))
}

/// Where one writes to the other.
fn between(subject: &Subject, one: &Person, other: &Person) -> To {
    match subject.kind {
        Kind::Plain => To::Number(other.number),
        Kind::Recado => To::Conversation(ConversationId::direct(one.user, other.user)),
    }
}

async fn send(
    mut connection: Connection,
    to: To,
    course: Arc<Course>,
    window: Arc<Window>,
) -> Result<Histogram<u64>> {
    while !course.is_over() {
        let free = window.free.swap(0, Ordering::Relaxed);
        for _ in 0..free {
            connection.queue_message(to, &course.text())?;
        }
        connection.flush().await?;
        tokio::select! {
            () = window.wake.notified() => {}
            arrivals = connection.arrivals() => drop(arrivals?),
        }
    }
    Ok(latencies())
}

async fn receive(
    mut connection: Connection,
    course: Arc<Course>,
    window: Arc<Window>,
) -> Result<Histogram<u64>> {
    let mut latency = latencies();
    let mut reported = Instant::now();
    while !course.is_over() {
        let mut count = 0;
        // A sender that is over sends nothing more.
        let arrivals = tokio::time::timeout(REPORT_AFTER, connection.arrivals()).await;
        for arrival in arrivals.unwrap_or_else(|_| Ok(Vec::new()))? {
            if let Arrival::Message { text } = arrival {
                course.count(&text, &mut latency);
                count += 1;
            }
        }
        if count > 0 {
            window.free.fetch_add(count, Ordering::Relaxed);
            window.wake.notify_one();
        }
        if reported.elapsed() >= REPORT_AFTER {
            reported = Instant::now();
            connection.queue_delivered()?;
        }
        connection.flush().await?;
    }
    Ok(latency)
}

pub(crate) async fn pingpong(subject: &mut Subject, time: Duration) -> Result<Figures> {
    let mut people = people::let_in(subject, 2).await?.into_iter();
    let (Some(one), Some(other)) = (people.next(), people.next()) else {
        anyhow::bail!("two people are needed");
    };
    let course = Arc::new(Course::new());
    let mut clients = JoinSet::new();
    let there = between(subject, &one, &other);
    let back = between(subject, &other, &one);
    clients.spawn(answer(one.connection, there, Arc::clone(&course), true));
    clients.spawn(answer(other.connection, back, Arc::clone(&course), false));
    let sync = report::sync_times(subject.folder())?;
    let measure = course.run(subject, time).await?;
    let latency = report::gather(clients).await?;
    let delivered = course.delivered.load(Ordering::Relaxed);
    let figures = Figures::of("pingpong", subject.kind, delivered, measure, &latency);
    Ok(figures.with("fdatasync_p50_us", sync.value_at_quantile(0.5) / 1_000))
}

async fn answer(
    mut connection: Connection,
    to: To,
    course: Arc<Course>,
    begins: bool,
) -> Result<Histogram<u64>> {
    let mut latency = latencies();
    if begins {
        connection.queue_message(to, &course.text())?;
    }
    while !course.is_over() {
        connection.flush().await?;
        let arrivals = tokio::time::timeout(REPORT_AFTER, connection.arrivals()).await;
        for arrival in arrivals.unwrap_or_else(|_| Ok(Vec::new()))? {
            if let Arrival::Message { text } = arrival {
                course.count(&text, &mut latency);
                connection.queue_message(to, &course.text())?;
            }
        }
    }
    Ok(latency)
}
