//! The link's state as the app knows it, and whether a person is at the device.
//!
//! Connecting, backing off and pinging are the network task's; this only follows its events.

use std::time::{Duration, Instant};

use recado_shared::{Activity, ClientFrame, Now, Timestamp, Welcome};

use crate::app::view::screen::LinkView;
use crate::app::{App, Effect};
use crate::net::NetEvent;
use crate::store::{Save, StoredMe};

/// A person who pressed no key for this long is away.
pub(in crate::app) const AWAY_AFTER: Duration = Duration::from_mins(5);

/// A person who comes back after this long must not write into a link that died meanwhile.
pub(in crate::app) const CHECK_AFTER: Duration = Duration::from_mins(1);

/// How the link stands.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Connecting,
    /// A session is open; its heads are not complete.
    Greeted,
    /// A session is open and its heads are complete.
    Synced,
    Offline {
        why: String,
        until: Instant,
        /// When the count-down on the screen changes next.
        tick: Option<Instant>,
    },
    Refused(String),
}

/// The link.
#[derive(Debug)]
pub(in crate::app) struct Link {
    state: State,
    round_trip: Option<Duration>,
    last_input: Instant,
    /// The same on the wall, whose clock goes on while the computer sleeps.
    last_input_wall: Timestamp,
    /// What the server believes of the person.
    reported: Activity,
}

impl Link {
    pub(in crate::app) fn new(now: Now) -> Self {
        Self {
            state: State::Connecting,
            round_trip: None,
            last_input: now.instant,
            last_input_wall: now.wall,
            reported: Activity::Active,
        }
    }

    /// Whether a session is open.
    pub(in crate::app) fn is_up(&self) -> bool {
        matches!(self.state, State::Greeted | State::Synced)
    }

    /// Whether a session is open and its heads are known.
    pub(in crate::app) fn is_synced(&self) -> bool {
        self.state == State::Synced
    }

    /// The heads of the session are complete.
    pub(in crate::app) fn set_synced(&mut self) {
        if self.state == State::Greeted {
            self.state = State::Synced;
        }
    }

    /// When the person pressed a key last, or the program started.
    pub(in crate::app) fn last_input(&self) -> Instant {
        self.last_input
    }

    fn activity(&self, now: Instant) -> Activity {
        if now >= self.last_input + AWAY_AFTER {
            Activity::Away
        } else {
            Activity::Active
        }
    }

    /// Whether somebody who does something now was gone for so long, or the computer asleep,
    /// that an open session may have died unseen.
    pub(in crate::app) fn is_return(&self, now: Now) -> bool {
        let waking = now.instant.saturating_duration_since(self.last_input);
        let passed = Duration::from_millis(now.wall.0.saturating_sub(self.last_input_wall.0));
        self.is_up() && waking.max(passed) >= CHECK_AFTER
    }

    /// The person did something. Returns what the server should hear.
    pub(in crate::app) fn note_input(&mut self, now: Now) -> Option<ClientFrame> {
        (self.last_input, self.last_input_wall) = (now.instant, now.wall);
        self.follow_clock(now.instant)
    }

    /// Time went on. Returns what the server should hear.
    pub(in crate::app) fn follow_clock(&mut self, now: Instant) -> Option<ClientFrame> {
        if let State::Offline { until, tick, .. } = &mut self.state {
            *tick = next_tick(*until, now);
        }
        let activity = self.activity(now);
        if !self.is_up() || activity == self.reported {
            return None;
        }
        self.reported = activity;
        Some(ClientFrame::Activity(activity))
    }

    pub(in crate::app) fn next_deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Offline { tick, .. } => *tick,
            State::Greeted | State::Synced if self.reported == Activity::Active => {
                Some(self.last_input + AWAY_AFTER)
            }
            State::Greeted | State::Synced | State::Connecting | State::Refused(_) => None,
        }
    }

    pub(in crate::app) fn view(&self, now: Instant) -> LinkView<'_> {
        match &self.state {
            State::Connecting | State::Greeted => LinkView::Connecting,
            State::Synced => LinkView::Connected(self.round_trip),
            State::Offline { why, until, .. } => LinkView::Offline {
                why,
                retry_in: until.saturating_duration_since(now),
            },
            State::Refused(why) => LinkView::Refused(why),
        }
    }
}

/// The next moment at which a whole second is left until `until`.
fn next_tick(until: Instant, now: Instant) -> Option<Instant> {
    let left = until.checked_duration_since(now)?;
    let part = Duration::from_nanos(u64::from(left.subsec_nanos()));
    let step = if part.is_zero() {
        Duration::from_secs(1)
    } else {
        part
    };
    (!left.is_zero()).then_some(now + step)
}

impl App {
    pub(in crate::app) fn on_net(&mut self, event: NetEvent, now: Now) {
        match event {
            NetEvent::Connecting => self.end_session(State::Connecting),
            NetEvent::Welcomed(welcome) => self.begin_session(welcome),
            NetEvent::Frame(frame) => {
                // A frame of a session that has ended means nothing any more.
                if self.session.link.is_up() {
                    self.on_frame(frame, now);
                }
            }
            NetEvent::RoundTrip(time) => self.session.link.round_trip = Some(time),
            NetEvent::Offline { why, retry_in } => {
                let until = now.instant + retry_in;
                let tick = None;
                self.end_session(State::Offline { why, until, tick });
            }
            NetEvent::Refused(refusal) => self.end_session(State::Refused(refusal.to_string())),
            NetEvent::Dismissed(farewell) => {
                self.end_session(State::Refused(farewell.to_string()));
            }
            NetEvent::WrongKey { seen, pinned } => {
                self.end_session(State::Refused(format!(
                    "this is not the server you know: its key is {seen}, yours is {pinned}. \
                     If the person who runs it confirms the new key, join again with a new invite"
                )));
            }
        }
    }

    fn begin_session(&mut self, welcome: Welcome) {
        let me = StoredMe {
            user: welcome.user,
            name: welcome.name,
            log: welcome.log,
        };
        self.session.requests.forget_all();
        self.forget_command_requests();
        self.session.outbox.unsend_all();
        self.chats.settings.begin_session();
        if self.chats.me.as_ref() != Some(&me) {
            let is_other_log = |old: &StoredMe| (old.log, old.user) != (me.log, me.user);
            let is_other = self.chats.me.as_ref().is_some_and(is_other_log);
            self.save(Save::Me(me.clone()));
            self.chats.me = Some(me);
            if is_other {
                self.forget_log();
            }
            self.place_unsent();
        }
        for conversation in self.chats.conversations.values_mut() {
            conversation.begin_session();
        }
        self.session.link.state = State::Greeted;
        self.session.link.reported = Activity::Active;
        self.chats.contacts.begin_session();
        self.session.cursor_pace.begin_session();
        self.session.directory.begin_session();
        self.chats.names.begin_session();
    }

    fn end_session(&mut self, state: State) {
        self.session.link.state = state;
        self.session.link.round_trip = None;
        self.session.cursor_pace.begin_session();
        for conversation in self.chats.conversations.values_mut() {
            conversation.forget_typing();
        }
    }

    pub(in crate::app) fn reconnect(&mut self) {
        if self.session.link.is_up() {
            self.cx.notice = Some("already connected".to_owned());
        } else {
            self.session.link.state = State::Connecting;
            self.cx.effects.push(Effect::Reconnect);
        }
    }
}
