//! How fast a session may send. One that sends faster is read more slowly; nothing is lost. Knows
//! no clock: it is given the time.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::RateLimits;

/// A session that is slowed down is told so at most once per this interval.
pub const THROTTLE_NOTICE_INTERVAL: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Throttle {
    frames: Bucket,
    bytes: Bucket,
    noticed_at: Option<Instant>,
}

/// A bucket of tokens that fills at a steady rate (the generic cell rate algorithm).
#[derive(Debug)]
struct Bucket {
    per_second: NonZeroU32,
    burst: NonZeroU32,
    /// When it is full again.
    full_at: Instant,
}

impl Throttle {
    pub(super) fn new(rates: RateLimits, now: Instant) -> Self {
        let bucket = |per_second, burst| Bucket {
            per_second,
            burst,
            full_at: now,
        };
        Self {
            frames: bucket(rates.frames_per_second, rates.frame_burst),
            bytes: bucket(rates.bytes_per_second, rates.byte_burst),
            noticed_at: None,
        }
    }

    /// Lets a frame of this length pass.
    ///
    /// # Errors
    /// The time at which it may pass.
    pub(super) fn pass(&mut self, len: usize, now: Instant) -> Result<(), Instant> {
        let len = u32::try_from(len).unwrap_or(u32::MAX).max(1);
        let (frames, bytes) = (self.frames.without(1, now), self.bytes.without(len, now));
        let wait = frames.1.max(bytes.1);
        if !wait.is_zero() {
            return Err(now + wait);
        }
        (self.frames.full_at, self.bytes.full_at) = (frames.0, bytes.0);
        Ok(())
    }

    /// Whether a session that is slowed down is told so this time.
    pub(super) fn is_notice_due(&mut self, now: Instant) -> bool {
        let is_due = |at: Instant| now.duration_since(at) >= THROTTLE_NOTICE_INTERVAL;
        let is_due = self.noticed_at.is_none_or(is_due);
        if is_due {
            self.noticed_at = Some(now);
        }
        is_due
    }
}

impl Bucket {
    /// When it would be full again without these tokens, and how long until it has them.
    fn without(&self, tokens: u32, now: Instant) -> (Instant, Duration) {
        // More than it holds would never come together.
        let cost = self.time_for(tokens.min(self.burst.get()));
        let full_at = self.full_at.max(now) + cost;
        let full_in = full_at.duration_since(now);
        (
            full_at,
            full_in.saturating_sub(self.time_for(self.burst.get())),
        )
    }

    /// In how long so many tokens come.
    fn time_for(&self, tokens: u32) -> Duration {
        const NANOS_PER_SECOND: u64 = 1_000_000_000;
        let nanos = u64::from(tokens) * NANOS_PER_SECOND / u64::from(self.per_second.get());
        Duration::from_nanos(nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn throttle(frames: [u32; 2], bytes: [u32; 2], now: Instant) -> Throttle {
        let number = |n| NonZeroU32::new(n).unwrap();
        let rates = RateLimits {
            frames_per_second: number(frames[0]),
            frame_burst: number(frames[1]),
            bytes_per_second: number(bytes[0]),
            byte_burst: number(bytes[1]),
        };
        Throttle::new(rates, now)
    }

    #[test]
    fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let start = Instant::now();
        let mut throttle = throttle([2, 3], [1_000, 1_000], start);
        for _ in 0..3 {
            assert_eq!(throttle.pass(1, start), Ok(()));
        }
        let next = start + SECOND / 2;
        assert_eq!(throttle.pass(1, start), Err(next));
        assert_eq!(throttle.pass(1, next), Ok(()));
        assert_eq!(throttle.pass(1, next), Err(next + SECOND / 2));
        // After a rest there is a burst again, and no more than that.
        let later = start + 100 * SECOND;
        for _ in 0..3 {
            assert_eq!(throttle.pass(1, later), Ok(()));
        }
        assert_eq!(throttle.pass(1, later), Err(later + SECOND / 2));
    }

    #[test]
    fn a_frame_that_may_not_pass_takes_nothing() {
        let start = Instant::now();
        let mut throttle = throttle([1, 2], [100, 100], start);
        assert_eq!(throttle.pass(100, start), Ok(()));
        for _ in 0..9 {
            assert_eq!(throttle.pass(50, start), Err(start + SECOND / 2));
        }
        assert_eq!(throttle.pass(50, start + SECOND / 2), Ok(()));
    }

    #[test]
    fn a_frame_longer_than_any_burst_passes_in_the_end() {
        let start = Instant::now();
        let mut throttle = throttle([9, 9], [100, 100], start);
        assert_eq!(throttle.pass(usize::MAX, start), Ok(()));
        assert_eq!(throttle.pass(1_000, start), Err(start + SECOND));
        assert_eq!(throttle.pass(1_000, start + SECOND), Ok(()));
    }

    #[test]
    fn notices_keep_their_distance() {
        let start = Instant::now();
        let mut throttle = throttle([1, 1], [1, 1], start);
        assert!(throttle.is_notice_due(start));
        assert!(!throttle.is_notice_due(start + THROTTLE_NOTICE_INTERVAL / 2));
        assert!(throttle.is_notice_due(start + THROTTLE_NOTICE_INTERVAL));
    }
}
