//! Presence of users: the best of their devices, announced to the sessions that watch them, at a
//! limited rate. It is never stored.

use std::collections::BTreeSet;

use recado_shared::limits::MAX_WATCHED;
use recado_shared::{Activity, Notice, Now, Presence, ServerFrame, UserId};

use super::presences::{PRESENCE_BURST, PRESENCE_INTERVAL, PRESENCE_PACE};
use super::session::Flow;
use super::{Effect, Relay, SessionId};

impl Relay {
    /// The best presence of a user's devices, and of one more that is no longer among them.
    pub(super) fn presence_of_devices(&self, user: UserId, more: Option<Activity>) -> Presence {
        let activities = self.devices.get(&user).into_iter().flatten();
        activities
            .filter_map(|id| self.sessions.get(id))
            .map(|session| session.activity)
            .chain(more)
            .min()
            .map_or(Presence::Offline, |activity| match activity {
                Activity::Active => Presence::Online,
                Activity::Away => Presence::Away,
            })
    }

    /// The presence that all sessions are shown: the last announcement, so that no session misses the
    /// change that follows.
    pub(super) fn shown_presence(&self, user: UserId) -> Presence {
        let announced = self.presences.announced.get(&user).copied();
        announced.unwrap_or_else(|| self.presence_of_devices(user, None))
    }

    /// The presence of a user as `viewer` sees it: offline if the user blocks them.
    pub(super) fn presence_for(&self, viewer: UserId, user: UserId) -> Presence {
        if self.memberships.blocks(user, viewer) {
            Presence::Offline
        } else {
            self.shown_presence(user)
        }
    }

    pub(super) fn is_watched_by(&self, user: UserId, id: SessionId) -> bool {
        let watchers = self.presences.watchers.get(&user);
        watchers.is_some_and(|watchers| watchers.contains(&id))
    }

    /// Sends the presence of a user to the sessions of `viewer` that watch it.
    pub(super) fn announce_presence_to(&self, viewer: UserId, user: UserId, out: &mut Vec<Effect>) {
        if let Some(watchers) = self.presences.watchers.get(&user) {
            let sessions = self.sessions_of(viewer);
            let to: Vec<_> = sessions.filter(|id| watchers.contains(id)).collect();
            let presence = self.presence_for(viewer, user);
            self.push(to, ServerFrame::Presence { user, presence }, out);
        }
    }

    /// Announces a user's presence if it is another one than `was`, now or a little later.
    pub(super) fn presence_changed(
        &mut self,
        user: UserId,
        was: Presence,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let is = self.presence_of_devices(user, None);
        if is != was && !self.presences.announced.contains_key(&user) {
            self.announce_presence(user, is, now, out);
        }
    }

    fn announce_presence(
        &mut self,
        user: UserId,
        presence: Presence,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        self.presences.announced.insert(user, presence);
        let settle_at = now.instant + PRESENCE_INTERVAL;
        self.presences.settle_at.push_back((settle_at, user));
        if let Some(watchers) = self.presences.watchers.get(&user) {
            let frame = ServerFrame::Presence { user, presence };
            let to = watchers.iter().copied();
            self.push(to.filter(|&id| !self.is_blocked_by(user, id)), frame, out);
        }
    }

    /// Announces the users whose presence changed again within the interval.
    pub(super) fn settle_presences(&mut self, now: Now, out: &mut Vec<Effect>) {
        while let Some(&(at, user)) = self.presences.settle_at.front() {
            if at > now.instant {
                break;
            }
            self.presences.settle_at.pop_front();
            let announced = self.presences.announced.remove(&user);
            let is = self.presence_of_devices(user, None);
            if announced.is_some_and(|announced| announced != is) {
                self.announce_presence(user, is, now, out);
            }
        }
    }

    pub(super) fn activity(
        &mut self,
        id: SessionId,
        user: UserId,
        activity: Activity,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let was = self.presence_of_devices(user, None);
        if let Some(session) = self.sessions.get_mut(&id) {
            session.activity = activity;
        }
        self.presence_changed(user, was, now, out);
    }

    pub(super) fn watch(
        &mut self,
        id: SessionId,
        users: Vec<UserId>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let mut watching = BTreeSet::new();
        let mut is_over_limit = false;
        for user in users {
            if watching.len() < MAX_WATCHED || watching.contains(&user) {
                watching.insert(user);
            } else {
                is_over_limit = true;
            }
        }
        session.unannounced.clone_from(&watching);
        let previous = std::mem::replace(&mut session.watching, watching);
        self.presences.unwatch(id, &previous);
        for &user in &session.watching {
            self.presences.watchers.entry(user).or_default().insert(id);
        }
        if is_over_limit {
            let limit = u32::try_from(MAX_WATCHED).unwrap_or(u32::MAX);
            let frame = ServerFrame::Notice(Notice::WatchLimit(limit));
            self.push([id], frame, out);
        }
        self.announce_burst(id, now, out);
    }

    /// Sends a session all presences that it watches: its outbox may have had no room for some.
    pub(super) fn announce_again(&mut self, id: SessionId, now: Now, out: &mut Vec<Effect>) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.unannounced.clone_from(&session.watching);
            self.announce_burst(id, now, out);
        }
    }

    /// Sends the next burst, unless the last one was within [`PRESENCE_PACE`].
    fn announce_burst(&mut self, id: SessionId, now: Now, out: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let is_idle = session.unannounced.is_empty() || session.flow != Flow::Live;
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
        let at = now.instant + PRESENCE_PACE;
        session.announce_at = Some(at);
        self.presences.announce_at.insert((at, id));
        for user in burst {
            let presence = self.presence_for(viewer, user);
            self.push([id], ServerFrame::Presence { user, presence }, out);
        }
    }

    /// Sends the bursts that are due.
    pub(super) fn announce_due(&mut self, now: Now, out: &mut Vec<Effect>) {
        while let Some(&(at, id)) = self.presences.announce_at.first() {
            if at > now.instant {
                break;
            }
            self.presences.announce_at.pop_first();
            if let Some(session) = self.sessions.get_mut(&id) {
                session.announce_at = None;
            }
            self.announce_burst(id, now, out);
        }
    }
}
