//! Input of the terminal and signals as one stream.

use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};

use crossterm::event::Event;
use futures_util::Stream;
use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::IS_ENTERED;
use super::event_stream::EventStream;
use super::signals::StopSignals;
use super::tty::Tty;
use crate::driver::Input;

/// Terminal events and signals. Signals go first, so that a flood of input cannot delay a stop.
#[derive(Debug)]
pub struct Inputs {
    events: EventStream<Tty>,
    stop: StopSignals,
    suspend: Signal,
    resumed: Signal,
    resized: Signal,
}

impl Inputs {
    /// Begins to listen; from here on its signals do not end the program by themselves.
    ///
    /// # Errors
    /// If a signal cannot be listened to.
    pub fn new(stop: StopSignals) -> io::Result<Self> {
        let kind = |number: Number| SignalKind::from_raw(number.as_raw());
        Ok(Self {
            events: EventStream::new(Tty::new()?),
            stop,
            suspend: signal(kind(Number::TSTP))?,
            resumed: signal(kind(Number::CONT))?,
            resized: signal(SignalKind::window_change())?,
        })
    }
}

impl Stream for Inputs {
    type Item = io::Result<Input>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let inputs = self.get_mut();
        let is_told = |signal: &mut Signal, context: &mut Context<'_>| {
            matches!(signal.poll_recv(context), Poll::Ready(Some(())))
        };
        // While another program has the terminal, keys and the signals of keys are for it.
        let is_ours = IS_ENTERED.load(Ordering::SeqCst);
        if inputs.stop.poll_received(context, is_ours).is_ready() {
            return Poll::Ready(Some(Ok(Input::Terminate)));
        }
        if is_told(&mut inputs.suspend, context) {
            return Poll::Ready(Some(Ok(Input::Suspend)));
        }
        if is_told(&mut inputs.resumed, context) {
            return Poll::Ready(Some(super::size().map(Input::Resumed)));
        }
        if is_told(&mut inputs.resized, context) {
            let size = super::size().map(|size| Event::Resize(size.width, size.height));
            return Poll::Ready(Some(size.map(Input::Terminal)));
        }
        if !is_ours {
            return Poll::Pending;
        }
        let event = Pin::new(&mut inputs.events).poll_next(context);
        event.map(|event| event.map(Ok))
    }
}
