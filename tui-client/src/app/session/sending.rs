//! Sending: from the composer through the outbox to the place that the server gives a message.

use std::time::Duration;

use recado_shared::limits::{MAX_REQUESTS_IN_FLIGHT, TYPING_INTERVAL};
use recado_shared::{
    ClientFrame, Content, ConversationId, Entry, Membership, MessageBody, MessageId, Now, Request,
    RequestError, Seq, Timestamp, UserId,
};

use crate::app::command::{act_of, message_of};
use crate::app::conversation::state::{Conversation, Purpose};
use crate::app::session::outbox::MAX_OUTBOX;
use crate::app::session::requests::Asked;
use crate::app::view::screen::Pane;
use crate::app::{App, Effect, Scroll};
use crate::store::{Pending, PendingState, Save};

/// Most appends that are on their way: half of what a session may have, so that pages and the
/// directory are never stuck behind a full outbox.
pub(in crate::app) const MAX_APPENDS: usize = MAX_REQUESTS_IN_FLIGHT / 2;

/// How long nothing is sent after the server could not store something.
pub(in crate::app) const PAUSE: Duration = Duration::from_secs(5);

impl App {
    /// Sends what is written in the open conversation. Text that cannot be sent stays.
    pub(in crate::app) fn submit(&mut self, now: Now) {
        let is_full = self.session.outbox.is_full();
        let Some(conversation) = self.open_conversation() else {
            return;
        };
        let text = message_of(conversation.composer.text().trim_end());
        if text.is_empty() {
            self.chats.nav.pane = Pane::Conversation;
            return;
        }
        if let Some(why) = why_silent(conversation) {
            self.cx.notice = Some(why);
            return;
        }
        let body = match MessageBody::new(text.as_ref()) {
            Ok(body) => body,
            Err(error) => {
                self.cx.notice = Some(error.to_string());
                return;
            }
        };
        if is_full {
            self.cx.notice = Some(format!(
                "{MAX_OUTBOX} messages wait already: connect, or take some back, then send"
            ));
            return;
        }
        conversation.new_line = None;
        let id = conversation.id;
        match std::mem::take(&mut conversation.purpose) {
            Purpose::New => {
                conversation.composer.take();
                self.queue(id, Content::Message(body), now);
            }
            Purpose::Reply(to) => {
                conversation.composer.take();
                self.queue(id, Content::Reply { to, body }, now);
            }
            Purpose::Edit { target, kept } => {
                conversation.composer = *kept;
                self.edit_message(id, target, body, now);
                return;
            }
        }
        self.scroll_newest();
    }

    /// Puts something at the end of the outbox, from where it is sent until it is accepted.
    pub(in crate::app) fn queue(
        &mut self,
        conversation: ConversationId,
        content: Content,
        now: Now,
    ) {
        let pending = Pending {
            id: self.session.ids.draw(now.wall),
            conversation,
            content,
            typed: now.wall,
            state: PendingState::Waiting,
        };
        if pending.content.is_message() {
            self.chats.unsaved.forget_draft(conversation);
            self.chats.drafts.end(conversation);
        } else {
            // The composer may hold other text than a moment ago: the draft is what it holds now.
            self.chats.unsaved.draft(conversation);
            self.chats.drafts.change(conversation);
        }
        self.save(Save::Queue(pending.clone()));
        self.session.outbox.push(pending);
        self.chats.contacts.mark_stale();
    }

    /// Sends what waits, in order, as far as the limit allows.
    pub(in crate::app) fn send_appends(&mut self, now: Now) {
        let is_paused = self
            .session
            .outbox
            .paused_until
            .is_some_and(|until| now.instant < until);
        if !self.session.link.is_up() || is_paused {
            return;
        }
        for _ in self.session.requests.appends()..MAX_APPENDS {
            let Some(pending) = self.session.outbox.next_to_send() else {
                return;
            };
            let id = pending.id;
            let request = Request::Append {
                conversation: pending.conversation,
                id,
                content: pending.content.clone(),
            };
            self.ask(request, Asked::Append(id));
        }
    }

    /// The server has the message on its disk.
    pub(in crate::app) fn on_accepted(&mut self, id: MessageId, seq: Seq, time: Timestamp) {
        // It may have been settled by a page that carried it.
        let (Some(author), Some(queued)) = (self.user(), self.session.outbox.find(id)) else {
            return;
        };
        let conversation = queued.pending.conversation;
        let content = queued.pending.content.clone();
        let entry = Entry {
            seq,
            author,
            id,
            time,
            content,
        };
        self.take_entries(conversation, vec![entry]);
    }

    /// Takes the own messages among entries out of the outbox.
    pub(in crate::app) fn settle(
        &mut self,
        conversation: ConversationId,
        me: UserId,
        entries: &[Entry],
    ) -> Vec<MessageId> {
        let mut settled = Vec::new();
        for entry in entries.iter().filter(|entry| entry.author == me) {
            let is_here = |queued: &crate::app::session::outbox::Queued| {
                queued.pending.conversation == conversation
            };
            if self.session.outbox.find(entry.id).is_some_and(is_here) {
                self.session.outbox.remove(entry.id);
                self.follow_settled(conversation, entry);
                settled.push(entry.id);
            }
        }
        settled
    }

    /// The server did not take the message: for now, or at all.
    pub(in crate::app) fn on_append_refused(
        &mut self,
        id: MessageId,
        error: RequestError,
        now: Now,
    ) {
        if error.is_temporary() {
            self.session.outbox.unsend(id);
            self.session.outbox.paused_until = Some(now.instant + PAUSE);
            self.cx.notice = Some(format!("{error}: your messages wait and are sent later"));
        } else if let Some(act) = self.take_refused_act(id) {
            self.cx.notice = Some(format!("cannot {act}: {error}"));
        } else {
            self.set_pending(id, PendingState::Failed(error.to_string()));
        }
    }

    /// Takes what was refused out of the outbox, if it is no message: there is no text to keep.
    /// Returns what it was to do.
    fn take_refused_act(&mut self, id: MessageId) -> Option<&'static str> {
        let pending = &self.session.outbox.find(id)?.pending;
        if pending.content.body().is_some() {
            return None;
        }
        let act = act_of(&pending.content);
        let conversation = pending.conversation;
        let draft = match self.chats.conversations.get(&conversation) {
            Some(conversation) => conversation.draft().to_owned(),
            None => String::new(),
        };
        self.session.outbox.remove(id);
        self.chats.unsaved.forget_draft(conversation);
        self.save(Save::TakeBack {
            id,
            conversation,
            draft,
        });
        self.chats.contacts.mark_stale();
        Some(act)
    }

    pub(in crate::app) fn set_pending(&mut self, id: MessageId, state: PendingState) {
        if self.session.outbox.set_state(id, state.clone()) {
            self.save(Save::SetPending { id, state });
        }
    }

    /// Says that the person is typing, unless that was said a moment ago.
    pub(in crate::app) fn hint_typing(&mut self, now: Now) {
        let is_up = self.session.link.is_synced();
        let Some(conversation) = self.open_conversation() else {
            return;
        };
        let text = conversation.composer.text();
        let is_recent = conversation
            .typing_sent
            .is_some_and(|sent| now.instant < sent + TYPING_INTERVAL);
        if !is_up || is_recent || text.trim().is_empty() || text.starts_with('/') {
            return;
        }
        conversation.typing_sent = Some(now.instant);
        let id = conversation.id;
        self.send(ClientFrame::Typing(id));
    }

    /// Shows the newest messages and stays there.
    pub(in crate::app) fn scroll_newest(&mut self) {
        if let Some(conversation) = self.open_conversation() {
            let id = conversation.id;
            let load = conversation.log.go_to_newest(id);
            self.cx.effects.extend(load.map(Effect::Load));
        }
        self.scroll(Scroll::Newest);
    }
}

/// Why nothing can be written there, with what to do about it.
fn why_silent(conversation: &Conversation) -> Option<String> {
    let room = conversation.room()?;
    let name = room.label();
    match room.membership() {
        Membership::Member => None,
        Membership::Invited => Some(format!("you are invited to {name}: /join to enter")),
        Membership::Left => Some(format!("you have left {name}: /join to come back")),
        Membership::Kicked => Some(format!("you were sent out of {name}: /join to come back")),
        Membership::Banned => Some(format!("you are banned from {name}: ask a moderator")),
    }
}
