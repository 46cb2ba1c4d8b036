//! Sending: from the composer through the outbox to the place that the server gives a message.

use recado_shared::limits::{MAX_REQUESTS_IN_FLIGHT, TYPING_INTERVAL};
use recado_shared::{
    ClientFrame, Content, ConversationId, Entry, MessageId, Request, RequestError, RoomEvent, Seq,
    Timestamp, UserId,
};

use super::requests::RequestKind;
use crate::app::chats::settings::PAUSE;
use crate::app::{Chats, Context, Conversation, Session};
use crate::store::{Pending, PendingState, StoreWrite};
use crate::strings;

/// Most appends that are on their way: half of what a session may have, so that pages and the
/// directory are never stuck behind a full outbox.
pub(crate) const MAX_APPENDS: usize = MAX_REQUESTS_IN_FLIGHT / 2;

impl Session {
    /// Puts something at the end of the outbox, from where it is sent until it is accepted.
    pub(crate) fn queue(
        &mut self,
        chats: &mut Chats,
        conversation: ConversationId,
        content: Content,
        cx: &mut Context,
    ) -> MessageId {
        let pending = Pending {
            id: self.ids.draw(cx.now.wall),
            conversation,
            content,
            typed: cx.now.wall,
            state: PendingState::Waiting,
        };
        if pending.content.is_message() {
            chats.unsaved.drafts.remove(&conversation);
            chats.drafts.end(conversation);
        } else {
            // The composer may hold other text than a moment ago, which is the draft.
            chats.unsaved.drafts.insert(conversation);
            chats.drafts.changed.insert(conversation);
        }
        cx.save(StoreWrite::Queue(pending.clone()));
        let id = pending.id;
        self.outbox.push(pending, false);
        chats.dirty.insert(conversation);
        id
    }

    /// Sends what waits, in order, as far as the limit allows.
    pub(super) fn send_appends(&mut self, cx: &mut Context) {
        let may_send = self.link.is_up() && self.history.is_settled();
        if !may_send || self.outbox.paused_until.is_some() {
            return;
        }
        for _ in self.requests.appends()..MAX_APPENDS {
            let Some(pending) = self.outbox.next_to_send(cx.now.instant) else {
                return;
            };
            let id = pending.id;
            let request = Request::Append {
                conversation: pending.conversation,
                id,
                content: pending.content.clone(),
            };
            self.ask(request, RequestKind::Append(id), cx);
        }
    }

    pub(super) fn on_accepted(
        &mut self,
        chats: &mut Chats,
        id: MessageId,
        seq: Seq,
        time: Timestamp,
        cx: &mut Context,
    ) {
        // It may have been settled by a page that carried it.
        let (Some(author), Some(queued)) = (chats.user(), self.outbox.find(id)) else {
            return;
        };
        let conversation = queued.pending.conversation;
        let entry = Entry {
            seq,
            author,
            id,
            time,
            content: queued.pending.content.clone(),
        };
        self.take_entries(chats, conversation, vec![entry], cx);
    }

    /// Takes the own messages among entries out of the outbox. One whose place another entry has is kept, as
    /// failed: the server contradicts itself, and what it accepted may be lost.
    pub(super) fn dequeue_accepted(
        &mut self,
        chats: &mut Chats,
        conversation: ConversationId,
        me: UserId,
        entries: &[Entry],
        cx: &mut Context,
    ) -> Vec<MessageId> {
        let mut settled = Vec::new();
        for entry in entries.iter().filter(|entry| entry.author == me) {
            let queued = self.outbox.find(entry.id);
            if queued.is_some_and(|queued| queued.pending.conversation == conversation) {
                // An entry that is held has left the outbox when it was stored.
                let held = chats.conversations.get(&conversation);
                if held.is_some_and(|held| held.log.held().contains(entry.seq)) {
                    let why = strings::errors::PLACE_TAKEN;
                    self.set_pending(entry.id, PendingState::Failed(why.to_owned()), cx);
                    cx.notice = Some(why.to_owned());
                    continue;
                }
                self.outbox.remove(entry.id);
                chats.follow_accepted(conversation, entry);
                settled.push(entry.id);
            }
        }
        settled
    }

    /// The server did not take the message: for now, or at all.
    pub(super) fn on_append_refused(
        &mut self,
        chats: &mut Chats,
        id: MessageId,
        error: RequestError,
        cx: &mut Context,
    ) {
        let pending = self.outbox.find(id).map(|queued| &queued.pending);
        // A room that was closed, or that the user has left, is unknown to the server. Only a join wants to
        // change that.
        let in_room = pending.filter(|it| it.content != Content::Room(RoomEvent::Joined));
        let known = in_room.and_then(|it| chats.silence_reason(it.conversation));
        if error.is_temporary() {
            self.outbox.set_state(id, PendingState::Waiting);
            self.outbox.paused_until = Some(cx.now.instant + PAUSE);
            cx.notice = Some(strings::errors::sent_later(error));
        } else if let Some(queued) = self.outbox.find(id)
            && queued.pending.content.body().is_none()
        {
            // There is no text to keep but that of the command.
            let attempt = strings::errors::attempt(&queued.pending.content);
            let why = known.unwrap_or_else(|| strings::errors::cannot(attempt, error));
            let line = queued.line.clone();
            let is_kept = line.is_some_and(|line| !chats.give_back(&line));
            self.remove_pending(chats, id, queued.pending.conversation, cx);
            cx.notice = Some(if is_kept {
                strings::errors::undo_returns(&why)
            } else {
                why
            });
        } else {
            let why = known.unwrap_or_else(|| error.to_string());
            self.set_pending(id, PendingState::Failed(why), cx);
        }
    }

    /// Takes a message out of the outbox; the composer's text, as it is now, becomes the draft.
    pub(crate) fn remove_pending(
        &mut self,
        chats: &mut Chats,
        id: MessageId,
        conversation: ConversationId,
        cx: &mut Context,
    ) {
        let draft = chats.conversations.get(&conversation);
        let draft = draft.map_or("", Conversation::draft).to_owned();
        self.outbox.remove(id);
        chats.unsaved.drafts.remove(&conversation);
        cx.save(StoreWrite::TakeBack {
            id,
            conversation,
            draft,
        });
        chats.dirty.insert(conversation);
    }

    pub(crate) fn set_pending(&mut self, id: MessageId, state: PendingState, cx: &mut Context) {
        if self.outbox.set_state(id, state.clone()) {
            cx.save(StoreWrite::SetPending { id, state });
        }
    }

    /// Sends a typing notification, unless one was sent a moment ago.
    pub(crate) fn hint_typing(&mut self, chats: &mut Chats, cx: &mut Context) {
        let Some(conversation) = chats.open_conversation() else {
            return;
        };
        let text = conversation.composer.text();
        let sent = conversation.typing_sent;
        let is_recent = sent.is_some_and(|sent| cx.now.instant < sent + TYPING_INTERVAL);
        let is_message = !text.trim().is_empty() && !text.starts_with('/');
        if !self.link.is_synced() || is_recent || !is_message {
            return;
        }
        conversation.typing_sent = Some(cx.now.instant);
        cx.send(ClientFrame::Typing(conversation.id));
    }
}
