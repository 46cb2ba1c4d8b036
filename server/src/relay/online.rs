//! Sessions of the users who are online, with the counts that presence and watch lists need.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::{Activity, Presence, UserId};

use super::SessionId;

/// A user with at least one session.
#[derive(Debug, Default)]
struct OnlineUser {
    sessions: BTreeSet<SessionId>,
    /// Sessions at which the user is active.
    active: usize,
    /// Users in the watch lists of all sessions.
    watched: usize,
}

#[derive(Debug, Default)]
pub(super) struct OnlineUsers(BTreeMap<UserId, OnlineUser>);

impl OnlineUsers {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn sessions(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        let sessions = self.0.get(&user).map(|user| user.sessions.iter());
        sessions.unwrap_or_default().copied()
    }

    /// Adds a session, at which the user is active.
    pub(super) fn add(&mut self, user: UserId, session: SessionId) {
        let user = self.0.entry(user).or_default();
        user.sessions.insert(session);
        user.active += 1;
    }

    /// Removes a session, with its activity and the length of its watch list.
    pub(super) fn remove(
        &mut self,
        user: UserId,
        session: SessionId,
        activity: Activity,
        watched: usize,
    ) {
        let Some(online) = self.0.get_mut(&user) else {
            return;
        };
        online.sessions.remove(&session);
        online.active -= usize::from(activity == Activity::Active);
        online.watched -= watched;
        if online.sessions.is_empty() {
            self.0.remove(&user);
        }
    }

    /// Follows the change of one session to another activity.
    pub(super) fn set_activity(&mut self, user: UserId, activity: Activity) {
        if let Some(online) = self.0.get_mut(&user) {
            match activity {
                Activity::Active => online.active += 1,
                Activity::Away => online.active -= 1,
            }
        }
    }

    /// How many users the sessions of a user watch.
    pub(super) fn watched(&self, user: UserId) -> usize {
        self.0.get(&user).map_or(0, |online| online.watched)
    }

    /// Follows the change of a watch list from one length to another.
    pub(super) fn set_watched(&mut self, user: UserId, before: usize, after: usize) {
        if let Some(online) = self.0.get_mut(&user) {
            online.watched = online.watched - before + after;
        }
    }

    /// The best presence of a user's sessions.
    pub(super) fn presence(&self, user: UserId) -> Presence {
        match self.0.get(&user) {
            Some(online) if online.active > 0 => Presence::Online,
            Some(_) => Presence::Away,
            None => Presence::Offline,
        }
    }
}
