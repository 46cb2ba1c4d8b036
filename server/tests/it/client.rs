//! A small protocol client that sends and receives single frames, and keeps no state.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use recado_shared::client;
use recado_shared::codec::{self, LengthDelimitedCodec};
use recado_shared::limits::MAX_FRAME_LEN;
use recado_shared::tls::{self, Identity};
use recado_shared::{
    Answer, ClientFrame, Content, ConversationId, Fingerprint, HeadsPage, Hello, InviteToken,
    MessageBody, MessageId, ProtocolVersion, Refusal, Request, RequestError, RequestNumber, Seq,
    ServerFrame, UserId, Welcome,
};
use rustls::{ClientConfig, HandshakeKind};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_util::codec::Framed;

/// A server that says nothing for this long has failed the test.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    frames: Framed<TlsStream<TcpStream>, LengthDelimitedCodec>,
    last_number: u32,
    pub(crate) user: UserId,
}

/// A hello in all versions of this code.
pub(crate) fn hello(name: Option<&str>, token: Option<InviteToken>) -> Hello {
    Hello {
        name: name.map(str::to_owned),
        token,
        ..client::hello("test/1")
    }
}

pub(crate) fn message(text: &str) -> Content {
    Content::Message(MessageBody::new(text).unwrap())
}

/// The nth id of a test.
pub(crate) fn id(n: u8) -> MessageId {
    MessageId([n; 16])
}

impl Client {
    /// Shakes hands. The window of the connection stays small, so that a client that does not
    /// read is noticed soon.
    pub(crate) async fn connect(
        address: SocketAddr,
        pin: Fingerprint,
        device: &Identity,
    ) -> std::io::Result<Self> {
        let anywhere = (Ipv4Addr::UNSPECIFIED, 0).into();
        Self::connect_from(anywhere, address, pin, device).await
    }

    /// Does the same from this address.
    pub(crate) async fn connect_from(
        from: SocketAddr,
        address: SocketAddr,
        pin: Fingerprint,
        device: &Identity,
    ) -> std::io::Result<Self> {
        let config = Arc::new(tls::client_config(device, pin).unwrap());
        Self::connect_with(from, address, config).await
    }

    /// Does the same with a configuration, which keeps the server's tickets.
    pub(crate) async fn connect_with(
        from: SocketAddr,
        address: SocketAddr,
        config: Arc<ClientConfig>,
    ) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(from)?;
        socket.set_recv_buffer_size(16 * 1024)?;
        let stream = socket.connect(address).await?;
        let connector = TlsConnector::from(config);
        let stream = connector.connect(tls::server_name(), stream).await?;
        Ok(Self {
            frames: Framed::new(stream, codec::framing(MAX_FRAME_LEN)),
            last_number: 0,
            user: UserId(0),
        })
    }

    /// Whether the connection goes on from an earlier one, by its ticket.
    pub(crate) fn is_resumed(&self) -> bool {
        let (_, tls) = self.frames.get_ref().get_ref();
        tls.handshake_kind() == Some(HandshakeKind::Resumed)
    }

    pub(crate) async fn send(&mut self, frame: &ClientFrame) {
        let payload = codec::encode(frame).unwrap();
        self.frames.send(payload).await.unwrap();
    }

    /// The next frame, or `None` at the end of the connection.
    pub(crate) async fn next_frame_or_end(&mut self) -> Option<ServerFrame> {
        let next = timeout(PATIENCE, self.frames.next()).await;
        let payload = next.expect("the server says something")?;
        Some(codec::decode(&payload.unwrap()).unwrap())
    }

    pub(crate) async fn next_frame(&mut self) -> ServerFrame {
        self.next_frame_or_end().await.expect("the session goes on")
    }

    /// Greets, and expects to be let in.
    pub(crate) async fn enter(&mut self, hello: Hello) -> Welcome {
        self.send(&ClientFrame::Hello(hello)).await;
        match self.next_frame().await {
            ServerFrame::Welcome(welcome) => {
                self.user = welcome.user;
                if welcome.version >= ProtocolVersion::V4 {
                    let epochs = self.next_frame().await;
                    assert!(matches!(epochs, ServerFrame::Epochs(_)), "{epochs:?}");
                }
                welcome
            }
            other => panic!("no welcome: {other:?}"),
        }
    }

    /// Greets, and expects to be refused.
    pub(crate) async fn refused(&mut self, hello: Hello) -> Refusal {
        self.send(&ClientFrame::Hello(hello)).await;
        self.next_refusal().await
    }

    pub(crate) async fn next_refusal(&mut self) -> Refusal {
        let frame = self.next_frame().await;
        assert_eq!(self.next_frame_or_end().await, None);
        match frame {
            ServerFrame::Refused(refusal) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    pub(crate) async fn next_heads(&mut self) -> HeadsPage {
        match self.next_frame().await {
            ServerFrame::Heads(page) => page,
            other => panic!("no heads: {other:?}"),
        }
    }

    /// Sends a request without waiting for its answer.
    pub(crate) async fn ask(&mut self, request: Request) -> RequestNumber {
        self.last_number += 1;
        let number = RequestNumber(self.last_number);
        self.send(&ClientFrame::Request { number, request }).await;
        number
    }

    /// Sends a request; the next frame is its answer.
    pub(crate) async fn answer(&mut self, request: Request) -> Result<Answer, RequestError> {
        let asked = self.ask(request).await;
        match self.next_frame().await {
            ServerFrame::Answer { number, result } if number == asked => result,
            other => panic!("no answer: {other:?}"),
        }
    }

    /// Sends a request; its answer may come behind other frames.
    pub(crate) async fn answer_among(&mut self, request: Request) -> Result<Answer, RequestError> {
        let asked = self.ask(request).await;
        loop {
            match self.next_frame().await {
                ServerFrame::Answer { number, result } if number == asked => return result,
                _ => {}
            }
        }
    }

    /// Appends something, which is accepted or refused behind other frames.
    pub(crate) async fn put(
        &mut self,
        conversation: ConversationId,
        id: MessageId,
        content: Content,
    ) -> Result<Seq, RequestError> {
        let request = Request::Append {
            conversation,
            id,
            content,
        };
        match self.answer_among(request).await? {
            Answer::Accepted { seq, .. } => Ok(seq),
            other => panic!("not accepted: {other:?}"),
        }
    }

    pub(crate) fn append(&self, to: UserId, id: MessageId, text: &str) -> Request {
        Request::Append {
            conversation: ConversationId::direct(self.user, to),
            id,
            content: message(text),
        }
    }
}
