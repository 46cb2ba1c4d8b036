//! Whether the other side is still there: ping after silence, dead after more of it. Pure.

use std::time::{Duration, Instant};

use recado_shared::limits::{DEAD_AFTER, PING_AFTER};

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
    heard: Instant,
    pinged: Option<Instant>,
    number: u32,
}

impl Heartbeat {
    /// Starts with a ping that is due at once: it measures the link.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            heard: now,
            pinged: None,
            number: 0,
        }
    }

    /// When to call [`beat`](Self::beat).
    pub(super) fn deadline(&self) -> Instant {
        match self.pinged {
            None if self.number == 0 => self.heard,
            None => self.heard + PING_AFTER,
            Some(_) => self.heard + DEAD_AFTER,
        }
    }

    /// Notes that bytes of a frame came.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
        // A ping on its way is still answered, but proves nothing that this frame does not.
        if self
            .pinged
            .is_some_and(|pinged| now.duration_since(pinged) > PING_AFTER)
        {
            self.pinged = None;
        }
    }

    /// Notes a pong and returns how long it took, if it answers the last ping.
    pub(super) fn pong(&mut self, number: u32, now: Instant) -> Option<Duration> {
        if number != self.number {
            return None;
        }
        Some(now.duration_since(self.pinged.take()?))
    }

    /// What is due at `now`.
    pub(super) fn beat(&mut self, now: Instant) -> Option<Beat> {
        if now < self.deadline() {
            return None;
        }
        if self.pinged.is_some() {
            return Some(Beat::Dead);
        }
        self.number = self.number.wrapping_add(1).max(1);
        self.pinged = Some(now);
        Some(Beat::Ping(self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

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
    fn silence_is_asked_about_and_then_believed() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(start);
        heartbeat.beat(start);
        heartbeat.pong(1, start);
        heartbeat.heard(start);
        assert_eq!(heartbeat.deadline(), start + PING_AFTER);
        assert_eq!(heartbeat.beat(start + SECOND), None);
        assert_eq!(heartbeat.beat(start + PING_AFTER), Some(Beat::Ping(2)));
        assert_eq!(heartbeat.deadline(), start + DEAD_AFTER);
        assert_eq!(heartbeat.beat(start + DEAD_AFTER), Some(Beat::Dead));
    }

    #[test]
    fn anything_heard_keeps_the_link_alive_even_if_a_pong_is_lost() {
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
