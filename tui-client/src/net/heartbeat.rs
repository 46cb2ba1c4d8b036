//! Whether the other side is still there: ping soon while an answer is awaited, seldom else, and
//! dead if nothing comes after a ping. Pure.
//!
//! The operating system watches a quiet link (`socket`); this finds what it cannot see, such as
//! a server that hangs.

use std::time::{Duration, Instant};

use recado_shared::limits::{PING_AFTER, PONG_WITHIN, QUIET_PING_AFTER};

/// What to do once the deadline has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Send this ping.
    Ping(u32),
    /// Give the link up.
    Dead,
}

/// Watches one session.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heartbeat {
    /// When the last frame came.
    heard: Instant,
    /// When the last ping was sent.
    pinged: Instant,
    /// The last ping's number.
    number: u32,
    /// Whether the last ping's pong is yet to come.
    is_measuring: bool,
    /// Whether nothing came since the last ping.
    is_asked: bool,
    /// Whether to ping without waiting for silence.
    is_due: bool,
    /// Requests without an answer.
    unanswered: usize,
    /// When there was none for the last time.
    waits_since: Instant,
}

impl Heartbeat {
    /// Starts with a ping that is due at once: it measures the link.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            heard: now,
            pinged: now,
            number: 0,
            is_measuring: false,
            is_asked: false,
            is_due: true,
            unanswered: 0,
            waits_since: now,
        }
    }

    /// When to call [`beat`](Self::beat).
    pub(super) fn deadline(&self) -> Instant {
        if self.is_due {
            return self.heard;
        }
        if self.is_asked {
            return self.pinged + PONG_WITHIN;
        }
        let quiet = self.pinged + QUIET_PING_AFTER;
        if self.unanswered > 0 || self.is_measuring {
            quiet.min(self.heard.max(self.waits_since) + PING_AFTER)
        } else {
            quiet
        }
    }

    /// Asks for a ping at once: there is reason to doubt the link.
    pub(super) fn doubt(&mut self) {
        self.is_due = !self.is_asked;
    }

    /// Notes that a request was sent.
    pub(super) fn requested(&mut self, now: Instant) {
        if self.unanswered == 0 {
            self.waits_since = now;
        }
        self.unanswered += 1;
    }

    /// Notes that a request was answered.
    pub(super) fn answered(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    /// Notes that a frame came. A pong on its way proves nothing that this frame does not.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.is_asked = false;
    }

    /// Notes a pong and returns how long it took, if it answers the last ping.
    pub(super) fn pong(&mut self, number: u32, now: Instant) -> Option<Duration> {
        if number != self.number || !self.is_measuring {
            return None;
        }
        self.is_measuring = false;
        Some(now.duration_since(self.pinged))
    }

    /// What is due at `now`.
    pub(super) fn beat(&mut self, now: Instant) -> Option<Beat> {
        if now < self.deadline() {
            return None;
        }
        if self.is_asked {
            return Some(Beat::Dead);
        }
        self.number = self.number.wrapping_add(1).max(1);
        (self.pinged, self.is_measuring) = (now, true);
        (self.is_asked, self.is_due) = (true, false);
        Some(Beat::Ping(self.number))
    }
}

#[cfg(test)]
mod tests {
    use recado_shared::limits::DEAD_AFTER;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A link whose first ping was answered at `start`.
    fn measured(start: Instant) -> Heartbeat {
        let mut heartbeat = Heartbeat::new(start);
        assert_eq!(heartbeat.beat(start), Some(Beat::Ping(1)));
        heartbeat.heard(start);
        assert_eq!(heartbeat.pong(1, start), Some(Duration::ZERO));
        heartbeat
    }

    #[test]
    fn the_first_ping_measures_the_link() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start);
        assert_eq!(heartbeat.beat(start), Some(Beat::Ping(1)));
        assert_eq!(heartbeat.pong(9, start + SECOND), None);
        assert_eq!(heartbeat.pong(1, start + SECOND), Some(SECOND));
        assert_eq!(heartbeat.pong(1, start + SECOND), None);
    }

    #[test]
    fn an_idle_link_is_asked_seldom_and_its_silence_then_believed() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        let quiet = start + QUIET_PING_AFTER;
        assert_eq!(heartbeat.deadline(), quiet);
        assert_eq!(heartbeat.beat(start + SECOND * 239), None);
        assert_eq!(heartbeat.beat(quiet), Some(Beat::Ping(2)));
        assert_eq!(heartbeat.deadline(), quiet + PONG_WITHIN);
        assert_eq!(heartbeat.beat(quiet + PONG_WITHIN), Some(Beat::Dead));
    }

    #[test]
    fn a_busy_link_is_measured_as_seldom() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        for second in 1..240 {
            heartbeat.heard(start + SECOND * second);
            assert_eq!(heartbeat.beat(start + SECOND * second), None);
        }
        let quiet = start + QUIET_PING_AFTER;
        assert_eq!(heartbeat.beat(quiet), Some(Beat::Ping(2)));
        assert_eq!(heartbeat.pong(2, quiet + SECOND), Some(SECOND));
    }

    #[test]
    fn silence_after_a_request_is_asked_about_soon() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        let asked = start + SECOND * 100;
        heartbeat.requested(asked);
        heartbeat.requested(asked + SECOND);
        assert_eq!(heartbeat.deadline(), asked + PING_AFTER);
        assert_eq!(heartbeat.beat(asked + PING_AFTER), Some(Beat::Ping(2)));
        assert_eq!(heartbeat.deadline(), asked + DEAD_AFTER);
        assert_eq!(heartbeat.beat(asked + DEAD_AFTER), Some(Beat::Dead));
    }

    #[test]
    fn only_the_last_answer_ends_the_waiting() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        let later = start + SECOND * 2;
        heartbeat.requested(start + SECOND);
        heartbeat.requested(start + SECOND);
        heartbeat.heard(later);
        heartbeat.answered();
        assert_eq!(heartbeat.deadline(), later + PING_AFTER);
        heartbeat.answered();
        assert_eq!(heartbeat.deadline(), start + QUIET_PING_AFTER);
        // An answer that nobody asked for must not hide the next request.
        heartbeat.answered();
        heartbeat.requested(later);
        assert_eq!(heartbeat.deadline(), later + PING_AFTER);
    }

    #[test]
    fn a_server_that_is_slow_to_answer_but_speaks_is_alive() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        heartbeat.requested(start);
        for second in 1..60 {
            heartbeat.heard(start + SECOND * second);
            assert_eq!(heartbeat.beat(start + SECOND * second), None);
        }
    }

    #[test]
    fn a_doubtful_link_is_asked_at_once_and_only_once() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        let back = start + SECOND * 100;
        heartbeat.doubt();
        assert_eq!(heartbeat.beat(back), Some(Beat::Ping(2)));
        heartbeat.doubt();
        assert_eq!(heartbeat.deadline(), back + PONG_WITHIN);
        heartbeat.heard(back + SECOND);
        heartbeat.pong(2, back + SECOND);
        assert_eq!(heartbeat.deadline(), back + QUIET_PING_AFTER);
    }

    #[test]
    fn a_pong_that_is_lost_among_other_frames_is_asked_for_again() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start);
        heartbeat.beat(start);
        let mut now = start;
        for _ in 0..30 {
            now += SECOND;
            heartbeat.heard(now);
            assert_eq!(heartbeat.beat(now), None);
        }
        assert_eq!(heartbeat.beat(now + PING_AFTER), Some(Beat::Ping(2)));
    }
}
