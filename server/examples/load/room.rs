//! A room: one member writes with a few messages in flight, all the others receive. A message leaves
//! the window once everybody has it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use recado_shared::{
    Answer, Content, ConversationId, HistoryVisibility, MessageId, Request, RoomEvent, RoomName,
    Visibility,
};
use tokio::sync::Notify;

use crate::connection::{Connection, To};
use crate::course::{Clients, Course};
use crate::measure;
use crate::people::{self, Person};
use crate::plain::EVERYBODY;
use crate::report::Figures;
use crate::subject::{Door, Kind, Subject};

/// Messages in flight, each until every receiver has it.
struct Window {
    /// How often messages of each place arrived. The next message gets a place only once the last one
    /// has arrived everywhere, so the count says how many are through.
    arrivals: Vec<AtomicU64>,
    receivers: u64,
    wake: Notify,
}

impl Window {
    fn new(places: usize, receivers: u64) -> Self {
        Self {
            arrivals: (0..places.max(1)).map(|_| AtomicU64::new(0)).collect(),
            receivers,
            wake: Notify::new(),
        }
    }

    /// The place of a message, and how many had it before.
    fn place(&self, number: usize) -> (&AtomicU64, u64) {
        let places = self.arrivals.len();
        let before = u64::try_from(number / places).unwrap_or(u64::MAX);
        (&self.arrivals[number % places], before)
    }

    /// Whether the message with this number may be sent, if all before it were.
    fn is_free(&self, number: usize) -> bool {
        let (arrivals, before) = self.place(number);
        arrivals.load(Ordering::Relaxed) == before * self.receivers
    }

    /// A receiver has this message.
    fn arrived(&self, number: usize) {
        let (arrivals, before) = self.place(number);
        let count = arrivals.fetch_add(1, Ordering::Relaxed) + 1;
        if count == (before + 1) * self.receivers {
            self.wake.notify_one();
        }
    }
}

pub(crate) async fn room(
    subject: &mut Subject,
    members: usize,
    places: usize,
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
    let window = Arc::new(Window::new(places, u64::from(members - 1)));
    let mut clients = Clients::new();
    let mut people = people.into_iter();
    if let Some(sender) = people.next() {
        let (course, window) = (Arc::clone(&course), Arc::clone(&window));
        clients.spawn(send(sender.connection, to, course, window));
    }
    for mut member in people {
        member.connection.enter_room(usize::try_from(members)?);
        let (course, window) = (Arc::clone(&course), Arc::clone(&window));
        clients.spawn(async move {
            let mut next = 0;
            let note = |_: &mut Connection, count| {
                (next..next + count).for_each(|number| window.arrived(number));
                next += count;
                Ok(())
            };
            course.receive(member.connection, note).await
        });
    }
    let measure = measure::run(&course, subject, clients, time).await?;
    Ok(Figures::of("room", subject.kind, &measure, &course)
        .with("members", members)
        .with("window", places))
}

/// The first one makes a room, and the others join it and leave again, so that few hear of each who
/// joins. Then all come back.
async fn fill(door: &Door, members: u32) -> Result<(Vec<Person>, To)> {
    let mut first = people::let_in(door, 0..1).await?;
    let owner = first.first_mut().context("the first one is in")?;
    let room = create(&mut owner.connection, "load").await?;
    let visit = async |number: u32| {
        let mut person = people::open(door, number).await?;
        join(&mut person.connection, room).await?;
        Ok(person.cut_off())
    };
    let others = people::each(1..members, visit).await?;
    let back = people::each(others, async |away| away.come_back(door).await).await?;
    first.extend(back);
    Ok((first, To::Conversation(room)))
}

/// Makes a public room.
pub(crate) async fn create(owner: &mut Connection, name: &str) -> Result<ConversationId> {
    let request = Request::CreateRoom {
        id: MessageId([1; 16]),
        name: RoomName::new(name)?,
        visibility: Visibility::Public,
        history: HistoryVisibility::default(),
    };
    match owner.ask(request).await? {
        Answer::RoomCreated { room, .. } => Ok(ConversationId::Room(room)),
        other => bail!("no room was made: {other:?}"),
    }
}

/// Joins a public room.
pub(crate) async fn join(person: &mut Connection, room: ConversationId) -> Result<()> {
    let request = Request::Append {
        conversation: room,
        id: MessageId([2; 16]),
        content: Content::Room(RoomEvent::Joined),
    };
    person.ask(request).await?;
    Ok(())
}

async fn send(
    mut connection: Connection,
    to: To,
    course: Arc<Course>,
    window: Arc<Window>,
) -> Result<()> {
    let mut next = 0;
    loop {
        while window.is_free(next) {
            connection.queue_message(to, &course.text())?;
            next += 1;
        }
        tokio::select! {
            biased;
            turned = connection.turn(|_| {}) => turned?,
            () = window.wake.notified() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_leaves_the_window_once_the_last_one_has_it() {
        let window = Window::new(2, 3);
        assert!(window.is_free(0) && window.is_free(1));
        // Two have both messages. On average everybody has more than one.
        for number in [0, 1, 0, 1] {
            window.arrived(number);
        }
        assert!(!window.is_free(2) && !window.is_free(3));
        window.arrived(0);
        assert!(window.is_free(2) && !window.is_free(3));
        window.arrived(1);
        assert!(window.is_free(3));
        // The place of message 0 is message 2's now.
        window.arrived(2);
        assert!(!window.is_free(2) && !window.is_free(4));
        window.arrived(2);
        window.arrived(2);
        assert!(window.is_free(4));
    }

    #[test]
    fn the_last_arrival_of_a_message_wakes_the_sender() {
        let window = Window::new(2, 2);
        let is_woken =
            |window: &Window| futures_util::FutureExt::now_or_never(window.wake.notified());
        window.arrived(0);
        window.arrived(1);
        assert_eq!(is_woken(&window), None);
        window.arrived(0);
        assert_eq!(is_woken(&window), Some(()));
    }
}
