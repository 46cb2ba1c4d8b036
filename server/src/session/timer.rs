//! The single timer of a session. It is reset only for an earlier deadline, or once it has fired, so
//! a deadline that moves later costs nothing.

use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep};

/// Waits for a deadline that may have moved since the timer was set. Returns the time once the
/// deadline is over; `None` never is.
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
            return Poll::Ready(now);
        }
        timer.as_mut().reset(deadline);
    }
    Poll::Pending
}
