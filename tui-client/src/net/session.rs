//! IO of one session with the server: the protocol client of `shared` over one TLS connection.
//! It has no task: its owner drives it by waiting for events, and reconnects.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt as _};
use recado_shared::client::{ClientSession, NameCache};
use recado_shared::codec::{self, LengthDelimitedCodec};
use recado_shared::limits::{
    MAX_FRAME_LEN, MAX_FRAME_LEN_BEFORE_WELCOME, MAX_ROOMS_PER_PAGE, MAX_USERS_PER_PAGE,
};
use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, Entry, Hello, Invitation, MessageId, PageRange,
    ProtocolVersion, Request, RequestError, RequestNumber, RoomName, RoomSummary, Seq,
    ServerAddress, ServerFrame, Timestamp, UserName, UserProfile, Welcome,
};
use tokio::io::{ReadHalf, WriteHalf, split};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_rustls::client::TlsStream;
use tokio_util::codec::{FramedRead, FramedWrite};

use super::error::{ConnectError, SessionError};

pub use recado_shared::client::SessionEvent;

type Reader = FramedRead<ReadHalf<TlsStream<TcpStream>>, LengthDelimitedCodec>;
type Writer = FramedWrite<WriteHalf<TlsStream<TcpStream>>, LengthDelimitedCodec>;

/// First size of both buffers; they grow with what passes through.
const BUFFER_LEN: usize = 2 * 1024;

/// A session with this many bytes yet to write is not [writable](Session::is_writable).
const MAX_UNWRITTEN: usize = 2 * MAX_FRAME_LEN;

const LEAVE_TIMEOUT: Duration = Duration::from_secs(1);

pub struct Session {
    protocol: ClientSession,
    reader: Reader,
    writer: Writer,
    is_flushed: bool,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("protocol", &self.protocol)
            .finish_non_exhaustive()
    }
}

impl Session {
    pub(super) async fn open(
        address: &ServerAddress,
        stream: TlsStream<TcpStream>,
        hello: Hello,
    ) -> Result<Self, ConnectError> {
        let (read, write) = split(stream);
        let framing = codec::framing(MAX_FRAME_LEN_BEFORE_WELCOME);
        let mut reader = FramedRead::with_capacity(read, framing.clone(), BUFFER_LEN);
        let mut writer = FramedWrite::with_capacity(write, framing, BUFFER_LEN);
        let exchange = async {
            let hello = codec::encode(&ClientFrame::Hello(hello))?;
            writer.send(hello).await?;
            let payload = reader.next().await.ok_or(SessionError::Closed)??;
            Ok(codec::decode(&payload)?)
        };
        let failed = |error: SessionError| ConnectError::of_session(address, &error);
        let first: ServerFrame = exchange.await.map_err(failed)?;
        let protocol = ClientSession::open(first, now())
            .map_err(|error| ConnectError::of_handshake(address, error))?;
        reader.decoder_mut().set_max_frame_length(MAX_FRAME_LEN);
        writer.encoder_mut().set_max_frame_length(MAX_FRAME_LEN);
        Ok(Self {
            protocol,
            reader,
            writer,
            is_flushed: true,
        })
    }

    /// The frame that opened the session.
    pub fn welcome(&self) -> &Welcome {
        self.protocol.welcome()
    }

    /// Puts a frame into the write buffer. It goes out while any method of the session waits.
    /// Fails with [`SessionError::Malformed`] if the frame is longer than the wire allows.
    pub(crate) fn queue(&mut self, frame: &ClientFrame) -> Result<(), SessionError> {
        self.writer.start_send_unpin(codec::encode(frame)?)?;
        self.is_flushed = false;
        self.protocol.on_sent(frame, now());
        Ok(())
    }

    /// Pings the server at once, so that a dead link is given up without waiting for silence.
    pub fn check(&mut self) {
        self.protocol.check();
    }

    /// Whether there is room in the write buffer: wait for it before queueing much.
    pub(crate) fn is_writable(&self) -> bool {
        self.writer.write_buffer().len() < MAX_UNWRITTEN
    }

    /// Sends a frame: returns once the operating system has it. What arrives meanwhile is kept.
    ///
    /// # Errors
    /// [`SessionError`] if the session is over.
    pub async fn send(&mut self, frame: &ClientFrame) -> Result<(), SessionError> {
        self.queue(frame)?;
        while !self.is_flushed {
            self.step().await?;
        }
        Ok(())
    }

    /// Queues a request and returns its number. For many requests at once.
    ///
    /// # Errors
    /// [`SessionError::Malformed`] if the request is longer than the wire allows.
    pub fn start(&mut self, request: Request) -> Result<RequestNumber, SessionError> {
        let (number, frame) = self.protocol.number(request);
        self.queue(&frame)?;
        Ok(number)
    }

    /// Sends a request and waits for its answer. What arrives before it is kept.
    pub(crate) async fn request(&mut self, request: Request) -> Result<Answer, SessionError> {
        let number = self.start(request)?;
        loop {
            self.step().await?;
            if let Some(result) = self.protocol.take_answer(number) {
                return Ok(result?);
            }
        }
    }

    /// Waits for the next event. Cancelling it loses nothing.
    pub(crate) async fn next_event(&mut self) -> Result<SessionEvent, SessionError> {
        loop {
            if let Some(event) = self.protocol.next_event() {
                return Ok(event);
            }
            self.step().await?;
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

    /// Appends an entry and waits until it is on the server's disk. The same id again is harmless.
    ///
    /// # Errors
    /// [`SessionError::Request`] if it is not granted, others if the session is over.
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
            _ => Err(SessionError::unexpected_answer()),
        }
    }

    /// Reads a page of a log, with the newest `Seq` that the user may read.
    pub(crate) async fn page(
        &mut self,
        conversation: ConversationId,
        range: PageRange,
        limit: u16,
    ) -> Result<(Vec<Entry>, Seq), SessionError> {
        let request = Request::Page {
            conversation,
            range,
            limit,
        };
        match self.request(request).await? {
            Answer::Page { entries, newest } => Ok((entries, newest)),
            _ => Err(SessionError::unexpected_answer()),
        }
    }

    /// Requests the unknown names that these entries need.
    pub(crate) async fn learn_names(
        &mut self,
        names: &mut NameCache,
        conversation: ConversationId,
        entries: &[Entry],
    ) -> Result<(), SessionError> {
        for page in names.missing(self.welcome().user, conversation, entries) {
            match self.request(Request::Users(page.clone())).await? {
                Answer::Users { people, .. } => names.on_answer(&page, &people),
                _ => return Err(SessionError::unexpected_answer()),
            }
        }
        Ok(())
    }

    /// Finds a user by name, without regard to case.
    ///
    /// # Errors
    /// [`SessionError`] if the session is over.
    pub async fn find_user(&mut self, name: &str) -> Result<Option<UserProfile>, SessionError> {
        // Names are ordered by their folded form, so an exact match precedes longer ones.
        let folded = recado_shared::name::fold(name);
        let (users, _) = self.users(name, None, 1).await?;
        Ok(users.into_iter().find(|user| user.name.folded() == folded))
    }

    /// Finds a room by name, without regard to case, or by a former name; `None` also if the user may
    /// not see it.
    pub(crate) async fn find_room(
        &mut self,
        name: &RoomName,
    ) -> Result<Option<RoomSummary>, SessionError> {
        let rooms = match self.rooms(name.as_str(), None, 1).await {
            Ok((rooms, _)) => rooms,
            Err(SessionError::Request(RequestError::UnknownRoom)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let folded = name.folded();
        let is_other = |room: &&RoomSummary| {
            let found = room.name.folded();
            found != folded && found.starts_with(&folded)
        };
        Ok(rooms.iter().find(|room| !is_other(room)).cloned())
    }

    /// Lists users in the order of their folded names, up to `max` and the rest of a page.
    pub(crate) async fn all_users(&mut self, max: usize) -> Result<Vec<UserProfile>, SessionError> {
        let mut found: Vec<UserProfile> = Vec::new();
        let mut has_more = true;
        while has_more && found.len() < max {
            let after = found.last().map(|user| user.name.clone());
            let (users, more) = self.users("", after, MAX_USERS_PER_PAGE).await?;
            has_more = more && !users.is_empty();
            found.extend(users);
        }
        Ok(found)
    }

    /// Lists the rooms that the user may see, as [`all_users`](Self::all_users).
    pub(crate) async fn all_rooms(&mut self, max: usize) -> Result<Vec<RoomSummary>, SessionError> {
        let mut found: Vec<RoomSummary> = Vec::new();
        let mut has_more = true;
        while has_more && found.len() < max {
            let after = found.last().map(|room| room.name.clone());
            let (rooms, more) = self.rooms("", after, MAX_ROOMS_PER_PAGE).await?;
            has_more = more && !rooms.is_empty();
            found.extend(rooms);
        }
        Ok(found)
    }

    async fn users(
        &mut self,
        prefix: &str,
        after: Option<UserName>,
        limit: u16,
    ) -> Result<(Vec<UserProfile>, bool), SessionError> {
        let request = Request::FindUsers {
            prefix: prefix.to_owned(),
            after,
            limit,
        };
        match self.request(request).await? {
            Answer::Users { people, more } => Ok((people, more)),
            _ => Err(SessionError::unexpected_answer()),
        }
    }

    async fn rooms(
        &mut self,
        prefix: &str,
        after: Option<RoomName>,
        limit: u16,
    ) -> Result<(Vec<RoomSummary>, bool), SessionError> {
        let request = Request::FindRooms {
            prefix: prefix.to_owned(),
            after,
            limit,
        };
        match self.request(request).await? {
            Answer::Rooms { rooms, more } => Ok((rooms, more)),
            _ => Err(SessionError::unexpected_answer()),
        }
    }

    /// The newest open invitations; none from a server that does not know their senders.
    pub(crate) async fn invitations(&mut self) -> Result<Vec<Invitation>, SessionError> {
        if self.welcome().version < ProtocolVersion::V3 {
            return Ok(Vec::new());
        }
        match self.request(Request::Invitations).await? {
            Answer::Invitations(invitations) => Ok(invitations),
            _ => Err(SessionError::unexpected_answer()),
        }
    }

    /// Sends what is queued and a leave, then closes. Gives up after a second.
    pub async fn leave(mut self) {
        let leave = async {
            self.send(&ClientFrame::Leave).await?;
            // `LengthDelimitedCodec` encodes several types, so the type has to be named.
            SinkExt::<Bytes>::close(&mut self.writer)
                .await
                .map_err(SessionError::from)
        };
        match timeout(LEAVE_TIMEOUT, leave).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::debug!(%error, "closed without a leave"),
            Err(_) => tracing::debug!("closed without a leave: the server reads nothing"),
        }
    }

    /// Writes, reads or keeps the link alive. Each branch survives being cancelled: half-written and
    /// half-read frames live in the two framings.
    async fn step(&mut self) -> Result<(), SessionError> {
        let deadline = Instant::from_std(self.protocol.deadline());
        // In this order: reading without end must not keep anything from being written, and
        // bytes that lie there after this process slept prove that the link is alive.
        tokio::select! {
            biased;
            // The type has to be named, as in `leave`.
            flushed = SinkExt::<Bytes>::flush(&mut self.writer), if !self.is_flushed => {
                flushed?;
                self.is_flushed = true;
            }
            payload = self.reader.next() => {
                let payload = payload.ok_or(SessionError::Closed)??;
                let pong = self.protocol.on_frame(codec::decode(&payload)?, now())?;
                // A server that floods with pings and reads no pongs gets no more of them.
                if let Some(pong) = pong.filter(|_| self.is_writable()) {
                    self.queue(&pong)?;
                }
            }
            () = sleep_until(deadline) => {
                if let Some(ping) = self.protocol.on_deadline(now())? {
                    self.queue(&ping)?;
                }
            }
        }
        Ok(())
    }
}

/// The time as tests may have paused it.
fn now() -> std::time::Instant {
    Instant::now().into_std()
}
