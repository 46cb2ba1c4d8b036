//! One timer for everything that a session waits for. It is set again only for an earlier time, or
//! once it has rung: what is put off costs nothing.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

/// Waits for a deadline that may have been put off since the timer was set.
///
/// Ready once the deadline is over; `None` is never.
pub(super) fn poll_deadline(
    mut timer: Pin<&mut Sleep>,
    deadline: Option<Instant>,
    cx: &mut Context<'_>,
) -> Poll<Instant> {
    let Some(deadline) = deadline else {
        return Poll::Pending;
    };
    if deadline < timer.deadline() {
        timer.as_mut().reset(deadline);
    }
    while timer.as_mut().poll(cx).is_ready() {
        let now = Instant::now();
        if deadline <= now {
            // It has rung, and would ring again at once.
            return Poll::Ready(now);
        }
        timer.as_mut().reset(deadline);
    }
    Poll::Pending
}
