//! Connection of one client to the server or the baseline relay. It reads frames in batches, writes queued
//! frames at once, answers pings, and reports delivered cursors late, as a client does.

use std::cell::RefCell;
use std::future::poll_fn;
use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use bytes::{Buf as _, BytesMut};
use recado_shared::codec::{self, LengthDelimitedCodec};
use recado_shared::limits::{MAX_FRAME_LEN, MAX_MEMBERS_WITH_CURSORS, UNHEARD_CURSOR_INTERVAL};
use recado_shared::tls::{self, Identity};
use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, CursorUpdate, Invite, MessageBody, Request,
    RequestNumber, Seq, ServerFrame, UserId, Welcome,
};
use rustls::{ClientConfig, HandshakeKind};
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, Sleep, sleep};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::codec::Encoder as _;

use crate::message_ids::MessageIds;
use crate::plain_frame;

/// Capacity of a read, in bytes.
const READ: usize = 64 * 1024;

/// Delay of a delivered cursor after a message, so that it covers many messages. A client does the same.
const REPORT_AFTER: Duration = Duration::from_millis(100);

/// Bytes before a frame of the server: its length.
const HEADER: usize = 4;

thread_local! {
    /// Read buffer of all connections. Each keeps its own incomplete frame.
    static ARRIVED: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

#[derive(Debug)]
pub(crate) enum Incoming<'a> {
    /// The body of a message.
    Message(&'a [u8]),
    /// The last page of heads.
    HeadsComplete,
    Welcome(Welcome),
    Answer(Answer),
    Pong,
    /// The presence of this user.
    Presence(UserId),
    Other,
}

/// Destination of a message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    Conversation(ConversationId),
    /// A connection of the baseline relay, or all others.
    Number(u32),
}

enum Stream {
    Tls(Box<TlsStream<TcpStream>>),
    /// To the baseline relay, with the own number.
    Plain(TcpStream, u32),
}

pub(crate) struct Connection {
    stream: Stream,
    outgoing: Outgoing,
    /// The start of an incomplete frame.
    rest: Vec<u8>,
    /// Deadline of the next delivered cursors.
    report: Pin<Box<Sleep>>,
    report_after: Duration,
}

/// Queued bytes, and the state of what is sent.
struct Outgoing {
    framing: LengthDelimitedCodec,
    bytes: BytesMut,
    ids: MessageIds,
    last_number: u32,
    /// Newest entries that are not reported as delivered.
    delivered: Vec<(ConversationId, Seq)>,
    /// Refused requests and lost live frames are no failure.
    is_lenient: bool,
}

impl Connection {
    /// Connects to the baseline relay with a number.
    pub(crate) async fn plain(address: std::net::SocketAddr, number: u32) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&number.to_be_bytes()).await?;
        Ok(Self::over(Stream::Plain(stream, number)))
    }

    /// Connects to a server, up to the hello.
    pub(crate) async fn tls(ticket: &Invite, config: Arc<ClientConfig>) -> Result<Self> {
        Self::tls_from(Ipv4Addr::UNSPECIFIED, ticket, config).await
    }

    /// Connects from an address of this machine.
    pub(crate) async fn tls_from(
        from: Ipv4Addr,
        ticket: &Invite,
        config: Arc<ClientConfig>,
    ) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind((from, 0).into())?;
        let stream = socket.connect(ticket.address.to_string().parse()?).await?;
        stream.set_nodelay(true)?;
        let stream = TlsConnector::from(config)
            .connect(tls::server_name(), stream)
            .await?;
        Ok(Self::over(Stream::Tls(Box::new(stream))))
    }

    fn over(stream: Stream) -> Self {
        Self {
            stream,
            outgoing: Outgoing {
                framing: codec::framing(MAX_FRAME_LEN),
                bytes: BytesMut::new(),
                ids: MessageIds::new(),
                last_number: 0,
                delivered: Vec::new(),
                is_lenient: false,
            },
            rest: Vec::new(),
            report: Box::pin(sleep(Duration::ZERO)),
            report_after: REPORT_AFTER,
        }
    }

    /// Whether the server resumed an earlier TLS session.
    pub(crate) fn is_resumed(&self) -> bool {
        match &self.stream {
            Stream::Tls(stream) => {
                stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed)
            }
            Stream::Plain(..) => false,
        }
    }

    /// Takes refused requests for answered ones, and goes on when it is behind, as an attacker does.
    pub(crate) fn be_lenient(&mut self) {
        self.outgoing.is_lenient = true;
    }

    /// Sets the delay of delivered cursors for a room of this size, as a client does.
    pub(crate) fn enter_room(&mut self, members: usize) {
        if members > MAX_MEMBERS_WITH_CURSORS {
            self.report_after = UNHEARD_CURSOR_INTERVAL;
        }
    }

    pub(crate) fn queue(&mut self, frame: &ClientFrame) -> Result<()> {
        self.outgoing.queue(frame)
    }

    /// Queues a ping; for the baseline relay, an empty frame to itself.
    pub(crate) fn queue_ping(&mut self) -> Result<()> {
        match self.stream {
            Stream::Tls(_) => self.queue(&ClientFrame::Ping(0)),
            Stream::Plain(_, number) => {
                plain_frame::put_frame(&mut self.outgoing.bytes, number, &[]);
                Ok(())
            }
        }
    }

    /// Waits for a pong, and so for everything that the server sent before it.
    pub(crate) async fn ping(&mut self) -> Result<()> {
        self.queue_ping()?;
        let mut is_answered = false;
        while !is_answered {
            self.exchange(|arrival| is_answered |= matches!(arrival, Incoming::Pong))
                .await?;
        }
        Ok(())
    }

    /// Queues the delivered cursors before their deadline.
    pub(crate) fn report_delivered(&mut self) -> Result<()> {
        self.outgoing.queue_delivered()
    }

    /// Sends a request and waits for the answer. Frames before it are dropped.
    pub(crate) async fn ask(&mut self, request: Request) -> Result<Answer> {
        self.queue_request(request)?;
        let answer = self.answers(1).await?.pop();
        answer.context("the answer is missing")
    }

    /// Waits for `count` answers. Other frames are dropped.
    pub(crate) async fn answers(&mut self, count: usize) -> Result<Vec<Answer>> {
        let mut answers = Vec::new();
        while answers.len() < count {
            let take = |arrival: Incoming<'_>| {
                if let Incoming::Answer(answer) = arrival {
                    answers.push(answer);
                }
            };
            self.exchange(take).await?;
        }
        Ok(answers)
    }

    pub(crate) fn queue_request(&mut self, request: Request) -> Result<()> {
        self.outgoing.queue_request(request)
    }

    pub(crate) fn queue_message(&mut self, to: To, text: &str) -> Result<()> {
        match to {
            To::Number(number) => {
                plain_frame::put_frame(&mut self.outgoing.bytes, number, text.as_bytes());
                Ok(())
            }
            To::Conversation(conversation) => {
                let id = self.outgoing.ids.next_id();
                let content = Content::Message(MessageBody::new(text)?);
                self.queue_request(Request::Append {
                    conversation,
                    id,
                    content,
                })
            }
        }
    }

    /// Writes the queued frames, waits for a read, and passes its frames to `take`. Cancel safe.
    pub(crate) async fn exchange(&mut self, mut take: impl FnMut(Incoming<'_>)) -> Result<()> {
        loop {
            self.flush().await?;
            let is_reporting = !self.outgoing.delivered.is_empty();
            tokio::select! {
                biased;
                () = &mut self.report, if is_reporting => self.outgoing.queue_delivered()?,
                arrived = poll_fn(|cx| {
                    poll_incoming(&mut self.stream, &mut self.rest, &mut self.outgoing, cx, &mut take)
                }) => {
                    arrived?;
                    if !is_reporting && !self.outgoing.delivered.is_empty() {
                        self.report.as_mut().reset(Instant::now() + self.report_after);
                    }
                    return Ok(());
                }
            }
        }
    }

    async fn flush(&mut self) -> Result<()> {
        let bytes = &mut self.outgoing.bytes;
        if bytes.is_empty() {
            return Ok(());
        }
        while !bytes.is_empty() {
            let count = match &mut self.stream {
                Stream::Tls(stream) => stream.write(bytes).await?,
                Stream::Plain(stream, _) => stream.write(bytes).await?,
            };
            bytes.advance(count);
        }
        bytes.clear();
        if let Stream::Tls(stream) = &mut self.stream {
            stream.flush().await?;
        }
        Ok(())
    }
}

/// Reads once, and passes each complete frame to `take`.
fn poll_incoming(
    stream: &mut Stream,
    rest: &mut Vec<u8>,
    outgoing: &mut Outgoing,
    cx: &mut Context<'_>,
    take: &mut impl FnMut(Incoming<'_>),
) -> Poll<Result<()>> {
    ARRIVED.with_borrow_mut(|arrived| {
        let mut arrived = ReadBuf::new(arrived);
        ready!(match stream {
            Stream::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, &mut arrived),
            Stream::Plain(stream, _) => Pin::new(stream).poll_read(cx, &mut arrived),
        })?;
        let arrived = arrived.filled();
        Poll::Ready(if arrived.is_empty() {
            Err(anyhow::anyhow!("the connection was closed"))
        } else {
            take_frames(stream, rest, outgoing, arrived, take)
        })
    })
}

fn take_frames(
    stream: &Stream,
    rest: &mut Vec<u8>,
    outgoing: &mut Outgoing,
    arrived: &[u8],
    take: &mut impl FnMut(Incoming<'_>),
) -> Result<()> {
    let mut kept = std::mem::take(rest);
    let mut bytes = arrived;
    if !kept.is_empty() {
        kept.extend_from_slice(arrived);
        bytes = &kept;
    }
    let head = match stream {
        Stream::Tls(_) => HEADER,
        Stream::Plain(..) => plain_frame::HEADER,
    };
    while let Some(end) = plain_frame::whole_frame(bytes, head) {
        let (frame, others) = bytes.split_at(end);
        bytes = others;
        match stream {
            Stream::Tls(_) => outgoing.handle(codec::decode(&frame[head..])?, take)?,
            Stream::Plain(..) if frame.len() == head => take(Incoming::Pong),
            Stream::Plain(..) => take(Incoming::Message(&frame[head..])),
        }
    }
    *rest = bytes.to_vec();
    Ok(())
}

impl Outgoing {
    fn queue(&mut self, frame: &ClientFrame) -> Result<()> {
        self.framing
            .encode(codec::encode(frame)?, &mut self.bytes)?;
        Ok(())
    }

    fn queue_request(&mut self, request: Request) -> Result<()> {
        self.last_number = self.last_number.wrapping_add(1);
        let number = RequestNumber(self.last_number);
        self.queue(&ClientFrame::Request { number, request })
    }

    fn queue_delivered(&mut self) -> Result<()> {
        for (conversation, delivered) in std::mem::take(&mut self.delivered) {
            self.queue(&ClientFrame::UpdateCursors(CursorUpdate {
                conversation,
                delivered,
                read: Seq::ZERO,
            }))?;
        }
        Ok(())
    }

    fn mark_delivered(&mut self, conversation: ConversationId, seq: Seq) {
        let mut noted = self.delivered.iter_mut();
        match noted.find(|(noted, _)| *noted == conversation) {
            Some((_, newest)) => *newest = seq,
            None => self.delivered.push((conversation, seq)),
        }
    }

    fn handle(&mut self, frame: ServerFrame, take: &mut impl FnMut(Incoming<'_>)) -> Result<()> {
        match frame {
            ServerFrame::Entry {
                conversation,
                entry,
            } => {
                self.mark_delivered(conversation, entry.seq);
                match &entry.content {
                    Content::Message(body) => take(Incoming::Message(body.as_str().as_bytes())),
                    _ => take(Incoming::Other),
                }
            }
            ServerFrame::Answer { result: Err(_), .. } if self.is_lenient => {
                take(Incoming::Answer(Answer::Done));
            }
            ServerFrame::Answer { result, .. } => {
                take(Incoming::Answer(result.context("the server refused")?));
            }
            ServerFrame::Behind if self.is_lenient => take(Incoming::Other),
            ServerFrame::Heads(page) if page.complete.is_some() => take(Incoming::HeadsComplete),
            ServerFrame::Welcome(welcome) => take(Incoming::Welcome(welcome)),
            ServerFrame::Pong(_) => take(Incoming::Pong),
            ServerFrame::Presence { user, .. } => take(Incoming::Presence(user)),
            ServerFrame::Ping(number) => self.queue(&ClientFrame::Pong(number))?,
            ServerFrame::Behind => bail!("the client is behind"),
            ServerFrame::Close(why) => bail!("the server closed the session: {why}"),
            ServerFrame::Refused(why) => bail!("the server refused: {why}"),
            _ => take(Incoming::Other),
        }
        Ok(())
    }
}

/// TLS configuration of a new device.
pub(crate) fn device(ticket: &Invite) -> Result<Arc<ClientConfig>> {
    let identity = Identity::generate()?;
    Ok(Arc::new(tls::client_config(&identity, ticket.fingerprint)?))
}
