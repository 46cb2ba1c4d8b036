//! Frame reader: cuts the byte stream into frames, which it does not decode.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use recado_shared::codec::{self, CodecError, PREFIX_LEN};
use tokio::io::AsyncRead;
use tokio::time::timeout;
use tokio_util::io::poll_read_buf;

use crate::net::buffer_pool;

/// Least free capacity of a buffer that is read into.
const READ_LEN: usize = 512;

/// Most bytes that are read from a peer after the last frame to it.
const MAX_DISCARDED: usize = 1 << 20;

/// Owns the bytes that are read and not consumed, so a dropped wait loses nothing.
#[derive(Debug)]
pub(super) struct FrameReader {
    buffer: Vec<u8>,
    /// Bytes at the start of the buffer that are consumed.
    consumed: usize,
    max_frame_len: usize,
}

impl FrameReader {
    pub(super) fn new(max_frame_len: usize) -> Self {
        Self {
            buffer: Vec::new(),
            consumed: 0,
            max_frame_len,
        }
    }

    pub(super) fn set_max_frame_len(&mut self, max_frame_len: usize) {
        self.max_frame_len = max_frame_len;
    }

    /// The payload of the next frame, if all of it is read. [`consume`](Self::consume) goes on to
    /// the frame after it.
    pub(super) fn peek(&self) -> Result<Option<&[u8]>, CodecError> {
        codec::first_frame(self.rest(), self.max_frame_len)
    }

    /// Drops a frame whose payload has this length.
    pub(super) fn consume(&mut self, len: usize) {
        self.consumed += PREFIX_LEN + len;
    }

    /// Reads once. Returns the number of bytes: 0 at the end of the connection.
    pub(super) fn poll_fill<R>(
        &mut self,
        io: &mut R,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<usize>>
    where
        R: AsyncRead + Unpin,
    {
        self.reserve();
        poll_read_buf(Pin::new(io), cx, &mut self.buffer)
    }

    /// Takes a pooled buffer, or grows to hold the whole of a frame that does not fit in one.
    fn reserve(&mut self) {
        let rest = self.rest();
        let missing = codec::missing(rest).max(READ_LEN);
        if rest.len() + missing > buffer_pool::BUFFER_LEN {
            self.buffer.drain(..self.consumed);
            self.buffer.reserve(missing);
        } else if self.buffer.capacity() >= buffer_pool::BUFFER_LEN {
            self.buffer.drain(..self.consumed);
        } else {
            let mut buffer = buffer_pool::take();
            buffer.extend_from_slice(rest);
            buffer_pool::put_back(std::mem::replace(&mut self.buffer, buffer));
        }
        self.consumed = 0;
    }

    /// Returns the buffer to the pool, except for the bytes of an incomplete frame.
    pub(super) fn release_buffer(&mut self) {
        buffer_pool::shrink(&mut self.buffer, self.consumed);
        self.consumed = 0;
    }

    /// Waits for a frame. `None` at the end of the connection, clean or within a frame.
    pub(super) async fn next<R>(&mut self, io: &mut R) -> Result<Option<Vec<u8>>, CodecError>
    where
        R: AsyncRead + Unpin,
    {
        poll_fn(|cx| {
            let frame = loop {
                if let Some(payload) = self.peek()? {
                    let payload = payload.to_vec();
                    self.consume(payload.len());
                    break Some(payload);
                }
                match self.poll_fill(io, cx) {
                    Poll::Ready(Ok(0)) => break None,
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(CodecError::Io(error))),
                    Poll::Pending => {
                        self.release_buffer();
                        return Poll::Pending;
                    }
                }
            };
            self.release_buffer();
            Poll::Ready(Ok(frame))
        })
        .await
    }

    /// Reads and drops bytes until the peer closes, or the time is over.
    pub(super) async fn discard<R: AsyncRead + Unpin>(&mut self, io: &mut R, limit: Duration) {
        let mut discarded = 0;
        let discard = poll_fn(|cx| {
            while discarded < MAX_DISCARDED {
                self.buffer.clear();
                self.consumed = 0;
                match ready!(self.poll_fill(io, cx)) {
                    Ok(0) | Err(_) => break,
                    Ok(len) => discarded += len,
                }
            }
            Poll::Ready(())
        });
        // The caller closes the connection in either case.
        let _ = timeout(limit, discard).await;
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.consumed..).unwrap_or_default()
    }
}
