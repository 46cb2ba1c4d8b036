//! The reading half of a session: bytes to frames, heartbeat, pace.

use std::time::Duration;

use bytes::BytesMut;
use recado_shared::codec::{self, CodecError, LengthDelimitedCodec};
use recado_shared::limits::{DEAD_AFTER, PING_AFTER};
use recado_shared::{ClientFrame, Farewell, Notice, ProtocolVersion, ServerFrame};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::codec::Decoder as _;
use tracing::debug;

use super::throttle::Throttle;
use super::window::Window;
use super::{Ending, Outgoing, SessionContext, SessionEvent, Then, weighed};

/// Bytes read at a time between frames; a longer frame is given its length at once.
const READ_LEN: usize = 512;

/// Most bytes that a connection may still send once it is told to close.
const MAX_DISCARDED: usize = 1 << 20;

/// Cuts the stream of bytes into frames. The half-read frame lives here, so giving up a wait
/// loses nothing.
pub(super) struct FrameReader<R> {
    io: R,
    codec: LengthDelimitedCodec,
    buffer: BytesMut,
}

/// What a wait for a frame came to.
enum Heard {
    Frame(BytesMut),
    Bytes,
    Closed,
}

impl<R: AsyncRead + Unpin> FrameReader<R> {
    pub(super) fn new(io: R, max_frame_len: usize) -> Self {
        Self {
            io,
            codec: codec::framing(max_frame_len),
            buffer: BytesMut::new(),
        }
    }

    /// Changes the longest frame that is accepted.
    pub(super) fn allow(&mut self, max_frame_len: usize) {
        self.codec.set_max_frame_length(max_frame_len);
    }

    /// Waits for a frame; `None` is the end of the connection, clean or in the middle of one.
    pub(super) async fn next(&mut self) -> Result<Option<BytesMut>, CodecError> {
        loop {
            match self.hear().await? {
                Heard::Frame(frame) => return Ok(Some(frame)),
                Heard::Bytes => {}
                Heard::Closed => return Ok(None),
            }
        }
    }

    async fn hear(&mut self) -> Result<Heard, CodecError> {
        if let Some(frame) = self.codec.decode(&mut self.buffer)? {
            return Ok(Heard::Frame(frame));
        }
        if self.buffer.is_empty() {
            // An idle session does not keep the memory of its longest frame.
            self.buffer = BytesMut::with_capacity(READ_LEN);
        }
        self.buffer.reserve(READ_LEN);
        match self.io.read_buf(&mut self.buffer).await {
            Ok(0) => Ok(Heard::Closed),
            Ok(_) => Ok(Heard::Bytes),
            Err(error) => Err(CodecError::Io(error)),
        }
    }

    /// Reads on without looking, until the other side closes or the time is over.
    pub(super) async fn discard(&mut self, limit: Duration) {
        let discard = async {
            let mut discarded = 0;
            while discarded < MAX_DISCARDED {
                self.buffer.clear();
                self.buffer.reserve(READ_LEN);
                match self.io.read_buf(&mut self.buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(len) => discarded += len,
                }
            }
        };
        // Either way the connection is closed next.
        let _ = timeout(limit, discard).await;
    }

    /// Waits for a frame, and asks for a sign of life when nothing comes.
    async fn next_alive(&mut self, pings: &mut Pings<'_>) -> Result<BytesMut, Ending> {
        // Time in which nothing was read does not count as silence.
        let mut heard_at = Instant::now();
        let mut is_asked = false;
        loop {
            let patience = if is_asked { DEAD_AFTER } else { PING_AFTER };
            let heard = tokio::select! {
                heard = self.hear() => heard,
                () = sleep_until(heard_at + patience) => {
                    if is_asked {
                        return Err(Ending::ToSay(Farewell::Silent));
                    }
                    pings.ask().await?;
                    is_asked = true;
                    continue;
                }
            };
            match heard {
                Ok(Heard::Frame(frame)) => return Ok(frame),
                Ok(Heard::Bytes) => (heard_at, is_asked) = (Instant::now(), false),
                Ok(Heard::Closed) | Err(CodecError::Io(_)) => return Err(Ending::Gone),
                Err(CodecError::TooLong) => return Err(Ending::ToSay(Farewell::TooLong)),
                Err(CodecError::Malformed(_) | CodecError::Leftover(_)) => {
                    return Err(Ending::ToSay(Farewell::Malformed));
                }
            }
        }
    }
}

/// The session's own frames to the writer.
struct Pings<'a> {
    local: &'a mpsc::Sender<Outgoing>,
    next: u32,
}

impl Pings<'_> {
    async fn ask(&mut self) -> Result<(), Ending> {
        self.next = self.next.wrapping_add(1);
        self.say(&ServerFrame::Ping(self.next)).await
    }

    async fn say(&self, frame: &ServerFrame) -> Result<(), Ending> {
        let frame = Outgoing::encode(frame, Then::Nothing).ok_or(Ending::Gone)?;
        self.local.send(frame).await.map_err(|_| Ending::Gone)
    }

    /// A notice that finds no room is let go: the writer has worse to tell.
    fn notice(&self, notice: Notice) {
        if let Some(frame) = Outgoing::encode(&ServerFrame::Notice(notice), Then::Nothing) {
            let _ = self.local.try_send(frame);
        }
    }
}

/// Reads frames and passes them on until the session has to end.
pub(super) async fn read_frames<R: AsyncRead + Unpin>(
    reader: &mut FrameReader<R>,
    version: ProtocolVersion,
    local: &mpsc::Sender<Outgoing>,
    window: &Window,
    context: &SessionContext,
) -> Ending {
    let mut throttle = Throttle::new(context.rates);
    let mut pings = Pings { local, next: 0 };
    loop {
        window.room().await;
        let payload = match reader.next_alive(&mut pings).await {
            Ok(payload) => payload,
            Err(ending) => return ending,
        };
        let tell = || pings.notice(Notice::Throttled);
        throttle.pass(payload.len(), tell).await;
        let Ok(frame) = codec::decode::<ClientFrame>(&payload) else {
            return Ending::ToSay(Farewell::Malformed);
        };
        debug!(kind = frame.kind(), "received");
        if let Err(ending) = take(frame, version, &pings, window, context).await {
            return ending;
        }
    }
}

/// Deals with a frame, or passes it on.
async fn take(
    frame: ClientFrame,
    version: ProtocolVersion,
    pings: &Pings<'_>,
    window: &Window,
    context: &SessionContext,
) -> Result<(), Ending> {
    if !is_allowed(&frame, version) {
        return Err(Ending::ToSay(Farewell::OutOfPlace));
    }
    match frame {
        ClientFrame::Ping(number) => pings.say(&ServerFrame::Pong(number)).await,
        ClientFrame::Pong(_) => Ok(()),
        ClientFrame::Leave => Err(Ending::Gone),
        frame => {
            if let Some((number, weight)) = weighed(&frame)
                && !window.ask(number, weight)
            {
                return Err(Ending::ToSay(Farewell::OutOfPlace));
            }
            let session = context.id;
            let event = SessionEvent::Frame { session, frame };
            if context.events.send(event).await.is_err() {
                // The driver has ended. What it said last is still being written, and writing
                // ends the session.
                std::future::pending::<()>().await;
            }
            Ok(())
        }
    }
}

/// Whether a frame has a place in a session that is open in this version.
fn is_allowed(frame: &ClientFrame, version: ProtocolVersion) -> bool {
    frame.since() <= version && !matches!(frame, ClientFrame::Hello(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_a_newer_version_than_agreed_has_no_place() {
        let frame = ClientFrame::Ping(1);
        assert!(is_allowed(&frame, ProtocolVersion::V2));
        assert!(!is_allowed(&frame, ProtocolVersion(0)));
    }
}
