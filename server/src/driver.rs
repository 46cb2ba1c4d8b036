//! Owns the relay, the store's handle and the sessions' outboxes, and carries out effects. Decides
//! nothing but what to take next.
//!
//! Waiting goes one way: sessions wait for the driver, the driver waits for the store by taking
//! nothing from sessions while the store has no room, and nobody waits for a session.

use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, ready};
use std::pin::pin;
use std::time::{SystemTime, UNIX_EPOCH};

use recado_shared::{Now, Refusal, ServerFrame, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, info};

use crate::admin::request::{AdminAnswer, Present, ServerStats};
use crate::admin::socket::Call;
use crate::id::{SessionId, Ticket};
use crate::relay::{Effect, Event, Relay};
use crate::session::{MAX_FRAMES_TOGETHER, Outboxes, SessionEvent, Then};
use crate::store::{NotQueued, Read, StoreEvent, StoreEvents, StoreHandle};

/// Most events of sessions that wait for the driver, each with at most [`MAX_FRAMES_TOGETHER`]
/// frames.
pub(crate) const INBOX_ROOM: usize = 256;

/// Most events of sessions taken at a time, so that the store's answers are not kept waiting.
const BATCH_LEN: usize = 16;

/// Most sessions that are woken to write between two looks at what else there is to do. A message
/// to a thousand people takes milliseconds to write: what comes meanwhile is committed beside it, and
/// reaches those whose turn is still to come in the same piece.
const WAKES_PER_TURN: usize = 32;

/// How the driver ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// It was told to.
    Drained,
    /// The store failed, with this explanation.
    StoreFailed(String),
}

pub(crate) struct Driver {
    relay: Relay,
    store: StoreHandle,
    answers: StoreEvents,
    inbox: mpsc::Receiver<SessionEvent>,
    outboxes: Outboxes,
    /// What the relay wants to read and the store has no room for yet. One commit can make heads
    /// due for many sessions; each reads its own once at a time, so there are at most as many here.
    reads: VecDeque<Read>,
    /// What administrators ask.
    calls: mpsc::Receiver<Call>,
    /// Those who wait for an answer: at most [`MAX_ADMINS`](crate::admin::MAX_ADMINS).
    waiting: BTreeMap<Ticket, oneshot::Sender<AdminAnswer>>,
    last_ticket: Ticket,
    started: Instant,
    /// What the store said when it failed.
    failure: Option<String>,
    is_stopped: bool,
}

impl Driver {
    pub(crate) fn new(
        relay: Relay,
        (store, answers): (StoreHandle, StoreEvents),
        inbox: mpsc::Receiver<SessionEvent>,
        calls: mpsc::Receiver<Call>,
    ) -> Self {
        Self {
            relay,
            store,
            answers,
            inbox,
            outboxes: Outboxes::default(),
            reads: VecDeque::new(),
            calls,
            waiting: BTreeMap::new(),
            last_ticket: Ticket::default(),
            started: Instant::now(),
            failure: None,
            is_stopped: false,
        }
    }

    /// Runs until the relay says that everything is said. Gives the store back, which still works
    /// off what is queued.
    pub(crate) async fn run(
        mut self,
        shutdown: impl Future<Output = ()>,
    ) -> (Stopped, StoreHandle) {
        let mut shutdown = pin!(shutdown);
        let mut is_draining = false;
        let mut batch = Vec::new();
        while !self.is_stopped {
            let deadline = self.relay.next_deadline().map(Instant::from_std);
            // Each frame of a session asks the store for at most one thing.
            let room = (self.store.room() / MAX_FRAMES_TOGETHER).min(BATCH_LEN);
            tokio::select! {
                biased;
                () = &mut shutdown, if !is_draining => {
                    info!("draining");
                    is_draining = true;
                    self.handle(Event::Drain);
                }
                event = self.answers.recv() => self.store_event(event),
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    self.handle(Event::Deadline);
                }
                Some(call) = self.calls.recv(), if room > 0 => self.call(call),
                taken = self.inbox.recv_many(&mut batch, room), if room > 0 => {
                    // The server holds a sender for as long as this runs.
                    debug_assert!(taken > 0, "the inbox is open");
                    batch.drain(..).for_each(|event| self.session_event(event));
                }
                () = ready(()), if self.outboxes.has_due() => {}
            }
            self.store.flush();
            self.outboxes.wake(WAKES_PER_TURN);
            // Those who were woken write before there is more for them: a busy one then writes
            // more at a time.
            yield_now().await;
        }
        self.turn_away();
        let stopped = self.failure.map_or(Stopped::Drained, Stopped::StoreFailed);
        (stopped, self.store)
    }

    /// Tells those whose greeting comes too late.
    fn turn_away(&mut self) {
        self.inbox.close();
        while let Ok(event) = self.inbox.try_recv() {
            self.session_event(event);
        }
    }

    fn call(&mut self, call: Call) {
        self.last_ticket.0 += 1;
        let ticket = self.last_ticket;
        self.waiting.insert(ticket, call.answer);
        let request = call.request;
        info!(?request, "an administrator asks");
        self.handle(Event::Admin { ticket, request });
    }

    fn session_event(&mut self, event: SessionEvent) {
        match event {
            SessionEvent::Hello {
                session,
                peer,
                hello,
                outbox,
            } => {
                self.outboxes.insert(session, outbox);
                self.handle(Event::Hello {
                    session,
                    peer,
                    hello,
                });
            }
            SessionEvent::Frames { session, frames } => {
                for frame in frames {
                    self.handle(Event::Frame { session, frame });
                }
            }
            SessionEvent::CaughtUp(session) => self.handle(Event::CaughtUp(session)),
            SessionEvent::Closed(session) => {
                self.outboxes.remove(session);
                self.handle(Event::Closed(session));
            }
        }
    }

    fn store_event(&mut self, event: Option<StoreEvent>) {
        self.take_answer(event);
        // They come before anything new: nothing is taken from sessions while there is no room.
        let mut events = VecDeque::new();
        while self.store.room() > 0
            && let Some(read) = self.reads.pop_front()
        {
            self.read(read, &mut events);
        }
        for event in events {
            self.handle(event);
        }
    }

    fn take_answer(&mut self, event: Option<StoreEvent>) {
        match event {
            Some(StoreEvent::Written(written)) => {
                for written in written {
                    self.handle(Event::Written(written));
                }
            }
            Some(StoreEvent::Read(result)) => self.handle(Event::Read(result)),
            Some(StoreEvent::Failed(explanation)) => self.store_failed(explanation),
            None => self.store_failed("its threads ended".to_owned()),
        }
    }

    fn store_failed(&mut self, explanation: String) {
        error!(%explanation, "the store failed");
        self.failure.get_or_insert(explanation);
        self.handle(Event::StoreFailed);
    }

    /// Feeds the relay, then what follows from its effects, until nothing does.
    fn handle(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.relay.handle(event, now()) {
                self.carry_out(effect, &mut events);
            }
        }
    }

    fn carry_out(&mut self, effect: Effect, events: &mut VecDeque<Event>) {
        match effect {
            Effect::Send { to, frame } => {
                let then = match &frame {
                    ServerFrame::Welcome(welcome) => Then::Welcomed {
                        version: welcome.version,
                        user: welcome.user,
                    },
                    ServerFrame::Answer { number, .. } => Then::Answered(*number),
                    _ => Then::Nothing,
                };
                self.outboxes.send(to, &frame, then);
            }
            Effect::Push { to, frame } => {
                let left_out = self.outboxes.push(&to, &frame);
                events.extend(left_out.into_iter().map(Event::OutboxFull));
            }
            Effect::MarkBehind(session) => {
                debug!(%session, "behind");
                self.outboxes
                    .send(session, &ServerFrame::Behind, Then::CaughtUp);
            }
            Effect::Refuse { session, refusal } => {
                if refusal == Refusal::LinkPending {
                    // It asks every few seconds.
                    debug!(%session, "waits to be linked");
                } else {
                    info!(%session, %refusal, "refused");
                }
                self.send_last(session, &ServerFrame::Refused(refusal));
            }
            Effect::Close { session, farewell } => {
                self.send_last(session, &ServerFrame::Close(farewell));
            }
            Effect::Write(write) => {
                let queued = self.store.write(write);
                self.expect_queued(queued, events);
            }
            Effect::Read(read) => self.read(read, events),
            Effect::AdminAnswer { ticket, answer } => self.answer(ticket, answer),
            Effect::AdminStats { ticket, present } => {
                let stats = self.stats(present);
                self.answer(ticket, AdminAnswer::Stats(stats));
            }
            Effect::Stop => self.is_stopped = true,
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: AdminAnswer) {
        if let Some(waiting) = self.waiting.remove(&ticket) {
            // Who asked may be gone.
            let _ = waiting.send(answer);
        }
    }

    fn stats(&self, present: Present) -> ServerStats {
        ServerStats {
            uptime: self.started.elapsed(),
            present,
            store: self.store.stats(),
        }
    }

    fn read(&mut self, read: Read, events: &mut VecDeque<Event>) {
        if self.store.room() == 0 {
            return self.reads.push_back(read);
        }
        let queued = self.store.read(read);
        self.expect_queued(queued, events);
    }

    /// A store that takes nothing has failed: there is room for whatever is asked of it.
    fn expect_queued(&mut self, queued: Result<(), NotQueued>, events: &mut VecDeque<Event>) {
        if let Err(error) = queued {
            self.failure.get_or_insert_with(|| error.to_string());
            events.push_back(Event::StoreFailed);
        }
    }

    fn send_last(&mut self, to: SessionId, frame: &ServerFrame) {
        self.outboxes.send(to, frame, Then::End);
        self.outboxes.remove(to);
    }
}

fn now() -> Now {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
    let millis = since_epoch.map_or(0, |time| time.as_millis());
    Now {
        instant: Instant::now().into_std(),
        wall: Timestamp(u64::try_from(millis).unwrap_or(u64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use recado_shared::{
        ClientFrame, DeviceKey, Hello, ProtocolVersion, Request, RequestNumber, Setting, codec,
    };

    use super::*;
    use crate::relay::{Peer, Policy, RelayConfig};
    use crate::session::{Outbox, OutboxReader, Outgoing, outbox};
    use crate::store::{Store, StoreConfig, StoredRoster};

    fn relay() -> Relay {
        let config = RelayConfig {
            policy: Policy::Open,
            local_token: None,
            max_sessions: 1_000,
            max_users: 1,
            registrations_per_hour: 1,
        };
        Relay::new(config, StoredRoster::default())
    }

    fn greeting(session: u64, outbox: Outbox) -> SessionEvent {
        SessionEvent::Hello {
            session: SessionId(session),
            peer: Peer {
                key: DeviceKey([1; 32]),
                address: [127, 0, 0, 1].into(),
            },
            hello: Hello {
                oldest: ProtocolVersion::OLDEST,
                newest: ProtocolVersion::NEWEST,
                software: String::new(),
                name: Some("alice".to_owned()),
                token: None,
                since: None,
                extensions: Vec::new(),
            },
            outbox,
        }
    }

    /// Takes frames until the heads are there.
    async fn hear_heads(frames: &OutboxReader) {
        loop {
            let frame = frames.next().await.unwrap();
            if let ServerFrame::Heads(_) = codec::decode(&frame.payload).unwrap() {
                return;
            }
        }
    }

    #[tokio::test]
    async fn heads_for_more_sessions_than_the_store_takes_questions_wait() {
        const SESSIONS: u64 = 2 * MAX_FRAMES_TOGETHER as u64;
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig {
            window: MAX_FRAMES_TOGETHER,
            ..StoreConfig::default()
        };
        let store = Store::open(dir.path(), config).unwrap();
        let (events, inbox) = mpsc::channel(INBOX_ROOM);
        let (_calls, calls) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let driver = Driver::new(relay(), store, inbox, calls);
        let running = tokio::spawn(driver.run(async {
            let _ = stopped.await;
        }));
        let mut devices = Vec::new();
        for session in 1..=SESSIONS {
            let (outbox, frames) = outbox();
            events.send(greeting(session, outbox)).await.unwrap();
            hear_heads(&frames).await;
            devices.push(frames);
        }
        let request = Request::Set(Setting::FirstContact { ask: false });
        let number = RequestNumber(1);
        let frame = ClientFrame::Request { number, request };
        let session = SessionId(1);
        let frames = vec![frame];
        let frames = SessionEvent::Frames { session, frames };
        events.send(frames).await.unwrap();
        for frames in &devices {
            hear_heads(frames).await;
        }
        stop.send(()).unwrap();
        let (stopped, store) = running.await.unwrap();
        assert_eq!(stopped, Stopped::Drained);
        store.join();
    }

    #[tokio::test]
    async fn a_greeting_that_comes_too_late_is_told_so() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(dir.path(), StoreConfig::default()).unwrap();
        let (events, inbox) = mpsc::channel(INBOX_ROOM);
        let (outbox, frames) = outbox();
        events.try_send(greeting(1, outbox)).unwrap();
        // It is told to stop before it looks at anything else.
        let relay = relay();
        let (_, calls) = mpsc::channel(1);
        let driver = Driver::new(relay, store, inbox, calls);
        let (stopped, store) = driver.run(ready(())).await;
        assert_eq!(stopped, Stopped::Drained);
        let refused = ServerFrame::Refused(Refusal::ShuttingDown);
        assert_eq!(frames.next().await, Outgoing::encode(&refused, Then::End));
        assert_eq!(frames.next().await, None);
        store.join();
    }
}
