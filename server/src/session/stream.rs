//! The byte stream of a session: its frame reader cuts bytes into frames, its frame writer gathers frames
//! and writes them in as few writes as possible. It decodes nothing.

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use recado_shared::codec::{self, CodecError, PREFIX_LEN};
use recado_shared::limits::{DEAD_AFTER, MAX_FRAME_LEN, MAX_FRAME_LEN_BEFORE_WELCOME};
use recado_shared::{CloseReason, ServerFrame};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::time::{Instant, timeout};
use tokio_util::io::poll_read_buf;
use tracing::error;

use super::outbox::OutgoingFrame;
use crate::net::{buffer_pool, poll_write_all};

/// Time for the peer to read the last frame before the connection is closed.
const LINGER: Duration = Duration::from_secs(1);

/// Least free capacity of a buffer that is read into.
const READ_LEN: usize = 512;

/// Most bytes that are read from a peer after the last frame to it.
const MAX_DISCARDED: usize = 1 << 20;

/// Time after which a connection that takes no byte is closed, while bytes wait for it. It is shorter
/// than [`DEAD_AFTER`], the user timeout of TCP, after which the system would report a dead link: the
/// server can still tell a peer that does not read from one that is gone.
pub const WRITE_STALL: Duration = Duration::from_secs(15);

const _: () = assert!(WRITE_STALL.as_secs() < DEAD_AFTER.as_secs());

/// Gathered bytes that are written before more frames are gathered.
const FLUSH_AT: usize = 16 * 1024;

pub(super) struct FrameStream<S> {
    pub(super) io: S,
    pub(super) reader: FrameReader,
    pub(super) writer: FrameWriter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionEnd {
    /// The peer said that it leaves.
    Left,
    /// The peer or the driver left without a last frame.
    Disconnected,
    /// The last frame is written; of a session, with its reason.
    Closed(Option<CloseReason>),
    /// The connection takes no bytes.
    Stalled,
}

impl SessionEnd {
    /// The end after a last frame.
    pub(super) fn after(frame: &ServerFrame) -> Self {
        match frame {
            ServerFrame::Close(reason) => Self::Closed(Some(*reason)),
            _ => Self::Closed(None),
        }
    }
}

impl fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Left => f.write_str("the client left"),
            Self::Disconnected => f.write_str("the connection was lost"),
            Self::Closed(Some(reason)) => reason.fmt(f),
            Self::Closed(None) => f.write_str("refused"),
            Self::Stalled => CloseReason::TooSlow.fmt(f),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FrameStream<S> {
    pub(super) fn new(io: S) -> Self {
        Self {
            io,
            reader: FrameReader {
                buffer: Vec::new(),
                consumed: 0,
                max_frame_len: MAX_FRAME_LEN_BEFORE_WELCOME,
            },
            writer: FrameWriter::default(),
        }
    }

    pub(super) async fn write_last(&mut self, frame: &ServerFrame) -> SessionEnd {
        match OutgoingFrame::encode(frame) {
            Some(last) if self.writer.write_one(&mut self.io, &last.payload).await => {
                SessionEnd::after(frame)
            }
            _ => SessionEnd::Disconnected,
        }
    }

    /// Lets the peer read the last frame: closing a TCP socket with unread bytes resets the
    /// connection, and the peer loses the frame (RFC 2525, section 2.17).
    pub(super) async fn linger(&mut self) {
        // Errors do not matter: the caller closes the connection next.
        let _ = timeout(WRITE_STALL, self.io.shutdown()).await;
        self.reader.discard(&mut self.io, LINGER).await;
    }
}

/// Owns the bytes that are read and not consumed, so a dropped wait loses nothing.
#[derive(Debug)]
pub(super) struct FrameReader {
    buffer: Vec<u8>,
    /// Bytes at the start of the buffer that are consumed.
    consumed: usize,
    pub(super) max_frame_len: usize,
}

impl FrameReader {
    /// The payload of the next frame, if all of it is read.
    pub(super) fn peek(&self) -> Result<Option<&[u8]>, CodecError> {
        codec::first_frame(self.rest(), self.max_frame_len)
    }

    /// Drops a frame whose payload has this length.
    pub(super) fn consume(&mut self, len: usize) {
        self.consumed += PREFIX_LEN + len;
    }

    /// Returns the number of bytes: 0 at the end of the connection.
    pub(super) fn poll_fill(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
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
    pub(super) async fn next(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
    ) -> Result<Option<Vec<u8>>, CodecError> {
        poll_fn(|cx| {
            let frame = self.poll_next(io, cx);
            self.release_buffer();
            frame
        })
        .await
    }

    fn poll_next(
        &mut self,
        io: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Vec<u8>>, CodecError>> {
        loop {
            if let Some(payload) = self.peek()? {
                let payload = payload.to_vec();
                self.consume(payload.len());
                return Poll::Ready(Ok(Some(payload)));
            }
            if ready!(self.poll_fill(io, cx)).map_err(CodecError::Io)? == 0 {
                return Poll::Ready(Ok(None));
            }
        }
    }

    /// Reads and drops bytes until the peer closes, or the time is over.
    async fn discard<R: AsyncRead + Unpin>(&mut self, io: &mut R, limit: Duration) {
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

#[derive(Debug, Default)]
pub(super) struct FrameWriter {
    buffer: Vec<u8>,
    /// Bytes at the start of the buffer that are written.
    written: usize,
    /// Time of the first write that the connection did not take.
    stalled_since: Option<Instant>,
}

impl FrameWriter {
    /// Gathers a frame for the next flush. It fails for one that is longer than [`MAX_FRAME_LEN`], which
    /// is a bug of the server and logged.
    #[inline]
    pub(super) fn queue(&mut self, payload: &[u8]) -> Result<(), CodecError> {
        if self.buffer.capacity() == 0 {
            self.buffer = buffer_pool::take();
        }
        codec::put_frame(payload, MAX_FRAME_LEN, &mut self.buffer).inspect_err(
            |error| error!(%error, len = payload.len(), "frame is too long to be sent"),
        )
    }

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

    pub(super) fn poll_flush<W: AsyncWrite + Unpin>(
        &mut self,
        io: &mut W,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let before = self.written;
        let written = poll_write_all(io, &self.buffer, &mut self.written, cx);
        let flushed = match written {
            Poll::Ready(Ok(())) => Pin::new(io).poll_flush(cx),
            Poll::Ready(Err(_)) | Poll::Pending => written,
        };
        if self.written > before || flushed.is_ready() {
            self.stalled_since = None;
        }
        if flushed.is_ready() {
            buffer_pool::put_back(std::mem::take(&mut self.buffer));
            self.written = 0;
        } else {
            self.stalled_since.get_or_insert_with(Instant::now);
        }
        flushed
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
}
