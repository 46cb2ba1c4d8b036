//! Which requests of a session are unanswered: while they weigh too much, nothing more is read.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use recado_shared::limits::MAX_REQUESTS_IN_FLIGHT;
use recado_shared::{Request, RequestNumber};
use tokio::sync::Notify;

/// A page of history weighs as much as this many other requests, because its answer may fill a
/// whole frame.
pub const PAGE_WEIGHT: usize = 8;

pub(super) fn weight(request: &Request) -> usize {
    match request {
        Request::Page { .. }
        | Request::FindPeople { .. }
        | Request::People(_)
        | Request::FindRooms { .. }
        | Request::Members { .. }
        | Request::Settings { .. } => PAGE_WEIGHT,
        Request::Append { .. }
        | Request::CreateRoom { .. }
        | Request::Set(_)
        | Request::SetDisplayName(_)
        | Request::AcceptContact(_)
        | Request::Devices
        | Request::FindDevice(_)
        | Request::LinkDevice { .. }
        | Request::NameDevice { .. }
        | Request::RevokeDevice(_) => 1,
    }
}

/// The unanswered requests, by number with their weight. The reader adds, the writer removes.
#[derive(Debug, Default)]
pub(super) struct Window {
    unanswered: Mutex<BTreeMap<RequestNumber, usize>>,
    freed: Notify,
}

impl Window {
    /// Waits until another request may be read.
    pub(super) async fn room(&self) {
        loop {
            // `notify_one` leaves a permit if nobody waits, so that none is missed in between.
            let freed = self.freed.notified();
            if self.lock().values().sum::<usize>() < MAX_REQUESTS_IN_FLIGHT {
                return;
            }
            freed.await;
        }
    }

    /// Notes a request, unless its number belongs to one that is unanswered.
    pub(super) fn ask(&self, number: RequestNumber, weight: usize) -> bool {
        let mut unanswered = self.lock();
        if unanswered.contains_key(&number) {
            return false;
        }
        unanswered.insert(number, weight);
        true
    }

    /// Notes that an answer is on its way out.
    pub(super) fn answered(&self, number: RequestNumber) {
        self.lock().remove(&number);
        self.freed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RequestNumber, usize>> {
        self.unanswered
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
