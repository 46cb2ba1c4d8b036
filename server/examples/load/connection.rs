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
    Advance, Answer, ClientFrame, Content, ConversationId, Hello, Invite, MessageBody,
    ProtocolVersion, Request, RequestNumber, Seq, ServerFrame, Welcome,
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
    InSync,
    /// The server welcomes this client.
    Welcome(Welcome),
    /// An answer to a request.
    Answer(Answer),
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
    Plain(TcpStream),
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
    delivered: Option<(ConversationId, Seq)>,
}

impl Connection {
    /// Connects to the plain relay under a number.
    pub(crate) async fn plain(address: std::net::SocketAddr, number: u32) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&number.to_be_bytes()).await?;
        Ok(Self::over(Stream::Plain(stream)))
    }

    /// Connects to a server and says hello.
    pub(crate) async fn open(
        ticket: &Invite,
        config: Arc<ClientConfig>,
        name: Option<&str>,
    ) -> Result<(Self, Welcome)> {
        let stream = TcpStream::connect(ticket.address.to_string()).await?;
        stream.set_nodelay(true)?;
        let stream = TlsConnector::from(config)
            .connect(tls::server_name(), stream)
            .await?;
        let mut connection = Self::over(Stream::Tls(Box::new(stream)));
        connection.outgoing.queue(&ClientFrame::Hello(Hello {
            oldest: ProtocolVersion::OLDEST,
            newest: ProtocolVersion::NEWEST,
            software: "load".to_owned(),
            name: name.map(str::to_owned),
            token: ticket.token.clone(),
            since: None,
            extensions: Vec::new(),
        }))?;
        let mut welcome = None;
        let mut is_in_sync = false;
        while welcome.is_none() || !is_in_sync {
            let take = |arrival: Arrival<'_>| match arrival {
                Arrival::Welcome(words) => welcome = Some(words),
                Arrival::InSync => is_in_sync = true,
                _ => {}
            };
            connection.turn(take).await?;
        }
        Ok((connection, welcome.context("it was just there")?))
    }

    fn over(stream: Stream) -> Self {
        Self {
            stream,
            outgoing: Outgoing {
                framing: codec::framing(MAX_FRAME_LEN),
                bytes: BytesMut::new(),
                ids: Ids::new(),
                last_number: 0,
                delivered: None,
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
            Stream::Plain(_) => false,
        }
    }

    /// It is in a room of this many. In a large one a client reports seldom.
    pub(crate) fn enter_room(&mut self, members: usize) {
        if members > MAX_MEMBERS_WITH_CURSORS {
            self.report_after = UNHEARD_CURSOR_INTERVAL;
        }
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
            let is_reporting = self.outgoing.delivered.is_some();
            tokio::select! {
                biased;
                () = &mut self.report, if is_reporting => self.outgoing.queue_delivered()?,
                arrived = poll_fn(|cx| {
                    poll_arrivals(&mut self.stream, &mut self.rest, &mut self.outgoing, cx, &mut take)
                }) => {
                    arrived?;
                    if !is_reporting && self.outgoing.delivered.is_some() {
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
                Stream::Plain(stream) => stream.write(bytes).await?,
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
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, &mut arrived),
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
        Stream::Plain(_) => plain::HEAD,
    };
    while let Some(end) = plain::whole_frame(bytes, head) {
        let (frame, others) = bytes.split_at(end);
        bytes = others;
        match stream {
            Stream::Tls(_) => outgoing.sort(codec::decode(&frame[head..])?, take)?,
            Stream::Plain(_) => take(Arrival::Message(&frame[head..])),
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
        let Some((conversation, delivered)) = self.delivered.take() else {
            return Ok(());
        };
        self.queue(&ClientFrame::Advance(Advance {
            conversation,
            delivered,
            read: Seq::ZERO,
        }))
    }

    fn sort(&mut self, frame: ServerFrame, take: &mut impl FnMut(Arrival<'_>)) -> Result<()> {
        match frame {
            ServerFrame::Entry {
                conversation,
                entry,
            } => {
                self.delivered = Some((conversation, entry.seq));
                match &entry.content {
                    Content::Message(body) => take(Arrival::Message(body.as_str().as_bytes())),
                    _ => take(Arrival::Other),
                }
            }
            ServerFrame::Answer { result, .. } => {
                take(Arrival::Answer(result.context("the server refused")?));
            }
            ServerFrame::Heads(page) if page.complete.is_some() => take(Arrival::InSync),
            ServerFrame::Welcome(welcome) => take(Arrival::Welcome(welcome)),
            ServerFrame::Ping(number) => self.queue(&ClientFrame::Pong(number))?,
            ServerFrame::Behind => bail!("the server left this client behind"),
            ServerFrame::Farewell(why) => bail!("the server said goodbye: {why}"),
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
