//! Slots of open connections: how many there are in all, and which of them have no session. It knows no
//! bytes and no frames.
//!
//! A connection without a session waits for its peer, or computes its handshake. The first kind costs a
//! file descriptor and is bounded by number: at the bound, the network with the most of them gives up
//! the one that waits longest. The second kind costs time of a processor: networks take turns. So
//! strangers wait for strangers of their own network, and hardly for others.

mod turns;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use self::turns::{Permit, Turns};
use crate::config::Reloadable;

/// Shortest wait for its peer after which a connection may be given up: more than a round trip over
/// continents and mobile networks, so that a burst of honest clients queues instead of losing some.
pub const LEAST_WAIT: Duration = Duration::from_millis(500);

/// Connections beyond those with and without a session: they write their last frame.
pub const CLOSING_CONNECTIONS: usize = 256;

/// Refusals of one network at a time, each with a TLS handshake to say why. More are dropped.
pub const MAX_REFUSALS: usize = 16;

/// Networks whose rate of new connections is kept. At the bound those that are within theirs are forgotten,
/// and without any, all start anew.
const MAX_RATED_NETWORKS: usize = 16_384;

/// All open connections of a listener.
#[derive(Debug)]
pub struct Connections {
    settings: watch::Receiver<Reloadable>,
    turns: Arc<Turns>,
    state: Mutex<State>,
    /// A connection ended, or has a session.
    freed: Notify,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    /// The sum over `networks`.
    without_session: usize,
    networks: BTreeMap<IpAddr, Network>,
    rates: Rates,
    /// Places in the order of waiting that were given out.
    places: u64,
}

/// A network with connections that have no session, see [`address::network`](crate::address::network).
#[derive(Debug, Default)]
struct Network {
    without_session: usize,
    refusals: usize,
    /// Connections that wait for their peers, in the order in which they began to.
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    since: Instant,
    stage: Arc<Stage>,
}

/// Progress of a connection towards its session. All but the token changes under the lock only.
#[derive(Debug)]
struct Stage {
    /// Whether it counts as a connection without a session.
    is_counted: AtomicBool,
    /// Its place in [`Network::waiting`]; 0 while it does not wait.
    place: AtomicU64,
    is_refused: bool,
    given_up: CancellationToken,
}

/// Rates of new connections by network, by the generic cell rate algorithm, see `session::throttle`.
#[derive(Debug, Default)]
struct Rates {
    /// When the burst of each network is whole again.
    full_at: BTreeMap<IpAddr, Instant>,
}

/// What a new connection may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Serve it: it may open a session.
    Serve,
    /// Refuse it with the reason: its network opens too many connections.
    Refuse,
    /// Drop it without a word: many others of its network are being refused.
    Drop,
}

/// Slot of an open connection, freed on drop.
#[derive(Debug)]
pub struct Slot {
    connections: Arc<Connections>,
    network: IpAddr,
    pub(crate) verdict: Verdict,
    stage: Arc<Stage>,
}

/// The work of the server on a connection, which does not wait for its peer meanwhile.
#[derive(Debug)]
#[must_use]
pub(crate) struct Work<'a> {
    slot: &'a Slot,
    permit: Option<Permit>,
}

impl Connections {
    /// Connections whose handshakes compute `computing` at a time.
    pub(crate) fn new(settings: watch::Receiver<Reloadable>, computing: usize) -> Self {
        Self {
            settings,
            turns: Arc::new(Turns::new(computing)),
            state: Mutex::default(),
            freed: Notify::new(),
        }
    }

    /// Waits until there is a slot for a connection of this network.
    pub(crate) async fn admit(self: &Arc<Self>, network: IpAddr) -> Slot {
        loop {
            let retry_at = match self.try_admit(network, Instant::now()) {
                Ok(slot) => return slot,
                Err(retry_at) => retry_at,
            };
            let is_due = async {
                match retry_at {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            // Only the listener waits here, so the permit of `notify_one` is never another's.
            tokio::select! {
                () = self.freed.notified() => {}
                () = is_due => {}
            }
        }
    }

    /// Returns when to try again, unless a connection ends before.
    fn try_admit(self: &Arc<Self>, network: IpAddr, now: Instant) -> Result<Slot, Option<Instant>> {
        let limits = self.settings.borrow().limits;
        let mut state = self.lock();
        if state.open >= limits.max_connections() {
            return Err(None);
        }
        if state.without_session >= limits.max_unauthenticated {
            state.make_room(now)?;
        }
        state.open += 1;
        state.without_session += 1;
        let is_over = !state
            .rates
            .admit(network, limits.connections_per_minute, now);
        let entry = state.networks.entry(network).or_default();
        entry.without_session += 1;
        let verdict = match is_over {
            false => Verdict::Serve,
            true if entry.refusals < MAX_REFUSALS => Verdict::Refuse,
            true => Verdict::Drop,
        };
        entry.refusals += usize::from(verdict == Verdict::Refuse);
        let slot = Slot {
            connections: Arc::clone(self),
            network,
            verdict,
            stage: Arc::new(Stage {
                is_counted: AtomicBool::new(true),
                place: AtomicU64::new(0),
                is_refused: verdict == Verdict::Refuse,
                given_up: CancellationToken::new(),
            }),
        };
        state.wait(&slot, now);
        Ok(slot)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Gives up a connection that has waited for at least [`LEAST_WAIT`]: of the network with the most such
    /// ones, the one that waits longest. Without any, it returns when there will be one.
    fn make_room(&mut self, now: Instant) -> Result<(), Option<Instant>> {
        let overdue = |network: &Network| {
            let waiting = network.waiting.values();
            waiting
                .take_while(|waiting| waiting.since + LEAST_WAIT <= now)
                .count()
        };
        let networks = self.networks.iter();
        let most = networks
            .map(|(&network, state)| (overdue(state), network))
            .max();
        let Some((1.., network)) = most else {
            let waiting = self.networks.values().flat_map(|it| it.waiting.values());
            let first = waiting.map(|waiting| waiting.since + LEAST_WAIT).min();
            return Err(first);
        };
        let entry = self.networks.get(&network);
        let longest = entry.and_then(|entry| entry.waiting.first_key_value());
        if let Some(stage) = longest.map(|(_, waiting)| Arc::clone(&waiting.stage)) {
            stage.given_up.cancel();
            self.leave(network, &stage);
        }
        Ok(())
    }

    /// Notes that a connection without a session waits for its peer.
    fn wait(&mut self, slot: &Slot, now: Instant) {
        let network = self.networks.get_mut(&slot.network);
        let is_counted = slot.stage.is_counted.load(Ordering::Relaxed);
        if let Some(network) = network.filter(|_| is_counted) {
            self.places += 1;
            slot.stage.place.store(self.places, Ordering::Relaxed);
            let stage = Arc::clone(&slot.stage);
            let waiting = Waiting { since: now, stage };
            network.waiting.insert(self.places, waiting);
        }
    }

    fn stop_waiting(&mut self, network: IpAddr, stage: &Stage) {
        let place = stage.place.swap(0, Ordering::Relaxed);
        if let Some(network) = self.networks.get_mut(&network) {
            network.waiting.remove(&place);
        }
    }

    /// Ends the time of a connection without a session, once.
    fn leave(&mut self, network: IpAddr, stage: &Stage) {
        if !stage.is_counted.swap(false, Ordering::Relaxed) {
            return;
        }
        self.stop_waiting(network, stage);
        self.without_session -= 1;
        if let Some(entry) = self.networks.get_mut(&network) {
            entry.without_session -= 1;
            entry.refusals -= usize::from(stage.is_refused);
            if entry.without_session == 0 {
                self.networks.remove(&network);
            }
        }
    }
}

impl Rates {
    /// Counts a new connection. Returns whether its network is within its rate, of which the connections of
    /// one minute may come at once.
    fn admit(&mut self, network: IpAddr, per_minute: u32, now: Instant) -> bool {
        const BURST: Duration = Duration::from_mins(1);
        let before = self.full_at.get(&network).copied().unwrap_or(now);
        let full_at = before.max(now) + BURST / per_minute.max(1);
        if full_at.duration_since(now) > BURST {
            return false;
        }
        if self.full_at.len() >= MAX_RATED_NETWORKS && !self.full_at.contains_key(&network) {
            self.forget(now);
        }
        self.full_at.insert(network, full_at);
        true
    }

    fn forget(&mut self, now: Instant) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= MAX_RATED_NETWORKS {
            self.full_at.clear();
        }
    }
}

impl Slot {
    /// The slot of a stream that no listener accepted.
    pub fn alone() -> Self {
        let (_, settings) = watch::channel(Reloadable::default());
        let connections = Arc::new(Connections::new(settings, 1));
        let network = std::net::Ipv4Addr::LOCALHOST.into();
        connections
            .try_admit(network, Instant::now())
            .expect("the first slot is free")
    }

    /// Waits until the connection has to go, because there are too many without a session.
    pub(crate) async fn given_up(&self) {
        self.stage.given_up.cancelled().await;
    }

    /// Waits for the turn of the network to compute a step of its handshake. Dropping the work ends the step.
    pub(crate) async fn turn(&self) -> Work<'_> {
        let mut work = self.work();
        work.permit = Some(self.connections.turns.acquire(self.network).await);
        work
    }

    /// Starts work on the connection. Once it is dropped, the connection waits for its peer again.
    pub(crate) fn work(&self) -> Work<'_> {
        let mut state = self.connections.lock();
        state.stop_waiting(self.network, &self.stage);
        Work {
            slot: self,
            permit: None,
        }
    }

    /// The connection has a session from now on.
    pub(crate) fn open_session(&self) {
        let mut state = self.connections.lock();
        state.leave(self.network, &self.stage);
        drop(state);
        self.connections.freed.notify_one();
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        // The next task computes at once.
        self.permit = None;
        let mut state = self.slot.connections.lock();
        state.wait(self.slot, Instant::now());
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.connections.lock();
        state.leave(self.network, &self.stage);
        state.open -= 1;
        drop(state);
        self.connections.freed.notify_one();
    }
}

#[cfg(test)]
mod tests;
