//! The link's state as the app knows it, and whether a person is at the device.
//!
//! Connecting, backing off and pinging are the network task's; this only follows its events.

use std::time::{Duration, Instant};

use recado_shared::{Activity, ClientFrame};

use crate::app::Context;

/// The link's state for the status line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkView<'a> {
    /// Connecting, in the handshake, or waiting for heads.
    Connecting,
    /// In touch; the last round trip.
    Connected(Option<Duration>),
    /// Not connected, and why; the next attempt is at most this far away.
    Offline {
        reason: &'a str,
        /// Rounded up to tens of seconds, at least ten.
        retry_in: Duration,
    },
    /// Refused: no further attempt until the user does something.
    Refused(&'a str),
}

/// The step of the countdown to the next attempt.
const STEP: Duration = Duration::from_secs(10);

/// A person who pressed no key for this long is away.
pub(crate) const AWAY_AFTER: Duration = Duration::from_mins(5);

/// A person who comes back after this long must not write into a link that died meanwhile.
pub(crate) const CHECK_AFTER: Duration = Duration::from_mins(1);

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Connecting,
    /// A session is open; its heads are not complete.
    Greeted,
    /// A session is open and its heads are complete.
    Synced,
    Offline {
        reason: String,
        until: Instant,
    },
    Refused(String),
}

#[derive(Debug)]
pub(crate) struct Link {
    pub(super) state: State,
    pub(super) round_trip: Option<Duration>,
    /// What the server believes of the person.
    pub(super) reported: Activity,
}

impl Link {
    pub(crate) fn new() -> Self {
        Self {
            state: State::Connecting,
            round_trip: None,
            reported: Activity::Active,
        }
    }

    /// Whether a session is open.
    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Greeted | State::Synced)
    }

    /// Whether a session is open and its heads are known.
    pub(crate) fn is_synced(&self) -> bool {
        self.state == State::Synced
    }

    /// Whether an attempt that begins now is the one that was announced. It goes unsaid: most of them
    /// fail at once, and the line below the screen would flicker.
    pub(crate) fn is_retry(&self, now: Instant) -> bool {
        let left = |until: Instant| until.saturating_duration_since(now);
        matches!(self.state, State::Offline { until, .. } if left(until) < Duration::from_secs(1))
    }

    /// Whether an open session may have died unseen, because the user was gone or the computer
    /// asleep for [`CHECK_AFTER`].
    pub(crate) fn is_return(&self, cx: &Context) -> bool {
        let (now, last) = (cx.now, cx.last_input);
        let waking = now.instant.saturating_duration_since(last.instant);
        let passed = Duration::from_millis(now.wall.0.saturating_sub(last.wall.0));
        self.is_up() && waking.max(passed) >= CHECK_AFTER
    }

    /// Tells the server when the user goes away or comes back.
    pub(crate) fn follow_clock(&mut self, cx: &mut Context) {
        let is_away = cx.now.instant >= cx.last_input.instant + AWAY_AFTER;
        let activity = if is_away {
            Activity::Away
        } else {
            Activity::Active
        };
        if self.is_up() && activity != self.reported {
            self.reported = activity;
            cx.send(ClientFrame::Activity(activity));
        }
    }

    pub(crate) fn next_deadline(&self, cx: &Context) -> Option<Instant> {
        match &self.state {
            State::Offline { until, .. } => next_tick(*until, cx.now.instant),
            State::Greeted | State::Synced if self.reported == Activity::Active => {
                Some(cx.last_input.instant + AWAY_AFTER)
            }
            State::Greeted | State::Synced | State::Connecting | State::Refused(_) => None,
        }
    }

    pub(crate) fn view(&self, now: Instant) -> LinkView<'_> {
        match &self.state {
            State::Connecting | State::Greeted => LinkView::Connecting,
            State::Synced => LinkView::Connected(self.round_trip),
            State::Offline { reason, until } => LinkView::Offline {
                reason,
                retry_in: rounded_up(until.saturating_duration_since(now)),
            },
            State::Refused(reason) => LinkView::Refused(reason),
        }
    }
}

/// The next moment at which the time that is shown until `until` changes.
fn next_tick(until: Instant, now: Instant) -> Option<Instant> {
    let left = until.checked_duration_since(now)?;
    let below = rounded_up(left).checked_sub(STEP)?;
    until.checked_sub(below).filter(|_| !below.is_zero())
}

/// A time until the next attempt as it is shown. An outage changes the screen seldom, because each
/// change wakes the computer.
fn rounded_up(left: Duration) -> Duration {
    let steps = left.as_millis().div_ceil(STEP.as_millis()).max(1);
    STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}
