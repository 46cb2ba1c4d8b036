//! Waits between attempts to connect: decorrelated jitter, so that clients that lost their server
//! together do not return together. Pure: randomness is passed in.
//!
//! Source: AWS Architecture Blog, "Exponential Backoff and Jitter", 2015:
//! `sleep = min(cap, random_between(base, sleep * 3))`.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(250);

const LONGEST: Duration = Duration::from_secs(30);

/// After a session that lasted this long, the next wait starts from the shortest again.
const SETTLED_AFTER: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Backoff {
    last: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { last: SHORTEST }
    }
}

impl Backoff {
    /// The next wait: between the shortest and three times the last one, by `random` in 0..=1.
    pub(super) fn next(&mut self, random: f64) -> Duration {
        let widest = (self.last * 3).min(LONGEST);
        let spread = widest.saturating_sub(SHORTEST);
        self.last = SHORTEST + spread.mul_f64(random.clamp(0.0, 1.0));
        self.last
    }

    pub(super) fn session_ended(&mut self, lasted: Duration) {
        if lasted >= SETTLED_AFTER {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_never_beyond() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..6).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(waits, [750, 2_250, 6_750, 20_250, 30_000, 30_000]);
    }

    #[test]
    fn waits_are_spread_and_never_too_short() {
        let mut backoff = Backoff::default();
        backoff.next(1.0);
        let (mut low, mut high) = (backoff, backoff);
        assert_eq!(low.next(0.0), SHORTEST);
        assert_eq!(high.next(0.5), Duration::from_millis(1_250));
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..1_000 {
            let wait = backoff.next(random.f64());
            assert!((SHORTEST..=LONGEST).contains(&wait), "{wait:?}");
        }
    }

    #[test]
    fn only_a_session_that_lasted_starts_over() {
        let mut backoff = Backoff::default();
        (0..5).for_each(|_| {
            backoff.next(1.0);
        });
        backoff.session_ended(SETTLED_AFTER.mul_f64(0.99));
        assert_eq!(backoff.next(1.0), LONGEST);
        backoff.session_ended(SETTLED_AFTER);
        assert_eq!(backoff.next(1.0), SHORTEST * 3);
    }
}
