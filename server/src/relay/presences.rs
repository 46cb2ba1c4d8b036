//! Watch lists of sessions, and presences that are announced later.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use recado_shared::{Presence, UserId};

use super::session::Session;
use crate::id::SessionId;

/// A user whose presence changes more often is announced once per this interval. Our judgement.
pub const PRESENCE_INTERVAL: Duration = Duration::from_secs(1);

/// Most presences that a session gets at a time in answer to a watch list, so that they fit in its
/// outbox; more follow after [`PRESENCE_PACE`].
pub const PRESENCE_BURST: usize = 128;

/// The pause between two bursts. Our judgement: 1,280 presences a second.
pub const PRESENCE_PACE: Duration = Duration::from_millis(100);

/// Watch lists, and presences to announce later.
#[derive(Debug, Default)]
pub(super) struct Presences {
    pub(super) watchers: BTreeMap<UserId, BTreeSet<SessionId>>,
    /// The last announcement of each user within the last [`PRESENCE_INTERVAL`]. Until that is over all
    /// sessions are shown it.
    pub(super) announced: BTreeMap<UserId, Presence>,
    /// When each of `announced` expires, in order.
    pub(super) settle_at: VecDeque<(Instant, UserId)>,
    /// The sessions whose next burst is due, by time.
    pub(super) announce_at: BTreeSet<(Instant, SessionId)>,
}

impl Presences {
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let settle = self.settle_at.front().map(|&(at, _)| at);
        let burst = self.announce_at.first().map(|&(at, _)| at);
        settle.into_iter().chain(burst).min()
    }

    pub(super) fn forget_session(&mut self, id: SessionId, session: &Session) {
        if let Some(at) = session.announce_at {
            self.announce_at.remove(&(at, id));
        }
        self.unwatch(id, &session.watching);
    }

    pub(super) fn unwatch(&mut self, id: SessionId, users: &BTreeSet<UserId>) {
        for user in users {
            if let Some(watchers) = self.watchers.get_mut(user) {
                watchers.remove(&id);
                if watchers.is_empty() {
                    self.watchers.remove(user);
                }
            }
        }
    }
}
