//! A room: one member writes with a few messages in flight, all the others receive. A message leaves
//! the window once everybody has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use recado_shared::{
    Answer, Content, ConversationId, History, MessageId, Request, RoomEvent, RoomName, Visibility,
};
use tokio::sync::Notify;

use crate::connection::{Arrival, Connection, To};
use crate::course::{Clients, Course};
use crate::people::{self, Person};
use crate::plain::EVERYBODY;
use crate::report::Figures;
use crate::subject::{Door, Kind, Subject};

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
    let members = u32::try_from(members.max(2))?;
    let (people, to) = match subject.kind {
        Kind::Plain => {
            let people = people::let_in(&subject.door, 0..members).await?;
            (people, To::Number(EVERYBODY))
        }
        Kind::Recado => fill(&subject.door, members).await?,
    };
    let course = Arc::new(Course::new());
    let round = Arc::new(Round {
        received: AtomicU64::new(0),
        wake: Notify::new(),
        receivers: u64::from(members - 1),
        window: u64::try_from(window)?,
    });
    let mut clients = Clients::new();
    let mut people = people.into_iter();
    if let Some(sender) = people.next() {
        let (course, round) = (Arc::clone(&course), Arc::clone(&round));
        clients.spawn(send(sender.connection, to, course, round));
    }
    for mut member in people {
        member.connection.enter_room(usize::try_from(members)?);
        let (course, round) = (Arc::clone(&course), Arc::clone(&round));
        clients.spawn(receive(member.connection, course, round));
    }
    let measure = course.run(subject, clients, time).await?;
    Ok(Figures::of("room", subject.kind, &measure, &course)
        .with("members", members)
        .with("window", window))
}

/// The first one makes a room, and the others join it and leave again, so that few hear of each who
/// joins. Then all come back.
async fn fill(door: &Door, members: u32) -> Result<(Vec<Person>, To)> {
    let mut first = people::let_in(door, 0..1).await?;
    let owner = first.first_mut().context("the first one is in")?;
    let request = Request::CreateRoom {
        id: MessageId([1; 16]),
        name: RoomName::new("load")?,
        visibility: Visibility::Public,
        history: History::default(),
    };
    let Answer::RoomCreated { room, .. } = ask(&mut owner.connection, request).await? else {
        bail!("no room was made");
    };
    let conversation = ConversationId::Room(room);
    let join = async |number: u32| {
        let mut person = people::open(door, number).await?;
        let request = Request::Append {
            conversation,
            id: MessageId([2; 16]),
            content: Content::Room(RoomEvent::Joined),
        };
        ask(&mut person.connection, request).await?;
        Ok(person.cut_off())
    };
    let others = people::each(1..members, join).await?;
    let back = people::each(others, async |away| away.come_back(door).await).await?;
    first.extend(back);
    Ok((first, To::Conversation(conversation)))
}

/// Asks and waits for the answer; what arrives before it is dropped.
async fn ask(connection: &mut Connection, request: Request) -> Result<Answer> {
    connection.queue_request(request)?;
    let mut answer = None;
    while answer.is_none() {
        let take = |arrival: Arrival<'_>| {
            if let Arrival::Answer(given) = arrival {
                answer = Some(given);
            }
        };
        connection.turn(take).await?;
    }
    answer.context("it was just there")
}

async fn send(
    mut connection: Connection,
    to: To,
    course: Arc<Course>,
    round: Arc<Round>,
) -> Result<()> {
    let mut sent = 0;
    loop {
        let done = round.received.load(Ordering::Relaxed) / round.receivers;
        while sent < done + round.window {
            connection.queue_message(to, &course.text())?;
            sent += 1;
        }
        tokio::select! {
            biased;
            turned = connection.turn(|_| {}) => turned?,
            () = round.wake.notified() => {}
        }
    }
}

async fn receive(mut connection: Connection, course: Arc<Course>, round: Arc<Round>) -> Result<()> {
    let take = |arrival: Arrival<'_>| {
        if let Arrival::Message(text) = arrival {
            course.count(text);
            let received = round.received.fetch_add(1, Ordering::Relaxed) + 1;
            if received.is_multiple_of(round.receivers) {
                round.wake.notify_one();
            }
        }
    };
    loop {
        connection.turn(take).await?;
    }
}
