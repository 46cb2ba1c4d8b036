//! Network task: connects, passes frames, resumes and backs off until its handle is dropped. It
//! owns the socket; the app owns the meaning of the frames.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use recado_shared::client::ProtocolError;
use recado_shared::{ClientFrame, Epoch, ServerFrame, SyncPoint};
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;

use super::NetEvent;
use super::error::{ConnectError, SessionError};
use super::link::Link;
use super::session::{Session, SessionEvent};

#[derive(Debug)]
pub(super) struct Task {
    pub(super) link: Link,
    pub(super) events: mpsc::Sender<NetEvent>,
    pub(super) frames: mpsc::Receiver<ClientFrame>,
    pub(super) signals: Arc<Signals>,
    /// The last logged reason of an outage; an attempt that fails for the same reason is not logged.
    pub(super) logged_reason: Option<String>,
    /// The epochs that the server named in this session. They are known once all heads are.
    pub(super) epochs: Vec<Epoch>,
}

#[derive(Debug, Default)]
pub(super) struct Signals {
    pub(super) reconnect: Notify,
    pub(super) check: Notify,
    pub(super) overflow: Notify,
}

/// The handle or the receiver of events was dropped: the task ends.
#[derive(Clone, Copy, Debug)]
struct Abandoned;

impl Task {
    pub(super) async fn run(mut self) {
        while self.attempt().await.is_ok() {}
    }

    /// One attempt to connect, the session that it may make, and the wait after it.
    async fn attempt(&mut self) -> Result<(), Abandoned> {
        self.emit(NetEvent::Connecting).await?;
        let outcome = match self.connect().await? {
            Ok(session) => {
                let error = self.pump(session).await?;
                self.link.session_ended();
                Ok(error)
            }
            Err(error) => Err(error),
        };
        // A request to reconnect that came before the app knows of this outcome does not concern it.
        self.signals.reconnect.notified().now_or_never();
        self.log_once(match &outcome {
            Ok(error) => error.to_string(),
            Err(error) => error.summary(),
        });
        let event = match outcome {
            Ok(SessionError::Protocol(ProtocolError::Closed(reason))) if reason.is_final() => {
                self.link.report(Err(&reason.to_string()));
                NetEvent::AccessRevoked(reason)
            }
            Ok(error) => self.offline(error.to_string()),
            Err(ConnectError::Refused { refusal, .. }) if !refusal.is_temporary() => {
                NetEvent::Refused(refusal)
            }
            Err(ConnectError::AccessRevoked { reason, .. }) => NetEvent::AccessRevoked(reason),
            Err(ConnectError::WrongKey { seen, pinned, .. }) => NetEvent::WrongKey { seen, pinned },
            Err(error) => self.offline(error.summary()),
        };
        let wait = match &event {
            NetEvent::Offline { retry_in, .. } => Some(*retry_in),
            _ => None,
        };
        self.emit(event).await?;
        self.pause(wait).await
    }

    /// Connects while frames of an earlier session are thrown away, as their contract says.
    async fn connect(&mut self) -> Result<Result<Session, ConnectError>, Abandoned> {
        let opening = self.link.connect();
        tokio::pin!(opening);
        loop {
            tokio::select! {
                result = &mut opening => return Ok(result),
                frame = self.frames.recv() => drop(frame.ok_or(Abandoned)?),
            }
        }
    }

    /// Passes frames both ways until the session ends, and returns why it did.
    async fn pump(&mut self, mut session: Session) -> Result<SessionError, Abandoned> {
        while self.frames.try_recv().is_ok() {}
        self.signals.overflow.notified().now_or_never();
        self.signals.check.notified().now_or_never();
        self.logged_reason = None;
        let welcomed = NetEvent::Welcomed(session.welcome().clone());
        if self.emit(welcomed).await.is_err() {
            return self.finish(session).await;
        }
        loop {
            let outcome = tokio::select! {
                biased;
                () = self.signals.overflow.notified() => Err(ProtocolError::Overflow.into()),
                () = self.signals.check.notified() => {
                    session.check();
                    Ok(())
                }
                frame = self.frames.recv(), if session.is_writable() => {
                    let Some(frame) = frame else {
                        return self.finish(session).await;
                    };
                    session.queue(&frame)
                }
                event = session.next_event() => match event {
                    Ok(event) => {
                        if self.pass_on(&session, event).await.is_err() {
                            return self.finish(session).await;
                        }
                        Ok(())
                    }
                    Err(error) => Err(error),
                },
            };
            if let Err(error) = outcome {
                return Ok(error);
            }
        }
    }

    /// Sends the last frames of the app, then leaves.
    async fn finish<T>(&mut self, mut session: Session) -> Result<T, Abandoned> {
        while let Ok(frame) = self.frames.try_recv() {
            if let Err(error) = session.queue(&frame) {
                tracing::warn!(%error, kind = frame.kind(), "a frame was not sent");
            }
        }
        session.leave().await;
        Err(Abandoned)
    }

    async fn pass_on(&mut self, session: &Session, event: SessionEvent) -> Result<(), Abandoned> {
        let frame = match event {
            SessionEvent::RoundTrip(time) => return self.emit(NetEvent::RoundTrip(time)).await,
            SessionEvent::Frame(frame) => frame,
        };
        let complete = match &frame {
            ServerFrame::Heads(page) => page.complete,
            ServerFrame::Epochs(frame) => {
                self.epochs.clone_from(&frame.epochs);
                None
            }
            _ => None,
        };
        self.emit(NetEvent::Frame(frame)).await?;
        if let Some(stamp) = complete {
            let log = session.welcome().log;
            let known = &mut self.link.config.known;
            known.since = Some(SyncPoint { log, stamp });
            known.epochs.clone_from(&self.epochs);
        }
        Ok(())
    }

    fn offline(&mut self, reason: String) -> NetEvent {
        let retry_in = self.link.next_wait();
        NetEvent::Offline { reason, retry_in }
    }

    fn log_once(&mut self, reason: String) {
        if self.logged_reason.as_ref() != Some(&reason) {
            tracing::info!(%reason, "offline");
            self.logged_reason = Some(reason);
        }
    }

    /// Waits this long, or until the app asks to reconnect; `None` waits only for the app.
    async fn pause(&mut self, wait: Option<Duration>) -> Result<(), Abandoned> {
        let over = async {
            match wait {
                Some(wait) => sleep(wait).await,
                None => pending().await,
            }
        };
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                () = self.signals.reconnect.notified() => return Ok(()),
                frame = self.frames.recv() => drop(frame.ok_or(Abandoned)?),
            }
        }
    }

    /// Waits for room: a slow app slows the socket down, and nothing is dropped.
    async fn emit(&self, event: NetEvent) -> Result<(), Abandoned> {
        self.events.send(event).await.map_err(|_| Abandoned)
    }
}
