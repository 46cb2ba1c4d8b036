//! Driver of the relay core: it owns the core, the store's handle and the outboxes, feeds events to the
//! core and applies the effects. It decides only which event is next.
//!
//! Waiting goes one way: sessions wait for the driver, the driver takes no events of sessions while the
//! queue of the store is full, and nothing waits for a session.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::future::{Future, ready};
use std::pin::pin;
use std::time::{SystemTime, UNIX_EPOCH};

use recado_shared::{Now, ServerFrame, Timestamp, UserId};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};
use tracing::{debug, error, info};

use crate::admin::request::{AdminAnswer, ServerStats};
use crate::admin::socket::AdminCall;
use crate::config::Reloadable;
use crate::fair_queue::{FairQueue, Step};
use crate::id::{SessionId, Ticket};
use crate::relay::{Effect, Event, Relay};
use crate::session::{Outboxes, PAGE_WEIGHT, SessionEvent};
use crate::store::{NotQueued, Read, ReadResult, StoreEvent, StoreEvents, StoreHandle};

/// Most events of sessions that wait for the driver.
pub(crate) const INBOX_CAPACITY: usize = 256;

/// Most frames of sessions handled per turn of the loop, so that answers of the store do not wait long.
const FRAMES_PER_TURN: usize = 256;

/// Most sessions woken to write per turn of the loop. A message to a thousand members takes milliseconds to
/// write: messages that arrive meanwhile are committed beside it, and share the writes of the sessions
/// whose turn is still to come.
const WAKES_PER_TURN: usize = 32;

pub(crate) struct Driver {
    relay: Relay,
    store: StoreHandle,
    answers: StoreEvents,
    inbox: mpsc::Receiver<SessionEvent>,
    /// Frames of sessions, in the turns of their users.
    waiting: FairQueue,
    /// The user whose frame is being handled.
    serving: Option<UserId>,
    /// Whose the unanswered writes are, in their order, which is that of the answers.
    write_owners: VecDeque<Option<UserId>>,
    /// The user and the number of unanswered queries of each session that has some.
    query_owners: BTreeMap<SessionId, (UserId, usize)>,
    outboxes: Outboxes,
    /// Reads that wait for the queue of the store. One commit can require heads for many sessions, and
    /// each session has at most one such read.
    reads: VecDeque<Read>,
    admin_calls: mpsc::Receiver<AdminCall>,
    reloads: watch::Receiver<Reloadable>,
    /// Administrators that wait for an answer: at most [`MAX_ADMINS`](crate::admin::MAX_ADMINS).
    admins: BTreeMap<Ticket, oneshot::Sender<AdminAnswer>>,
    last_ticket: Ticket,
    started: Instant,
    failure: Option<String>,
    is_stopped: bool,
}

impl Driver {
    pub(crate) fn new(
        relay: Relay,
        (store, answers): (StoreHandle, StoreEvents),
        inbox: mpsc::Receiver<SessionEvent>,
        (admin_calls, reloads): (mpsc::Receiver<AdminCall>, watch::Receiver<Reloadable>),
    ) -> Self {
        Self {
            relay,
            store,
            answers,
            inbox,
            waiting: FairQueue::default(),
            serving: None,
            write_owners: VecDeque::new(),
            query_owners: BTreeMap::new(),
            outboxes: Outboxes::default(),
            reads: VecDeque::new(),
            admin_calls,
            reloads,
            admins: BTreeMap::new(),
            last_ticket: Ticket::default(),
            started: Instant::now(),
            failure: None,
            is_stopped: false,
        }
    }

    /// Runs until the relay has drained, or the store failed. The queue of the returned store may not be empty.
    pub(crate) async fn run(
        mut self,
        shutdown: impl Future<Output = ()>,
    ) -> (Result<(), String>, StoreHandle) {
        let mut shutdown = pin!(shutdown);
        let mut is_draining = false;
        let mut batch = Vec::new();
        while !self.is_stopped {
            let deadline = self.relay.next_deadline().map(Instant::from_std);
            let capacity = self.store.capacity();
            // Each event makes at most one request to the store at once: frames wait for their turn.
            let max_events = capacity.min(self.waiting.capacity()).min(INBOX_CAPACITY);
            tokio::select! {
                biased;
                () = &mut shutdown, if !is_draining => {
                    info!("shutting down");
                    is_draining = true;
                    self.handle(Event::Drain);
                }
                event = self.answers.recv() => self.store_event(event),
                () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                    self.handle(Event::Deadline);
                }
                Ok(()) = self.reloads.changed() => {
                    let reloadable = *self.reloads.borrow_and_update();
                    self.handle(Event::Reload(reloadable));
                }
                Some(call) = self.admin_calls.recv(), if max_events > 0 => self.admin_call(call),
                taken = self.inbox.recv_many(&mut batch, max_events), if max_events > 0 => {
                    // The server holds a sender while the driver runs.
                    debug_assert!(taken > 0, "the inbox is open");
                    batch.drain(..).for_each(|event| self.session_event(event));
                }
                () = ready(()), if capacity > 0 && self.waiting.has_turns() => {}
                () = ready(()), if self.outboxes.has_pending_wakes() => {}
            }
            self.serve();
            self.store.flush();
            self.outboxes.wake(WAKES_PER_TURN);
            // Woken sessions write before the next turn, so that each turn's frames share a write.
            yield_now().await;
        }
        // The relay refuses late hellos.
        self.inbox.close();
        while let Ok(event) = self.inbox.try_recv() {
            self.session_event(event);
        }
        (self.failure.map_or(Ok(()), Err), self.store)
    }

    fn admin_call(&mut self, call: AdminCall) {
        self.last_ticket.0 += 1;
        let ticket = self.last_ticket;
        self.admins.insert(ticket, call.answer);
        let request = call.request;
        info!(?request, "administrator request");
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
                // A session that was closed meanwhile asks for nothing.
                if let Some(user) = self.relay.user_of(session) {
                    self.waiting.push_frames(user, session, frames);
                }
            }
            SessionEvent::CaughtUp(session) => self.handle(Event::CaughtUp(session)),
            SessionEvent::HeadsWritten(session) => self.handle(Event::HeadsWritten(session)),
            SessionEvent::Closed(session) => match self.relay.user_of(session) {
                Some(user) => self.waiting.push_closed(user, session),
                None => self.close(session),
            },
        }
    }

    fn close(&mut self, session: SessionId) {
        self.outboxes.remove(session);
        self.handle(Event::Closed(session));
    }

    /// Handles frames in the turns of their users, while the store takes requests: a frame makes at
    /// most one.
    fn serve(&mut self) {
        for _ in 0..FRAMES_PER_TURN {
            if self.store.capacity() == 0 {
                return;
            }
            match self.waiting.next() {
                Some((user, Step::Frame(session, frame))) => {
                    self.serving = Some(user);
                    self.handle(Event::Frame { session, frame });
                    self.serving = None;
                }
                Some((_, Step::Closed(session))) => self.close(session),
                None => return,
            }
        }
    }

    fn store_event(&mut self, event: Option<StoreEvent>) {
        match event.unwrap_or_else(|| StoreEvent::Failed("its threads stopped".to_owned())) {
            StoreEvent::Written(written) => {
                for written in written {
                    if let Some(Some(user)) = self.write_owners.pop_front() {
                        self.waiting.finish(user, 1);
                    }
                    self.handle(Event::Written(written));
                }
            }
            StoreEvent::Read(result) => {
                if let ReadResult::Answer { origin, .. } = &result {
                    self.query_answered(origin.session);
                }
                self.handle(Event::Read(result));
            }
            StoreEvent::Failed(explanation) => {
                error!(%explanation, "store failed");
                self.failure.get_or_insert(explanation);
                self.handle(Event::StoreFailed);
            }
        }
        // Waiting reads come first: no events of sessions are taken while the queue is full.
        let mut events = VecDeque::new();
        while self.store.capacity() > 0
            && let Some(read) = self.reads.pop_front()
        {
            self.read(read, &mut events);
        }
        for event in events {
            self.handle(event);
        }
    }

    fn query_answered(&mut self, session: SessionId) {
        if let Entry::Occupied(mut queries) = self.query_owners.entry(session) {
            let (user, count) = queries.get_mut();
            self.waiting.finish(*user, PAGE_WEIGHT);
            *count -= 1;
            if *count == 0 {
                queries.remove();
            }
        }
    }

    /// Counts a request to the store for the user whose frame caused it.
    fn count_read(&mut self, read: &Read) {
        if let (Some(user), Read::Query { origin, .. }) = (self.serving, read) {
            self.waiting.begin(user, PAGE_WEIGHT);
            self.query_owners
                .entry(origin.session)
                .or_insert((user, 0))
                .1 += 1;
        }
    }

    /// Feeds an event to the relay, and then the events that its effects cause.
    fn handle(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.relay.handle(event, now()) {
                self.apply(effect, &mut events);
            }
        }
    }

    fn apply(&mut self, effect: Effect, events: &mut VecDeque<Event>) {
        match effect {
            Effect::Send { to, frame } => {
                if frame == ServerFrame::Behind {
                    debug!(session = %to, "session is behind");
                }
                self.outboxes.send(to, &frame);
            }
            Effect::Push { to, frame } => {
                let full = self.outboxes.push(&to, &frame);
                events.extend(full.into_iter().map(Event::OutboxFull));
            }
            Effect::Write(write) => {
                self.write_owners.push_back(self.serving);
                if let Some(user) = self.serving {
                    self.waiting.begin(user, 1);
                }
                let queued = self.store.write(write);
                self.expect_queued(queued, events);
            }
            Effect::Read(read) => {
                self.count_read(&read);
                self.read(read, events);
            }
            Effect::AdminAnswer { ticket, answer } => self.answer(ticket, answer),
            Effect::AdminStats { ticket, present } => {
                let stats = ServerStats {
                    uptime: self.started.elapsed(),
                    present,
                    store: self.store.stats(),
                };
                self.answer(ticket, AdminAnswer::Stats(stats));
            }
            Effect::Stop => self.is_stopped = true,
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: AdminAnswer) {
        if let Some(admin) = self.admins.remove(&ticket) {
            // The administrator may have left.
            let _ = admin.send(answer);
        }
    }

    fn read(&mut self, read: Read, events: &mut VecDeque<Event>) {
        if self.store.capacity() == 0 {
            return self.reads.push_back(read);
        }
        let queued = self.store.read(read);
        self.expect_queued(queued, events);
    }

    /// Requests are made only while the queue has capacity, so a store that takes none has failed.
    fn expect_queued(&mut self, queued: Result<(), NotQueued>, events: &mut VecDeque<Event>) {
        if let Err(error) = queued {
            self.failure.get_or_insert_with(|| error.to_string());
            events.push_back(Event::StoreFailed);
        }
    }
}

pub(crate) fn now() -> Now {
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
        ClientFrame, DeviceKey, Hello, ProtocolVersion, Refusal, Request, RequestNumber, Setting,
        codec,
    };

    use super::*;
    use crate::config::Limits;
    use crate::relay::{Peer, Policy, RelayConfig};
    use crate::session::{MAX_FRAMES_TOGETHER, Outbox, OutboxReader, OutgoingFrame, outbox};
    use crate::store::{self, StoreConfig, StoredMemberships};

    fn relay() -> Relay {
        let config = RelayConfig {
            policy: Policy::Open,
            local_token: None,
            limits: Limits {
                max_users: 1,
                max_sessions_per_user: 1_000,
                max_sessions_per_device: 1_000,
                ..Limits::default()
            },
        };
        Relay::new(config, StoredMemberships::default(), now())
    }

    fn reloads() -> watch::Receiver<Reloadable> {
        watch::channel(Reloadable::default()).1
    }

    fn hello(session: u64, outbox: Outbox) -> SessionEvent {
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

    /// Reads frames up to the heads.
    async fn read_heads(frames: &OutboxReader) {
        loop {
            let frame = frames.next().await.unwrap();
            if let ServerFrame::Heads(_) = codec::decode(&frame.payload).unwrap() {
                return;
            }
        }
    }

    #[tokio::test]
    async fn heads_for_more_sessions_than_the_store_queues_wait() {
        const SESSIONS: u64 = 2 * MAX_FRAMES_TOGETHER as u64;
        let dir = tempfile::tempdir().unwrap();
        let config = StoreConfig {
            window: MAX_FRAMES_TOGETHER,
            ..StoreConfig::default()
        };
        let store = store::open(dir.path(), config).unwrap();
        let (events, inbox) = mpsc::channel(INBOX_CAPACITY);
        let (_admin, admin_calls) = mpsc::channel(1);
        let (stop, stopped) = oneshot::channel::<()>();
        let driver = Driver::new(relay(), store, inbox, (admin_calls, reloads()));
        let running = tokio::spawn(driver.run(async {
            let _ = stopped.await;
        }));
        let mut devices = Vec::new();
        for session in 1..=SESSIONS {
            let (outbox, frames) = outbox();
            events.send(hello(session, outbox)).await.unwrap();
            read_heads(&frames).await;
            let written = SessionEvent::HeadsWritten(SessionId(session));
            events.send(written).await.unwrap();
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
            read_heads(frames).await;
        }
        stop.send(()).unwrap();
        let (stopped, store) = running.await.unwrap();
        assert_eq!(stopped, Ok(()));
        store.join();
    }

    #[tokio::test]
    async fn a_late_hello_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let store = store::open(dir.path(), StoreConfig::default()).unwrap();
        let (events, inbox) = mpsc::channel(INBOX_CAPACITY);
        let (outbox, frames) = outbox();
        events.try_send(hello(1, outbox)).unwrap();
        // The driver takes the shutdown before any other event.
        let relay = relay();
        let (_, admin_calls) = mpsc::channel(1);
        let driver = Driver::new(relay, store, inbox, (admin_calls, reloads()));
        let (stopped, store) = driver.run(ready(())).await;
        assert_eq!(stopped, Ok(()));
        let refused = ServerFrame::Refused(Refusal::ShuttingDown);
        assert_eq!(frames.next().await, OutgoingFrame::encode(&refused));
        assert_eq!(frames.next().await, None);
        store.join();
    }
}
