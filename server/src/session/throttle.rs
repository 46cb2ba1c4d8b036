//! How fast a session may send. One that sends faster is read more slowly; nothing is lost.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::sleep;

use crate::config::RateLimits;

/// A session that is slowed down is told so at most once per this interval.
pub const THROTTLE_NOTICE_INTERVAL: Duration = Duration::from_secs(10);

/// The runtime's clock, so that tests may move it.
#[derive(Clone, Debug)]
struct RuntimeClock;

impl Clock for RuntimeClock {
    type Instant = Instant;

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, RuntimeClock, NoOpMiddleware<Instant>>;

pub(super) struct Throttle {
    frames: Limiter,
    bytes: Limiter,
    byte_burst: NonZeroU32,
    noticed_at: Option<Instant>,
}

impl Throttle {
    pub(super) fn new(rates: RateLimits) -> Self {
        let limiter = |per_second, burst| {
            let quota = Quota::per_second(per_second).allow_burst(burst);
            RateLimiter::direct_with_clock(quota, RuntimeClock)
        };
        Self {
            frames: limiter(rates.frames_per_second, rates.frame_burst),
            bytes: limiter(rates.bytes_per_second, rates.byte_burst),
            byte_burst: rates.byte_burst,
            noticed_at: None,
        }
    }

    /// How long to wait before a frame of this length may pass; zero once it has passed.
    fn try_pass(&self, len: NonZeroU32) -> Duration {
        let now = RuntimeClock.now();
        match self.bytes.check_n(len.min(self.byte_burst)) {
            Ok(Err(not_yet)) => not_yet.wait_time_from(now),
            Ok(Ok(())) | Err(_) => Duration::ZERO,
        }
    }

    /// Waits until a frame of this length may pass; `notice` is called first if the session is to
    /// be told.
    pub(super) async fn pass(&mut self, len: usize, mut notice: impl FnMut()) {
        let len = u32::try_from(len).ok().and_then(NonZeroU32::new);
        let len = len.unwrap_or(NonZeroU32::MIN);
        while let Err(not_yet) = self.frames.check() {
            let wait = not_yet.wait_time_from(RuntimeClock.now());
            self.hold(wait, &mut notice).await;
        }
        loop {
            let wait = self.try_pass(len);
            if wait.is_zero() {
                return;
            }
            self.hold(wait, &mut notice).await;
        }
    }

    async fn hold(&mut self, wait: Duration, notice: &mut impl FnMut()) {
        let now = RuntimeClock.now();
        let is_due = |at: Instant| now.duration_since(at) >= THROTTLE_NOTICE_INTERVAL;
        if self.noticed_at.is_none_or(is_due) {
            self.noticed_at = Some(now);
            notice();
        }
        sleep(wait).await;
    }
}
