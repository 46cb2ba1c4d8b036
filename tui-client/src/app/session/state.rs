//! The session and what outlives it until the next one, with the begin and end of sessions as the
//! network task reports them.

use std::collections::BTreeSet;
use std::time::Instant;

use recado_shared::{Activity, ProtocolVersion, SyncPoint, Welcome};

use super::announcements::Announcements;
use super::backfill::Backfill;
use super::cursors::CursorPace;
use super::directory::Directory;
use super::history::History;
use super::link::{Link, State};
use super::outbox::{Outbox, is_failed};
use super::requests::{CommandAnswer, Requests};
use crate::app::composer::Composer;
use crate::app::{Chats, Context, Effect};
use crate::model::MessageIdSource;
use crate::net::NetEvent;
use crate::store::{PendingState, StoreWrite, StoredMe};
use crate::strings;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) link: Link,
    pub(crate) requests: Requests,
    pub(crate) outbox: Outbox,
    pub(crate) ids: MessageIdSource,
    /// The set of heads that the client has, for the next `Hello`.
    pub(crate) since: Option<SyncPoint>,
    pub(crate) history: History,
    pub(crate) directory: Directory,
    pub(crate) backfill: Backfill,
    /// The version that the last session agreed on.
    pub(crate) version: ProtocolVersion,
    pub(crate) cursor_pace: CursorPace,
    /// Whether messages ring the bell while the terminal has no focus.
    pub(crate) has_bell: bool,
    pub(crate) announcements: Announcements,
}

impl Session {
    /// Moves cursors, sends what waits, and asks the server for what is missing.
    pub(crate) fn reconcile(&mut self, chats: &mut Chats, cx: &mut Context) {
        let paused_until = &mut self.outbox.paused_until;
        *paused_until = paused_until.filter(|until| *until > cx.now.instant);
        self.link.follow_clock(cx);
        self.move_cursors(chats, cx);
        chats.refresh_changed(|| self.outbox.last_typed(), cx.now);
        chats.counting.count_next(&chats.conversations, cx);
        self.send_appends(cx);
        self.send_cursors(chats, cx);
        self.ask_pages(chats, cx);
        self.ask_directory(cx);
        self.ask_invitations(chats, cx);
        self.ask_names(chats, cx);
        self.send_watch(chats, cx);
        self.exchange_settings(chats, cx);
    }

    /// How many messages wait and are not expected to be accepted at any moment.
    pub(crate) fn unsent(&self, now: Instant) -> usize {
        if self.link.is_up() {
            self.outbox.unsent(now)
        } else {
            self.outbox.counts().0
        }
    }

    /// Gives stored drafts and waiting messages their conversations once the user is known: a
    /// store that was replaced has them and does not know the user.
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

    /// Forgets the log after the server began another one. A waiting message may be meant for a
    /// user who has another number there, so the user decides again.
    pub(super) fn forget_log(&mut self, chats: &mut Chats, cx: &mut Context) {
        cx.notify(strings::status::SERVER_RESET);
        self.since = None;
        chats.forget_log_chats();
        let waiting = self.outbox.all().filter(|pending| !is_failed(pending));
        for id in waiting.map(|pending| pending.id).collect::<Vec<_>>() {
            let failed = PendingState::Failed(strings::errors::SERVER_RESET.to_owned());
            self.set_pending(id, failed, cx);
        }
    }

    pub(crate) fn on_net(
        &mut self,
        chats: &mut Chats,
        event: NetEvent,
        cx: &mut Context,
    ) -> Option<CommandAnswer> {
        match event {
            NetEvent::Connecting if self.link.is_retry(cx.now.instant) => {}
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
                self.end_session(chats, State::Offline { reason, until });
            }
            NetEvent::Refused(refusal) => {
                self.end_session(chats, State::Refused(refusal.to_string()));
            }
            NetEvent::AccessRevoked(reason) => {
                self.end_session(chats, State::Refused(reason.to_string()));
            }
            NetEvent::WrongKey { seen, pinned } => {
                let (seen, pinned) = (seen.to_string(), pinned.to_string());
                let reason = strings::status::server_key_changed(&seen, &pinned);
                self.end_session(chats, State::Refused(reason));
            }
        }
        None
    }

    fn begin_session(&mut self, chats: &mut Chats, welcome: Welcome, cx: &mut Context) {
        let version = welcome.version;
        let me = StoredMe {
            user: welcome.user,
            name: welcome.name,
            log: welcome.log,
        };
        self.requests.in_flight.clear();
        self.outbox.unsend_all();
        chats.settings.begin_session();
        if chats.me.as_ref() != Some(&me) {
            let is_other_log = |old: &StoredMe| (old.log, old.user) != (me.log, me.user);
            let is_other = chats.me.as_ref().is_some_and(is_other_log);
            cx.save(StoreWrite::Me(me.clone()));
            chats.me = Some(me);
            chats.mark_all_dirty();
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
        self.cursor_pace = CursorPace::default();
        self.version = version;
        self.history.begin_session(version);
        self.directory = Directory::from_start(chats.contacts.users());
        chats.names.begin_session();
    }

    fn end_session(&mut self, chats: &mut Chats, state: State) {
        self.link.state = state;
        self.link.round_trip = None;
        self.cursor_pace = CursorPace::default();
        chats.typing.clear();
    }

    pub(crate) fn reconnect(&mut self, cx: &mut Context) {
        if self.link.is_up() {
            cx.notify(strings::status::ALREADY_CONNECTED);
        } else {
            self.link.state = State::Connecting;
            cx.effects.push(Effect::Reconnect);
        }
    }
}
