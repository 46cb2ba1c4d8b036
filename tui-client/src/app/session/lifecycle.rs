//! Begin and end of sessions, as the network task reports them.

use std::collections::BTreeSet;

use recado_shared::{Activity, Welcome};

use crate::app::chats::Chats;
use crate::app::composer::Composer;
use crate::app::context::Context;
use crate::app::effect::Effect;
use crate::app::session::Session;
use crate::app::session::link::State;
use crate::app::session::requests::CommandAnswer;
use crate::net::NetEvent;
use crate::store::{PendingState, StoreWrite, StoredMe};
use crate::strings;

impl Session {
    /// Gives stored drafts and waiting messages their conversations, once it is known who the
    /// user is. A store that was replaced has them and does not know that.
    pub(crate) fn place_unsent(&mut self, chats: &mut Chats) {
        if chats.me.is_none() {
            return;
        }
        for (id, draft) in std::mem::take(&mut chats.unattached_drafts) {
            if let Some(conversation) = chats.conversation_or_new(id) {
                conversation.composer = Composer::with_text(&draft);
            }
        }
        let pending: BTreeSet<_> = self.outbox.all().map(|p| p.conversation).collect();
        for id in pending {
            chats.conversation_or_new(id);
        }
    }

    /// The server's data is another one than before: nothing cached belongs to it. What waited
    /// may be meant for a user who has another number there, so the user decides again.
    pub(crate) fn forget_log(&mut self, chats: &mut Chats, cx: &mut Context) {
        let message = strings::status::SERVER_RESET;
        cx.notice = Some(message.to_owned());
        self.since = None;
        chats.forget_log_chats();
        let waiting: Vec<_> = self
            .outbox
            .all()
            .filter(|pending| pending.state == PendingState::Waiting)
            .map(|pending| pending.id)
            .collect();
        for id in waiting {
            let reason = strings::errors::SERVER_RESET;
            self.set_pending(id, PendingState::Failed(reason.to_owned()), cx);
        }
    }

    pub(crate) fn on_net(
        &mut self,
        chats: &mut Chats,
        event: NetEvent,
        cx: &mut Context,
    ) -> Option<CommandAnswer> {
        match event {
            NetEvent::Connecting => self.end_session(chats, State::Connecting),
            NetEvent::Welcomed(welcome) => self.begin_session(chats, welcome, cx),
            NetEvent::Frame(frame) => {
                // A frame of a session that has ended means nothing any more.
                if self.link.is_up() {
                    return self.on_frame(chats, frame, cx);
                }
            }
            NetEvent::RoundTrip(time) => self.link.round_trip = Some(time),
            NetEvent::Offline { reason, retry_in } => {
                let until = cx.now.instant + retry_in;
                let tick = None;
                self.end_session(
                    chats,
                    State::Offline {
                        reason,
                        until,
                        tick,
                    },
                );
            }
            NetEvent::Refused(refusal) => {
                self.end_session(chats, State::Refused(refusal.to_string()));
            }
            NetEvent::AccessRevoked(reason) => {
                self.end_session(chats, State::Refused(reason.to_string()));
            }
            NetEvent::WrongKey { seen, pinned } => {
                self.end_session(
                    chats,
                    State::Refused(strings::status::server_key_changed(
                        &seen.to_string(),
                        &pinned.to_string(),
                    )),
                );
            }
        }
        None
    }

    pub(crate) fn begin_session(&mut self, chats: &mut Chats, welcome: Welcome, cx: &mut Context) {
        let me = StoredMe {
            user: welcome.user,
            name: welcome.name,
            log: welcome.log,
        };
        self.requests.forget_all();
        self.outbox.unsend_all();
        chats.settings.begin_session();
        if chats.me.as_ref() != Some(&me) {
            let is_other_log = |old: &StoredMe| (old.log, old.user) != (me.log, me.user);
            let is_other = chats.me.as_ref().is_some_and(is_other_log);
            cx.save(StoreWrite::Me(me.clone()));
            chats.me = Some(me);
            if is_other {
                self.forget_log(chats, cx);
            }
            self.place_unsent(chats);
        }
        for conversation in chats.conversations.values_mut() {
            conversation.begin_session();
        }
        self.link.state = State::Greeted;
        self.link.reported = Activity::Active;
        chats.contacts.begin_session();
        self.cursor_pace.begin_session();
        self.directory.begin_session();
        chats.names.begin_session();
    }

    fn end_session(&mut self, chats: &mut Chats, state: State) {
        self.link.state = state;
        self.link.round_trip = None;
        self.cursor_pace.begin_session();
        for conversation in chats.conversations.values_mut() {
            conversation.forget_typing();
        }
    }

    pub(crate) fn reconnect(&mut self, cx: &mut Context) {
        if self.link.is_up() {
            cx.notice = Some(strings::status::ALREADY_CONNECTED.to_owned());
        } else {
            self.link.state = State::Connecting;
            cx.effects.push(Effect::Reconnect);
        }
    }
}
