//! The world of one seed: one server, some clients, the links between them, and virtual time.
//!
//! Everything that happens is a [`Step`] in a queue ordered by time; every delay is drawn from
//! the seed. Nothing reads a clock and nothing waits.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::{Duration, Instant};

use recado_server::relay::SessionId;
use recado_server::store::{Read, ReadResult, WriteResult};
use recado_shared::{MessageId, Now, ServerFrame, Timestamp, UserId};

use crate::client::Client;
use crate::rogue::Rogue;
use crate::server::Server;

/// How long people act and things break.
const TROUBLE: Duration = Duration::from_mins(1);

/// Looks of each client until it has read everything: more than it has conversations.
const LOOKS: u8 = 16;

/// Something that happens at a moment.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A person does something.
    Act(usize),
    /// A person opens the conversation at a position and looks at its end.
    Look(usize, u8),
    /// What a client shows is compared with the log.
    Compare(usize),
    /// A client tries to connect.
    Connect {
        client: usize,
        run: u64,
    },
    /// Bytes of a client reach the server.
    ToServer {
        session: SessionId,
        bytes: Vec<u8>,
    },
    /// Bytes of the server reach a client.
    ToClient {
        client: usize,
        link: u64,
        session: SessionId,
        bytes: Vec<u8>,
    },
    /// A client notices that its link is gone.
    Cut {
        client: usize,
        link: u64,
    },
    /// The server notices that a connection is gone.
    Closed(SessionId),
    /// The server's store commits what is queued.
    Commit(u64),
    /// A commit is answered.
    Written(u64, WriteResult),
    /// The server's store reads.
    Read(u64, Read),
    /// A reading is answered.
    ReadDone(u64, ReadResult),
    /// The server's deadline is due.
    ServerDeadline(u64),
    /// The server's process is killed, or starts again.
    ServerCrash,
    ServerStart,
    /// A client's deadline is due.
    ClientDeadline(usize, u64),
    /// A client's store carries out what waits.
    Flush(usize),
    /// A client's store answers a reading.
    Loaded(usize, u64, recado::store::LoadedEntries),
    /// A client's process is killed, ends in order, or starts again.
    ClientCrash(usize),
    ClientQuit(usize),
    ClientStart(usize),
}

/// Time, chance and the queue of what comes.
#[derive(Debug)]
pub(crate) struct Clock {
    base: Instant,
    pub(crate) time: Duration,
    pub(crate) random: fastrand::Rng,
    queue: BTreeMap<(Duration, u64), Step>,
    count: u64,
}

impl Clock {
    pub(crate) fn now(&self, skew_millis: u64) -> Now {
        let millis = u64::try_from(self.time.as_millis()).expect("the world is young");
        Now {
            instant: self.base + self.time,
            wall: Timestamp(1_700_000_000_000 + millis + skew_millis),
        }
    }

    pub(crate) fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.random.u64(range))
    }

    pub(crate) fn at(&mut self, time: Duration, step: Step) {
        self.count += 1;
        self.queue.insert((time.max(self.time), self.count), step);
    }

    pub(crate) fn after(&mut self, delay: Duration, step: Step) {
        self.at(self.time + delay, step);
    }

    /// The virtual time of a deadline.
    pub(crate) fn time_of(&self, instant: Instant) -> Duration {
        instant.saturating_duration_since(self.base)
    }
}

pub(crate) struct World {
    pub(crate) clock: Clock,
    pub(crate) server: Server,
    pub(crate) clients: Vec<Client>,
    rogues: Vec<Rogue>,
    /// Messages that some disk promised to send, or that the server accepted.
    pub(crate) promised: BTreeSet<(UserId, MessageId)>,
    trace: DefaultHasher,
    pub(crate) steps: u64,
    /// Whether people act and things break.
    is_troubled: bool,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut clock = Clock {
            base: Instant::now(),
            time: Duration::ZERO,
            random: fastrand::Rng::with_seed(seed),
            queue: BTreeMap::new(),
            count: 0,
        };
        let users = clock.random.u64(2..=4);
        // The first user has two devices, others may.
        let mut owners = vec![UserId(1)];
        for user in (1..=users).map(UserId) {
            owners.push(user);
            if clock.random.u8(0..3) == 0 {
                owners.push(user);
            }
        }
        let server = Server::new(users);
        let clients: Vec<_> = owners
            .iter()
            .enumerate()
            .map(|(index, &user)| Client::new(index, user, &mut clock))
            .collect();
        let rogues = [UserId(1), UserId(2)]
            .into_iter()
            .zip(clients.len()..)
            .map(|(user, index)| Rogue::new(index, user, users))
            .collect();
        Self {
            clock,
            server,
            clients,
            rogues,
            promised: BTreeSet::new(),
            trace: DefaultHasher::new(),
            steps: 0,
            is_troubled: true,
        }
    }

    /// Runs the trouble, then heals, then lets all users read everything. Returns the
    /// hash of all that happened.
    pub(crate) fn run(&mut self) -> u64 {
        self.clock.after(Duration::ZERO, Step::ServerStart);
        for client in 0..self.clients.len() {
            let delay = self.clock.millis(0..500);
            self.clock.after(delay, Step::ClientStart(client));
            self.clock.after(delay * 2, Step::Act(client));
        }
        for rogue in self.clients.len()..self.clients.len() + self.rogues.len() {
            self.clock.after(Duration::from_secs(2), Step::Act(rogue));
        }
        self.plan_trouble();
        self.run_until(TROUBLE);
        self.heal();
        self.run_until(TROUBLE + Duration::from_mins(1));
        self.check_healed();
        self.let_all_read();
        self.run_until(TROUBLE + Duration::from_secs(90));
        self.check_read();
        self.trace.finish()
    }

    fn plan_trouble(&mut self) {
        for _ in 0..self.clock.random.usize(0..4) {
            let at = self.clock.millis(1_000..60_000);
            self.clock.at(at, Step::ServerCrash);
            let down = self.clock.millis(10..6_000);
            self.clock.at(at + down, Step::ServerStart);
        }
        for client in 0..self.clients.len() + self.rogues.len() {
            for _ in 0..self.clock.random.usize(0..6) {
                let at = self.clock.millis(1_000..60_000);
                self.clock.at(
                    at,
                    Step::Cut {
                        client,
                        link: u64::MAX,
                    },
                );
            }
            for _ in 0..self.clock.random.usize(0..3) {
                let at = self.clock.millis(1_000..60_000);
                let step = if self.clock.random.bool() {
                    Step::ClientCrash(client)
                } else {
                    Step::ClientQuit(client)
                };
                self.clock.at(at, step);
                let down = self.clock.millis(10..8_000);
                self.clock.at(at + down, Step::ClientStart(client));
            }
        }
    }

    fn run_until(&mut self, end: Duration) {
        while let Some((&(time, count), _)) = self.clock.queue.first_key_value() {
            if time > end {
                break;
            }
            let step = self
                .clock
                .queue
                .remove(&(time, count))
                .expect("seen just now");
            self.clock.time = time;
            self.steps += 1;
            assert!(self.steps < 400_000, "the world does not come to rest");
            (time, format!("{step:?}")).hash(&mut self.trace);
            self.step(step);
        }
        self.clock.time = end;
    }

    fn step(&mut self, step: Step) {
        let client_of = |step: &Step| match step {
            Step::Act(client)
            | Step::Look(client, _)
            | Step::Compare(client)
            | Step::Connect { client, .. }
            | Step::ToClient { client, .. }
            | Step::Cut { client, .. }
            | Step::ClientDeadline(client, _)
            | Step::Flush(client)
            | Step::Loaded(client, ..)
            | Step::ClientCrash(client)
            | Step::ClientQuit(client)
            | Step::ClientStart(client) => Some(*client),
            Step::ToServer { .. }
            | Step::Closed(_)
            | Step::Commit(_)
            | Step::Written(..)
            | Step::Read(..)
            | Step::ReadDone(..)
            | Step::ServerDeadline(_)
            | Step::ServerCrash
            | Step::ServerStart => None,
        };
        let Some(index) = client_of(&step) else {
            self.server.step(step, &mut self.clock);
            return;
        };
        if let Step::Act(_) = step {
            if !self.is_troubled {
                return;
            }
            let pause = self.clock.millis(50..1_300);
            self.clock.after(pause, Step::Act(index));
        }
        if let Step::Compare(_) = step {
            return self.check_view(index);
        }
        let Some(client) = self.clients.get_mut(index) else {
            let rogue = &mut self.rogues[index - self.clients.len()];
            return rogue.step(step, &mut self.clock, &mut self.server);
        };
        client.step(step, &mut self.clock, &mut self.server);
        let user = client.user;
        for (id, is_promised) in client.promised.drain(..) {
            if is_promised {
                self.promised.insert((user, id));
            } else {
                self.promised.remove(&(user, id));
            }
        }
        self.check_client(index);
    }

    fn heal(&mut self) {
        self.is_troubled = false;
        self.clock.after(Duration::ZERO, Step::ServerStart);
        for client in 0..self.clients.len() {
            self.clock.after(Duration::ZERO, Step::ClientStart(client));
        }
    }

    /// Beyond the places that have a key, each look is at the next unread conversation.
    fn let_all_read(&mut self) {
        for client in 0..self.clients.len() {
            for position in 1..=LOOKS {
                let delay = Duration::from_secs(u64::from(position));
                self.clock.after(delay, Step::Look(client, position));
                let delay = delay + Duration::from_millis(950);
                self.clock.after(delay, Step::Compare(client));
            }
        }
    }
}

/// Whether a frame may come twice without the connection being broken.
pub(crate) fn may_repeat(frame: &ServerFrame) -> bool {
    matches!(
        frame,
        ServerFrame::Entry { .. }
            | ServerFrame::Cursors { .. }
            | ServerFrame::Answer { .. }
            | ServerFrame::Presence { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Heads(_)
    )
}
