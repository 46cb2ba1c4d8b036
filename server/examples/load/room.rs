//! A room: one member writes with a few messages in flight, all the others receive. A message leaves
//! the window once everybody has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use hdrhistogram::Histogram;
use recado_shared::{
    Answer, Content, ConversationId, History, MessageId, Request, RoomEvent, RoomName, Visibility,
};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::connection::{Arrival, Connection, To};
use crate::people::{self, Person};
use crate::plain::EVERYBODY;
use crate::report::{self, Figures};
use crate::subject::{Kind, Subject};
use crate::talk::{Course, REPORT_AFTER, latencies};

/// What sender and receivers share.
struct Round {
    /// Deliveries, measured or not.
    received: AtomicU64,
    wake: Notify,
    receivers: u64,
    window: u64,
}

pub(crate) async fn room(
    subject: &mut Subject,
    members: usize,
    window: usize,
    time: Duration,
) -> Result<Figures> {
    let mut people = people::let_in(subject, members.max(2)).await?;
    let to = match subject.kind {
        Kind::Plain => To::Number(EVERYBODY),
        Kind::Recado => To::Conversation(fill(&mut people).await?),
    };
    let course = Arc::new(Course::new());
    let round = Arc::new(Round {
        received: AtomicU64::new(0),
        wake: Notify::new(),
        receivers: u64::try_from(people.len() - 1)?,
        window: u64::try_from(window)?,
    });
    let mut clients = JoinSet::new();
    let mut people = people.into_iter();
    if let Some(sender) = people.next() {
        let (course, round) = (Arc::clone(&course), Arc::clone(&round));
        clients.spawn(send(sender.connection, to, course, round));
    }
    for member in people {
        let (course, round) = (Arc::clone(&course), Arc::clone(&round));
        clients.spawn(receive(member.connection, course, round));
    }
    let measure = course.run(subject, time).await?;
    let latency = report::gather(clients).await?;
    let delivered = course.delivered.load(Ordering::Relaxed);
    Ok(Figures::of("room", subject.kind, delivered, measure, &latency).with("members", members))
}

/// The first one makes a room, and the others join it.
async fn fill(people: &mut [Person]) -> Result<ConversationId> {
    let Some((first, others)) = people.split_first_mut() else {
        bail!("nobody is there");
    };
    let request = Request::CreateRoom {
        id: MessageId([1; 16]),
        name: RoomName::new("load")?,
        visibility: Visibility::Public,
        history: History::default(),
    };
    let Answer::RoomCreated { room, .. } = first.connection.ask(request).await? else {
        bail!("no room was made");
    };
    let conversation = ConversationId::Room(room);
    for person in others.iter_mut() {
        let mut id = [2; 16];
        id[..4].copy_from_slice(&person.number.to_be_bytes());
        let request = Request::Append {
            conversation,
            id: MessageId(id),
            content: Content::Room(RoomEvent::Joined),
        };
        person.connection.ask(request).await?;
    }
    Ok(conversation)
}

async fn send(
    mut connection: Connection,
    to: To,
    course: Arc<Course>,
    round: Arc<Round>,
) -> Result<Histogram<u64>> {
    let mut sent = 0;
    // What the others did to join arrived before.
    while !course.is_over() {
        let done = round.received.load(Ordering::Relaxed) / round.receivers;
        while sent < done + round.window {
            connection.queue_message(to, &course.text())?;
            sent += 1;
        }
        connection.flush().await?;
        tokio::select! {
            () = round.wake.notified() => {}
            arrivals = connection.arrivals() => drop(arrivals?),
        }
    }
    Ok(latencies())
}

async fn receive(
    mut connection: Connection,
    course: Arc<Course>,
    round: Arc<Round>,
) -> Result<Histogram<u64>> {
    let mut latency = latencies();
    let mut reported = Instant::now();
    while !course.is_over() {
        let arrivals = tokio::time::timeout(REPORT_AFTER, connection.arrivals()).await;
        for arrival in arrivals.unwrap_or_else(|_| Ok(Vec::new()))? {
            if let Arrival::Message { text } = arrival {
                course.count(&text, &mut latency);
                let received = round.received.fetch_add(1, Ordering::Relaxed) + 1;
                if received.is_multiple_of(round.receivers) {
                    round.wake.notify_one();
                }
            }
        }
        if reported.elapsed() >= REPORT_AFTER {
            reported = Instant::now();
            connection.queue_delivered()?;
        }
        connection.flush().await?;
    }
    Ok(latency)
}
