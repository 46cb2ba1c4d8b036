//! A task per connection: greeting, frames, heartbeat, pace, goodbye. It turns bytes into frames
//! for the driver and back, and decides nothing about what frames mean. Generic over the stream;
//! TLS is the listener's business.

mod alarm;
mod driver_link;
mod open;
mod outbox;
mod outboxes;
mod reader;
mod throttle;
mod window;
mod writer;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use recado_shared::codec::{self, CodecError};
use recado_shared::limits::{DEAD_AFTER, MAX_FRAME_LEN, MAX_FRAME_LEN_BEFORE_WELCOME};
use recado_shared::{ClientFrame, CloseReason, Hello, ProtocolVersion, Refusal, ServerFrame, text};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{Span, debug, info, warn};

use self::open::OpenSession;
use self::reader::FrameReader;
use self::writer::FrameWriter;
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

/// A connection that takes no byte for this long while some wait for it is closed. After
/// [`DEAD_AFTER`] the system ends it by itself, as if the link were dead: by then it is known here
/// that the other side is there and does not read.
pub const WRITE_STALL: Duration = Duration::from_secs(15);

const _: () = assert!(WRITE_STALL.as_secs() < DEAD_AFTER.as_secs());

/// Greetings that wait for the driver at a time; the others wait before its queue, so that a crowd
/// which comes back at once is not in the way of those who are in.
pub const MAX_GREETINGS: usize = 32;

/// Sessions that end at a time because their connection is gone; the others wait, so that a crowd
/// which is cut off is not in the way of those who are not.
pub const MAX_PARTINGS: usize = 8;

/// Most frames that a session passes on in one piece.
pub const MAX_FRAMES_TOGETHER: usize = 64;

/// A side that was told why it is closed gets this long to read it before the connection ends.
const LINGER: Duration = Duration::from_secs(1);

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
    /// Frames came that the agreed version allows.
    Frames {
        /// Who speaks.
        session: SessionId,
        /// What came, in order: at most [`MAX_FRAMES_TOGETHER`].
        frames: Vec<ClientFrame>,
    },
    /// Everything up to [`Then::CaughtUp`] is written.
    CaughtUp(SessionId),
    /// The connection is gone.
    Closed(SessionId),
}

/// What keeps a crowd that comes or goes at once out of the way of those who are in.
#[derive(Debug)]
pub struct Crowd {
    /// A place is held while a greeting waits for the driver.
    pub greetings: Semaphore,
    /// A place is held by a session that ends because its connection is gone.
    pub partings: Semaphore,
}

/// [`MAX_GREETINGS`] and [`MAX_PARTINGS`].
impl Default for Crowd {
    fn default() -> Self {
        Self {
            greetings: Semaphore::new(MAX_GREETINGS),
            partings: Semaphore::new(MAX_PARTINGS),
        }
    }
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
    /// Shared with all sessions of the server.
    pub crowd: Arc<Crowd>,
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
    /// The connection takes no bytes.
    Stalled,
}

/// Why a greeting came to nothing.
#[derive(Debug)]
enum NoWelcome {
    /// The other side is gone, and the driver never heard of it.
    Unheard,
    Gone,
    Said,
    Refuse(Refusal),
    CloseReason(CloseReason),
}

/// A connection with what is read from it and what is to be written to it.
struct Link<S> {
    stream: S,
    reader: FrameReader,
    writer: FrameWriter,
}

/// Runs a session until its connection is closed. Where the other side is gone, the driver is still
/// to be [told](Parting::tell).
pub async fn run<S>(stream: S, context: SessionContext) -> Option<Parting>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut link = Link::new(stream);
    // A task has room for its largest state for as long as it lives, and only the open
    // session lasts: what comes before and after it has memory of its own.
    let ending = match Box::pin(link.greet(&context)).await {
        Ok((version, frames)) => link.converse(&context, version, frames).await,
        Err(no_welcome) => Box::pin(link.turn_away(no_welcome)).await?,
    };
    if ending == Ending::Gone {
        return Some(Parting(context));
    }
    Box::pin(link.end(ending, context)).await;
    None
}

/// A session whose connection is gone, of which the driver has not heard.
#[derive(Debug)]
#[must_use]
pub struct Parting(SessionContext);

impl Parting {
    /// Tells the driver when nothing else is due: nobody waits for this end, and thousands may come
    /// at once.
    pub async fn tell(self) {
        let Self(context) = self;
        let _parting = context.crowd.partings.acquire().await;
        yield_now().await;
        // After the driver's end nobody needs to know.
        let _ = context.events.send(SessionEvent::Closed(context.id)).await;
        info!("session ended");
    }
}

/// Refuses a connection before its greeting.
pub async fn refuse<S>(stream: S, refusal: Refusal)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut link = Link::new(stream);
    let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
    let said = timeout_at(deadline, link.say(&ServerFrame::Refused(refusal))).await;
    if said == Ok(Ending::Said) {
        link.linger().await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Link<S> {
    fn new(stream: S) -> Self {
        Self {
            stream,
            reader: FrameReader::new(MAX_FRAME_LEN_BEFORE_WELCOME),
            writer: FrameWriter::new(),
        }
    }

    /// From the first byte to the welcome, which is written when this returns.
    async fn greet(
        &mut self,
        context: &SessionContext,
    ) -> Result<(ProtocolVersion, OutboxReader), NoWelcome> {
        let (outbox, frames) = outbox();
        let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
        let hello = match timeout_at(deadline, self.reader.next(&mut self.stream)).await {
            Ok(Ok(Some(payload))) => match codec::decode(&payload) {
                Ok(ClientFrame::Hello(hello)) => hello,
                Ok(_) | Err(_) => return Err(NoWelcome::Refuse(Refusal::Malformed)),
            },
            Ok(Err(CodecError::TooLong)) => {
                return Err(NoWelcome::CloseReason(CloseReason::TooLong));
            }
            Ok(Ok(None) | Err(_)) => return Err(NoWelcome::Unheard),
            Err(_) => return Err(NoWelcome::CloseReason(CloseReason::Silent)),
        };
        debug!(software = %text::neutralise(&hello.software), "hello");
        let event = SessionEvent::Hello {
            session: context.id,
            peer: context.peer,
            hello,
            outbox,
        };
        let greeted = async {
            let _place = context.crowd.greetings.acquire().await;
            if context.events.send(event).await.is_err() {
                return Err(NoWelcome::Refuse(Refusal::ShuttingDown));
            }
            frames.next().await.ok_or(NoWelcome::Gone)
        };
        let greeted = timeout_at(deadline, greeted).await;
        let answer = greeted.unwrap_or(Err(NoWelcome::Refuse(Refusal::Unavailable)))?;
        let is_written = self.writer.say(&mut self.stream, &answer.payload).await;
        match answer.then {
            Then::Welcomed { version, user } if is_written => {
                Span::current().record("user", user.0);
                info!("session welcomed");
                self.reader.allow(MAX_FRAME_LEN);
                Ok((version, frames))
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
    async fn converse(
        &mut self,
        context: &SessionContext,
        version: ProtocolVersion,
        frames: OutboxReader,
    ) -> Ending {
        let now = Instant::now();
        let mut session = OpenSession::new(self, context, version, frames, now);
        let mut timer = pin!(sleep_until(session.first_deadline()));
        let ending = poll_fn(|cx| session.poll(timer.as_mut(), cx)).await;
        // Word of the end comes behind what was read before it, and waits for the same room.
        poll_fn(|cx| session.poll_passed_on(cx)).await;
        ending
    }

    /// Says why a greeting came to nothing. `None` means that nobody need hear of the end.
    async fn turn_away(&mut self, no_welcome: NoWelcome) -> Option<Ending> {
        Some(match no_welcome {
            NoWelcome::Unheard => return None,
            NoWelcome::Gone => Ending::Gone,
            NoWelcome::Said => Ending::Said,
            NoWelcome::Refuse(refusal) => {
                warn!(%refusal, "greeting refused");
                self.say(&ServerFrame::Refused(refusal)).await
            }
            NoWelcome::CloseReason(farewell) => {
                warn!("closed: {farewell}");
                self.say(&ServerFrame::Close(farewell)).await
            }
        })
    }

    /// Ends a session that this side closes.
    async fn end(mut self, ending: Ending, context: SessionContext) {
        // After the driver's end nobody needs to know.
        let _ = context.events.send(SessionEvent::Closed(context.id)).await;
        match ending {
            Ending::Said => self.linger().await,
            Ending::Stalled => warn!("closed: {}", CloseReason::TooSlow),
            Ending::Gone => {}
        }
        info!("session ended");
    }

    /// Writes the last frame.
    async fn say(&mut self, frame: &ServerFrame) -> Ending {
        match Outgoing::encode(frame, Then::End) {
            Some(last) if self.writer.say(&mut self.stream, &last.payload).await => Ending::Said,
            _ => Ending::Gone,
        }
    }

    /// Lets the other side read the last frame: closing with unread bytes would reset the
    /// connection and take the frame away from it.
    async fn linger(&mut self) {
        FrameWriter::shutdown(&mut self.stream).await;
        self.reader.discard(&mut self.stream, LINGER).await;
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use recado_shared::DeviceKey;

    use super::*;

    /// Most bytes that a session's state has.
    const MAX_STATE: usize = 1_024;

    #[test]
    fn a_session_at_rest_is_small() {
        let (stream, _other) = tokio::io::duplex(1);
        let (events, _inbox) = mpsc::channel(1);
        let context = SessionContext {
            id: SessionId(1),
            peer: Peer {
                key: DeviceKey([1; 32]),
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            },
            events,
            crowd: Arc::default(),
            rates: RateLimits::default(),
        };
        let session = run(Box::new(stream), context);
        assert!(
            size_of_val(&session) <= MAX_STATE,
            "{}",
            size_of_val(&session)
        );
    }
}
