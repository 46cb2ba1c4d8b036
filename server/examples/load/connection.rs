//! One client's connection, whatever it is to: takes what arrived in batches, and sends what was
//! queued in one write.

use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use bytes::{Buf as _, BytesMut};
use recado_shared::codec::{self, LengthDelimitedCodec};
use recado_shared::limits::MAX_FRAME_LEN;
use recado_shared::tls::{self, Identity};
use recado_shared::{
    Advance, Answer, ClientFrame, Content, ConversationId, Hello, Invite, MessageBody, MessageId,
    ProtocolVersion, Request, RequestNumber, Seq, ServerFrame, Welcome,
};
use rustls::ClientConfig;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::codec::{Decoder as _, Encoder as _};

use crate::plain;

/// First size of the buffers; they grow with what passes through.
const BUFFER: usize = 1024;

/// Something that arrived.
#[derive(Debug)]
pub(crate) enum Arrival {
    /// A message for this client.
    Message { text: Vec<u8> },
    /// The server has a message of this client on its disk.
    Accepted,
    /// The heads are complete: nothing older is missing.
    InSync,
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
    framing: LengthDelimitedCodec,
    read: BytesMut,
    write: BytesMut,
    last_number: u32,
    last_id: u128,
    /// What has arrived and is not reported as delivered yet.
    delivered: Option<(ConversationId, Seq)>,
}

impl Connection {
    /// Connects to the plain relay under a number.
    pub(crate) async fn plain(address: std::net::SocketAddr, number: u32) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        stream.write_all(&number.to_be_bytes()).await?;
        Ok(Self::over(Stream::Plain(stream), 0))
    }

    /// Connects to a server and says hello.
    pub(crate) async fn open(
        ticket: &Invite,
        config: Arc<ClientConfig>,
        name: Option<&str>,
        seed: u128,
    ) -> Result<(Self, Welcome)> {
        let stream = TcpStream::connect(ticket.address.to_string()).await?;
        stream.set_nodelay(true)?;
        let stream = TlsConnector::from(config)
            .connect(tls::server_name(), stream)
            .await?;
        let mut connection = Self::over(Stream::Tls(Box::new(stream)), seed);
        connection.queue(&ClientFrame::Hello(Hello {
            oldest: ProtocolVersion::OLDEST,
            newest: ProtocolVersion::NEWEST,
            software: "load".to_owned(),
            name: name.map(str::to_owned),
            token: ticket.token.clone(),
            since: None,
            extensions: Vec::new(),
        }))?;
        connection.flush().await?;
        match connection.next_frame().await? {
            ServerFrame::Welcome(welcome) => Ok((connection, welcome)),
            other => bail!("not let in: {other:?}"),
        }
    }

    fn over(stream: Stream, seed: u128) -> Self {
        Self {
            stream,
            framing: codec::framing(MAX_FRAME_LEN),
            read: BytesMut::with_capacity(BUFFER),
            write: BytesMut::with_capacity(BUFFER),
            last_number: 0,
            last_id: seed << 64,
            delivered: None,
        }
    }

    /// Puts a frame into the write buffer.
    pub(crate) fn queue(&mut self, frame: &ClientFrame) -> Result<()> {
        self.framing
            .encode(codec::encode(frame)?, &mut self.write)?;
        Ok(())
    }

    /// Puts a request into the write buffer.
    pub(crate) fn queue_request(&mut self, request: Request) -> Result<()> {
        self.last_number = self.last_number.wrapping_add(1);
        let number = RequestNumber(self.last_number);
        self.queue(&ClientFrame::Request { number, request })
    }

    /// Puts a message into the write buffer.
    pub(crate) fn queue_message(&mut self, to: To, text: &str) -> Result<()> {
        match to {
            To::Number(number) => {
                plain::put_frame(&mut self.write, number, text.as_bytes());
                Ok(())
            }
            To::Conversation(conversation) => {
                self.last_id += 1;
                let id = MessageId(self.last_id.to_be_bytes());
                let content = Content::Message(MessageBody::new(text)?);
                self.queue_request(Request::Append {
                    conversation,
                    id,
                    content,
                })
            }
        }
    }

    /// Says that everything that arrived is on this device, if that was not said yet.
    pub(crate) fn queue_delivered(&mut self) -> Result<()> {
        let Some((conversation, delivered)) = self.delivered.take() else {
            return Ok(());
        };
        self.queue(&ClientFrame::Advance(Advance {
            conversation,
            delivered,
            read: Seq::ZERO,
        }))
    }

    /// Writes what was queued.
    pub(crate) async fn flush(&mut self) -> Result<()> {
        if self.write.is_empty() {
            return Ok(());
        }
        match &mut self.stream {
            Stream::Tls(stream) => {
                stream.write_all(&self.write).await?;
                stream.flush().await?;
            }
            Stream::Plain(stream) => stream.write_all(&self.write).await?,
        }
        self.write.clear();
        Ok(())
    }

    /// Waits until something arrives, and takes all that did. Cancelling it loses nothing.
    pub(crate) async fn arrivals(&mut self) -> Result<Vec<Arrival>> {
        loop {
            let arrivals = self.take()?;
            if !arrivals.is_empty() {
                return Ok(arrivals);
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<()> {
        self.read.reserve(BUFFER);
        let count = match &mut self.stream {
            Stream::Tls(stream) => stream.read_buf(&mut self.read).await?,
            Stream::Plain(stream) => stream.read_buf(&mut self.read).await?,
        };
        if count == 0 {
            bail!("the connection was closed");
        }
        Ok(())
    }

    fn take(&mut self) -> Result<Vec<Arrival>> {
        let mut arrivals = Vec::new();
        if matches!(self.stream, Stream::Plain(_)) {
            while let Some(length) = plain::whole_frame(&self.read) {
                self.read.advance(plain::HEAD);
                let text = self.read.split_to(length).to_vec();
                arrivals.push(Arrival::Message { text });
            }
            return Ok(arrivals);
        }
        while let Some(payload) = self.framing.decode(&mut self.read)? {
            let frame = codec::decode(&payload)?;
            arrivals.push(self.sort(frame)?);
        }
        Ok(arrivals)
    }

    fn sort(&mut self, frame: ServerFrame) -> Result<Arrival> {
        Ok(match frame {
            ServerFrame::Entry {
                conversation,
                entry,
            } => {
                self.delivered = Some((conversation, entry.seq));
                match entry.content {
                    Content::Message(body) => Arrival::Message {
                        text: body.as_str().as_bytes().to_vec(),
                    },
                    _ => Arrival::Other,
                }
            }
            ServerFrame::Answer { result, .. } => match result? {
                Answer::Accepted { .. } => Arrival::Accepted,
                _ => Arrival::Other,
            },
            ServerFrame::Heads(page) if page.complete.is_some() => Arrival::InSync,
            ServerFrame::Ping(number) => {
                self.queue(&ClientFrame::Pong(number))?;
                Arrival::Other
            }
            ServerFrame::Behind => bail!("the server left this client behind"),
            ServerFrame::Farewell(why) => bail!("the server said goodbye: {why}"),
            _ => Arrival::Other,
        })
    }

    /// The next frame of a server.
    pub(crate) async fn next_frame(&mut self) -> Result<ServerFrame> {
        loop {
            if let Some(payload) = self.framing.decode(&mut self.read)? {
                return Ok(codec::decode(&payload)?);
            }
            self.fill().await?;
        }
    }

    /// Asks and waits for the answer; what arrives before it is dropped.
    pub(crate) async fn ask(&mut self, request: Request) -> Result<Answer> {
        self.queue_request(request)?;
        self.flush().await?;
        loop {
            if let ServerFrame::Answer { result, .. } = self.next_frame().await? {
                return result.context("the server refused");
            }
        }
    }
}

/// A new device's key, as TLS uses it.
pub(crate) fn device(ticket: &Invite) -> Result<Arc<ClientConfig>> {
    let identity = Identity::generate()?;
    Ok(Arc::new(tls::client_config(&identity, ticket.fingerprint)?))
}
