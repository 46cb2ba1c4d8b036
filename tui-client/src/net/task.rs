//! Network task: connects, passes frames, resumes and backs off until its handle is dropped. It
//! owns the socket; the app owns the meaning of the frames.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use recado_shared::{ClientFrame, Hello, ServerFrame, SyncPoint};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, sleep_until};

use super::backoff::Backoff;
use super::connect::{Connector, hello};
use super::error::{ConnectError, SessionError};
use super::session::{Session, SessionEvent};
use super::{NetConfig, NetEvent};

#[derive(Debug)]
pub(super) struct Task {
    pub(super) config: NetConfig,
    pub(super) connector: Connector,
    pub(super) events: mpsc::Sender<NetEvent>,
    pub(super) frames: mpsc::Receiver<ClientFrame>,
    pub(super) reconnect: Arc<Notify>,
    pub(super) check: Arc<Notify>,
    pub(super) overflow: Arc<Notify>,
    pub(super) backoff: Backoff,
    /// Whether there was a `Welcome`: the token has done its work and is not shown again.
    pub(super) is_admitted: bool,
}

/// The handle or the receiver of events was dropped: the task ends.
#[derive(Clone, Copy, Debug)]
struct Abandoned;

/// The wait before the next attempt.
#[derive(Debug)]
enum Pause {
    /// Until this much time has passed, or the app asks.
    For(Duration),
    /// Until the app asks.
    UntilAsked,
}

impl Task {
    /// Runs until the handle is dropped.
    pub(super) async fn run(mut self) {
        while self.attempt().await.is_ok() {}
    }

    /// One attempt to connect, the session that it may make, and the wait after it.
    async fn attempt(&mut self) -> Result<(), Abandoned> {
        self.tell(NetEvent::Connecting).await?;
        self.locate();
        let outcome = match self.connect().await? {
            Ok(session) => {
                let began = Instant::now();
                let error = self.pump(session).await?;
                self.backoff.session_ended(began.elapsed());
                Ok(error)
            }
            Err(error) => Err(error),
        };
        // A request to reconnect that came before the app knows of this outcome does not concern it.
        self.reconnect.notified().now_or_never();
        let pause = match outcome {
            Ok(SessionError::ClosedByServer(reason)) if reason.is_final() => {
                self.tell(NetEvent::AccessRevoked(reason)).await?;
                Pause::UntilAsked
            }
            Ok(error) => self.go_offline(error.to_string()).await?,
            Err(error) => self.explain(error).await?,
        };
        self.pause(pause).await
    }

    /// Updates the address of a server that may move.
    fn locate(&mut self) {
        let Some(located) = self.config.locate.as_ref().and_then(|locate| locate()) else {
            return;
        };
        self.config.address = located.address;
        self.config.token = located.token;
    }

    /// Connects while frames of an earlier session are thrown away, as their contract says.
    async fn connect(&mut self) -> Result<Result<Session, ConnectError>, Abandoned> {
        let hello = Hello {
            name: self.config.name.clone(),
            token: self.config.token.clone().filter(|_| !self.is_admitted),
            since: self.config.since,
            ..hello()
        };
        let opening = self.connector.open(&self.config.address, hello);
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
        self.overflow.notified().now_or_never();
        self.check.notified().now_or_never();
        self.is_admitted = true;
        let welcomed = NetEvent::Welcomed(session.welcome().clone());
        if self.tell(welcomed).await.is_err() {
            return self.finish(session).await;
        }
        loop {
            let outcome = tokio::select! {
                biased;
                () = self.overflow.notified() => Err(SessionError::Overflow),
                () = self.check.notified() => {
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
        match event {
            SessionEvent::RoundTrip(took) => self.tell(NetEvent::RoundTrip(took)).await,
            SessionEvent::Frame(frame) => {
                let complete = match &frame {
                    ServerFrame::Heads(page) => page.complete,
                    _ => None,
                };
                self.tell(NetEvent::Frame(frame)).await?;
                if let Some(stamp) = complete {
                    let log = session.welcome().log;
                    self.config.since = Some(SyncPoint { log, stamp });
                }
                Ok(())
            }
        }
    }

    async fn explain(&mut self, error: ConnectError) -> Result<Pause, Abandoned> {
        if error.is_temporary() {
            return self.go_offline(error.summary()).await;
        }
        let event = match error {
            ConnectError::Refused { refusal, .. } => NetEvent::Refused(refusal),
            ConnectError::AccessRevoked { reason, .. } => NetEvent::AccessRevoked(reason),
            ConnectError::WrongKey { seen, pinned, .. } => NetEvent::WrongKey { seen, pinned },
            error => return self.go_offline(error.summary()).await,
        };
        self.tell(event).await?;
        Ok(Pause::UntilAsked)
    }

    async fn go_offline(&mut self, why: String) -> Result<Pause, Abandoned> {
        let retry_in = self.backoff.next(fastrand::f64());
        tracing::info!(%why, ?retry_in, "offline");
        self.tell(NetEvent::Offline { why, retry_in }).await?;
        Ok(Pause::For(retry_in))
    }

    async fn pause(&mut self, pause: Pause) -> Result<(), Abandoned> {
        let end = match pause {
            Pause::For(wait) => Some(Instant::now() + wait),
            Pause::UntilAsked => None,
        };
        let over = async {
            match end {
                Some(end) => sleep_until(end).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(over);
        loop {
            tokio::select! {
                () = &mut over => return Ok(()),
                () = self.reconnect.notified() => return Ok(()),
                frame = self.frames.recv() => drop(frame.ok_or(Abandoned)?),
            }
        }
    }

    /// Waits for room: a slow app slows the socket down, and nothing is dropped.
    async fn tell(&self, event: NetEvent) -> Result<(), Abandoned> {
        self.events.send(event).await.map_err(|_| Abandoned)
    }
}
