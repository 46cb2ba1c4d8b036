//! Waits between attempts to connect: each up to twice as long as the one before, half of it by chance, so
//! that clients that lost their server together do not return together. Pure: randomness is passed in.
//!
//! Source: AWS Architecture Blog, "Exponential Backoff and Jitter", 2015, "Equal Jitter":
//! `sleep = ceiling / 2 + random_between(0, ceiling / 2)`. With its "Decorrelated Jitter" waits grow by a tenth
//! only, on average: an outage of a minute took a hundred attempts.

use std::time::Duration;

const SHORTEST: Duration = Duration::from_millis(250);

const LONGEST: Duration = Duration::from_secs(30);

/// After a session that lasted this long, the next wait starts from the shortest again.
const SETTLED_AFTER: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Backoff {
    /// The longest that the last wait could be.
    ceiling: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { ceiling: SHORTEST }
    }
}

impl Backoff {
    /// The next wait: by `random` in 0..=1, half of the ceiling or up to all of it.
    pub(super) fn next(&mut self, random: f64) -> Duration {
        self.ceiling = (self.ceiling * 2).min(LONGEST);
        let half = self.ceiling / 2;
        half + half.mul_f64(random.clamp(0.0, 1.0))
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
        let waits: Vec<_> = (0..8).map(|_| backoff.next(1.0).as_millis()).collect();
        assert_eq!(
            waits,
            [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
        );
    }

    #[test]
    fn waits_are_spread_and_never_too_short() {
        let mut backoff = Backoff::default();
        backoff.next(1.0);
        let (mut low, mut high) = (backoff, backoff);
        assert_eq!(low.next(0.0), Duration::from_millis(500));
        assert_eq!(high.next(0.5), Duration::from_millis(750));
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..1_000 {
            let wait = backoff.next(random.f64());
            assert!((SHORTEST..=LONGEST).contains(&wait), "{wait:?}");
        }
    }

    #[test]
    fn only_a_session_that_lasted_starts_over() {
        let mut backoff = Backoff::default();
        (0..8).for_each(|_| {
            backoff.next(1.0);
        });
        backoff.session_ended(SETTLED_AFTER.mul_f64(0.99));
        assert_eq!(backoff.next(1.0), LONGEST);
        backoff.session_ended(SETTLED_AFTER);
        assert_eq!(backoff.next(1.0), SHORTEST * 2);
    }
}
