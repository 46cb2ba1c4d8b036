//! Frames to bytes: gathers what is to be said, and writes it in as few pieces as it can.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use recado_shared::codec;
use recado_shared::limits::MAX_FRAME_LEN;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};
use tracing::error;

use super::WRITE_STALL;
use crate::net::spare;

/// Once so many bytes are gathered they are written before more is.
const ENOUGH: usize = 16 * 1024;

/// Writes frames, and knows since when the connection takes none.
#[derive(Debug)]
pub(super) struct FrameWriter {
    buffer: Vec<u8>,
    /// Bytes of the buffer that are written.
    written: usize,
    /// When the connection last took a byte while it was asked to; while it takes none.
    stalled_since: Option<Instant>,
}

/// A frame is too long to be sent, which is a fault of this program.
#[derive(Debug)]
pub(super) struct NotSendable;

impl FrameWriter {
    pub(super) fn new() -> Self {
        Self {
            buffer: Vec::new(),
            written: 0,
            stalled_since: None,
        }
    }

    /// Keeps a frame for the next flush.
    pub(super) fn put(&mut self, payload: &[u8]) -> Result<(), NotSendable> {
        if self.buffer.capacity() == 0 {
            self.buffer = spare::lend();
        }
        codec::put_frame(payload, MAX_FRAME_LEN, &mut self.buffer).map_err(|error| {
            error!(%error, len = payload.len(), "frame cannot be sent");
            NotSendable
        })
    }

    /// Whether something is kept for a flush, or not flushed to the end.
    pub(super) fn is_due(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Whether enough is kept to be written first.
    pub(super) fn has_enough(&self) -> bool {
        self.buffer.len() >= ENOUGH
    }

    /// When the connection is given up unless it takes a byte before.
    pub(super) fn gives_up_at(&self) -> Option<Instant> {
        self.stalled_since.map(|since| since + WRITE_STALL)
    }

    /// Writes everything that is kept.
    pub(super) fn poll_flush<W>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<std::io::Result<()>>
    where
        W: AsyncWrite + Unpin,
    {
        let flushed = self.poll_write_out(io, cx);
        match flushed {
            Poll::Pending => {
                self.stalled_since.get_or_insert_with(Instant::now);
            }
            Poll::Ready(_) => {
                spare::give_back(std::mem::take(&mut self.buffer));
                (self.written, self.stalled_since) = (0, None);
            }
        }
        flushed
    }

    fn poll_write_out<W>(&mut self, io: &mut W, cx: &mut Context<'_>) -> Poll<std::io::Result<()>>
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

    /// Writes a last frame. Says whether that worked.
    pub(super) async fn say<W>(&mut self, io: &mut W, payload: &[u8]) -> bool
    where
        W: AsyncWrite + Unpin,
    {
        if self.put(payload).is_err() {
            return false;
        }
        let flush = poll_fn(|cx| self.poll_flush(io, cx));
        matches!(timeout(WRITE_STALL, flush).await, Ok(Ok(())))
    }

    /// Says that nothing more follows. The connection is closed next whether this works or not.
    pub(super) async fn shutdown<W: AsyncWrite + Unpin>(io: &mut W) {
        let _ = timeout(WRITE_STALL, io.shutdown()).await;
    }
}
