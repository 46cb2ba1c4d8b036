//! One authenticated run of frames with the server: the library that the network task, the
//! verbs and the companions share. It has no task of its own: whoever holds it drives it by
//! waiting for events, and reconnecting is up to them.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{SinkExt, StreamExt as _};
use recado_shared::codec::{self, LengthDelimitedCodec};
use recado_shared::limits::{MAX_FRAME_LEN, MAX_FRAME_LEN_BEFORE_WELCOME};
use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, Hello, MessageId, ProtocolVersion, Request,
    RequestNumber, Seq, ServerAddress, ServerFrame, Timestamp, UserProfile, Welcome,
};
use tokio::io::{ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::client::TlsStream;
use tokio_util::codec::{FramedRead, FramedWrite};

use super::error::{ConnectError, SessionError};
use super::heartbeat::{Beat, Heartbeat};

type Reader = FramedRead<ReadHalf<TlsStream<TcpStream>>, LengthDelimitedCodec>;
type Writer = FramedWrite<WriteHalf<TlsStream<TcpStream>>, LengthDelimitedCodec>;

/// First size of both buffers; they grow with what passes through.
const BUFFER_LEN: usize = 2 * 1024;

/// A session with this many bytes yet to write is not [writable](Session::is_writable).
const MAX_UNWRITTEN: usize = 2 * MAX_FRAME_LEN;

/// Frames that may lie aside while an answer is waited for. One more ends the session.
const MAX_INBOX: usize = 4096;

/// How long a goodbye may take.
const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

/// What a session has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// A frame other than ping, pong and farewell.
    Frame(ServerFrame),
    /// How long a ping took.
    RoundTrip(Duration),
}

/// An open session.
pub struct Session {
    welcome: Welcome,
    reader: Reader,
    writer: Writer,
    is_flushed: bool,
    heartbeat: Heartbeat,
    last_number: RequestNumber,
    inbox: VecDeque<SessionEvent>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let welcome = &self.welcome;
        f.debug_struct("Session")
            .field("welcome", welcome)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// Greets the server over a secured connection and waits for its answer.
    pub(super) async fn greet(
        address: &ServerAddress,
        stream: TlsStream<TcpStream>,
        hello: Hello,
    ) -> Result<Self, ConnectError> {
        let (read, write) = split(stream);
        let framing = codec::framing(MAX_FRAME_LEN_BEFORE_WELCOME);
        let mut reader = FramedRead::with_capacity(read, framing.clone(), BUFFER_LEN);
        let mut writer = FramedWrite::with_capacity(write, framing, BUFFER_LEN);
        let address = address.clone();
        let welcome = match exchange(&mut reader, &mut writer, hello).await {
            Ok(ServerFrame::Welcome(welcome)) if is_known(welcome.version) => welcome,
            Ok(ServerFrame::Refused(refusal)) => {
                return Err(ConnectError::Refused { address, refusal });
            }
            Ok(ServerFrame::Close(farewell)) if farewell.is_final() => {
                return Err(ConnectError::Dismissed { address, farewell });
            }
            Ok(ServerFrame::Close(farewell)) => {
                let reason = farewell.to_string();
                return Err(ConnectError::Broken { address, reason });
            }
            Ok(_) => {
                let reason = "it did not answer the greeting".to_owned();
                return Err(ConnectError::NotRecado { address, reason });
            }
            Err(error @ SessionError::Malformed(_)) => {
                let reason = error.to_string();
                return Err(ConnectError::NotRecado { address, reason });
            }
            Err(error) => {
                let reason = error.to_string();
                return Err(ConnectError::Broken { address, reason });
            }
        };
        reader.decoder_mut().set_max_frame_length(MAX_FRAME_LEN);
        writer.encoder_mut().set_max_frame_length(MAX_FRAME_LEN);
        Ok(Self {
            welcome,
            reader,
            writer,
            is_flushed: true,
            heartbeat: Heartbeat::new(Instant::now().into_std()),
            last_number: RequestNumber(0),
            inbox: VecDeque::new(),
        })
    }

    /// How the server opened the session.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Puts a frame into the write buffer. It goes out while the session is driven by
    /// [`next_event`](Self::next_event) or any method that waits.
    ///
    /// # Errors
    /// [`SessionError::Malformed`] if the frame is longer than the wire allows.
    pub fn queue(&mut self, frame: &ClientFrame) -> Result<(), SessionError> {
        let payload = codec::encode(frame)?;
        self.writer.start_send_unpin(payload)?;
        self.is_flushed = false;
        if matches!(frame, ClientFrame::Request { .. }) {
            self.heartbeat.requested(Instant::now().into_std());
        }
        Ok(())
    }

    /// Asks the server for a sign of life: a link that is dead is given up soon, without waiting
    /// for silence.
    pub fn check(&mut self) {
        self.heartbeat.doubt();
    }

    /// Whether there is room in the write buffer: wait for it before queueing much.
    pub fn is_writable(&self) -> bool {
        self.writer.write_buffer().len() < MAX_UNWRITTEN
    }

    /// Sends a frame: returns once the operating system has it. What arrives meanwhile is kept
    /// for [`next_event`](Self::next_event).
    ///
    /// # Errors
    /// [`SessionError`] if the session is over.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), SessionError> {
        self.queue(frame)?;
        while !self.is_flushed {
            if let Some(event) = self.step().await? {
                self.keep(event)?;
            }
        }
        Ok(())
    }

    /// Queues a request and returns the number that its answer, a [`ServerFrame::Answer`], will
    /// have. For many requests at once.
    ///
    /// # Errors
    /// [`SessionError::Malformed`] if the request is longer than the wire allows.
    pub fn start(&mut self, request: Request) -> Result<RequestNumber, SessionError> {
        let number = RequestNumber(self.last_number.0.wrapping_add(1));
        self.queue(&ClientFrame::Request { number, request })?;
        self.last_number = number;
        Ok(number)
    }

    /// Asks and waits for the answer. What arrives before it is kept for
    /// [`next_event`](Self::next_event).
    ///
    /// # Errors
    /// [`SessionError::Request`] if the request is not granted, others if the session is over.
    pub async fn request(&mut self, request: Request) -> Result<Answer, SessionError> {
        let asked = self.start(request)?;
        loop {
            match self.step().await? {
                Some(SessionEvent::Frame(ServerFrame::Answer { number, result }))
                    if number == asked =>
                {
                    return Ok(result?);
                }
                Some(event) => self.keep(event)?,
                None => {}
            }
        }
    }

    /// Waits for what comes next. Cancelling it loses nothing.
    ///
    /// # Errors
    /// [`SessionError`] if the session is over.
    pub async fn next_event(&mut self) -> Result<SessionEvent, SessionError> {
        loop {
            if let Some(event) = self.inbox.pop_front() {
                return Ok(event);
            }
            if let Some(event) = self.step().await? {
                return Ok(event);
            }
        }
    }

    /// Waits for the next frame. Cancelling it loses nothing.
    ///
    /// # Errors
    /// [`SessionError`] if the session is over.
    pub async fn next_frame(&mut self) -> Result<ServerFrame, SessionError> {
        loop {
            if let SessionEvent::Frame(frame) = self.next_event().await? {
                return Ok(frame);
            }
        }
    }

    /// Puts an entry into a log and waits until it is accepted, which means that it is on the server's
    /// disk. The same id again is harmless.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub async fn append(
        &mut self,
        conversation: ConversationId,
        id: MessageId,
        content: Content,
    ) -> Result<(Seq, Timestamp), SessionError> {
        let request = Request::Append {
            conversation,
            id,
            content,
        };
        match self.request(request).await? {
            Answer::Accepted { seq, time } => Ok((seq, time)),
            _ => Err(unasked()),
        }
    }

    /// Finds a person by name, without regard to case.
    ///
    /// # Errors
    /// As [`request`](Self::request).
    pub async fn find_person(&mut self, name: &str) -> Result<Option<UserProfile>, SessionError> {
        let request = Request::FindUsers {
            prefix: name.to_owned(),
            after: None,
            limit: 1,
        };
        // Names are ordered by their folded form, so an exact match precedes longer ones.
        let folded = recado_shared::name::fold(name);
        match self.request(request).await? {
            Answer::Users { people, .. } => Ok(people
                .into_iter()
                .find(|person| person.name.folded() == folded)),
            _ => Err(unasked()),
        }
    }

    /// Says goodbye: sends what is queued, then closes. Gives up after a second.
    pub async fn leave(mut self) {
        let goodbye = async {
            self.send(&ClientFrame::Leave).await?;
            close(&mut self.writer).await.map_err(SessionError::from)
        };
        match timeout(LEAVE_TIMEOUT, goodbye).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "left without a goodbye"),
            Err(_) => tracing::debug!("left without a goodbye: the server takes nothing"),
        }
    }

    fn keep(&mut self, event: SessionEvent) -> Result<(), SessionError> {
        if self.inbox.len() >= MAX_INBOX {
            return Err(SessionError::Overflow);
        }
        self.inbox.push_back(event);
        Ok(())
    }

    /// Writes, reads and keeps the link alive until something happens. Each branch survives
    /// being cancelled: half-written and half-read frames live in the two framings.
    async fn step(&mut self) -> Result<Option<SessionEvent>, SessionError> {
        let deadline = Instant::from_std(self.heartbeat.deadline());
        // In this order: reading without end must not keep anything from being written, and
        // bytes that lie there after this process slept prove that the link is alive.
        tokio::select! {
            biased;
            flushed = flush(&mut self.writer), if !self.is_flushed => {
                flushed?;
                self.is_flushed = true;
                Ok(None)
            }
            payload = self.reader.next() => {
                let payload = payload.ok_or(SessionError::Closed)??;
                self.take(&payload)
            }
            () = sleep_until(deadline) => self.beat(),
        }
    }

    fn take(&mut self, payload: &BytesMut) -> Result<Option<SessionEvent>, SessionError> {
        let now = Instant::now().into_std();
        self.heartbeat.heard(now);
        let frame: ServerFrame = codec::decode(payload)?;
        if frame.since() > self.welcome.version {
            let reason = "a frame of a later version";
            return Err(SessionError::Malformed(reason.to_owned()));
        }
        match frame {
            ServerFrame::Ping(number) => {
                // Whoever floods with pings and reads no pongs gets no more of them.
                if self.is_writable() {
                    self.queue(&ClientFrame::Pong(number))?;
                }
                Ok(None)
            }
            ServerFrame::Pong(number) => {
                let took = self.heartbeat.pong(number, now);
                Ok(took.map(SessionEvent::RoundTrip))
            }
            ServerFrame::Close(farewell) => Err(SessionError::CloseReason(farewell)),
            ServerFrame::Welcome(_) | ServerFrame::Refused(_) => {
                let reason = "a second greeting";
                Err(SessionError::Malformed(reason.to_owned()))
            }
            frame => {
                if matches!(frame, ServerFrame::Answer { .. }) {
                    self.heartbeat.answered();
                }
                Ok(Some(SessionEvent::Frame(frame)))
            }
        }
    }

    fn beat(&mut self) -> Result<Option<SessionEvent>, SessionError> {
        match self.heartbeat.beat(Instant::now().into_std()) {
            Some(Beat::Ping(number)) => {
                self.queue(&ClientFrame::Ping(number))?;
                Ok(None)
            }
            Some(Beat::Dead) => Err(SessionError::Silent),
            None => Ok(None),
        }
    }
}

/// Sends the greeting and reads one frame.
async fn exchange(
    reader: &mut Reader,
    writer: &mut Writer,
    hello: Hello,
) -> Result<ServerFrame, SessionError> {
    writer
        .send(codec::encode(&ClientFrame::Hello(hello))?)
        .await?;
    let payload = reader.next().await.ok_or(SessionError::Closed)??;
    Ok(codec::decode(&payload)?)
}

// `LengthDelimitedCodec` encodes several types, so these say which one is meant.

async fn flush(writer: &mut Writer) -> io::Result<()> {
    SinkExt::<Bytes>::flush(writer).await
}

async fn close(writer: &mut Writer) -> io::Result<()> {
    SinkExt::<Bytes>::close(writer).await
}

fn is_known(version: ProtocolVersion) -> bool {
    (ProtocolVersion::OLDEST..=ProtocolVersion::NEWEST).contains(&version)
}

fn unasked() -> SessionError {
    SessionError::Malformed("an answer to another question".to_owned())
}
