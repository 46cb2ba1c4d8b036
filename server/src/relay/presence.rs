//! Presence of users: the best of their devices, announced to the sessions that watch them, at a
//! limited rate. It is never stored.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use recado_shared::limits::MAX_WATCHED;
use recado_shared::{Activity, Notice, Presence, ServerFrame, UserId};

use super::session::Session;
use super::{Relay, SessionId};

/// A user whose presence changes more often is announced once per this interval. Our judgement.
pub const PRESENCE_INTERVAL: Duration = Duration::from_secs(1);

/// Most users in the watch lists of all sessions of one user, in the order in which they come: those of eight
/// sessions with the longest lists. Our judgement.
pub const MAX_WATCHED_OF_USER: usize = 8 * MAX_WATCHED;

/// Most presences that a session gets at a time in answer to a watch list, so that they fit in its
/// outbox; more follow after [`PRESENCE_PACE`].
pub const PRESENCE_BURST: usize = 128;

/// The pause between two bursts. Our judgement: 1,280 presences a second.
pub const PRESENCE_PACE: Duration = Duration::from_millis(100);

/// Watch lists of sessions, and presences that are announced later.
#[derive(Debug, Default)]
pub(super) struct Presences {
    watchers: BTreeMap<UserId, BTreeSet<SessionId>>,
    /// The last announcement of each user within the last [`PRESENCE_INTERVAL`]. Until that is over all
    /// sessions are shown it.
    announced: BTreeMap<UserId, Presence>,
    /// When each of `announced` expires, in order.
    expires_at: VecDeque<(Instant, UserId)>,
    /// The sessions whose next burst is due, by time.
    announce_at: BTreeSet<(Instant, SessionId)>,
}

impl Presences {
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let expiry = self.expires_at.front().map(|&(at, _)| at);
        let burst = self.announce_at.first().map(|&(at, _)| at);
        expiry.into_iter().chain(burst).min()
    }

    pub(super) fn forget_session(&mut self, id: SessionId, session: &Session) {
        if let Some(at) = session.announce_at {
            self.announce_at.remove(&(at, id));
        }
        self.unwatch(id, &session.watching);
    }

    fn unwatch(&mut self, id: SessionId, users: &BTreeSet<UserId>) {
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

impl Relay {
    /// The best presence of a user's devices.
    pub(super) fn presence_of_devices(&self, user: UserId) -> Presence {
        self.online.presence(user)
    }

    /// The presence of a user as `viewer` sees it: offline if the user blocks them, else the last
    /// announcement, so that no session misses the change that follows.
    pub(super) fn presence_for(&self, viewer: UserId, user: UserId) -> Presence {
        if self.memberships.blocks(user, viewer) {
            return Presence::Offline;
        }
        let announced = self.presences.announced.get(&user).copied();
        announced.unwrap_or_else(|| self.presence_of_devices(user))
    }

    pub(super) fn is_watched_by(&self, user: UserId, id: SessionId) -> bool {
        let watchers = self.presences.watchers.get(&user);
        watchers.is_some_and(|watchers| watchers.contains(&id))
    }

    /// Sends the presence of a user to the sessions of `viewer` that watch it.
    pub(super) fn announce_presence_to(&mut self, viewer: UserId, user: UserId) {
        let sessions = self.sessions_of(viewer);
        let to = sessions
            .filter(|&id| self.is_watched_by(user, id))
            .collect();
        let presence = self.presence_for(viewer, user);
        self.push(to, ServerFrame::Presence { user, presence });
    }

    /// Announces a user's presence if it is another one than `was`, now or a little later.
    pub(super) fn presence_changed(&mut self, user: UserId, was: Presence) {
        let is = self.presence_of_devices(user);
        if is != was && !self.presences.announced.contains_key(&user) {
            self.announce_presence(user, is);
        }
    }

    fn announce_presence(&mut self, user: UserId, presence: Presence) {
        self.presences.announced.insert(user, presence);
        let expires_at = self.now.instant + PRESENCE_INTERVAL;
        self.presences.expires_at.push_back((expires_at, user));
        let watchers = self.presences.watchers.get(&user).into_iter().flatten();
        let to = watchers
            .copied()
            .filter(|&id| !self.is_blocked_by(user, id));
        self.push(to.collect(), ServerFrame::Presence { user, presence });
    }

    /// Announces the users whose presence changed again within the interval.
    pub(super) fn announce_changed_presences(&mut self) {
        while let Some(&(at, user)) = self.presences.expires_at.front()
            && at <= self.now.instant
        {
            self.presences.expires_at.pop_front();
            let announced = self.presences.announced.remove(&user);
            let is = self.presence_of_devices(user);
            if announced.is_some_and(|announced| announced != is) {
                self.announce_presence(user, is);
            }
        }
    }

    pub(super) fn activity(&mut self, id: SessionId, user: UserId, activity: Activity) {
        let was = self.presence_of_devices(user);
        if let Some(session) = self.sessions.get_mut(&id)
            && session.activity != activity
        {
            session.activity = activity;
            self.online.set_activity(user, activity);
        }
        self.presence_changed(user, was);
    }

    pub(super) fn watch(&mut self, id: SessionId, users: Vec<UserId>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let (before, all) = (session.watching.len(), self.online.watched(session.user));
        let most = MAX_WATCHED.min(MAX_WATCHED_OF_USER.saturating_sub(all - before));
        let mut watching = BTreeSet::new();
        let mut is_over_limit = false;
        for user in users {
            if watching.len() < most || watching.contains(&user) {
                watching.insert(user);
            } else {
                is_over_limit = true;
            }
        }
        self.online
            .set_watched(session.user, before, watching.len());
        session.unannounced.clone_from(&watching);
        let previous = std::mem::replace(&mut session.watching, watching);
        self.presences.unwatch(id, &previous);
        for &user in &session.watching {
            self.presences.watchers.entry(user).or_default().insert(id);
        }
        if is_over_limit {
            let limit = u32::try_from(most).unwrap_or(u32::MAX);
            let frame = ServerFrame::Notice(Notice::WatchLimit(limit));
            self.push(vec![id], frame);
        }
        self.announce_burst(id);
    }

    /// Sends a session all presences that it watches: its outbox may have had no room for some.
    pub(super) fn announce_again(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.unannounced.clone_from(&session.watching);
            self.announce_burst(id);
        }
    }

    /// Sends the next burst, unless the last one was within [`PRESENCE_PACE`].
    fn announce_burst(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let is_idle = session.unannounced.is_empty() || session.behind_since.is_some();
        if is_idle || session.announce_at.is_some() {
            return;
        }
        let mut burst = Vec::new();
        while burst.len() < PRESENCE_BURST
            && let Some(user) = session.unannounced.pop_first()
        {
            burst.push(user);
        }
        let viewer = session.user;
        let at = self.now.instant + PRESENCE_PACE;
        session.announce_at = Some(at);
        self.presences.announce_at.insert((at, id));
        for user in burst {
            let presence = self.presence_for(viewer, user);
            self.push(vec![id], ServerFrame::Presence { user, presence });
        }
    }

    pub(super) fn announce_due(&mut self) {
        while let Some(&(at, id)) = self.presences.announce_at.first()
            && at <= self.now.instant
        {
            self.presences.announce_at.pop_first();
            if let Some(session) = self.sessions.get_mut(&id) {
                session.announce_at = None;
            }
            self.announce_burst(id);
        }
    }
}
