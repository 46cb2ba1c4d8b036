//! Appends, cursors and typing: what goes to the store and who is told of it afterwards.

use recado_shared::limits::{MAX_MEMBERS_WITH_CURSORS, TYPING_INTERVAL};
use recado_shared::rules::permission::{self, Grant, Memberships as _};
use recado_shared::{
    Answer, Content, ConversationId, CursorUpdate, MemberCursors, MessageId, Now, RequestError,
    ServerFrame, Stamp, UserId,
};

use super::{Effect, Relay, SessionId, before};
use crate::store::{Appended, Origin, Write};

/// Most conversations whose last typing hint is remembered per session; nobody types in more
/// within one [`TYPING_INTERVAL`].
const MAX_TYPING: usize = 16;

impl Relay {
    pub(super) fn append(
        &mut self,
        (origin, author): (Origin, UserId),
        (conversation, id, content): (ConversationId, MessageId, Content),
        grant: Grant,
        now: Now,
        out: &mut Vec<Effect>,
    ) -> Result<(), RequestError> {
        if !self.phase.is_serving() {
            return Err(RequestError::Unavailable);
        }
        let append = Write::Append {
            origin,
            author,
            conversation,
            id,
            content,
            time: now.wall,
            moderates: grant.moderates,
        };
        self.write(append, out);
        Ok(())
    }

    /// The sender is told first, then everybody else: nobody sees what a crash could take back.
    /// Whoever is sent out of a room still sees that.
    pub(super) fn appended(
        &mut self,
        origin: Origin,
        conversation: ConversationId,
        result: Result<Appended, RequestError>,
        stamp: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let Appended {
            entry,
            is_new,
            is_request,
        } = match result {
            Ok(appended) => appended,
            Err(error) => return self.answer(origin, Err(error), out),
        };
        let accepted = Answer::Accepted {
            seq: entry.seq,
            time: entry.time,
        };
        self.answer(origin, Ok(accepted), out);
        if !is_new {
            return;
        }
        let mut others: Vec<_> = self.sessions_of_members(conversation).collect();
        let concerned = self.memberships.apply(conversation, &entry);
        if concerned.is_some() {
            others.extend(self.sessions_of_members(conversation));
            others.sort_unstable();
            others.dedup();
        }
        others.retain(|&id| id != origin.session);
        // Who has not accepted the author's writing gets a head, which says so, in its place.
        let asked = conversation.peer_of(entry.author).filter(|_| is_request);
        if asked.is_some() {
            others.retain(|&id| self.user_of(id) != asked);
        }
        let frame = ServerFrame::Entry {
            conversation,
            entry,
        };
        self.push(others, frame, out);
        if let Some(user) = concerned.or(asked) {
            self.tell_heads(user, before(stamp), out);
        }
    }

    /// A cursor moved while the server drains is let go: the client moves it again later.
    pub(super) fn advance(&mut self, user: UserId, advance: CursorUpdate, out: &mut Vec<Effect>) {
        let is_member = self.memberships.is_member(advance.conversation, user);
        if self.phase.is_serving() && is_member {
            self.write(Write::Advance { user, advance }, out);
        }
    }

    pub(super) fn advanced(
        &self,
        conversation: ConversationId,
        moved: Option<MemberCursors>,
        out: &mut Vec<Effect>,
    ) {
        if let Some(cursors) = moved {
            let frame = ServerFrame::Cursors {
                conversation,
                cursors,
            };
            let members = conversation
                .room()
                .and_then(|room| self.memberships.room(room));
            let is_large = members.is_some_and(|room| room.len() > MAX_MEMBERS_WITH_CURSORS);
            if is_large {
                self.push(self.sessions_of(cursors.user), frame, out);
            } else {
                // That somebody reads says that they are there.
                let to = self.sessions_of_members(conversation);
                let to = to.filter(|&id| !self.is_blocked_by(cursors.user, id));
                self.push(to, frame, out);
            }
        }
    }

    pub(super) fn typing(
        &mut self,
        id: SessionId,
        user: UserId,
        conversation: ConversationId,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        if !permission::may_type(&self.memberships, user, conversation, now.wall) {
            return;
        }
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let is_recent = |at| now.instant.duration_since(at) < TYPING_INTERVAL;
        session.typing.retain(|_, &mut at| is_recent(at));
        if session.typing.contains_key(&conversation) || session.typing.len() >= MAX_TYPING {
            return;
        }
        session.typing.insert(conversation, now.instant);
        let others = self.sessions_of_members(conversation);
        let others = others.filter(|id| {
            let other = self.sessions.get(id).map_or(user, |session| session.user);
            let is_apart =
                self.memberships.blocks(user, other) || self.memberships.blocks(other, user);
            other != user && !is_apart
        });
        self.push(others, ServerFrame::Typing { conversation, user }, out);
    }
}
