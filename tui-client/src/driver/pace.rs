//! Pace of frames: at once after a rest, then at most 60 in any second.

use std::time::{Duration, Instant};

/// Frames that may follow each other without a pause.
const BURST: u32 = 10;

/// Time in which one more may: with the burst, 60 in a second.
const INTERVAL: Duration = Duration::from_millis(20);

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
    pub(super) fn next(&self, now: Instant) -> Instant {
        self.rested_at
            .checked_sub(INTERVAL * (BURST - 1))
            .unwrap_or(now)
    }

    pub(super) fn note(&mut self, now: Instant) {
        self.rested_at = self.rested_at.max(now) + INTERVAL;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_at_once_and_never_more_than_sixty_a_second() {
        let start = Instant::now() + Duration::from_hours(1);
        let mut pace = Pace::new(start);
        let mut now = start;
        let mut drawn = Vec::new();
        while now < start + Duration::from_secs(5) {
            now = now.max(pace.next(now));
            pace.note(now);
            drawn.push(now);
        }
        assert_eq!(drawn[9], start, "a burst is drawn at once");
        assert!(drawn[10] > start);
        for (at, first) in drawn.iter().enumerate() {
            let second = drawn[at..]
                .iter()
                .take_while(|time| **time < *first + Duration::from_secs(1));
            assert!(second.count() <= 60);
        }
        let rested = now + Duration::from_secs(1);
        assert!(pace.next(rested) <= rested);
    }
}
