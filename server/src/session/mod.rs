//! A task per connection: greeting, frames, heartbeat, pace, goodbye. It turns bytes into frames
//! for the driver and back, and decides nothing about what frames mean. Generic over the stream;
//! TLS is the listener's business.

mod outbox;
mod outboxes;
mod reader;
mod throttle;
mod window;
mod writer;

use std::pin::pin;
use std::time::Duration;

use recado_shared::codec::{self, CodecError};
use recado_shared::limits::{MAX_FRAME_LEN, MAX_FRAME_LEN_BEFORE_WELCOME};
use recado_shared::{
    ClientFrame, Farewell, Hello, ProtocolVersion, Refusal, RequestNumber, ServerFrame, text,
};
use tokio::io::{AsyncRead, AsyncWrite, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tracing::{Span, debug, info, warn};

use self::reader::{FrameReader, read_frames};
use self::window::Window;
use self::writer::{FrameWriter, write_frames};
use crate::config::RateLimits;
use crate::id::SessionId;
use crate::relay::Peer;

pub use outbox::{
    HEADS_ROOM, NoRoom, OUTBOX_ROOM, Outbox, OutboxReader, Outgoing, PUSH_ROOM, RESERVED_ROOM,
    Then, outbox,
};
pub use outboxes::Outboxes;
pub use throttle::THROTTLE_NOTICE_INTERVAL;
pub use window::PAGE_WEIGHT;

/// A connection that was not welcomed after this long, counted from its handshake, is closed.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection that takes no byte for this long while some wait for it is closed.
pub const WRITE_STALL: Duration = Duration::from_secs(30);

/// A side that was told why it is closed gets this long to read it before the connection ends.
const LINGER: Duration = Duration::from_secs(1);

/// Frames that a session says on its own account and has not written: pongs, pings, notices.
const LOCAL_ROOM: usize = 8;

/// What a session tells the driver. The channel is bounded; a session waits for room in it and
/// reads nothing meanwhile.
#[derive(Debug)]
pub enum SessionEvent {
    /// The first frame came.
    Hello {
        /// Who speaks.
        session: SessionId,
        /// Who is at the other end.
        peer: Peer,
        /// What it said.
        hello: Hello,
        /// Where frames for this session go. Dropping it ends the session.
        outbox: Outbox,
    },
    /// A frame came that the agreed version allows.
    Frame {
        /// Who speaks.
        session: SessionId,
        /// What came.
        frame: ClientFrame,
    },
    /// Everything up to [`Then::CaughtUp`] is written.
    CaughtUp(SessionId),
    /// The connection is gone.
    Closed(SessionId),
}

/// What a session is made with.
#[derive(Clone, Debug)]
pub struct SessionContext {
    /// Its number.
    pub id: SessionId,
    /// Who is at the other end.
    pub peer: Peer,
    /// The driver.
    pub events: mpsc::Sender<SessionEvent>,
    /// How fast it may send.
    pub rates: RateLimits,
}

/// How a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The other side is gone, or the driver is.
    Gone,
    /// The last frame is written.
    Said,
    /// This is still to be said.
    ToSay(Farewell),
    /// The connection takes no bytes.
    Stalled,
}

/// Why a greeting came to nothing.
#[derive(Debug)]
enum NoWelcome {
    Gone,
    Said,
    Refuse(Refusal),
    Farewell(Farewell),
}

/// Runs a session until it ends.
pub async fn run<S>(stream: S, context: SessionContext)
where
    S: AsyncRead + AsyncWrite,
{
    let (id, events) = (context.id, context.events.clone());
    let (reader, writer) = tokio::io::split(stream);
    let mut connection = Connection {
        reader: FrameReader::new(reader, MAX_FRAME_LEN_BEFORE_WELCOME),
        writer: FrameWriter::new(writer, MAX_FRAME_LEN),
        context,
    };
    let ending = connection.run().await;
    // After the driver's end nobody needs to know.
    let _ = events.send(SessionEvent::Closed(id)).await;
    match ending {
        Ending::Said => connection.linger().await,
        Ending::Stalled => warn!("closed: {}", Farewell::TooSlow),
        Ending::Gone | Ending::ToSay(_) => {}
    }
    info!("session ended");
}

/// Refuses a connection before its greeting.
pub async fn refuse<S>(stream: S, refusal: Refusal)
where
    S: AsyncRead + AsyncWrite,
{
    let (reader, writer) = tokio::io::split(stream);
    let mut reader = FrameReader::new(reader, MAX_FRAME_LEN_BEFORE_WELCOME);
    let mut writer = FrameWriter::new(writer, MAX_FRAME_LEN);
    let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
    let said = timeout_at(deadline, say(&mut writer, &ServerFrame::Refused(refusal))).await;
    if said == Ok(Ending::Said) {
        writer.shutdown().await;
        reader.discard(LINGER).await;
    }
}

struct Connection<S> {
    reader: FrameReader<ReadHalf<S>>,
    writer: FrameWriter<WriteHalf<S>>,
    context: SessionContext,
}

impl<S: AsyncRead + AsyncWrite> Connection<S> {
    async fn run(&mut self) -> Ending {
        let (outbox, frames) = outbox();
        let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
        // Only the conversation lasts: see where the task is made.
        match Box::pin(self.greet(outbox, &frames, deadline)).await {
            Ok(version) => self.converse(version, frames).await,
            Err(NoWelcome::Gone) => Ending::Gone,
            Err(NoWelcome::Said) => Ending::Said,
            Err(NoWelcome::Refuse(refusal)) => {
                warn!(%refusal, "greeting refused");
                say(&mut self.writer, &ServerFrame::Refused(refusal)).await
            }
            Err(NoWelcome::Farewell(farewell)) => {
                warn!("closed: {farewell}");
                say(&mut self.writer, &ServerFrame::Farewell(farewell)).await
            }
        }
    }

    /// From the first byte to the welcome, which is written when this returns.
    async fn greet(
        &mut self,
        outbox: Outbox,
        frames: &OutboxReader,
        deadline: Instant,
    ) -> Result<ProtocolVersion, NoWelcome> {
        let hello = match timeout_at(deadline, self.reader.next()).await {
            Ok(Ok(Some(payload))) => match codec::decode(&payload) {
                Ok(ClientFrame::Hello(hello)) => hello,
                Ok(_) | Err(_) => return Err(NoWelcome::Refuse(Refusal::Malformed)),
            },
            Ok(Err(CodecError::TooLong)) => return Err(NoWelcome::Farewell(Farewell::TooLong)),
            Ok(Ok(None) | Err(_)) => return Err(NoWelcome::Gone),
            Err(_) => return Err(NoWelcome::Farewell(Farewell::Silent)),
        };
        debug!(software = %text::neutralise(&hello.software), "hello");
        let event = SessionEvent::Hello {
            session: self.context.id,
            peer: self.context.peer,
            hello,
            outbox,
        };
        let greeted = async {
            self.context.events.send(event).await.ok()?;
            frames.next().await
        };
        let answer = match timeout_at(deadline, greeted).await {
            Ok(Some(answer)) => answer,
            Ok(None) => return Err(NoWelcome::Gone),
            Err(_) => return Err(NoWelcome::Refuse(Refusal::Unavailable)),
        };
        let is_written = self.writer.write(&answer.payload).await && self.writer.flush().await;
        match answer.then {
            Then::Welcomed { version, user } if is_written => {
                Span::current().record("user", user.0);
                Ok(version)
            }
            Then::End if is_written => Err(NoWelcome::Said),
            Then::Welcomed { .. }
            | Then::End
            | Then::Nothing
            | Then::Answered(_)
            | Then::CaughtUp => Err(NoWelcome::Gone),
        }
    }

    /// From the welcome to the end: reads and writes side by side.
    async fn converse(&mut self, version: ProtocolVersion, frames: OutboxReader) -> Ending {
        info!("session welcomed");
        self.reader.allow(MAX_FRAME_LEN);
        let window = Window::default();
        let (local, local_frames) = mpsc::channel(LOCAL_ROOM);
        let context = &self.context;
        let mut writing = pin!(write_frames(
            &mut self.writer,
            frames,
            local_frames,
            &window,
            context
        ));
        let reading = read_frames(&mut self.reader, version, &local, &window, context);
        let farewell = tokio::select! {
            ending = reading => match ending {
                Ending::ToSay(farewell) => farewell,
                other => return other,
            },
            ending = &mut writing => return ending,
        };
        warn!("closed: {farewell}");
        let Some(last) = Outgoing::encode(&ServerFrame::Farewell(farewell), Then::End) else {
            return Ending::Gone;
        };
        let say = async {
            // An error means that writing has ended, which the other branch notices.
            let _ = local.send(last).await;
            std::future::pending::<Ending>().await
        };
        tokio::select! {
            ending = say => ending,
            ending = writing => ending,
        }
    }

    /// Lets the other side read the last frame: closing with unread bytes would reset the
    /// connection and take the frame away from it.
    async fn linger(&mut self) {
        self.writer.shutdown().await;
        self.reader.discard(LINGER).await;
    }
}

/// Writes the last frame.
async fn say<W: AsyncWrite + Unpin>(writer: &mut FrameWriter<W>, frame: &ServerFrame) -> Ending {
    match Outgoing::encode(frame, Then::End) {
        Some(last) if writer.write(&last.payload).await && writer.flush().await => Ending::Said,
        _ => Ending::Gone,
    }
}

/// The number that a request frame carries, with what it weighs in the window.
fn weighed(frame: &ClientFrame) -> Option<(RequestNumber, usize)> {
    match frame {
        ClientFrame::Request { number, request } => Some((*number, window::weight(request))),
        _ => None,
    }
}
