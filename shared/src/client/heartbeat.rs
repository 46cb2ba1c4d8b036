//! Liveness check of a link, pure: pings soon while an answer is awaited and seldom otherwise, to find
//! what the operating system cannot see, such as a server that hangs.

use std::time::{Duration, Instant};

use crate::limits::{PING_AFTER, PONG_WITHIN, QUIET_PING_AFTER};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HeartbeatAction {
    SendPing(u32),
    GiveUp,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Heartbeat {
    last_frame: Instant,
    last_ping: Instant,
    ping_number: u32,
    is_pong_pending: bool,
    /// No frame has arrived since the last ping.
    is_silent: bool,
    is_ping_requested: bool,
    unanswered_requests: usize,
    /// The time of the oldest request since all were answered.
    waiting_since: Instant,
}

impl Heartbeat {
    /// Starts with a ping that is due at once: it measures the link.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            last_frame: now,
            last_ping: now,
            ping_number: 0,
            is_pong_pending: false,
            is_silent: false,
            is_ping_requested: true,
            unanswered_requests: 0,
            waiting_since: now,
        }
    }

    pub(super) fn deadline(&self) -> Instant {
        if self.is_ping_requested {
            return self.last_frame;
        }
        if self.is_silent {
            return self.last_ping + PONG_WITHIN;
        }
        let quiet = self.last_ping + QUIET_PING_AFTER;
        if self.unanswered_requests > 0 || self.is_pong_pending {
            quiet.min(self.last_frame.max(self.waiting_since) + PING_AFTER)
        } else {
            quiet
        }
    }

    /// Makes a ping due at once, unless the server already has one to react to.
    pub(super) fn request_ping(&mut self) {
        self.is_ping_requested = !self.is_silent;
    }

    pub(super) fn on_request(&mut self, now: Instant) {
        if self.unanswered_requests == 0 {
            self.waiting_since = now;
        }
        self.unanswered_requests += 1;
    }

    pub(super) fn on_answer(&mut self) {
        self.unanswered_requests = self.unanswered_requests.saturating_sub(1);
    }

    /// Notes that a frame arrived. A pong on its way proves nothing that this frame does not.
    pub(super) fn on_frame(&mut self, now: Instant) {
        self.last_frame = now;
        self.is_silent = false;
    }

    /// Notes a pong, and returns the round-trip time if it answers the last ping.
    pub(super) fn on_pong(&mut self, number: u32, now: Instant) -> Option<Duration> {
        if number != self.ping_number || !self.is_pong_pending {
            return None;
        }
        self.is_pong_pending = false;
        Some(now.duration_since(self.last_ping))
    }

    pub(super) fn on_deadline(&mut self, now: Instant) -> Option<HeartbeatAction> {
        if now < self.deadline() {
            return None;
        }
        if self.is_silent {
            return Some(HeartbeatAction::GiveUp);
        }
        self.ping_number = self.ping_number.wrapping_add(1).max(1);
        (self.last_ping, self.is_pong_pending) = (now, true);
        (self.is_silent, self.is_ping_requested) = (true, false);
        Some(HeartbeatAction::SendPing(self.ping_number))
    }
}

#[cfg(test)]
mod tests {
    use crate::limits::DEAD_AFTER;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A link whose first ping was answered at `start`.
    fn measured(start: Instant) -> Heartbeat {
        let mut heartbeat = Heartbeat::new(start);
        assert_eq!(
            heartbeat.on_deadline(start),
            Some(HeartbeatAction::SendPing(1))
        );
        heartbeat.on_frame(start);
        assert_eq!(heartbeat.on_pong(1, start), Some(Duration::ZERO));
        heartbeat
    }

    #[test]
    fn the_first_ping_measures_the_link() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start);
        assert_eq!(
            heartbeat.on_deadline(start),
            Some(HeartbeatAction::SendPing(1))
        );
        assert_eq!(heartbeat.on_pong(9, start + SECOND), None);
        assert_eq!(heartbeat.on_pong(1, start + SECOND), Some(SECOND));
        assert_eq!(heartbeat.on_pong(1, start + SECOND), None);
    }

    #[test]
    fn an_idle_link_is_asked_seldom_and_its_silence_then_believed() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        let quiet = start + QUIET_PING_AFTER;
        assert_eq!(heartbeat.deadline(), quiet);
        assert_eq!(heartbeat.on_deadline(start + SECOND * 239), None);
        assert_eq!(
            heartbeat.on_deadline(quiet),
            Some(HeartbeatAction::SendPing(2))
        );
        assert_eq!(heartbeat.deadline(), quiet + PONG_WITHIN);
        assert_eq!(
            heartbeat.on_deadline(quiet + PONG_WITHIN),
            Some(HeartbeatAction::GiveUp)
        );
    }

    #[test]
    fn a_busy_link_is_measured_as_seldom() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        for second in 1..240 {
            heartbeat.on_frame(start + SECOND * second);
            assert_eq!(heartbeat.on_deadline(start + SECOND * second), None);
        }
        let quiet = start + QUIET_PING_AFTER;
        assert_eq!(
            heartbeat.on_deadline(quiet),
            Some(HeartbeatAction::SendPing(2))
        );
        assert_eq!(heartbeat.on_pong(2, quiet + SECOND), Some(SECOND));
    }

    #[test]
    fn silence_after_a_request_is_asked_about_soon() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        let asked = start + SECOND * 100;
        heartbeat.on_request(asked);
        heartbeat.on_request(asked + SECOND);
        assert_eq!(heartbeat.deadline(), asked + PING_AFTER);
        assert_eq!(
            heartbeat.on_deadline(asked + PING_AFTER),
            Some(HeartbeatAction::SendPing(2))
        );
        assert_eq!(heartbeat.deadline(), asked + DEAD_AFTER);
        assert_eq!(
            heartbeat.on_deadline(asked + DEAD_AFTER),
            Some(HeartbeatAction::GiveUp)
        );
    }

    #[test]
    fn only_the_last_answer_ends_the_waiting() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        let later = start + SECOND * 2;
        heartbeat.on_request(start + SECOND);
        heartbeat.on_request(start + SECOND);
        heartbeat.on_frame(later);
        heartbeat.on_answer();
        assert_eq!(heartbeat.deadline(), later + PING_AFTER);
        heartbeat.on_answer();
        assert_eq!(heartbeat.deadline(), start + QUIET_PING_AFTER);
        // An unrequested answer must not hide the next request.
        heartbeat.on_answer();
        heartbeat.on_request(later);
        assert_eq!(heartbeat.deadline(), later + PING_AFTER);
    }

    #[test]
    fn a_server_that_is_slow_to_answer_but_speaks_is_alive() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        heartbeat.on_request(start);
        for second in 1..60 {
            heartbeat.on_frame(start + SECOND * second);
            assert_eq!(heartbeat.on_deadline(start + SECOND * second), None);
        }
    }

    #[test]
    fn a_doubtful_link_is_asked_at_once_and_only_once() {
        let start = Instant::now();
        let mut heartbeat = measured(start);
        let back = start + SECOND * 100;
        heartbeat.request_ping();
        assert_eq!(
            heartbeat.on_deadline(back),
            Some(HeartbeatAction::SendPing(2))
        );
        heartbeat.request_ping();
        assert_eq!(heartbeat.deadline(), back + PONG_WITHIN);
        heartbeat.on_frame(back + SECOND);
        heartbeat.on_pong(2, back + SECOND);
        assert_eq!(heartbeat.deadline(), back + QUIET_PING_AFTER);
    }

    #[test]
    fn a_pong_that_is_lost_among_other_frames_is_asked_for_again() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start);
        heartbeat.on_deadline(start);
        let mut now = start;
        for _ in 0..30 {
            now += SECOND;
            heartbeat.on_frame(now);
            assert_eq!(heartbeat.on_deadline(now), None);
        }
        assert_eq!(
            heartbeat.on_deadline(now + PING_AFTER),
            Some(HeartbeatAction::SendPing(2))
        );
    }
}
