//! The byte stream of a session with its frame reader and writer, and how a session on it ends.

use recado_shared::ServerFrame;
use recado_shared::limits::MAX_FRAME_LEN_BEFORE_WELCOME;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

use super::outbox::{AfterWrite, OutgoingFrame};
use super::reader::FrameReader;
use super::writer::FrameWriter;

/// Time for the peer to read the last frame before the connection is closed.
const LINGER: Duration = Duration::from_secs(1);

/// A byte stream that carries frames.
pub(super) struct FrameStream<S> {
    pub(super) io: S,
    pub(super) reader: FrameReader,
    pub(super) writer: FrameWriter,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SessionEnd {
    /// The peer or the driver left without a last frame.
    Disconnected,
    /// The last frame is written.
    Closed,
    /// The connection takes no bytes.
    Stalled,
}

impl<S: AsyncRead + AsyncWrite + Unpin> FrameStream<S> {
    pub(super) fn new(io: S) -> Self {
        Self {
            io,
            reader: FrameReader::new(MAX_FRAME_LEN_BEFORE_WELCOME),
            writer: FrameWriter::new(),
        }
    }

    pub(super) async fn write_last(&mut self, frame: &ServerFrame) -> SessionEnd {
        match OutgoingFrame::encode(frame, AfterWrite::Close) {
            Some(last) if self.writer.write_one(&mut self.io, &last.payload).await => {
                SessionEnd::Closed
            }
            _ => SessionEnd::Disconnected,
        }
    }

    /// Lets the peer read the last frame: closing a TCP socket with unread bytes resets the
    /// connection, and the peer loses the frame (RFC 2525, section 2.17).
    pub(super) async fn linger(&mut self) {
        FrameWriter::shutdown(&mut self.io).await;
        self.reader.discard(&mut self.io, LINGER).await;
    }
}
