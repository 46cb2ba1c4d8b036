//! Queue of requests for the store's thread, in the order in which they came. It never makes its
//! caller wait: the driver looks at [`is_full`](Queue::is_full) before it takes more to store.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::OwnedPermit;

use super::request::{StoreEvent, StoreRead, StoreWrite};

/// Approximate bytes of queued changes beyond which the queue is full: a dozen pages of long
/// messages.
const FULL_BYTES: usize = 4 << 20;

/// A request of the handle. The permit for an answer is taken with the request, so that the thread
/// never waits for the receiver.
#[derive(Debug)]
pub(super) enum Request {
    /// The permit is for the outcome of a [`StoreWrite::RollBack`].
    Write(StoreWrite, Option<OwnedPermit<StoreEvent>>),
    Read(StoreRead, OwnedPermit<StoreEvent>),
    /// Is answered once all requests before it are on the disk.
    Flush(SyncSender<()>),
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    requests: VecDeque<Request>,
    /// The approximate size of the queued changes.
    bytes: usize,
    /// No more requests come.
    is_closed: bool,
    /// The thread is gone: requests are dropped.
    is_abandoned: bool,
    /// Changes that only the cache needs are not made any more.
    is_discarding: bool,
}

/// Why the thread wakes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    Request,
    Timeout,
    /// The queue is closed and empty.
    Closed,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request. A read overtakes the changes of other conversations.
    pub(super) fn push(&self, request: Request) {
        let mut state = self.lock();
        if state.is_abandoned {
            tracing::error!("the store's thread is gone");
            return;
        }
        match request {
            Request::Write(write, room) => {
                let kept = if state.is_discarding {
                    write.without_cache()
                } else {
                    Some(write)
                };
                if let Some(write) = kept {
                    state.bytes += write.size();
                    state.requests.push_back(Request::Write(write, room));
                }
            }
            Request::Read(read, _) => {
                let index = state.index_of_read(read);
                state.requests.insert(index, request);
            }
            Request::Flush(_) => state.requests.push_back(request),
        }
        self.changed.notify_one();
    }

    /// Takes the next request, if there is one.
    pub(super) fn pop(&self) -> Option<Request> {
        let mut state = self.lock();
        let request = state.requests.pop_front()?;
        if let Request::Write(write, _) = &request {
            state.bytes -= write.size();
        }
        Some(request)
    }

    /// Waits for a request, at most this long.
    pub(super) fn wait(&self, limit: Option<Duration>) -> Woken {
        let is_idle = |state: &mut State| state.requests.is_empty() && !state.is_closed;
        let state = self.lock();
        let state = if let Some(limit) = limit {
            let woken = self.changed.wait_timeout_while(state, limit, is_idle);
            woken.unwrap_or_else(PoisonError::into_inner).0
        } else {
            let woken = self.changed.wait_while(state, is_idle);
            woken.unwrap_or_else(PoisonError::into_inner)
        };
        match (state.requests.is_empty(), state.is_closed) {
            (false, _) => Woken::Request,
            (true, true) => Woken::Closed,
            (true, false) => Woken::Timeout,
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.lock().bytes >= FULL_BYTES
    }

    /// Removes what only the cache needs, now and from here on.
    pub(super) fn discard_cache(&self) {
        let mut state = self.lock();
        state.is_discarding = true;
        state.bytes = 0;
        for request in std::mem::take(&mut state.requests) {
            match request {
                Request::Write(write, room) => {
                    if let Some(write) = write.without_cache() {
                        state.bytes += write.size();
                        state.requests.push_back(Request::Write(write, room));
                    }
                }
                // Nothing is shown any more.
                Request::Read(..) => {}
                Request::Flush(_) => state.requests.push_back(request),
            }
        }
        self.changed.notify_one();
    }

    pub(super) fn is_discarding(&self) -> bool {
        self.lock().is_discarding
    }

    /// Ends the thread after the requests that are queued.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// Drops all requests, now and from here on: the thread ends.
    pub(super) fn abandon(&self) {
        let mut state = self.lock();
        state.is_abandoned = true;
        state.requests.clear();
        state.bytes = 0;
    }
}

impl State {
    /// The place of a read: after other reads and every change that it has to see.
    fn index_of_read(&self, read: StoreRead) -> usize {
        let has_to_wait = |request: &Request| match request {
            Request::Write(write, _) => write.is_seen_in(read.conversation),
            Request::Read(..) | Request::Flush(_) => true,
        };
        let last = self.requests.iter().rposition(has_to_wait);
        last.map_or(0, |last| last + 1)
    }
}
