//! Rate limit of a user, shared by all sessions of the user: over its limit each session is read more
//! slowly, in turns, and loses nothing. It reads no clock.
//!
//! The generic cell rate algorithm (GCRA; ITU-T I.371 annex A, ATM Forum Traffic Management 4.0,
//! "virtual scheduling"): with the theoretical arrival time `TAT`, a frame of `n` tokens at `now` conforms
//! if `max(TAT, now) + n / rate - now <= burst / rate`, and then that sum is the new `TAT`. A frame that does
//! not conform takes its tokens too and passes once it would have conformed, so that the sessions of a
//! user wait for different moments.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recado_shared::UserId;
use tokio::time::Instant;

use crate::config::Limits;

/// Least time between two notices to a session that it is throttled.
pub const THROTTLE_NOTICE_INTERVAL: Duration = Duration::from_secs(10);

const NANOS_PER_SECOND: u64 = 1_000_000_000;

/// Rates that are kept before those of users who have left are looked for. Our judgement.
const MIN_KEPT: usize = 64;

/// The rate limits of all users who are online, and of those who left while they were below a full burst.
#[derive(Debug, Default)]
pub struct UserRates(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    users: BTreeMap<UserId, Arc<Mutex<UserRate>>>,
    /// Users left over the last time that the others were forgotten.
    rest: usize,
}

/// Buckets of one user.
#[derive(Debug)]
struct UserRate {
    frames: Bucket,
    bytes: Bucket,
}

/// The rate limit of one session: that of its user, and the time of its last notice.
#[derive(Debug)]
pub(super) struct Throttle {
    user: Arc<Mutex<UserRate>>,
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

impl UserRates {
    /// The throttle of a new session.
    pub(super) fn throttle(&self, user: UserId, limits: &Limits, now: Instant) -> Throttle {
        let mut kept = lock(&self.0);
        if kept.users.len() > MIN_KEPT.max(2 * kept.rest) {
            // A user who left keeps a used bucket: a new session brings no new burst.
            kept.users
                .retain(|_, rate| Arc::strong_count(rate) > 1 || !lock(rate).is_full(now));
            kept.rest = kept.users.len();
        }
        let rate = kept.users.entry(user);
        let rate = rate.or_insert_with(|| Arc::new(Mutex::new(UserRate::new(limits, now))));
        Throttle {
            user: Arc::clone(rate),
            noticed_at: None,
        }
    }

    /// Lets other rates hold for all users from `now` on. What a user has used stays used, at most one burst.
    pub(crate) fn reload(&self, limits: &Limits, now: Instant) {
        for rate in lock(&self.0).users.values() {
            let mut rate = lock(rate);
            let new = UserRate::new(limits, now);
            rate.frames.change(&new.frames);
            rate.bytes.change(&new.bytes);
        }
    }
}

impl UserRate {
    fn new(limits: &Limits, now: Instant) -> Self {
        let bucket = |per_second, burst| Bucket {
            per_second,
            burst,
            full_at: now,
        };
        Self {
            frames: bucket(limits.frames_per_second, limits.frame_burst),
            bytes: bucket(limits.bytes_per_second, limits.byte_burst),
        }
    }

    fn is_full(&self, now: Instant) -> bool {
        self.frames.full_at.max(self.bytes.full_at) <= now
    }
}

impl Throttle {
    /// Takes the tokens of a frame with `len` bytes, whose cost counts as 1. Returns the time at which the
    /// frame may pass: `now`, or later if the user is over a rate.
    pub(super) fn admit(&self, len: usize, now: Instant) -> Instant {
        let len = u32::try_from(len).unwrap_or(u32::MAX).max(1);
        let mut user = lock(&self.user);
        now + user.frames.take(1, now).max(user.bytes.take(len, now))
    }

    /// Takes the tokens of what a frame costs beyond 1, which is known once it is decoded: the next frame
    /// of the user waits for them.
    pub(super) fn charge(&self, cost: u32, now: Instant) {
        if cost > 1 {
            lock(&self.user).frames.take(cost - 1, now);
        }
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

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bucket {
    /// Takes tokens, and returns the time until there would have been enough. No frame costs more than a
    /// burst, as it would never have enough tokens.
    fn take(&mut self, tokens: u32, now: Instant) -> Duration {
        self.full_at = self.full_at.max(now) + self.refill_time(tokens.min(self.burst.get()));
        let refill = self.full_at.duration_since(now);
        refill.saturating_sub(self.refill_time(self.burst.get()))
    }

    /// Takes over another rate. The tokens that are missing stay so, at most a full bucket.
    fn change(&mut self, new: &Self) {
        let now = new.full_at;
        let missing = self.full_at.saturating_duration_since(now).as_nanos()
            * u128::from(self.per_second.get())
            / u128::from(NANOS_PER_SECOND);
        let missing = u32::try_from(missing).unwrap_or(u32::MAX);
        let full_at = now + new.refill_time(missing.min(new.burst.get()));
        (self.per_second, self.burst) = (new.per_second, new.burst);
        self.full_at = full_at;
    }

    fn refill_time(&self, tokens: u32) -> Duration {
        let nanos = u64::from(tokens) * NANOS_PER_SECOND / u64::from(self.per_second.get());
        Duration::from_nanos(nanos)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const ALICE: UserId = UserId(1);

    fn limits(frames: [u32; 2], bytes: [u32; 2]) -> Limits {
        let number = |n| NonZeroU32::new(n).unwrap();
        Limits {
            frames_per_second: number(frames[0]),
            frame_burst: number(frames[1]),
            bytes_per_second: number(bytes[0]),
            byte_burst: number(bytes[1]),
            ..Limits::default()
        }
    }

    fn throttle(frames: [u32; 2], bytes: [u32; 2], now: Instant) -> Throttle {
        UserRates::default().throttle(ALICE, &limits(frames, bytes), now)
    }

    #[test]
    fn a_burst_passes_at_once_and_the_rest_at_the_rate() {
        let start = Instant::now();
        let throttle = throttle([2, 3], [1_000, 1_000], start);
        for _ in 0..3 {
            assert_eq!(throttle.admit(1, start), start);
        }
        let next = start + SECOND / 2;
        assert_eq!(throttle.admit(1, start), next);
        assert_eq!(throttle.admit(1, next), next + SECOND / 2);
        // After a rest there is a burst again, and no more than that.
        let later = start + 100 * SECOND;
        for _ in 0..3 {
            assert_eq!(throttle.admit(1, later), later);
        }
        assert_eq!(throttle.admit(1, later), later + SECOND / 2);
    }

    #[test]
    fn a_frame_longer_than_any_burst_passes_in_the_end() {
        let start = Instant::now();
        let throttle = throttle([9, 9], [100, 100], start);
        assert_eq!(throttle.admit(usize::MAX, start), start);
        assert_eq!(throttle.admit(1_000, start), start + SECOND);
    }

    #[test]
    fn what_a_frame_costs_more_is_waited_for_by_the_next() {
        let start = Instant::now();
        let throttle = throttle([2, 4], [1_000, 1_000], start);
        assert_eq!(throttle.admit(1, start), start);
        throttle.charge(4, start);
        assert_eq!(throttle.admit(1, start), start + SECOND / 2);
    }

    #[test]
    fn the_sessions_of_a_user_share_a_rate_and_wait_for_different_moments() {
        let start = Instant::now();
        let rates = UserRates::default();
        let limits = limits([2, 2], [1_000, 1_000]);
        let of = |user| rates.throttle(user, &limits, start);
        let [one, other, late, bobs] = [ALICE, ALICE, ALICE, UserId(2)].map(of);
        assert_eq!([one.admit(1, start), other.admit(1, start)], [start; 2]);
        let half = SECOND / 2;
        let waits = [one.admit(1, start), late.admit(1, start)];
        assert_eq!(waits, [start + half, start + 2 * half]);
        assert_eq!(bobs.admit(1, start), start);
    }

    #[test]
    fn changed_rates_hold_for_users_who_are_online() {
        let start = Instant::now();
        let rates = UserRates::default();
        let bytes = [1_000, 1_000];
        let throttle = rates.throttle(ALICE, &limits([1, 4], bytes), start);
        for _ in 0..2 {
            assert_eq!(throttle.admit(1, start), start);
        }
        // Two of four tokens are used, and of three one is left.
        rates.reload(&limits([10, 3], bytes), start);
        assert_eq!(throttle.admit(1, start), start);
        assert_eq!(throttle.admit(1, start), start + SECOND / 10);
        // A smaller burst forgives what is more.
        rates.reload(&limits([1, 1], bytes), start);
        assert_eq!(throttle.admit(1, start), start + SECOND);
    }

    #[test]
    fn a_user_who_comes_back_brings_no_new_burst_and_is_forgotten_once_it_is_full() {
        let start = Instant::now();
        let rates = UserRates::default();
        let limits = limits([1, 1], [1_000, 1_000]);
        let first = rates.throttle(ALICE, &limits, start);
        assert_eq!(first.admit(1, start), start);
        drop(first);
        let others = |now| {
            for user in 0..=MIN_KEPT as u64 {
                rates.throttle(UserId(100 + user), &limits, now);
            }
        };
        others(start);
        let again = rates.throttle(ALICE, &limits, start);
        assert_eq!(again.admit(1, start), start + SECOND);
        drop(again);
        others(start + 3 * SECOND);
        assert!(!lock(&rates.0).users.contains_key(&ALICE));
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
