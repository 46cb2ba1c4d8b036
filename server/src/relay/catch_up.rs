//! Heads for sessions: at the start, after a change, and after a session was behind. At most one
//! page per session is being read or waits to be written.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::{
    DirectPair, Head, HeadsPage, ServerFrame, Stamp, UserId, UserName, UserProfile,
};

use super::session::HeadsReading;
use super::{Relay, SessionId};
use crate::store::{HeadsRest, Read};

impl Relay {
    /// Reads a set of heads, page after page. The next page is read once the last one is written, so that
    /// a session that reads slowly keeps no more than one page.
    pub(super) fn read_heads(&mut self, id: SessionId, since: Option<Stamp>) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.heads = HeadsReading::Reading { stamp: None };
            let user = session.user;
            self.queue_read(Read::Heads {
                session: id,
                user,
                since,
            });
        }
    }

    pub(super) fn heads_read(
        &mut self,
        id: SessionId,
        mut heads: Vec<Head>,
        users: Vec<(UserId, UserName)>,
        (newest, rest): (Stamp, HeadsRest),
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        // What changed after the first page is in no later one for certain.
        let stamp = match session.heads {
            HeadsReading::Reading { stamp: Some(first) } => first,
            HeadsReading::Reading { stamp: None }
            | HeadsReading::Idle
            | HeadsReading::Writing { .. } => newest,
        };
        let complete = rest.is_empty().then_some(stamp);
        let viewer = session.user;
        session.heads = HeadsReading::Writing { stamp, rest };
        // As for live cursors: a read cursor shows that its user is online.
        for head in &mut heads {
            head.cursors
                .retain(|cursors| !self.memberships.blocks(cursors.user, viewer));
        }
        let names = users.into_iter().collect();
        let page = HeadsPage {
            people: self.members_of(viewer, &heads, &names),
            heads,
            complete,
        };
        self.send(id, ServerFrame::Heads(page));
    }

    /// Reads the next page, or what changed meanwhile.
    pub(super) fn heads_written(&mut self, id: SessionId) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let HeadsReading::Writing { stamp, rest } = &mut session.heads else {
            return;
        };
        let (stamp, rest) = (*stamp, std::mem::take(rest));
        if !rest.is_empty() {
            let user = session.user;
            session.heads = HeadsReading::Reading { stamp: Some(stamp) };
            return self.queue_read(Read::MoreHeads {
                session: id,
                user,
                rest,
            });
        }
        session.heads = HeadsReading::Idle;
        let again = session.read_heads_again.take();
        if again.is_some() {
            self.read_heads(id, again);
        }
    }

    fn members_of(
        &self,
        viewer: UserId,
        heads: &[Head],
        names: &BTreeMap<UserId, UserName>,
    ) -> Vec<UserProfile> {
        let pairs = heads.iter().filter_map(|head| head.conversation.pair());
        let members: BTreeSet<_> = pairs.flat_map(DirectPair::members).collect();
        members
            .into_iter()
            .filter_map(|user| Some((user, names.get(&user)?)))
            .map(|(user, name)| self.profile(viewer, user, name.clone()))
            .collect()
    }

    pub(super) fn outbox_full(&mut self, id: SessionId) {
        let since = self.left_out_since;
        if let Some(session) = self.sessions.get_mut(&id)
            && session.behind_since.is_none()
        {
            session.behind_since = Some(since);
            self.send(id, ServerFrame::Behind);
        }
    }

    /// Turns live frames on before the heads are read, so that no frame is lost in between.
    pub(super) fn caught_up(&mut self, id: SessionId) {
        if let Some(session) = self.sessions.get_mut(&id)
            && let Some(since) = session.behind_since.take()
        {
            self.read_heads_again(id, since);
            self.announce_again(id);
        }
    }

    /// Reads the heads that changed since, after the reading under way. A session that is behind gets them
    /// once it has caught up.
    fn read_heads_again(&mut self, id: SessionId, since: Stamp) {
        match self.sessions.get_mut(&id) {
            Some(session) if session.behind_since.is_some() => {}
            Some(session) if session.heads != HeadsReading::Idle => {
                let again = session.read_heads_again.unwrap_or(since).min(since);
                session.read_heads_again = Some(again);
            }
            Some(_) => self.read_heads(id, Some(since)),
            None => {}
        }
    }

    /// Sends the heads that changed since to all sessions of a user.
    pub(super) fn send_heads(&mut self, user: UserId, since: Stamp) {
        for id in self.sessions_of(user).collect::<Vec<_>>() {
            self.read_heads_again(id, since);
        }
    }
}
