//! Cuts the stream of bytes into frames. Knows nothing of what they mean.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use recado_shared::codec::{self, CodecError, PREFIX_LEN};
use tokio::io::AsyncRead;
use tokio::time::timeout;
use tokio_util::io::poll_read_buf;

use crate::net::spare;

/// Least room for bytes to be read into.
const READ_LEN: usize = 512;

/// Most bytes that a connection may still send once it is told to close.
const MAX_DISCARDED: usize = 1 << 20;

/// What was read and not passed on lives here, so giving up a wait loses nothing.
#[derive(Debug)]
pub(super) struct FrameReader {
    buffer: Vec<u8>,
    /// Bytes of the buffer that were passed on.
    taken: usize,
    max_frame_len: usize,
}

impl FrameReader {
    pub(super) fn new(max_frame_len: usize) -> Self {
        Self {
            buffer: Vec::new(),
            taken: 0,
            max_frame_len,
        }
    }

    /// Changes the longest frame that is accepted.
    pub(super) fn allow(&mut self, max_frame_len: usize) {
        self.max_frame_len = max_frame_len;
    }

    /// The payload of the next frame, if it was read; [`pass`](Self::pass) goes on to the one
    /// after it.
    pub(super) fn frame(&self) -> Result<Option<&[u8]>, CodecError> {
        codec::first_frame(self.rest(), self.max_frame_len)
    }

    /// Passes over a frame whose payload has this length.
    pub(super) fn pass(&mut self, len: usize) {
        self.taken += PREFIX_LEN + len;
    }

    /// Reads once. Says how many bytes came: none at the end of the connection.
    pub(super) fn poll_fill<R>(
        &mut self,
        io: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<usize>>
    where
        R: AsyncRead + Unpin,
    {
        self.make_room();
        poll_read_buf(Pin::new(io), cx, &mut self.buffer)
    }

    /// Has a lent buffer, or room for the whole of a frame that does not fit in one.
    fn make_room(&mut self) {
        let rest = self.rest();
        let room = codec::missing(rest).max(READ_LEN);
        if rest.len() + room > spare::LEN {
            self.buffer.drain(..self.taken);
            self.buffer.reserve(room);
        } else if self.buffer.capacity() >= spare::LEN {
            self.buffer.drain(..self.taken);
        } else {
            let mut buffer = spare::lend();
            buffer.extend_from_slice(rest);
            spare::give_back(std::mem::replace(&mut self.buffer, buffer));
        }
        self.taken = 0;
    }

    /// Gives back the memory that nothing needs until more is read.
    pub(super) fn rest_now(&mut self) {
        spare::settle(&mut self.buffer, self.taken);
        self.taken = 0;
    }

    /// Waits for a frame; `None` is the end of the connection, clean or in the middle of one.
    pub(super) async fn next<R>(&mut self, io: &mut R) -> Result<Option<Vec<u8>>, CodecError>
    where
        R: AsyncRead + Unpin,
    {
        poll_fn(|cx| {
            let frame = loop {
                if let Some(payload) = self.frame()? {
                    let payload = payload.to_vec();
                    self.pass(payload.len());
                    break Some(payload);
                }
                match self.poll_fill(io, cx) {
                    Poll::Ready(Ok(0)) => break None,
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(CodecError::Io(error))),
                    Poll::Pending => {
                        self.rest_now();
                        return Poll::Pending;
                    }
                }
            };
            self.rest_now();
            Poll::Ready(Ok(frame))
        })
        .await
    }

    /// Reads on without looking, until the other side closes or the time is over.
    pub(super) async fn discard<R: AsyncRead + Unpin>(&mut self, io: &mut R, limit: Duration) {
        let mut discarded = 0;
        let discard = poll_fn(|cx| {
            while discarded < MAX_DISCARDED {
                self.buffer.clear();
                self.taken = 0;
                match ready!(self.poll_fill(io, cx)) {
                    Ok(0) | Err(_) => break,
                    Ok(len) => discarded += len,
                }
            }
            Poll::Ready(())
        });
        // Either way the connection is closed next.
        let _ = timeout(limit, discard).await;
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }
}
