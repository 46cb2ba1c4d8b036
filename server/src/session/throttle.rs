//! Rate limit of one session: over its limit a session is read more slowly, and loses nothing. It
//! reads no clock.
//!
//! The generic cell rate algorithm (GCRA; ITU-T I.371 annex A, ATM Forum Traffic Management 4.0,
//! "virtual scheduling"): with the theoretical arrival time `TAT`, a frame of `n` tokens at `now` conforms
//! if `max(TAT, now) + n / rate - now <= burst / rate`, and then that sum is the new `TAT`.

use std::num::NonZeroU32;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Limits;

/// Least time between two notices to a session that it is throttled.
pub const THROTTLE_NOTICE_INTERVAL: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(super) struct Throttle {
    frames: Bucket,
    bytes: Bucket,
    noticed_at: Option<Instant>,
}

/// A token bucket: `burst` tokens at most, refilled at `per_second`.
#[derive(Debug)]
struct Bucket {
    per_second: NonZeroU32,
    burst: NonZeroU32,
    /// Time at which the bucket is full again, the theoretical arrival time of GCRA.
    full_at: Instant,
}

impl Throttle {
    pub(super) fn new(limits: &Limits, now: Instant) -> Self {
        let bucket = |per_second, burst| Bucket {
            per_second,
            burst,
            full_at: now,
        };
        Self {
            frames: bucket(limits.frames_per_second, limits.frame_burst),
            bytes: bucket(limits.bytes_per_second, limits.byte_burst),
            noticed_at: None,
        }
    }

    /// Takes the tokens of a frame with `len` bytes, or takes none and returns the time at which there are enough.
    pub(super) fn admit(&mut self, len: usize, now: Instant) -> Result<(), Instant> {
        let len = u32::try_from(len).unwrap_or(u32::MAX).max(1);
        let (frames, bytes) = (self.frames.after(1, now), self.bytes.after(len, now));
        let wait = self.frames.excess(frames, now);
        let wait = wait.max(self.bytes.excess(bytes, now));
        if !wait.is_zero() {
            return Err(now + wait);
        }
        (self.frames.full_at, self.bytes.full_at) = (frames, bytes);
        Ok(())
    }

    /// Whether a notice may be sent at `now`. If so, the interval starts anew.
    pub(super) fn take_notice(&mut self, now: Instant) -> bool {
        let is_due = |at: Instant| now.duration_since(at) >= THROTTLE_NOTICE_INTERVAL;
        let is_due = self.noticed_at.is_none_or(is_due);
        if is_due {
            self.noticed_at = Some(now);
        }
        is_due
    }
}

impl Bucket {
    /// `full_at` as it would be after `tokens` are taken. No frame costs more than a burst, as it
    /// would never have enough tokens.
    fn after(&self, tokens: u32, now: Instant) -> Instant {
        self.full_at.max(now) + self.refill_time(tokens.min(self.burst.get()))
    }

    /// Time to wait until a bucket that is then full at `full_at` has enough tokens.
    fn excess(&self, full_at: Instant, now: Instant) -> Duration {
        let refill = full_at.duration_since(now);
        refill.saturating_sub(self.refill_time(self.burst.get()))
    }

    fn refill_time(&self, tokens: u32) -> Duration {
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
        let limits = Limits {
            frames_per_second: number(frames[0]),
            frame_burst: number(frames[1]),
            bytes_per_second: number(bytes[0]),
            byte_burst: number(bytes[1]),
            ..Limits::default()
        };
        Throttle::new(&limits, now)
    }

    #[test]
    fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let start = Instant::now();
        let mut throttle = throttle([2, 3], [1_000, 1_000], start);
        for _ in 0..3 {
            assert_eq!(throttle.admit(1, start), Ok(()));
        }
        let next = start + SECOND / 2;
        assert_eq!(throttle.admit(1, start), Err(next));
        assert_eq!(throttle.admit(1, next), Ok(()));
        assert_eq!(throttle.admit(1, next), Err(next + SECOND / 2));
        // After a rest there is a burst again, and no more than that.
        let later = start + 100 * SECOND;
        for _ in 0..3 {
            assert_eq!(throttle.admit(1, later), Ok(()));
        }
        assert_eq!(throttle.admit(1, later), Err(later + SECOND / 2));
    }

    #[test]
    fn a_frame_that_may_not_pass_takes_nothing() {
        let start = Instant::now();
        let mut throttle = throttle([1, 2], [100, 100], start);
        assert_eq!(throttle.admit(100, start), Ok(()));
        for _ in 0..9 {
            assert_eq!(throttle.admit(50, start), Err(start + SECOND / 2));
        }
        assert_eq!(throttle.admit(50, start + SECOND / 2), Ok(()));
    }

    #[test]
    fn a_frame_longer_than_any_burst_passes_in_the_end() {
        let start = Instant::now();
        let mut throttle = throttle([9, 9], [100, 100], start);
        assert_eq!(throttle.admit(usize::MAX, start), Ok(()));
        assert_eq!(throttle.admit(1_000, start), Err(start + SECOND));
        assert_eq!(throttle.admit(1_000, start + SECOND), Ok(()));
    }

    #[test]
    fn notices_keep_their_distance() {
        let start = Instant::now();
        let mut throttle = throttle([1, 1], [1, 1], start);
        assert!(throttle.take_notice(start));
        assert!(!throttle.take_notice(start + THROTTLE_NOTICE_INTERVAL / 2));
        assert!(throttle.take_notice(start + THROTTLE_NOTICE_INTERVAL));
    }
}
