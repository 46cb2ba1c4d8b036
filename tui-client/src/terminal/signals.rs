//! Signals that ask the program to stop. While a value lives, they do not end the program by themselves.

use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Index of the first signal that a key of the terminal sends.
const FIRST_OF_KEYS: usize = 2;

/// SIGTERM, SIGHUP, SIGINT and SIGQUIT. One that arrives before it is waited for is kept.
#[derive(Debug)]
pub struct StopSignals([Signal; 4]);

impl StopSignals {
    /// Begins to listen.
    ///
    /// # Errors
    /// If a signal cannot be listened to.
    pub fn new() -> io::Result<Self> {
        Ok(Self([
            signal(SignalKind::terminate())?,
            signal(SignalKind::hangup())?,
            signal(SignalKind::interrupt())?,
            signal(SignalKind::quit())?,
        ]))
    }

    /// Waits for one of them. Cancelling it loses none.
    pub async fn received(&mut self) {
        poll_fn(|context| self.poll_received(context, true)).await;
    }

    /// Ready if one was received. Those that keys send (SIGINT, SIGQUIT) are ignored unless `obeys_keys`.
    pub(super) fn poll_received(
        &mut self,
        context: &mut Context<'_>,
        obeys_keys: bool,
    ) -> Poll<()> {
        let mut is_received = false;
        for (index, signal) in self.0.iter_mut().enumerate() {
            let counts = obeys_keys || index < FIRST_OF_KEYS;
            while matches!(signal.poll_recv(context), Poll::Ready(Some(()))) {
                is_received |= counts;
            }
        }
        if is_received {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }
}
