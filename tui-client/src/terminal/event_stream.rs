//! Events of a terminal behind any stream of bytes: a reader and the parser of what it reads.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use futures_util::Stream;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Sleep, sleep_until};

use super::parser::InputParser;
use crate::driver::Input;

/// Bytes of one read. A pseudo-terminal of Linux gives at most 4,095.
const READ_LEN: usize = 4096;

/// The events and answers that a reader's bytes stand for. The stream ends when the reader ends or fails.
#[derive(Debug)]
pub struct EventStream<R> {
    reader: R,
    buffer: Box<[u8; READ_LEN]>,
    parser: InputParser,
    timer: Option<Pin<Box<Sleep>>>,
    has_ended: bool,
}

impl<R> EventStream<R> {
    /// The events of this reader.
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            buffer: Box::new([0; READ_LEN]),
            parser: InputParser::default(),
            timer: None,
            has_ended: false,
        }
    }
}

impl<R: AsyncRead + Unpin> EventStream<R> {
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let mut read = ReadBuf::new(&mut *self.buffer);
        let result: io::Result<()> =
            ready!(Pin::new(&mut self.reader).poll_read(context, &mut read));
        if let Err(error) = &result {
            tracing::info!(%error, "the terminal cannot be read any more");
        }
        self.has_ended = result.is_err() || read.filled().is_empty();
        self.timer = None;
        self.parser.feed(read.filled(), Instant::now());
        Poll::Ready(())
    }

    /// Waits until the unfinished input is given up.
    fn poll_expiry(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let Some(deadline) = self.parser.deadline() else {
            return Poll::Pending;
        };
        let sleep = || Box::pin(sleep_until(deadline.into()));
        ready!(self.timer.get_or_insert_with(sleep).as_mut().poll(context));
        self.timer = None;
        self.parser.expire(deadline);
        Poll::Ready(())
    }
}

impl<R: AsyncRead + Unpin> Stream for EventStream<R> {
    type Item = Input;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Input>> {
        let stream = self.get_mut();
        loop {
            if let Some(event) = stream.parser.pop() {
                return Poll::Ready(Some(Input::Terminal(event)));
            }
            if let Some(reply) = stream.parser.pop_reply() {
                return Poll::Ready(Some(Input::Reply(reply)));
            }
            if stream.has_ended {
                return Poll::Ready(None);
            }
            // Bytes that are here go before a deadline that has passed: the program may have been busy.
            if stream.poll_read(context).is_pending() {
                ready!(stream.poll_expiry(context));
            }
        }
    }
}
