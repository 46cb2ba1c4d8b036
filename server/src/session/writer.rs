//! The writing half of a session: takes everything that is queued, writes it, flushes once.

use bytes::{Bytes, BytesMut};
use recado_shared::codec::{self, LengthDelimitedCodec};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::codec::Encoder as _;
use tracing::error;

use super::window::Window;
use super::{Ending, OutboxReader, Outgoing, SessionContext, SessionEvent, Then, WRITE_STALL};

/// Bytes handed to the connection at a time. Each such piece must make progress within
/// [`WRITE_STALL`].
const CHUNK_LEN: usize = 16 * 1024;

/// Frames taken from the queue before a flush, so that a busy session is flushed in between.
const BATCH_LEN: usize = 64;

/// Frames that an idle session keeps room for.
const IDLE_BATCH_LEN: usize = 4;

/// Writes frames in pieces, and gives up on a connection that takes none.
pub(super) struct FrameWriter<W> {
    io: W,
    codec: LengthDelimitedCodec,
    buffer: BytesMut,
    is_stalled: bool,
}

impl<W: AsyncWrite + Unpin> FrameWriter<W> {
    pub(super) fn new(io: W, max_frame_len: usize) -> Self {
        Self {
            io,
            codec: codec::framing(max_frame_len),
            buffer: BytesMut::new(),
            is_stalled: false,
        }
    }

    /// Writes a frame, or keeps it for the next flush. Says whether the connection still works.
    pub(super) async fn write(&mut self, payload: &Bytes) -> bool {
        if let Err(error) = self.codec.encode(payload.clone(), &mut self.buffer) {
            error!(%error, len = payload.len(), "frame cannot be framed");
            return false;
        }
        self.buffer.len() < CHUNK_LEN || self.write_out().await
    }

    /// Writes out everything. Says whether the connection still works.
    pub(super) async fn flush(&mut self) -> bool {
        if !self.write_out().await {
            return false;
        }
        let flushed = timeout(WRITE_STALL, self.io.flush()).await;
        self.is_stalled = flushed.is_err();
        matches!(flushed, Ok(Ok(())))
    }

    async fn write_out(&mut self) -> bool {
        while !self.buffer.is_empty() {
            let piece = self.buffer.len().min(CHUNK_LEN);
            let piece = self.buffer.get(..piece).unwrap_or_default();
            match timeout(WRITE_STALL, self.io.write(piece)).await {
                Ok(Ok(len)) if len > 0 => drop(self.buffer.split_to(len)),
                Ok(_) => return false,
                Err(_) => {
                    self.is_stalled = true;
                    return false;
                }
            }
        }
        // A burst does not keep its memory.
        if self.buffer.capacity() > CHUNK_LEN {
            self.buffer = BytesMut::new();
        }
        true
    }

    /// Says that nothing more follows. The connection is closed next whether this works or not.
    pub(super) async fn shutdown(&mut self) {
        let _ = timeout(WRITE_STALL, self.io.shutdown()).await;
    }

    fn broken(&self) -> Ending {
        if self.is_stalled {
            Ending::Stalled
        } else {
            Ending::Gone
        }
    }
}

/// Writes what the driver and the reader queue until the session has to end.
pub(super) async fn write_frames<W: AsyncWrite + Unpin>(
    writer: &mut FrameWriter<W>,
    frames: OutboxReader,
    mut local: mpsc::Receiver<Outgoing>,
    window: &Window,
    context: &SessionContext,
) -> Ending {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            biased;
            Some(own) = local.recv() => batch.push(own),
            frame = frames.next() => match frame {
                Some(frame) => batch.push(frame),
                // The driver let go of this session without a last frame.
                None => return Ending::Gone,
            },
        }
        while batch.len() < BATCH_LEN
            && let Some(more) = frames.try_next()
        {
            batch.push(more);
        }
        for outgoing in &batch {
            // Before the bytes go: the other side may use the number again once it has read them.
            if let Then::Answered(number) = outgoing.then {
                window.answered(number);
            }
            if !writer.write(&outgoing.payload).await {
                return writer.broken();
            }
            if outgoing.then == Then::End {
                break;
            }
        }
        if !writer.flush().await {
            return writer.broken();
        }
        for outgoing in batch.drain(..) {
            match outgoing.then {
                Then::Nothing | Then::Welcomed { .. } | Then::Answered(_) => {}
                Then::CaughtUp => {
                    // After the driver's end nobody needs to know, but what it said last is
                    // still to be written.
                    let _ = context
                        .events
                        .send(SessionEvent::CaughtUp(context.id))
                        .await;
                }
                Then::End => return Ending::Said,
            }
        }
        batch.shrink_to(IDLE_BATCH_LEN);
    }
}
