//! Pace of frames: at once after a rest, then at most 60 in any second. Some are kept for the user.

use std::time::{Duration, Instant};

/// Frames that may follow each other without a pause.
const BURST: u32 = 10;

/// Those of them that only the user's own actions take: a key is drawn at once during a flood.
const RESERVED: u32 = 4;

/// Time in which one more may: with the burst, 60 in a second.
const INTERVAL: Duration = Duration::from_millis(20);

/// The reason for a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Urgency {
    Background,
    /// An action of the user, or what was read for one.
    User,
}

/// The rate limit of frames. Pure: it is told the time.
#[derive(Debug)]
pub(super) struct Pace {
    /// When the whole burst is available again.
    rested_at: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { rested_at: now }
    }

    /// When the next frame may be drawn; not in the future if it may at once.
    pub(super) fn next(&self, now: Instant, urgency: Urgency) -> Instant {
        let left = match urgency {
            Urgency::Background => RESERVED,
            Urgency::User => 0,
        };
        self.rested_at
            .checked_sub(INTERVAL * (BURST - 1 - left))
            .unwrap_or(now)
    }

    pub(super) fn note(&mut self, now: Instant) {
        self.rested_at = self.rested_at.max(now) + INTERVAL;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frames of five seconds in which there is always something to draw.
    fn frames(start: Instant, urgency: Urgency) -> (Vec<Instant>, Pace) {
        let mut pace = Pace::new(start);
        let mut now = start;
        let mut drawn = Vec::new();
        while now < start + Duration::from_secs(5) {
            now = now.max(pace.next(now, urgency));
            pace.note(now);
            drawn.push(now);
        }
        (drawn, pace)
    }

    #[test]
    fn frames_come_at_once_and_never_more_than_sixty_a_second() {
        let start = Instant::now() + Duration::from_hours(1);
        for (urgency, burst) in [(Urgency::User, 10), (Urgency::Background, 6)] {
            let (drawn, pace) = frames(start, urgency);
            assert_eq!(drawn[burst - 1], start, "a burst is drawn at once");
            assert!(drawn[burst] > start);
            for (at, first) in drawn.iter().enumerate() {
                let second = drawn[at..]
                    .iter()
                    .take_while(|time| **time < *first + Duration::from_secs(1));
                assert!(second.count() <= 60);
            }
            let rested = drawn[drawn.len() - 1] + Duration::from_secs(1);
            assert!(pace.next(rested, urgency) <= rested);
        }
    }

    #[test]
    fn a_key_is_drawn_at_once_during_a_flood() {
        let start = Instant::now() + Duration::from_hours(1);
        let (drawn, mut pace) = frames(start, Urgency::Background);
        let now = drawn[drawn.len() - 1];
        for _ in 0..RESERVED {
            assert!(pace.next(now, Urgency::User) <= now);
            assert!(pace.next(now, Urgency::Background) > now);
            pace.note(now);
        }
        assert!(pace.next(now, Urgency::User) > now);
    }
}
