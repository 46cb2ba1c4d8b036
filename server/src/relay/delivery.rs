//! Appends, cursors and typing: what goes to the store and who is told of it afterwards.

use recado_shared::limits::TYPING_INTERVAL;
use recado_shared::{
    Advance, Answer, Content, ConversationId, MemberCursors, MessageId, Now, RequestError,
    ServerFrame, UserId,
};

use super::{Effect, Relay, SessionId};
use crate::store::{Appended, Origin, Write};

/// Most conversations whose last typing hint is remembered per session; nobody types in more
/// within one [`TYPING_INTERVAL`].
const MAX_TYPING: usize = 16;

impl Relay {
    pub(super) fn append(
        &mut self,
        origin: Origin,
        author: UserId,
        (conversation, id, content): (ConversationId, MessageId, Content),
        now: Now,
        out: &mut Vec<Effect>,
    ) -> Result<(), RequestError> {
        if !self.phase.is_serving() {
            return Err(RequestError::Unavailable);
        }
        conversation
            .peer_of(author)
            .ok_or(RequestError::NotAMember)?;
        let append = Write::Append {
            origin,
            author,
            conversation,
            id,
            content,
            time: now.wall,
        };
        self.write(append, out);
        Ok(())
    }

    /// The sender is told first, then everybody else: nobody sees what a crash could take back.
    pub(super) fn appended(
        &self,
        origin: Origin,
        conversation: ConversationId,
        result: Result<Appended, RequestError>,
        out: &mut Vec<Effect>,
    ) {
        let Appended { entry, is_new } = match result {
            Ok(appended) => appended,
            Err(error) => return self.answer(origin, Err(error), out),
        };
        let accepted = Answer::Accepted {
            seq: entry.seq,
            time: entry.time,
        };
        self.answer(origin, Ok(accepted), out);
        if is_new {
            let others = self
                .sessions_of_members(conversation)
                .filter(|&id| id != origin.session);
            let frame = ServerFrame::Entry {
                conversation,
                entry,
            };
            self.push(others, frame, out);
        }
    }

    /// A cursor moved while the server drains is let go: the client moves it again later.
    pub(super) fn advance(&mut self, user: UserId, advance: Advance, out: &mut Vec<Effect>) {
        if self.phase.is_serving() && advance.conversation.peer_of(user).is_some() {
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
            self.push(self.sessions_of_members(conversation), frame, out);
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
        let Some(peer) = conversation.peer_of(user).filter(|&peer| peer != user) else {
            return;
        };
        let Some(session) = self.sessions.get_mut(&id) else {
            return;
        };
        let is_recent = |at| now.instant.duration_since(at) < TYPING_INTERVAL;
        session.typing.retain(|_, &mut at| is_recent(at));
        if session.typing.contains_key(&conversation) || session.typing.len() >= MAX_TYPING {
            return;
        }
        session.typing.insert(conversation, now.instant);
        let devices = self.devices.get(&peer).into_iter().flatten().copied();
        self.push(devices, ServerFrame::Typing { conversation, user }, out);
    }
}
