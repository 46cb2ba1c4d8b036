//! One client's connection, whatever it is to: takes what arrived in batches, sends what was queued
//! in one write, answers pings, and reports in time what is delivered, as a client does.

use std::cell::RefCell;
use std::future::poll_fn;
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
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::codec::Encoder as _;

use crate::ids::Ids;
use crate::plain;

/// How much is read at once.
const READ: usize = 64 * 1024;

/// How long after a message its delivery is reported, so that many are reported at once. A client
/// does the same.
const REPORT_AFTER: Duration = Duration::from_millis(100);

/// Bytes before a frame of a server: its length.
const HEAD: usize = 4;

thread_local! {
    /// Where all connections read to. What is no whole frame yet is kept by the connection.
    static ARRIVED: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Something that arrived.
#[derive(Debug)]
pub(crate) enum Arrival<'a> {
    /// A message for this client.
    Message(&'a [u8]),
    /// The heads are complete: nothing older is missing.
    HeadsComplete,
    /// The server welcomes this client.
    Welcome(Welcome),
    /// An answer to a request.
    Answer(Answer),
    /// An answer to a ping.
    Pong,
    /// How reachable somebody is.
    Presence(UserId),
    /// Anything else.
    Other,
}

/// Where a message goes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum To {
    /// A conversation of the server's.
    Conversation(ConversationId),
    /// A connection of the plain relay, or all others.
    Number(u32),
}

enum Stream {
    Tls(Box<TlsStream<TcpStream>>),
    /// To the plain relay, under a number.
    Plain(TcpStream, u32),
}

/// A client's connection.
pub(crate) struct Connection {
    stream: Stream,
    outgoing: Outgoing,
    /// The beginning of a frame.
    rest: Vec<u8>,
    /// When what has arrived is to be reported.
    report: Pin<Box<Sleep>>,
    report_after: Duration,
}

/// What is queued, and what has to be said.
struct Outgoing {
    framing: LengthDelimitedCodec,
    bytes: BytesMut,
    ids: Ids,
    last_number: u32,
    /// What has arrived and is not reported as delivered yet.
    delivered: Vec<(ConversationId, Seq)>,
}

impl Connection {
    /// Connects to the plain relay under a number.
    pub(crate) async fn plain(address: std::net::SocketAddr, number: u32) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&number.to_be_bytes()).await?;
        Ok(Self::over(Stream::Plain(stream, number)))
    }

    /// Connects to a server, which has to be greeted next.
    pub(crate) async fn tls(ticket: &Invite, config: Arc<ClientConfig>) -> Result<Self> {
        let stream = TcpStream::connect(ticket.address.to_string()).await?;
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
                ids: Ids::new(),
                last_number: 0,
                delivered: Vec::new(),
            },
            rest: Vec::new(),
            report: Box::pin(sleep(Duration::ZERO)),
            report_after: REPORT_AFTER,
        }
    }

    /// Whether the server took up an earlier session of TLS.
    pub(crate) fn is_resumed(&self) -> bool {
        match &self.stream {
            Stream::Tls(stream) => {
                stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed)
            }
            Stream::Plain(..) => false,
        }
    }

    /// It is in a room of this many. In a large one a client reports seldom.
    pub(crate) fn enter_room(&mut self, members: usize) {
        if members > MAX_MEMBERS_WITH_CURSORS {
            self.report_after = UNHEARD_CURSOR_INTERVAL;
        }
    }

    /// Queues a frame for a server.
    pub(crate) fn queue(&mut self, frame: &ClientFrame) -> Result<()> {
        self.outgoing.queue(frame)
    }

    /// Queues a ping. The plain relay answers none: it passes an empty frame on to its sender.
    pub(crate) fn queue_ping(&mut self) -> Result<()> {
        match self.stream {
            Stream::Tls(_) => self.queue(&ClientFrame::Ping(0)),
            Stream::Plain(_, number) => {
                plain::put_frame(&mut self.outgoing.bytes, number, &[]);
                Ok(())
            }
        }
    }

    /// Pings and waits for the answer, and so for everything that the server sent before it.
    pub(crate) async fn ping(&mut self) -> Result<()> {
        self.queue_ping()?;
        let mut is_answered = false;
        while !is_answered {
            self.turn(|arrival| is_answered |= matches!(arrival, Arrival::Pong))
                .await?;
        }
        Ok(())
    }

    /// Queues that all that arrived is on this device, before that is due.
    pub(crate) fn report_delivered(&mut self) -> Result<()> {
        self.outgoing.queue_delivered()
    }

    /// Asks and waits for the answer; what arrives before it is dropped.
    pub(crate) async fn ask(&mut self, request: Request) -> Result<Answer> {
        self.queue_request(request)?;
        let answer = self.answers(1).await?.pop();
        answer.context("it was just there")
    }

    /// Waits for so many answers; what arrives before them is dropped.
    pub(crate) async fn answers(&mut self, count: usize) -> Result<Vec<Answer>> {
        let mut answers = Vec::new();
        while answers.len() < count {
            let take = |arrival: Arrival<'_>| {
                if let Arrival::Answer(answer) = arrival {
                    answers.push(answer);
                }
            };
            self.turn(take).await?;
        }
        Ok(answers)
    }

    /// Queues a request.
    pub(crate) fn queue_request(&mut self, request: Request) -> Result<()> {
        self.outgoing.queue_request(request)
    }

    /// Queues a message.
    pub(crate) fn queue_message(&mut self, to: To, text: &str) -> Result<()> {
        match to {
            To::Number(number) => {
                plain::put_frame(&mut self.outgoing.bytes, number, text.as_bytes());
                Ok(())
            }
            To::Conversation(conversation) => {
                let id = self.outgoing.ids.draw();
                let content = Content::Message(MessageBody::new(text)?);
                self.queue_request(Request::Append {
                    conversation,
                    id,
                    content,
                })
            }
        }
    }

    /// Writes what was queued, waits until something arrives, and gives all that did. Giving the
    /// wait up loses nothing.
    pub(crate) async fn turn(&mut self, mut take: impl FnMut(Arrival<'_>)) -> Result<()> {
        loop {
            self.flush().await?;
            let is_reporting = !self.outgoing.delivered.is_empty();
            tokio::select! {
                biased;
                () = &mut self.report, if is_reporting => self.outgoing.queue_delivered()?,
                arrived = poll_fn(|cx| {
                    poll_arrivals(&mut self.stream, &mut self.rest, &mut self.outgoing, cx, &mut take)
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

/// Reads once, and gives each whole frame.
fn poll_arrivals(
    stream: &mut Stream,
    rest: &mut Vec<u8>,
    outgoing: &mut Outgoing,
    cx: &mut Context<'_>,
    take: &mut impl FnMut(Arrival<'_>),
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
    take: &mut impl FnMut(Arrival<'_>),
) -> Result<()> {
    let mut kept = std::mem::take(rest);
    let mut bytes = arrived;
    if !kept.is_empty() {
        kept.extend_from_slice(arrived);
        bytes = &kept;
    }
    let head = match stream {
        Stream::Tls(_) => HEAD,
        Stream::Plain(..) => plain::HEAD,
    };
    while let Some(end) = plain::whole_frame(bytes, head) {
        let (frame, others) = bytes.split_at(end);
        bytes = others;
        match stream {
            Stream::Tls(_) => outgoing.sort(codec::decode(&frame[head..])?, take)?,
            Stream::Plain(..) if frame.len() == head => take(Arrival::Pong),
            Stream::Plain(..) => take(Arrival::Message(&frame[head..])),
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

    /// Says that everything that arrived is on this device.
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

    /// Notes that an entry arrived, after all before it.
    fn note_delivered(&mut self, conversation: ConversationId, seq: Seq) {
        let mut noted = self.delivered.iter_mut();
        match noted.find(|(noted, _)| *noted == conversation) {
            Some((_, newest)) => *newest = seq,
            None => self.delivered.push((conversation, seq)),
        }
    }

    fn sort(&mut self, frame: ServerFrame, take: &mut impl FnMut(Arrival<'_>)) -> Result<()> {
        match frame {
            ServerFrame::Entry {
                conversation,
                entry,
            } => {
                self.note_delivered(conversation, entry.seq);
                match &entry.content {
                    Content::Message(body) => take(Arrival::Message(body.as_str().as_bytes())),
                    _ => take(Arrival::Other),
                }
            }
            ServerFrame::Answer { result, .. } => {
                take(Arrival::Answer(result.context("the server refused")?));
            }
            ServerFrame::Heads(page) if page.complete.is_some() => take(Arrival::HeadsComplete),
            ServerFrame::Welcome(welcome) => take(Arrival::Welcome(welcome)),
            ServerFrame::Pong(_) => take(Arrival::Pong),
            ServerFrame::Presence { user, .. } => take(Arrival::Presence(user)),
            ServerFrame::Ping(number) => self.queue(&ClientFrame::Pong(number))?,
            ServerFrame::Behind => bail!("the server left this client behind"),
            ServerFrame::Close(why) => bail!("the server said goodbye: {why}"),
            ServerFrame::Refused(why) => bail!("the server refused: {why}"),
            _ => take(Arrival::Other),
        }
        Ok(())
    }
}

/// A new device's key, as TLS uses it.
pub(crate) fn device(ticket: &Invite) -> Result<Arc<ClientConfig>> {
    let identity = Identity::generate()?;
    Ok(Arc::new(tls::client_config(&identity, ticket.fingerprint)?))
}
