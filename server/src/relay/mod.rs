//! The relay: the pure core of the server. It takes events, changes its state and returns effects:
//! frames for sessions and work for the store. It knows no socket, file, clock, task or random source.

#![deny(clippy::wildcard_enum_match_arm, clippy::disallowed_methods)]

mod admin;
mod allowances;
mod catch_up;
mod delivery;
mod device;
mod display;
mod drain;
mod erasures;
mod event;
mod history;
mod links;
mod login;
mod membership;
mod online;
mod presence;
mod registrations;
mod request;
mod session;
#[cfg(test)]
mod tests;
mod user;

use std::collections::BTreeMap;
use std::time::Instant;

use recado_shared::{
    Answer, ClientFrame, ConversationId, DirectPair, Entry, Epoch, InviteToken, Now, RequestError,
    ServerFrame, Stamp, UserId,
};

use self::allowances::Allowances;
use self::display::Displays;
use self::drain::Phase;
use self::erasures::Erasures;
use self::links::PendingLinks;
use self::membership::MembershipIndex;
use self::online::OnlineUsers;
use self::presence::Presences;
use self::registrations::{PendingHello, Registrations};
use self::session::{Caller, Session};
use crate::store::{Origin, Read, ReadResult, StoredMemberships, Write, WriteResult};

pub use crate::config::Policy;
use crate::config::{Limits, Reloadable};
pub use crate::id::{SessionId, Ticket};
pub use drain::DRAIN_LIMIT;
pub use event::{Effect, Event, Peer};
pub use links::{PENDING_LINK_LIMIT, PENDING_LINKS_PER_ADDRESS};
pub use presence::{MAX_WATCHED_OF_USER, PRESENCE_BURST, PRESENCE_INTERVAL, PRESENCE_PACE};

/// Most sessions at which a new user is announced to all of them; beyond it the directory search
/// finds the user. Our judgement.
pub const DIRECTORY_ANNOUNCE_LIMIT: usize = 1_000;

/// The settings of a [`Relay`].
#[derive(Clone, Debug)]
pub struct RelayConfig {
    pub policy: Policy,
    /// Admits a client on this machine that shows it, under every policy.
    pub local_token: Option<InviteToken>,
    pub limits: Limits,
}

/// Sessions, memberships and presences of the server, and its outstanding work.
///
/// The driver feeds [`handle`](Self::handle) one event at a time and carries out the effects
/// before the next; an [`Event::OutboxFull`] goes in right after the effects that caused it.
#[derive(Debug)]
pub struct Relay {
    config: RelayConfig,
    pending_hellos: BTreeMap<SessionId, PendingHello>,
    /// Sessions after their `Welcome`.
    sessions: BTreeMap<SessionId, Session>,
    online: OnlineUsers,
    /// The history of the data, for clients that knew it at an earlier time.
    epochs: Vec<Epoch>,
    memberships: MembershipIndex,
    displays: Displays,
    presences: Presences,
    registrations: Registrations,
    allowances: Allowances,
    pending_links: PendingLinks,
    /// Heads since this stamp make up for every frame that the last handled event caused.
    left_out_since: Stamp,
    /// Writes that the store has not answered; a drain waits for them.
    outstanding_writes: usize,
    phase: Phase,
    erasures: Erasures,
    /// The time of the event that is handled.
    now: Now,
    /// The effects of the event that is handled.
    effects: Vec<Effect>,
}

impl Relay {
    /// A relay without sessions.
    pub fn new(config: RelayConfig, mut stored: StoredMemberships, now: Now) -> Self {
        let erasures = Erasures::at_start(stored.has_erasures, now);
        let displays = Displays::new(std::mem::take(&mut stored.displays));
        let epochs = std::mem::take(&mut stored.epochs);
        Self {
            config,
            epochs,
            pending_hellos: BTreeMap::new(),
            sessions: BTreeMap::new(),
            online: OnlineUsers::default(),
            memberships: MembershipIndex::new(stored),
            displays,
            presences: Presences::default(),
            registrations: Registrations::default(),
            allowances: Allowances::default(),
            pending_links: PendingLinks::default(),
            left_out_since: Stamp(0),
            outstanding_writes: 0,
            phase: Phase::Serving,
            erasures,
            now,
            effects: Vec::new(),
        }
    }

    /// Applies an event and returns its effects, in order.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        self.now = now;
        // Most events have an effect, and a vector that grows from nothing takes longer.
        self.effects = Vec::with_capacity(4);
        match event {
            Event::Hello {
                session,
                peer,
                hello,
            } => self.hello(session, peer, hello),
            Event::Frame { session, frame } => self.frame(session, frame),
            Event::Closed(session) => self.closed(session),
            Event::OutboxFull(session) => self.outbox_full(session),
            Event::CaughtUp(session) => self.caught_up(session),
            Event::HeadsWritten(session) => self.heads_written(session),
            Event::Written(written) => self.written(written),
            Event::Read(result) => self.read(result),
            Event::Admin { ticket, request } => self.admin(ticket, request),
            Event::Reload(Reloadable { policy, limits }) => {
                (self.config.policy, self.config.limits) = (policy, limits);
            }
            Event::StoreFailed => self.store_failed(),
            Event::Drain => self.drain(),
            Event::Deadline => {
                self.announce_changed_presences();
                self.announce_due();
                if self.phase.is_serving()
                    && let Some(step) = self.erasures.take_due(now)
                {
                    self.queue_write(step);
                }
                self.finish_drain_if_due();
            }
        }
        std::mem::take(&mut self.effects)
    }

    /// When the next step of an erasure is due; `None` while the server drains.
    fn erasure_deadline(&self) -> Option<Instant> {
        let is_serving = self.phase.is_serving();
        self.erasures.deadline().filter(|_| is_serving)
    }

    /// When [`Event::Deadline`] is due next.
    pub fn next_deadline(&self) -> Option<Instant> {
        let presence = self.presences.next_deadline().into_iter();
        let others = self.phase.deadline().into_iter();
        presence.chain(others).chain(self.erasure_deadline()).min()
    }

    fn frame(&mut self, id: SessionId, frame: ClientFrame) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let (user, device) = (session.user, session.peer.key);
        match frame {
            ClientFrame::Request { number, request } => {
                let session = id;
                let origin = Origin { session, number };
                let caller = Caller {
                    origin,
                    user,
                    device,
                };
                self.request(caller, request);
            }
            ClientFrame::UpdateCursors(advance) => self.advance(user, advance),
            ClientFrame::Typing(conversation) => self.typing(id, user, conversation),
            ClientFrame::Watch(users) => self.watch(id, users),
            ClientFrame::Activity(activity) => self.activity(id, user, activity),
            // The session task deals with these.
            ClientFrame::Hello(_)
            | ClientFrame::Ping(_)
            | ClientFrame::Pong(_)
            | ClientFrame::Leave => {}
        }
    }

    fn written(&mut self, written: WriteResult) {
        self.outstanding_writes = self.outstanding_writes.saturating_sub(1);
        match written {
            WriteResult::Login { session, result } => self.logged_in(session, result),
            WriteResult::Append {
                origin,
                conversation,
                result,
                stamp,
            } => {
                self.left_out_since = self.left_out_since.max(before(stamp));
                self.appended(origin, conversation, result, stamp);
            }
            WriteResult::CreateRoom {
                origin,
                new,
                result,
                stamp,
            } => {
                self.left_out_since = self.left_out_since.max(before(stamp));
                self.room_created(origin, new.visibility, result, stamp);
            }
            WriteResult::Device {
                origin,
                user,
                change,
                result,
            } => self.device_changed(origin, user, &change, result),
            WriteResult::User {
                origin,
                user,
                result,
                stamp,
            } => {
                self.left_out_since = self.left_out_since.max(before(stamp));
                self.user_changed(origin, user, result, stamp);
            }
            WriteResult::Admin {
                ticket,
                result,
                entries,
                since,
            } => {
                self.left_out_since = self.left_out_since.max(since);
                self.admin_appended(entries, since);
                self.admin_done(ticket, result);
            }
            WriteResult::Erased {
                entries,
                since,
                left,
            } => {
                self.left_out_since = self.left_out_since.max(since);
                self.admin_appended(entries, since);
                self.erasures.step_done(left, self.now);
            }
            WriteResult::Advance {
                conversation,
                moved,
                stamp,
            } => {
                self.left_out_since = self.left_out_since.max(before(stamp));
                self.advanced(conversation, moved);
            }
        }
        // The answers of one batch come one by one. Past the limit of a drain, the first one must not
        // end the sessions of the others.
        if self.outstanding_writes == 0 {
            self.finish_drain_if_due();
        }
    }

    fn read(&mut self, result: ReadResult) {
        match result {
            ReadResult::Heads {
                session,
                heads,
                people,
                stamp,
                rest,
            } => self.heads_read(session, heads, people, (stamp, rest)),
            ReadResult::Agreed { session, places } => self.places_read(session, &places),
            ReadResult::Answer { origin, result } => self.query_answered(origin, result),
        }
    }

    fn closed(&mut self, id: SessionId) {
        if let Some(hello) = self.pending_hellos.get_mut(&id) {
            hello.is_gone = true;
        }
        let was = self.user_of(id).map(|user| self.presence_of_devices(user));
        let (Some(was), Some(session)) = (was, self.sessions.remove(&id)) else {
            return;
        };
        let (user, watched) = (session.user, session.watching.len());
        self.online.remove(user, id, session.activity, watched);
        self.presences.forget_session(id, &session);
        self.presence_changed(session.user, was);
    }

    fn queue_write(&mut self, write: Write) {
        self.outstanding_writes += 1;
        self.effects.push(Effect::Write(write));
    }

    /// Sends the answer of a request, unless its session is gone.
    fn answer(&mut self, origin: Origin, result: Result<Answer, RequestError>) {
        let Origin { session, number } = origin;
        if let Some(version) = self.sessions.get(&session).map(|session| session.version) {
            let result = result.map_err(|error| error.for_version(version));
            let frame = ServerFrame::Answer { number, result };
            self.send(session, frame);
        }
    }

    fn queue_read(&mut self, read: Read) {
        self.effects.push(Effect::Read(read));
    }

    fn send(&mut self, to: SessionId, frame: ServerFrame) {
        self.effects.push(Effect::Send { to, frame });
    }

    /// Pushes a live frame to the sessions that keep up and whose version allows it.
    fn push(&mut self, mut to: Vec<SessionId>, frame: ServerFrame) {
        to.retain(|id| {
            self.sessions.get(id).is_some_and(|session| {
                session.behind_since.is_none() && session.version >= frame.since()
            })
        });
        if !to.is_empty() {
            self.effects.push(Effect::Push { to, frame });
        }
    }

    fn push_entry(&mut self, to: Vec<SessionId>, conversation: ConversationId, entry: Entry) {
        let frame = ServerFrame::Entry {
            conversation,
            entry,
        };
        self.push(to, frame);
    }

    /// The user of a session; `None` before its welcome, and once it is gone.
    pub fn user_of(&self, id: SessionId) -> Option<UserId> {
        self.sessions.get(&id).map(|session| session.user)
    }

    fn sessions_of(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        self.online.sessions(user)
    }

    fn sessions_of_members(&self, conversation: ConversationId) -> impl Iterator<Item = SessionId> {
        let pair = conversation.pair().into_iter();
        let room = conversation.room().into_iter();
        pair.flat_map(DirectPair::members)
            .chain(room.flat_map(|room| self.memberships.members(room)))
            .flat_map(|user| self.online.sessions(user))
    }
}

fn before(stamp: Stamp) -> Stamp {
    Stamp(stamp.0.saturating_sub(1))
}
