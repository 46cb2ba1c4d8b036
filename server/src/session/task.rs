//! The task of a session: handshake, open session, close.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use recado_shared::codec::{self, CodecError};
use recado_shared::limits::{MAX_FRAME_LEN, SERVER_PING_AFTER};
use recado_shared::{
    ClientFrame, CloseReason, ProtocolVersion, Refusal, ServerFrame, UserId, text,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{Span, debug, info, warn};

use super::context::{SessionContext, SessionEvent};
use super::open::OpenSession;
use super::outbox::{AfterWrite, OutboxReader, outbox};
use super::stream::{FrameStream, SessionEnd};

/// Time from the end of the TLS handshake to the welcome, after which the connection is closed.
pub const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

enum HandshakeError {
    /// The peer left before the driver heard of the session.
    LeftBeforeHello,
    /// The driver has heard of the session.
    Ended(SessionEnd),
    Refuse(Refusal),
    Close(CloseReason),
}

/// Runs a session until its connection is closed. For a lost connection the caller then
/// [sends](DisconnectNotice::send) the notice to the driver.
pub async fn run<S>(stream: S, context: SessionContext) -> Option<DisconnectNotice>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = FrameStream::new(stream);
    // A task has room for its largest state for as long as it lives. Only the open session lasts:
    // the handshake and the close have memory of their own.
    let end = match Box::pin(stream.handshake(&context)).await {
        Ok((agreed, frames)) => stream.run_open(&context, agreed, frames).await,
        Err(error) => Box::pin(stream.reject(error)).await?,
    };
    if end == SessionEnd::Disconnected {
        return Some(DisconnectNotice(context));
    }
    Box::pin(stream.close(end, context)).await;
    None
}

/// Word of a lost connection that the driver has not received.
#[derive(Debug)]
#[must_use]
pub struct DisconnectNotice(SessionContext);

impl DisconnectNotice {
    /// Sends the notice when no other task is ready: it is not waited for, and thousands may come at
    /// once.
    pub async fn send(self) {
        let Self(context) = self;
        let _permit = context.admission.disconnects.acquire().await;
        yield_now().await;
        context.send_closed().await;
    }
}

impl SessionContext {
    async fn send_closed(&self) {
        // A driver that has stopped needs no notice.
        let _ = self.events.send(SessionEvent::Closed(self.id)).await;
        info!("client disconnected");
    }
}

/// Refuses a connection before its hello.
pub async fn refuse(stream: impl AsyncRead + AsyncWrite + Unpin, refusal: Refusal) {
    let mut stream = FrameStream::new(stream);
    let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
    let refusal = ServerFrame::Refused(refusal);
    if timeout_at(deadline, stream.write_last(&refusal)).await == Ok(SessionEnd::Closed) {
        stream.linger().await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FrameStream<S> {
    /// Returns once the welcome is written.
    async fn handshake(
        &mut self,
        context: &SessionContext,
    ) -> Result<((ProtocolVersion, UserId), OutboxReader), HandshakeError> {
        let (outbox, frames) = outbox();
        let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
        let hello = match timeout_at(deadline, self.reader.next(&mut self.io)).await {
            Ok(Ok(Some(payload))) => match codec::decode(&payload) {
                Ok(ClientFrame::Hello(hello)) => hello,
                Ok(_) | Err(_) => return Err(HandshakeError::Refuse(Refusal::Malformed)),
            },
            Ok(Err(CodecError::TooLong)) => {
                return Err(HandshakeError::Close(CloseReason::TooLong));
            }
            Ok(Ok(None) | Err(_)) => return Err(HandshakeError::LeftBeforeHello),
            Err(_) => return Err(HandshakeError::Close(CloseReason::Silent)),
        };
        debug!(software = %text::neutralise(&hello.software), "hello");
        let event = SessionEvent::Hello {
            session: context.id,
            peer: context.peer,
            hello,
            outbox,
        };
        let answer = async {
            let _permit = context.admission.hellos.acquire().await;
            if context.events.send(event).await.is_err() {
                return Err(HandshakeError::Refuse(Refusal::ShuttingDown));
            }
            let answer = frames.next().await;
            answer.ok_or(HandshakeError::Ended(SessionEnd::Disconnected))
        };
        let answer = timeout_at(deadline, answer).await;
        let answer = answer.unwrap_or(Err(HandshakeError::Refuse(Refusal::Unavailable)))?;
        let is_written = self.writer.write_one(&mut self.io, &answer.payload).await;
        match answer.after_write {
            AfterWrite::Welcomed(version, user) if is_written => {
                Span::current().record("user", user.0);
                info!("client connected");
                self.reader.max_frame_len = MAX_FRAME_LEN;
                Ok(((version, user), frames))
            }
            AfterWrite::Close if is_written => Err(HandshakeError::Ended(SessionEnd::Closed)),
            _ => Err(HandshakeError::Ended(SessionEnd::Disconnected)),
        }
    }

    async fn run_open(
        &mut self,
        context: &SessionContext,
        agreed: (ProtocolVersion, UserId),
        frames: OutboxReader,
    ) -> SessionEnd {
        let now = Instant::now();
        let mut session = OpenSession::new(self, context, agreed, frames, now);
        let mut timer = pin!(sleep_until(now + SERVER_PING_AFTER));
        let end = poll_fn(|cx| session.poll(timer.as_mut(), cx)).await;
        // `Closed` follows the frames that were read before it, and waits for the same capacity.
        poll_fn(|cx| session.driver.poll_ready(cx)).await;
        end
    }

    /// Tells the peer why the handshake failed. `None` if the driver has not heard of the session.
    async fn reject(&mut self, error: HandshakeError) -> Option<SessionEnd> {
        Some(match error {
            HandshakeError::LeftBeforeHello => return None,
            HandshakeError::Ended(end) => end,
            HandshakeError::Refuse(refusal) => {
                warn!(%refusal, "handshake refused");
                self.write_last(&ServerFrame::Refused(refusal)).await
            }
            HandshakeError::Close(reason) => {
                warn!(%reason, "closing connection");
                self.write_last(&ServerFrame::Close(reason)).await
            }
        })
    }

    async fn close(mut self, end: SessionEnd, context: SessionContext) {
        context.send_closed().await;
        match end {
            SessionEnd::Closed => self.linger().await,
            SessionEnd::Stalled => warn!(reason = %CloseReason::TooSlow, "connection closed"),
            SessionEnd::Disconnected => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    use recado_shared::DeviceKey;
    use tokio::sync::mpsc;

    use super::*;
    use crate::id::SessionId;
    use crate::relay::Peer;

    /// Most bytes of a session's state.
    const MAX_STATE: usize = 1_024;

    #[test]
    fn an_idle_session_is_small() {
        let (stream, _other) = tokio::io::duplex(1);
        let (events, _inbox) = mpsc::channel(1);
        let context = SessionContext {
            id: SessionId(1),
            peer: Peer {
                key: DeviceKey([1; 32]),
                address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            },
            events,
            admission: Arc::default(),
            limits: Arc::default(),
        };
        let session = run(Box::new(stream), context);
        assert!(
            size_of_val(&session) <= MAX_STATE,
            "{}",
            size_of_val(&session)
        );
    }
}
