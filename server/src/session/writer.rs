//! Frame writer: gathers frames and writes them in as few writes as possible.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use recado_shared::codec;
use recado_shared::limits::{DEAD_AFTER, MAX_FRAME_LEN};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};
use tracing::error;

use crate::net::buffer_pool;

/// Time after which a connection that takes no byte is closed, while bytes wait for it. It is shorter
/// than [`DEAD_AFTER`], the user timeout of TCP, after which the system would report a dead link: the
/// server can still tell a peer that does not read from one that is gone.
pub const WRITE_STALL: Duration = Duration::from_secs(15);

const _: () = assert!(WRITE_STALL.as_secs() < DEAD_AFTER.as_secs());

/// Gathered bytes that are written before more frames are gathered.
const FLUSH_AT: usize = 16 * 1024;

/// Gathers frames, and knows since when the connection takes no bytes.
#[derive(Debug)]
pub(super) struct FrameWriter {
    buffer: Vec<u8>,
    /// Bytes at the start of the buffer that are written.
    written: usize,
    /// Time of the first write that the connection did not take.
    stalled_since: Option<Instant>,
}

/// A frame is longer than [`MAX_FRAME_LEN`], which is a bug of the server and logged.
#[derive(Debug)]
pub(super) struct FrameTooLong;

impl FrameWriter {
    pub(super) fn new() -> Self {
        Self {
            buffer: Vec::new(),
            written: 0,
            stalled_since: None,
        }
    }

    /// Gathers a frame for the next flush.
    pub(super) fn queue(&mut self, payload: &[u8]) -> Result<(), FrameTooLong> {
        if self.buffer.capacity() == 0 {
            self.buffer = buffer_pool::take();
        }
        codec::put_frame(payload, MAX_FRAME_LEN, &mut self.buffer).map_err(|error| {
            error!(%error, len = payload.len(), "frame is too long to be sent");
            FrameTooLong
        })
    }

    /// Whether frames wait for a flush, or for its end.
    pub(super) fn has_pending(&self) -> bool {
        !self.buffer.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.buffer.len() >= FLUSH_AT
    }

    /// Time at which the connection is closed unless it takes a byte before.
    pub(super) fn stall_deadline(&self) -> Option<Instant> {
        self.stalled_since.map(|since| since + WRITE_STALL)
    }

    pub(super) fn poll_flush<W>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>>
    where
        W: AsyncWrite + Unpin,
    {
        let flushed = self.poll_write_all(io, cx);
        match flushed {
            Poll::Pending => {
                self.stalled_since.get_or_insert_with(Instant::now);
            }
            Poll::Ready(_) => {
                buffer_pool::put_back(std::mem::take(&mut self.buffer));
                (self.written, self.stalled_since) = (0, None);
            }
        }
        flushed
    }

    fn poll_write_all<W>(&mut self, io: &mut W, cx: &mut Context<'_>) -> Poll<std::io::Result<()>>
    where
        W: AsyncWrite + Unpin,
    {
        while let Some(rest @ [_, ..]) = self.buffer.get(self.written..) {
            match ready!(Pin::new(&mut *io).poll_write(cx, rest))? {
                0 => return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into())),
                len => {
                    self.written += len;
                    self.stalled_since = None;
                }
            }
        }
        Pin::new(io).poll_flush(cx)
    }

    /// Writes one frame within [`WRITE_STALL`]. Returns whether that succeeded.
    pub(super) async fn write_one<W>(&mut self, io: &mut W, payload: &[u8]) -> bool
    where
        W: AsyncWrite + Unpin,
    {
        if self.queue(payload).is_err() {
            return false;
        }
        let flush = poll_fn(|cx| self.poll_flush(io, cx));
        matches!(timeout(WRITE_STALL, flush).await, Ok(Ok(())))
    }

    /// Ends the writing half. Errors do not matter: the caller closes the connection next.
    pub(super) async fn shutdown<W: AsyncWrite + Unpin>(io: &mut W) {
        let _ = timeout(WRITE_STALL, io.shutdown()).await;
    }
}
