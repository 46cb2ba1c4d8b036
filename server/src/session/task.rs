//! The task of a session: handshake, open session, close.

use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;

use recado_shared::codec::{self, CodecError};
use recado_shared::limits::{MAX_FRAME_LEN, SERVER_PING_AFTER};
use recado_shared::{
    ClientFrame, CloseReason, Hello, ProtocolVersion, Refusal, ServerFrame, UserId, text,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::{Span, debug, info};

use super::context::{SessionContext, SessionEvent};
use super::open::OpenSession;
use super::outbox::{AfterWrite, OutboxReader, outbox};
use super::stream::{FrameStream, SessionEnd};
use crate::connection_log::{Kind, Source};
use crate::connections::Slot;

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

/// A session that the driver let in.
struct Welcomed {
    version: ProtocolVersion,
    user: UserId,
    frames: OutboxReader,
}

/// Runs a session until its connection is closed. For a lost connection the caller then
/// [sends](DisconnectNotice::send) the notice to the driver.
pub async fn run<S>(stream: S, context: SessionContext, slot: Slot) -> Option<DisconnectNotice>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut stream = FrameStream::new(stream);
    // A task has room for its largest state for as long as it lives. Only the open session lasts:
    // the handshake and the close have memory of their own.
    let (end, user) = match Box::pin(stream.handshake(&context, &slot)).await {
        Ok(welcomed) => {
            slot.open_session();
            let user = welcomed.user;
            (stream.run_open(&context, welcomed).await, Some(user))
        }
        Err(error) => (Box::pin(stream.reject(error, &context)).await?, None),
    };
    let notice = DisconnectNotice { context, end, user };
    if matches!(end, SessionEnd::Disconnected | SessionEnd::Left) {
        return Some(notice);
    }
    Box::pin(stream.close(notice)).await;
    None
}

/// Word of the end of a session that the driver has not received.
#[derive(Debug)]
#[must_use]
pub struct DisconnectNotice {
    context: SessionContext,
    end: SessionEnd,
    /// `None` if the driver refused the hello.
    user: Option<UserId>,
}

impl DisconnectNotice {
    /// Sends the notice when no other task is ready: it is not waited for, and thousands may come at
    /// once.
    pub async fn send(self) {
        let _permit = self.context.admission.disconnects.acquire().await;
        yield_now().await;
        self.send_closed().await;
    }

    async fn send_closed(&self) {
        let context = &self.context;
        // A driver that has stopped needs no notice.
        let _ = context.events.send(SessionEvent::Closed(context.id)).await;
        let log = &context.admission.log;
        if let Some(user) = self.user
            && log.count(Source::User(user), Kind::Disconnected)
        {
            info!(reason = %self.end, "client disconnected");
        }
    }
}

/// Refuses a connection before its hello.
pub async fn refuse(stream: impl AsyncRead + AsyncWrite + Unpin, refusal: Refusal) {
    let mut stream = FrameStream::new(stream);
    let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
    let refusal = ServerFrame::Refused(refusal);
    let written = timeout_at(deadline, stream.write_last(&refusal)).await;
    if matches!(written, Ok(SessionEnd::Closed(_))) {
        stream.linger().await;
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> FrameStream<S> {
    /// Returns once the welcome is written.
    async fn handshake(
        &mut self,
        context: &SessionContext,
        slot: &Slot,
    ) -> Result<Welcomed, HandshakeError> {
        let (outbox, frames) = outbox();
        let deadline = Instant::now() + HANDSHAKE_TIMEOUT;
        let hello = tokio::select! {
            biased;
            hello = self.read_hello(deadline) => hello?,
            () = slot.given_up() => {
                return Err(HandshakeError::Refuse(Refusal::TooManyConnections));
            }
        };
        let _work = slot.work();
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
                let log = &context.admission.log;
                if log.count(Source::User(user), Kind::Connected) {
                    info!("client connected");
                }
                self.reader.max_frame_len = MAX_FRAME_LEN;
                Ok(Welcomed {
                    version,
                    user,
                    frames,
                })
            }
            AfterWrite::Close if is_written => {
                Err(HandshakeError::Ended(log_refusal(&answer.payload, context)))
            }
            _ => Err(HandshakeError::Ended(SessionEnd::Disconnected)),
        }
    }

    async fn read_hello(&mut self, deadline: Instant) -> Result<Hello, HandshakeError> {
        match timeout_at(deadline, self.reader.next(&mut self.io)).await {
            Ok(Ok(Some(payload))) => match codec::decode(&payload) {
                Ok(ClientFrame::Hello(hello)) => Ok(hello),
                Ok(_) | Err(_) => Err(HandshakeError::Refuse(Refusal::Malformed)),
            },
            Ok(Err(CodecError::TooLong)) => Err(HandshakeError::Close(CloseReason::TooLong)),
            Ok(Ok(None) | Err(_)) => Err(HandshakeError::LeftBeforeHello),
            Err(_) => Err(HandshakeError::Close(CloseReason::Silent)),
        }
    }

    async fn run_open(
        &mut self,
        context: &SessionContext,
        Welcomed {
            version,
            user,
            frames,
        }: Welcomed,
    ) -> SessionEnd {
        let now = Instant::now();
        let mut session = OpenSession::new(self, context, (version, user), frames, now);
        let mut timer = pin!(sleep_until(now + SERVER_PING_AFTER));
        let end = poll_fn(|cx| session.poll(timer.as_mut(), cx)).await;
        // `Closed` follows the frames that were read before it, and waits for the same capacity.
        poll_fn(|cx| session.driver.poll_ready(cx)).await;
        end
    }

    /// Tells the peer why the handshake failed. `None` if the driver has not heard of the session.
    async fn reject(
        &mut self,
        error: HandshakeError,
        context: &SessionContext,
    ) -> Option<SessionEnd> {
        Some(match error {
            HandshakeError::LeftBeforeHello => return None,
            HandshakeError::Ended(end) => end,
            HandshakeError::Refuse(refusal) => {
                if context.is_logged(Kind::Refused) {
                    info!(%refusal, "connection refused");
                }
                self.write_last(&ServerFrame::Refused(refusal)).await
            }
            HandshakeError::Close(reason) => {
                if context.is_logged(Kind::Refused) {
                    info!(%reason, "connection closed");
                }
                self.write_last(&ServerFrame::Close(reason)).await
            }
        })
    }

    async fn close(mut self, notice: DisconnectNotice) {
        notice.send_closed().await;
        if matches!(notice.end, SessionEnd::Closed(_)) {
            self.linger().await;
        }
    }
}

/// Logs the refusal that the driver encoded. A device that waits to be linked asks every few seconds.
fn log_refusal(payload: &[u8], context: &SessionContext) -> SessionEnd {
    let Ok(frame) = codec::decode::<ServerFrame>(payload) else {
        // Unreachable: the driver encoded it.
        return SessionEnd::Closed(None);
    };
    match &frame {
        ServerFrame::Refused(refusal @ Refusal::LinkPending) => {
            debug!(%refusal, "connection refused");
        }
        ServerFrame::Refused(refusal) if context.is_logged(Kind::Refused) => {
            info!(%refusal, "connection refused");
        }
        _ => {}
    }
    SessionEnd::after(&frame)
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
        let session = run(Box::new(stream), context, Slot::alone());
        assert!(
            size_of_val(&session) <= MAX_STATE,
            "{}",
            size_of_val(&session)
        );
    }
}
