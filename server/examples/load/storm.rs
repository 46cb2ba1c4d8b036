//! Reconnect storm: all clients are cut off at once and reconnect at once, while a few pairs exchange
//! messages. A client counts as reconnected once it has everything that it requests anew.

use std::ops::Range;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::clients::{self, Client};
use crate::connection::{Connection, To};
use crate::measure::{Measurement, WARM_UP};
use crate::recorder::{ClientTasks, LatencyRecorder};
use crate::report::Figures;
use crate::subject::{Endpoint, Kind, Subject};
use crate::warmup;

/// Pairs that stay connected.
const STAYING_PAIRS: u32 = 10;

/// Interval of the messages of each pair.
const WRITE_INTERVAL: Duration = Duration::from_millis(20);

pub(crate) async fn storm(subject: &mut Subject, count: usize) -> Result<Figures> {
    let count = u32::try_from(count)?;
    let endpoint = &subject.endpoint;
    let mut clients = clients::connect_all(endpoint, 0..count).await?;
    if subject.kind == Kind::Recado {
        warmup::warm_up(&mut clients).await?;
    }
    let recorder = Arc::new(LatencyRecorder::new());
    let staying = StayingPairs::start(endpoint, count, STAYING_PAIRS, &recorder).await?;
    sleep(WARM_UP).await;
    let measurement = Measurement::start(subject).await?;
    recorder.record(true);
    let start = Instant::now();
    let offline: Vec<_> = clients.into_iter().map(Client::disconnect).collect();
    let mut coming = JoinSet::new();
    for client in offline {
        let endpoint = endpoint.clone();
        coming.spawn(async move { client.reconnect(&endpoint).await });
    }
    let mut back = Vec::new();
    while let Some(client) = coming.join_next().await {
        back.push(client.context("a client failed")??);
    }
    let took = start.elapsed();
    recorder.record(false);
    let measure = measurement.end(subject).await?;
    staying.end()?;
    let resumed = back.iter().filter(|client| client.connection.is_resumed());
    let millis = u64::try_from(took.as_millis())?;
    Ok(Figures::of("storm", subject.kind, &measure, &recorder)
        .with("connections", count)
        .with("resumed", resumed.count())
        .with("back_after_ms", millis))
}

/// Pairs that stay connected, in a thread of their own: real clients do not wait for the handshakes of
/// others, which run on other machines.
pub(crate) struct StayingPairs {
    over: oneshot::Sender<()>,
    thread: thread::JoinHandle<Result<()>>,
}

impl StayingPairs {
    /// Returns once the pairs, whose clients are numbered from `first`, exchange messages.
    pub(crate) async fn start(
        endpoint: &Endpoint,
        first: u32,
        pairs: u32,
        recorder: &Arc<LatencyRecorder>,
    ) -> Result<Self> {
        let (over, is_over) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let (endpoint, recorder) = (endpoint.clone(), Arc::clone(recorder));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let clients = talk(&endpoint, first..first + 2 * pairs, &recorder).await?;
                let _ = ready.send(());
                until(is_over, clients).await
            })
        });
        let staying = Self { over, thread };
        match is_ready.await {
            Ok(()) => Ok(staying),
            Err(_) => bail!("the staying pairs did not connect: {:?}", staying.end()),
        }
    }

    pub(crate) fn end(self) -> Result<()> {
        let Self { over, thread } = self;
        let _ = over.send(());
        match thread.join() {
            Ok(result) => result.context("a staying pair"),
            Err(_) => bail!("the thread of the staying pairs panicked"),
        }
    }
}

async fn talk(
    endpoint: &Endpoint,
    numbers: Range<u32>,
    recorder: &Arc<LatencyRecorder>,
) -> Result<ClientTasks> {
    let people = clients::connect_all(endpoint, numbers).await?;
    let mut clients = ClientTasks::new();
    let mut people = people.into_iter();
    while let (Some(one), Some(other)) = (people.next(), people.next()) {
        let to = one.to(&other);
        clients.spawn(write(one.connection, to, Arc::clone(recorder)));
        let recorder = Arc::clone(recorder);
        clients.spawn(async move { recorder.receive(other.connection, |_, _| Ok(())).await });
    }
    Ok(clients)
}

async fn until(over: oneshot::Receiver<()>, mut clients: ClientTasks) -> Result<()> {
    tokio::select! {
        _ = over => {}
        Some(ended) = clients.join_next() => ended.context("a client failed")??,
    }
    clients.shutdown().await;
    Ok(())
}

async fn write(mut connection: Connection, to: To, recorder: Arc<LatencyRecorder>) -> Result<()> {
    let mut due = interval(WRITE_INTERVAL);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            exchanged = connection.exchange(|_| {}) => exchanged?,
            _ = due.tick() => connection.queue_message(to, &recorder.text())?,
        }
    }
}
