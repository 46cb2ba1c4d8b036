//! The relay: the pure core of the server. It takes events, changes its state and returns effects:
//! frames for sessions and work for the store. It knows no socket, file, clock, task or random source.

#![deny(clippy::wildcard_enum_match_arm, clippy::disallowed_methods)]

mod admin;
mod caller;
mod catch_up;
mod delivery;
mod device;
mod display;
mod drain;
mod effect;
mod event;
mod links;
mod login;
mod membership;
mod person;
mod phase;
mod presence;
mod presences;
mod registrations;
mod request;
mod room;
mod session;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use recado_shared::{
    Answer, ClientFrame, ConversationId, DirectPair, Entry, InviteToken, Now, RequestError,
    ServerFrame, Stamp, UserId,
};

use self::caller::Caller;
use self::display::Displays;
use self::links::PendingLinks;
use self::membership::MembershipIndex;
use self::phase::Phase;
use self::presences::Presences;
use self::registrations::{PendingHello, Registrations};
use self::session::{Flow, Session};
use crate::store::{Origin, ReadResult, StoredMemberships, Write, WriteResult};

pub use crate::id::{SessionId, Ticket};
pub use crate::policy::Policy;
pub use effect::Effect;
pub use event::{Event, Peer};
pub use links::PENDING_LINKS_PER_ADDRESS;
pub use phase::DRAIN_LIMIT;
pub use presences::{PRESENCE_BURST, PRESENCE_INTERVAL, PRESENCE_PACE};
pub use registrations::DIRECTORY_ANNOUNCE_LIMIT;

/// The settings of a [`Relay`].
#[derive(Clone, Debug)]
pub struct RelayConfig {
    pub policy: Policy,
    /// Admits a client on this machine that shows it, under every policy.
    pub local_token: Option<InviteToken>,
    pub max_sessions: usize,
    pub max_users: u64,
    /// Most registrations per network address and hour under [`Policy::Open`].
    pub registrations_per_hour: u32,
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
    /// The sessions of each user who has one.
    devices: BTreeMap<UserId, BTreeSet<SessionId>>,
    memberships: MembershipIndex,
    displays: Displays,
    presences: Presences,
    registrations: Registrations,
    pending_links: PendingLinks,
    /// Heads since this stamp make up for every frame that the last handled event caused.
    left_out_since: Stamp,
    /// Writes that the store has not answered; a drain waits for them.
    outstanding_writes: usize,
    phase: Phase,
}

impl Relay {
    /// A relay without sessions.
    pub fn new(config: RelayConfig, mut stored: StoredMemberships) -> Self {
        let displays = Displays::new(std::mem::take(&mut stored.displays));
        Self {
            config,
            pending_hellos: BTreeMap::new(),
            sessions: BTreeMap::new(),
            devices: BTreeMap::new(),
            memberships: MembershipIndex::new(stored),
            displays,
            presences: Presences::default(),
            registrations: Registrations::default(),
            pending_links: PendingLinks::default(),
            left_out_since: Stamp(0),
            outstanding_writes: 0,
            phase: Phase::Serving,
        }
    }

    /// Applies an event and returns its effects, in order.
    pub fn handle(&mut self, event: Event, now: Now) -> Vec<Effect> {
        let mut out = Vec::new();
        match event {
            Event::Hello {
                session,
                peer,
                hello,
            } => self.hello(session, peer, &hello, now, &mut out),
            Event::Frame { session, frame } => self.frame(session, frame, now, &mut out),
            Event::Closed(session) => self.closed(session, now, &mut out),
            Event::OutboxFull(session) => self.outbox_full(session, &mut out),
            Event::CaughtUp(session) => self.caught_up(session, now, &mut out),
            Event::Written(written) => self.written(written, now, &mut out),
            Event::Read(result) => self.read(result, &mut out),
            Event::Admin { ticket, request } => self.admin(ticket, request, now, &mut out),
            Event::StoreFailed => self.store_failed(&mut out),
            Event::Drain => self.drain(now, &mut out),
            Event::Deadline => self.deadline(now, &mut out),
        }
        out
    }

    /// When [`Event::Deadline`] is due next.
    pub fn next_deadline(&self) -> Option<Instant> {
        [self.presences.next_deadline(), self.phase.deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    fn frame(&mut self, id: SessionId, frame: ClientFrame, now: Now, out: &mut Vec<Effect>) {
        let Some(session) = self.sessions.get(&id) else {
            return;
        };
        let user = session.user;
        match frame {
            ClientFrame::Request { number, request } => {
                let origin = Origin {
                    session: id,
                    number,
                };
                self.request(Caller { origin, user }, request, now, out);
            }
            ClientFrame::UpdateCursors(advance) => self.advance(user, advance, out),
            ClientFrame::Typing(conversation) => self.typing(id, user, conversation, now, out),
            ClientFrame::Watch(users) => self.watch(id, users, now, out),
            ClientFrame::Activity(activity) => self.activity(id, user, activity, now, out),
            // The session task deals with these.
            ClientFrame::Hello(_)
            | ClientFrame::Ping(_)
            | ClientFrame::Pong(_)
            | ClientFrame::Leave => {}
        }
    }

    fn written(&mut self, written: WriteResult, now: Now, out: &mut Vec<Effect>) {
        self.outstanding_writes = self.outstanding_writes.saturating_sub(1);
        match written {
            WriteResult::Login { session, result } => self.logged_in(session, result, now, out),
            WriteResult::Append {
                origin,
                conversation,
                result,
                stamp,
            } => {
                self.left_out_since = self.left_out_since.max(before(stamp));
                self.appended(origin, conversation, result, stamp, out);
            }
            WriteResult::CreateRoom {
                origin,
                new,
                result,
                stamp,
            } => {
                self.left_out_since = self.left_out_since.max(before(stamp));
                self.room_created(origin, &new, result, stamp, out);
            }
            WriteResult::Device {
                origin,
                user,
                change,
                result,
            } => self.device_changed(Caller { origin, user }, &change, result, now, out),
            WriteResult::User {
                origin,
                user,
                result,
                stamp,
            } => {
                self.left_out_since = self.left_out_since.max(before(stamp));
                self.person_changed(Caller { origin, user }, result, stamp, out);
            }
            WriteResult::Admin {
                ticket,
                result,
                entries,
                since,
            } => {
                self.left_out_since = self.left_out_since.max(since);
                self.appended_by_admin(entries, since, out);
                self.administered(ticket, result, now, out);
            }
            WriteResult::Advance {
                conversation,
                moved,
                stamp,
            } => {
                self.left_out_since = self.left_out_since.max(before(stamp));
                self.advanced(conversation, moved, out);
            }
        }
        self.finish_drain_if_idle(out);
    }

    fn read(&mut self, result: ReadResult, out: &mut Vec<Effect>) {
        match result {
            ReadResult::Heads {
                session,
                heads,
                people,
                stamp,
            } => self.heads_read(session, heads, &people, stamp, out),
            ReadResult::Page {
                origin,
                entries,
                newest,
            } => self.answer(origin, Ok(Answer::Page { entries, newest }), out),
            ReadResult::Resend { origin, result } => {
                let accepted = result.map(|Entry { seq, time, .. }| Answer::Accepted { seq, time });
                self.answer(origin, accepted, out);
            }
            ReadResult::Settings {
                origin,
                settings,
                stamp,
                more,
            } => {
                let answer = Answer::Settings {
                    settings,
                    stamp,
                    more,
                };
                self.answer(origin, Ok(answer), out);
            }
            ReadResult::Rooms {
                origin,
                rooms,
                more,
            } => self.answer(origin, Ok(Answer::Rooms { rooms, more }), out),
            ReadResult::Members {
                origin,
                members,
                more,
            } => self.members_read(origin, members, more, out),
            ReadResult::Devices { origin, devices } => self.devices_read(origin, devices, out),
            ReadResult::Users {
                origin,
                people,
                more,
            } => self.people_read(origin, people, more, out),
        }
    }

    fn closed(&mut self, id: SessionId, now: Now, out: &mut Vec<Effect>) {
        if let Some(hello) = self.pending_hellos.get_mut(&id) {
            hello.is_gone = true;
        }
        let Some(session) = self.sessions.remove(&id) else {
            return;
        };
        let was = self.presence_of_devices(session.user, Some(session.activity));
        if let Some(devices) = self.devices.get_mut(&session.user) {
            devices.remove(&id);
            if devices.is_empty() {
                self.devices.remove(&session.user);
            }
        }
        self.presences.forget_session(id, &session);
        self.presence_changed(session.user, was, now, out);
    }

    fn deadline(&mut self, now: Now, out: &mut Vec<Effect>) {
        self.settle_presences(now, out);
        self.announce_due(now, out);
        self.finish_drain_if_due(now, out);
    }

    /// Queues work for the writer.
    fn write(&mut self, write: Write, out: &mut Vec<Effect>) {
        self.outstanding_writes += 1;
        out.push(Effect::Write(write));
    }

    /// Sends the answer of a request, unless its session is gone.
    fn answer(&self, origin: Origin, result: Result<Answer, RequestError>, out: &mut Vec<Effect>) {
        if self.sessions.contains_key(&origin.session) {
            out.push(Effect::Send {
                to: origin.session,
                frame: ServerFrame::Answer {
                    number: origin.number,
                    result,
                },
            });
        }
    }

    /// Pushes a live frame to the sessions that keep up and whose version allows it.
    fn push(
        &self,
        to: impl IntoIterator<Item = SessionId>,
        frame: ServerFrame,
        out: &mut Vec<Effect>,
    ) {
        let accepts = |id: &SessionId| {
            self.sessions.get(id).is_some_and(|session| {
                session.flow == Flow::Live && session.version >= frame.since()
            })
        };
        let to: Vec<_> = to.into_iter().filter(accepts).collect();
        if !to.is_empty() {
            out.push(Effect::Push { to, frame });
        }
    }

    /// `None` if the session is gone.
    fn user_of(&self, id: SessionId) -> Option<UserId> {
        self.sessions.get(&id).map(|session| session.user)
    }

    fn sessions_of(&self, user: UserId) -> impl Iterator<Item = SessionId> {
        self.devices.get(&user).into_iter().flatten().copied()
    }

    fn sessions_of_members(&self, conversation: ConversationId) -> impl Iterator<Item = SessionId> {
        let pair = conversation.pair().into_iter();
        let room = conversation.room().into_iter();
        pair.flat_map(DirectPair::members)
            .chain(room.flat_map(|room| self.memberships.members(room)))
            .filter_map(|user| self.devices.get(&user))
            .flatten()
            .copied()
    }
}

/// The stamp before a change.
fn before(stamp: Stamp) -> Stamp {
    Stamp(stamp.0.saturating_sub(1))
}
