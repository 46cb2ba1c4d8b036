//! Heads for sessions: at the start, after a change, and after a session was behind. At most one
//! reading per session is under way.

use std::collections::BTreeMap;

use recado_shared::limits::{
    MAX_DISPLAY_NAME_CHARS, MAX_HEADS_PER_FRAME, MAX_NAME_LEN, MAX_PAGE_LEN,
};
use recado_shared::{
    Answer, DirectPair, Head, HeadsPage, Now, RoomInfo, ServerFrame, Stamp, UserId, UserName,
    UserProfile,
};

use super::session::Flow;
use super::{Effect, Relay, SessionId};
use crate::store::{Origin, Read};

impl Relay {
    pub(super) fn read_heads(
        &mut self,
        id: SessionId,
        since: Option<Stamp>,
        out: &mut Vec<Effect>,
    ) {
        if let Some(session) = self.sessions.get_mut(&id) {
            session.heads.is_reading = true;
            out.push(Effect::Read(Read::Heads {
                session: id,
                user: session.user,
                since,
            }));
        }
    }

    pub(super) fn heads_read(
        &mut self,
        id: SessionId,
        heads: Vec<Head>,
        people: &[(UserId, UserName)],
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        session.heads.is_reading = false;
        let viewer = session.user;
        let again = session.heads.again.take();
        let people: BTreeMap<UserId, &UserName> =
            people.iter().map(|(user, name)| (*user, name)).collect();
        let mut pages = pages_of(heads).into_iter().peekable();
        while let Some(heads) = pages.next() {
            let page = HeadsPage {
                people: self.people_of(viewer, &heads, &people),
                heads,
                complete: pages.peek().is_none().then_some(stamp),
            };
            out.push(Effect::Send {
                to: id,
                frame: ServerFrame::Heads(page),
            });
        }
        if again.is_some() {
            self.read_heads(id, again, out);
        }
    }

    /// The members of the conversations of one page.
    fn people_of(
        &self,
        viewer: UserId,
        heads: &[Head],
        names: &BTreeMap<UserId, &UserName>,
    ) -> Vec<UserProfile> {
        let mut members: Vec<UserId> = heads
            .iter()
            .filter_map(|head| head.conversation.pair())
            .flat_map(DirectPair::members)
            .collect();
        members.sort_unstable();
        members.dedup();
        members
            .into_iter()
            .filter_map(|user| Some((user, names.get(&user)?)))
            .map(|(user, &name)| self.person(viewer, user, name.clone()))
            .collect()
    }

    pub(super) fn people_read(
        &self,
        origin: Origin,
        people: Vec<(UserId, UserName)>,
        more: bool,
        out: &mut Vec<Effect>,
    ) {
        let Some(viewer) = self.user_of(origin.session) else {
            return;
        };
        let people = people
            .into_iter()
            .map(|(user, name)| self.person(viewer, user, name))
            .collect();
        self.answer(origin, Ok(Answer::Users { people, more }), out);
    }

    /// The profile of a user as `viewer` sees it.
    pub(super) fn person(&self, viewer: UserId, user: UserId, name: UserName) -> UserProfile {
        UserProfile {
            user,
            name,
            display: self.displays.of(user).cloned(),
            presence: self.presence_for(viewer, user),
        }
    }

    pub(super) fn outbox_full(&mut self, id: SessionId, out: &mut Vec<Effect>) {
        let since = self.left_out_since;
        if let Some(session) = self.sessions.get_mut(&id)
            && session.flow == Flow::Live
        {
            session.flow = Flow::Behind { since };
            out.push(Effect::MarkBehind(id));
        }
    }

    /// Turns live frames on before the heads are read, so that no frame is lost in between.
    pub(super) fn caught_up(&mut self, id: SessionId, now: Now, out: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Flow::Behind { since } = session.flow else {
            return;
        };
        session.flow = Flow::Live;
        self.read_heads_again(id, since, out);
        self.announce_again(id, now, out);
    }

    /// Reads the heads that changed since, after the reading under way.
    fn read_heads_again(&mut self, id: SessionId, since: Stamp, out: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        if session.heads.is_reading {
            let again = session.heads.again.map_or(since, |again| again.min(since));
            session.heads.again = Some(again);
        } else {
            self.read_heads(id, Some(since), out);
        }
    }

    /// Sends the heads that changed since to all sessions of a user whose membership changed. A
    /// session that is behind gets them when it has caught up.
    pub(super) fn send_heads(&mut self, user: UserId, since: Stamp, out: &mut Vec<Effect>) {
        let keeps_up = |id: &SessionId| {
            let session = self.sessions.get(id);
            session.is_some_and(|session| session.flow == Flow::Live)
        };
        let sessions: Vec<_> = self.sessions_of(user).filter(keeps_up).collect();
        for id in sessions {
            self.read_heads_again(id, since, out);
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
    const PERSON: usize = NUMBER + MAX_NAME_LEN + 4 * MAX_DISPLAY_NAME_CHARS + 6;
    let cursors = head.cursors.len() * 3 * NUMBER;
    let topic = |room: &RoomInfo| room.topic.as_ref().map_or(0, |topic| topic.as_str().len());
    let rest = match &head.room {
        Some(room) => room.name.as_str().len() + topic(room) + 4 * NUMBER,
        None => PERSON,
    };
    6 * NUMBER + cursors + rest
}
