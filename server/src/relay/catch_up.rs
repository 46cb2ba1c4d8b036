//! How a session gets what it misses: heads, pages, the directory, and the way back for one that
//! did not keep up.

use std::collections::BTreeMap;

use recado_shared::limits::{
    MAX_DISPLAY_NAME_CHARS, MAX_HEADS_PER_FRAME, MAX_NAME_LEN, MAX_PAGE_ENTRIES, MAX_PAGE_LEN,
    MAX_USERS_PER_PAGE,
};
use recado_shared::{
    Answer, ConversationId, DirectPair, Head, HeadsPage, Now, PageRange, RoomInfo, ServerFrame,
    Stamp, UserId, UserName, UserProfile, name,
};

use super::{Effect, Relay, SessionId};
use crate::store::{Origin, Read};

/// Whether live frames go to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flow {
    /// They do.
    Live,
    /// They do not until it has read what is queued; heads since here make up for them.
    Behind {
        /// The newest change before the first frame that was left out.
        since: Stamp,
    },
}

/// The reading of a session's heads. One at a time, so that at most three sets of pages are ever
/// queued for a session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct HeadsReading {
    is_reading: bool,
    /// Read once more after that, from here.
    again: Option<Stamp>,
}

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

    /// A user as another one sees them.
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

    /// Live frames flow again before the heads are read, so that nothing falls in between.
    pub(super) fn caught_up(&mut self, id: SessionId, now: Now, out: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let Flow::Behind { since } = session.flow else {
            return;
        };
        session.flow = Flow::Live;
        self.read_heads_again(id, since, out);
        self.retell_presence(id, now, out);
    }

    /// Reads what changed since, after the reading that is under way.
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

    /// Tells all sessions of a user how their conversations stand that changed since: how the user
    /// stands to one of them did. One that is behind gets heads since before that when it has caught
    /// up.
    pub(super) fn tell_heads(&mut self, user: UserId, since: Stamp, out: &mut Vec<Effect>) {
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

/// Heads in pages that fit into frames; one empty page if there are none.
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

/// At least the bytes that a head takes in a frame, with the people that it brings along.
pub(super) fn len_of(head: &Head) -> usize {
    const NUMBER: usize = 10;
    const PERSON: usize = NUMBER + MAX_NAME_LEN + 4 * MAX_DISPLAY_NAME_CHARS + 6;
    let cursors = head.cursors.len() * 3 * NUMBER;
    let topic = |facts: &RoomInfo| facts.topic.as_ref().map_or(0, |topic| topic.as_str().len());
    let rest = match &head.room {
        Some(facts) => facts.name.as_str().len() + topic(facts) + 4 * NUMBER,
        None => PERSON,
    };
    6 * NUMBER + cursors + rest
}

pub(super) fn page(
    origin: Origin,
    user: UserId,
    (conversation, range, limit): (ConversationId, PageRange, u16),
    out: &mut Vec<Effect>,
) {
    out.push(Effect::Read(Read::Page {
        origin,
        user,
        conversation,
        range,
        limit: limit.min(MAX_PAGE_ENTRIES),
    }));
}

pub(super) fn names(origin: Origin, mut users: Vec<UserId>, out: &mut Vec<Effect>) {
    users.truncate(MAX_USERS_PER_PAGE.into());
    out.push(Effect::Read(Read::Names { origin, users }));
}

pub(super) fn find_people(
    origin: Origin,
    prefix: &str,
    after: Option<UserName>,
    limit: u16,
    out: &mut Vec<Effect>,
) {
    // Folding may make a text longer or shorter, so that this is only a generous bound.
    let end = prefix.floor_char_boundary(4 * MAX_NAME_LEN);
    out.push(Effect::Read(Read::Users {
        origin,
        prefix: name::fold(&prefix[..end]),
        after,
        limit: limit.min(MAX_USERS_PER_PAGE),
    }));
}
