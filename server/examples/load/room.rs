//! A room with one sender, which keeps a few messages in flight; all other members receive. A message
//! leaves the window once all receivers have it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use recado_shared::{
    Answer, Content, ConversationId, HistoryVisibility, MessageId, Request, RoomEvent, RoomName,
    Visibility,
};
use tokio::sync::Notify;

use crate::clients::{self, Client};
use crate::connection::{Connection, To};
use crate::measure;
use crate::plain_frame::ALL;
use crate::recorder::{ClientTasks, LatencyRecorder};
use crate::report::Figures;
use crate::subject::{Endpoint, Kind, Subject};

/// Messages in flight, in slots that are reused.
struct Window {
    /// Arrivals of all messages of each slot. A slot is reused only once all receivers have its message,
    /// so the count tells how many are through.
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

    /// The slot of a message, and the number of messages that had it before.
    fn slot(&self, number: usize) -> (&AtomicU64, u64) {
        let places = self.arrivals.len();
        let before = u64::try_from(number / places).unwrap_or(u64::MAX);
        (&self.arrivals[number % places], before)
    }

    /// Whether the message with this number may be sent, after all before it.
    fn is_free(&self, number: usize) -> bool {
        let (arrivals, before) = self.slot(number);
        arrivals.load(Ordering::Relaxed) == before * self.receivers
    }

    /// Records that a receiver has the message.
    fn arrived(&self, number: usize) {
        let (arrivals, before) = self.slot(number);
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
            let people = clients::connect_all(&subject.endpoint, 0..members).await?;
            (people, To::Number(ALL))
        }
        Kind::Recado => fill(&subject.endpoint, members).await?,
    };
    let recorder = Arc::new(LatencyRecorder::new());
    let window = Arc::new(Window::new(places, u64::from(members - 1)));
    let mut clients = ClientTasks::new();
    let mut people = people.into_iter();
    if let Some(sender) = people.next() {
        let (recorder, window) = (Arc::clone(&recorder), Arc::clone(&window));
        clients.spawn(send(sender.connection, to, recorder, window));
    }
    for mut member in people {
        member.connection.enter_room(usize::try_from(members)?);
        let (recorder, window) = (Arc::clone(&recorder), Arc::clone(&window));
        clients.spawn(async move {
            let mut next = 0;
            let note = |_: &mut Connection, count| {
                (next..next + count).for_each(|number| window.arrived(number));
                next += count;
                Ok(())
            };
            recorder.receive(member.connection, note).await
        });
    }
    let measure = measure::run(&recorder, subject, clients, time).await?;
    Ok(Figures::of("room", subject.kind, &measure, &recorder)
        .with("members", members)
        .with("window", places))
}

/// The first client creates the room. The others join one by one and disconnect, so that few get an entry
/// for each join; then all reconnect.
async fn fill(endpoint: &Endpoint, members: u32) -> Result<(Vec<Client>, To)> {
    let mut first = clients::connect_all(endpoint, 0..1).await?;
    let owner = first.first_mut().context("there is no first client")?;
    let room = create(&mut owner.connection, "load").await?;
    let visit = async |number: u32| {
        let mut person = clients::register(endpoint, number).await?;
        join(&mut person.connection, room).await?;
        Ok(person.disconnect())
    };
    let others = clients::for_each(1..members, visit).await?;
    let back = clients::for_each(others, async |away| away.reconnect(endpoint).await).await?;
    first.extend(back);
    Ok((first, To::Conversation(room)))
}

pub(crate) async fn create(owner: &mut Connection, name: &str) -> Result<ConversationId> {
    let request = Request::CreateRoom {
        id: MessageId([1; 16]),
        name: RoomName::new(name)?,
        visibility: Visibility::Public,
        history: HistoryVisibility::default(),
    };
    match owner.ask(request).await? {
        Answer::RoomCreated { room, .. } => Ok(ConversationId::Room(room)),
        other => bail!("the room was not created: {other:?}"),
    }
}

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
    recorder: Arc<LatencyRecorder>,
    window: Arc<Window>,
) -> Result<()> {
    let mut next = 0;
    loop {
        while window.is_free(next) {
            connection.queue_message(to, &recorder.text())?;
            next += 1;
        }
        tokio::select! {
            biased;
            exchanged = connection.exchange(|_| {}) => exchanged?,
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
        // Two have both messages. On average each has more than one.
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
