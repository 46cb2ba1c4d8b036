//! Everybody is cut off at once and comes back at once, while a few pairs that stay talk on. Who comes
//! back has a life behind them, knows nothing of it any more, and is back once all of it has come.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::connection::{Connection, To};
use crate::course::{Clients, Course};
use crate::life;
use crate::measure::{Begun, WARM_UP};
use crate::people::{self, Person};
use crate::report::Figures;
use crate::subject::{Door, Kind, Subject};

/// Pairs that stay.
const STAYING: u32 = 10;

/// How often each of them writes.
const WRITES_EVERY: Duration = Duration::from_millis(20);

pub(crate) async fn storm(subject: &mut Subject, count: usize) -> Result<Figures> {
    let count = u32::try_from(count)?;
    let door = &subject.door;
    let mut people = people::let_in(door, 0..count).await?;
    if subject.kind == Kind::Recado {
        life::live(&mut people).await?;
    }
    let course = Arc::new(Course::new());
    let staying = Staying::begin(door, count, &course).await?;
    sleep(WARM_UP).await;
    let begun = Begun::now(subject).await?;
    course.measure(true);
    let start = Instant::now();
    let away: Vec<_> = people.into_iter().map(Person::cut_off).collect();
    let mut coming = JoinSet::new();
    for person in away {
        let door = door.clone();
        coming.spawn(async move { person.come_back(&door).await });
    }
    let mut back = Vec::new();
    while let Some(person) = coming.join_next().await {
        back.push(person.context("a client failed")??);
    }
    let took = start.elapsed();
    course.measure(false);
    let measure = begun.end(subject).await?;
    staying.end()?;
    let resumed = back.iter().filter(|person| person.connection.is_resumed());
    let millis = u64::try_from(took.as_millis())?;
    Ok(Figures::of("storm", subject.kind, &measure, &course)
        .with("connections", count)
        .with("resumed", resumed.count())
        .with("back_after_ms", millis))
}

/// Those who stay. They have a thread of their own, so that they do not wait for the handshakes of
/// all the others, who are on other machines.
struct Staying {
    over: oneshot::Sender<()>,
    thread: thread::JoinHandle<Result<()>>,
}

impl Staying {
    /// Lets them in, and returns once they talk.
    async fn begin(door: &Door, first: u32, course: &Arc<Course>) -> Result<Self> {
        let (over, is_over) = oneshot::channel();
        let (ready, is_ready) = oneshot::channel();
        let (door, course) = (door.clone(), Arc::clone(course));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?;
            runtime.block_on(async {
                let clients = talk(&door, first, &course).await?;
                let _ = ready.send(());
                until(is_over, clients).await
            })
        });
        let staying = Self { over, thread };
        match is_ready.await {
            Ok(()) => Ok(staying),
            Err(_) => bail!("those who stay are not let in: {:?}", staying.end()),
        }
    }

    fn end(self) -> Result<()> {
        let Self { over, thread } = self;
        let _ = over.send(());
        match thread.join() {
            Ok(result) => result.context("one who stays"),
            Err(_) => bail!("the thread of those who stay panicked"),
        }
    }
}

async fn talk(door: &Door, first: u32, course: &Arc<Course>) -> Result<Clients> {
    let people = people::let_in(door, first..first + 2 * STAYING).await?;
    let mut clients = Clients::new();
    let mut people = people.into_iter();
    while let (Some(one), Some(other)) = (people.next(), people.next()) {
        let to = one.to(&other);
        clients.spawn(write(one.connection, to, Arc::clone(course)));
        let course = Arc::clone(course);
        clients.spawn(async move { course.receive(other.connection, |_, _| Ok(())).await });
    }
    Ok(clients)
}

async fn until(over: oneshot::Receiver<()>, mut clients: Clients) -> Result<()> {
    tokio::select! {
        _ = over => {}
        Some(ended) = clients.join_next() => ended.context("a client failed")??,
    }
    clients.shutdown().await;
    Ok(())
}

async fn write(mut connection: Connection, to: To, course: Arc<Course>) -> Result<()> {
    let mut due = interval(WRITES_EVERY);
    due.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            turned = connection.turn(|_| {}) => turned?,
            _ = due.tick() => connection.queue_message(to, &course.text())?,
        }
    }
}
