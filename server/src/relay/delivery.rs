//! Delivery of committed entries, new rooms, cursors and typing notifications to the sessions of members.

use recado_shared::limits::{MAX_MEMBERS_WITH_CURSORS, TYPING_INTERVAL};
use recado_shared::rules::permission::{self, Memberships as _};
use recado_shared::{
    Answer, ConversationId, CursorUpdate, Entry, MemberCursors, Membership, RequestError, RoomId,
    ServerFrame, Stamp, UserId, Visibility,
};

use super::{Relay, SessionId, before};
use crate::store::{Origin, StoredEntry, Write};

/// Conversations whose last typing notification is remembered per session. Our judgement: no user types
/// in more within one [`TYPING_INTERVAL`].
const MAX_TYPING: usize = 16;

impl Relay {
    pub(super) fn appended(
        &mut self,
        origin: Origin,
        conversation: ConversationId,
        result: Result<StoredEntry, RequestError>,
        stamp: Stamp,
    ) {
        let stored = match result {
            Ok(stored) => stored,
            Err(error) => return self.answer(origin, Err(error)),
        };
        let (seq, time) = (stored.entry.seq, stored.entry.time);
        self.answer(origin, Ok(Answer::Accepted { seq, time }));
        self.deliver(origin, conversation, stored, stamp);
    }

    pub(super) fn room_created(
        &mut self,
        origin: Origin,
        visibility: Visibility,
        result: Result<(RoomId, StoredEntry), RequestError>,
        stamp: Stamp,
    ) {
        let (room, stored) = match result {
            Ok(created) => created,
            Err(error) => return self.answer(origin, Err(error)),
        };
        let (seq, time) = (stored.entry.seq, stored.entry.time);
        self.answer(origin, Ok(Answer::RoomCreated { room, seq, time }));
        if stored.is_new {
            self.memberships.add_room(room, visibility);
        }
        self.deliver(origin, ConversationId::Room(room), stored, stamp);
    }

    /// Pushes an entry to all sessions of the members but the author's. It is committed, so a crash cannot
    /// take back what a member saw. A kicked member still gets it.
    fn deliver(
        &mut self,
        origin: Origin,
        conversation: ConversationId,
        stored: StoredEntry,
        stamp: Stamp,
    ) {
        if !stored.is_new {
            return;
        }
        let entry = stored.entry;
        let (mut others, changed) = self.apply(conversation, &entry);
        others.retain(|&id| id != origin.session);
        // The recipient of a message request gets a head, which says so, in place of the entry.
        let recipient = conversation
            .peer_of(entry.author)
            .filter(|_| stored.is_request);
        if recipient.is_some() {
            others.retain(|&id| self.user_of(id) != recipient);
        }
        self.push_entry(others, conversation, entry);
        for user in changed.into_iter().chain(recipient) {
            self.send_heads(user, before(stamp));
        }
    }

    /// Applies a committed entry to the memberships. Returns the sessions of all who are members before
    /// or after it, and the users whose membership it changed: those who were invited to a room that
    /// is closed, but not its members, who see the entry.
    pub(super) fn apply(
        &mut self,
        conversation: ConversationId,
        entry: &Entry,
    ) -> (Vec<SessionId>, Vec<UserId>) {
        let mut sessions: Vec<_> = self.sessions_of_members(conversation).collect();
        let ended = self.memberships.room_ended_by(conversation, entry);
        let mut changed = Vec::new();
        if let Some(room) = ended {
            changed.extend(room.outsiders(Membership::Invited));
            self.erasures.begin(self.now);
        }
        let user = self.memberships.apply(conversation, entry);
        changed.extend(user);
        if user.is_some() {
            sessions.extend(self.sessions_of_members(conversation));
            sessions.sort_unstable();
            sessions.dedup();
        }
        (sessions, changed)
    }

    /// Ignores an update while the server drains: the client repeats it later.
    pub(super) fn advance(&mut self, user: UserId, advance: CursorUpdate) {
        let is_member = self.memberships.is_member(advance.conversation, user);
        if self.phase.is_serving() && is_member {
            self.queue_write(Write::Advance { user, advance });
        }
    }

    pub(super) fn advanced(&mut self, conversation: ConversationId, moved: Option<MemberCursors>) {
        let Some(cursors) = moved else {
            return;
        };
        let frame = ServerFrame::Cursors {
            conversation,
            cursors,
        };
        let room = conversation.room();
        let room = room.and_then(|room| self.memberships.room(room));
        let to = if room.is_some_and(|room| room.len() > MAX_MEMBERS_WITH_CURSORS) {
            self.sessions_of(cursors.user).collect()
        } else {
            // A read cursor shows that its user is online.
            let to = self.sessions_of_members(conversation);
            to.filter(|&id| !self.is_blocked_by(cursors.user, id))
                .collect()
        };
        self.push(to, frame);
    }

    pub(super) fn typing(&mut self, id: SessionId, user: UserId, conversation: ConversationId) {
        if !permission::may_type(&self.memberships, user, conversation, self.now.wall) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let is_recent = |at| self.now.instant.duration_since(at) < TYPING_INTERVAL;
        session.typing.retain(|_, &mut at| is_recent(at));
        if session.typing.contains_key(&conversation) || session.typing.len() >= MAX_TYPING {
            return;
        }
        session.typing.insert(conversation, self.now.instant);
        let others = self.sessions_of_members(conversation);
        let others = others.filter(|id| {
            let other = self.sessions.get(id).map_or(user, |session| session.user);
            let is_blocked =
                self.memberships.blocks(user, other) || self.memberships.blocks(other, user);
            other != user && !is_blocked
        });
        self.push(others.collect(), ServerFrame::Typing { conversation, user });
    }
}
