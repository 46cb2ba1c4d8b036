//! Heads for sessions: at the start, after a change, and after a session was behind. At most one
//! reading per session is under way.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::limits::{
    MAX_DISPLAY_NAME_CHARS, MAX_HEADS_PER_FRAME, MAX_NAME_LEN, MAX_PAGE_LEN,
};
use recado_shared::{
    DirectPair, Head, HeadsPage, RoomInfo, ServerFrame, Stamp, UserId, UserName, UserProfile,
};

use super::{Relay, SessionId};
use crate::store::Read;

impl Relay {
    pub(super) fn read_heads(&mut self, id: SessionId, since: Option<Stamp>) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.is_reading_heads = true;
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
        heads: Vec<Head>,
        users: Vec<(UserId, UserName)>,
        stamp: Stamp,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.is_reading_heads = false;
        let viewer = session.user;
        let again = session.read_heads_again.take();
        let names = users.into_iter().collect();
        let mut pages = pages_of(heads).into_iter().peekable();
        while let Some(heads) = pages.next() {
            let page = HeadsPage {
                people: self.members_of(viewer, &heads, &names),
                heads,
                complete: pages.peek().is_none().then_some(stamp),
            };
            self.send(id, ServerFrame::Heads(page));
        }
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
            Some(session) if session.is_reading_heads => {
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

/// Heads in pages that fit into frames; one empty page for no heads.
fn pages_of(heads: Vec<Head>) -> Vec<Vec<Head>> {
    let mut pages = vec![Vec::new()];
    let mut len = 0;
    for head in heads {
        let page = pages.last_mut().expect("there is always one");
        let more = len_of(&head);
        if !page.is_empty() && (page.len() >= MAX_HEADS_PER_FRAME || len + more > MAX_PAGE_LEN) {
            len = 0;
            pages.push(vec![head]);
        } else {
            page.push(head);
        }
        len += more;
    }
    pages
}

/// An upper bound of the bytes of a head in a frame, with the profiles of its members.
pub(super) fn len_of(head: &Head) -> usize {
    const NUMBER: usize = 10;
    const PROFILE: usize = NUMBER + MAX_NAME_LEN + 4 * MAX_DISPLAY_NAME_CHARS + 6;
    let cursors = head.cursors.len() * 3 * NUMBER;
    let topic = |room: &RoomInfo| room.topic.as_ref().map_or(0, |topic| topic.as_str().len());
    let rest = match &head.room {
        Some(room) => room.name.as_str().len() + topic(room) + 4 * NUMBER,
        None => PROFILE,
    };
    6 * NUMBER + cursors + rest
}
