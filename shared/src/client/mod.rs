//! Client side of the protocol as a pure state machine: frames in, frames out, deadlines as values.
//!
//! The owner of a connection feeds it and carries out what it returns. It opens no socket, reads no
//! clock, starts no task, and does not decide when to connect again.

mod heartbeat;
mod names;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::frame::{ClientFrame, CloseReason, ServerFrame};
use crate::hello::{Hello, ProtocolVersion, Refusal, Welcome};
use crate::id::RequestNumber;
use crate::request::{Answer, Request, RequestError};

use self::heartbeat::{Heartbeat, HeartbeatAction};
pub use self::names::NameCache;

/// Events that may wait for the owner; one more ends the session with [`ProtocolError::Overflow`].
pub const MAX_QUEUED_EVENTS: usize = 4096;

/// A [`Hello`] in the versions of this code, without a name and a token. `software` is at most
/// [`MAX_SOFTWARE_LEN`](crate::limits::MAX_SOFTWARE_LEN) bytes.
pub fn hello(software: &str) -> Hello {
    Hello {
        oldest: ProtocolVersion::OLDEST,
        newest: ProtocolVersion::NEWEST,
        software: software.to_owned(),
        name: None,
        token: None,
        since: None,
        extensions: Vec::new(),
    }
}

/// Reasons for which the answer to a [`Hello`] opens no session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandshakeError {
    /// The server refused the session.
    #[error("{0}")]
    Refused(Refusal),
    /// The server ended the session before it began.
    #[error("{0}")]
    Closed(CloseReason),
    /// The first frame was none of the above, or a welcome in a version that was not offered.
    #[error("it did not answer the hello")]
    UnexpectedFrame,
}

/// Reasons for which a session cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The server ended the session.
    #[error("{0}")]
    Closed(CloseReason),
    /// The server sent a frame that has no place at this point.
    #[error("the server sent invalid data ({0}); update recado")]
    UnexpectedFrame(&'static str),
    /// The server sent nothing for [`PONG_WITHIN`](crate::limits::PONG_WITHIN) after a ping.
    #[error("the server does not respond")]
    Silent,
    /// More than [`MAX_QUEUED_EVENTS`] received events wait for the owner. The owner also uses it if too
    /// many frames wait to be sent.
    #[error("too much data is waiting")]
    Overflow,
}

/// What a session hands to its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SessionEvent {
    /// A frame other than ping, pong and close.
    Frame(ServerFrame),
    /// The time from a ping to its pong.
    RoundTrip(Duration),
}

/// An open session: numbers requests, matches answers, answers pings, and watches the link.
#[derive(Debug)]
pub struct ClientSession {
    welcome: Welcome,
    last_number: RequestNumber,
    heartbeat: Heartbeat,
    events: VecDeque<SessionEvent>,
}

impl ClientSession {
    /// Opens a session from the answer to the [`Hello`].
    ///
    /// # Errors
    /// [`HandshakeError`] if that frame opens none.
    pub fn open(first: ServerFrame, now: Instant) -> Result<Self, HandshakeError> {
        let spoken = ProtocolVersion::OLDEST..=ProtocolVersion::NEWEST;
        match first {
            ServerFrame::Welcome(welcome) if spoken.contains(&welcome.version) => Ok(Self {
                welcome,
                last_number: RequestNumber(0),
                heartbeat: Heartbeat::new(now),
                events: VecDeque::new(),
            }),
            ServerFrame::Refused(refusal) => Err(HandshakeError::Refused(refusal)),
            ServerFrame::Close(reason) => Err(HandshakeError::Closed(reason)),
            _ => Err(HandshakeError::UnexpectedFrame),
        }
    }

    /// The frame that opened the session.
    pub fn welcome(&self) -> &Welcome {
        &self.welcome
    }

    /// Numbers a request; its answer repeats the number.
    pub fn number(&mut self, request: Request) -> (RequestNumber, ClientFrame) {
        self.last_number = RequestNumber(self.last_number.0.wrapping_add(1));
        let number = self.last_number;
        (number, ClientFrame::Request { number, request })
    }

    /// Notes that a frame was handed to the connection, so that the heartbeat knows of requests.
    pub fn on_sent(&mut self, frame: &ClientFrame, now: Instant) {
        if matches!(frame, ClientFrame::Request { .. }) {
            self.heartbeat.on_request(now);
        }
    }

    /// Takes a frame that arrived. Returns the pong to send if it was a ping.
    ///
    /// # Errors
    /// [`ProtocolError`] if the session is over.
    pub fn on_frame(
        &mut self,
        frame: ServerFrame,
        now: Instant,
    ) -> Result<Option<ClientFrame>, ProtocolError> {
        self.heartbeat.on_frame(now);
        if frame.since() > self.welcome.version {
            return Err(ProtocolError::UnexpectedFrame("a frame of a later version"));
        }
        match frame {
            ServerFrame::Ping(number) => return Ok(Some(ClientFrame::Pong(number))),
            ServerFrame::Pong(number) => {
                if let Some(time) = self.heartbeat.on_pong(number, now) {
                    self.push(SessionEvent::RoundTrip(time))?;
                }
            }
            ServerFrame::Close(reason) => return Err(ProtocolError::Closed(reason)),
            ServerFrame::Welcome(_) | ServerFrame::Refused(_) => {
                return Err(ProtocolError::UnexpectedFrame("a second handshake"));
            }
            frame => {
                if matches!(frame, ServerFrame::Answer { .. }) {
                    self.heartbeat.on_answer();
                }
                self.push(SessionEvent::Frame(frame))?;
            }
        }
        Ok(None)
    }

    fn push(&mut self, event: SessionEvent) -> Result<(), ProtocolError> {
        if self.events.len() >= MAX_QUEUED_EVENTS {
            return Err(ProtocolError::Overflow);
        }
        self.events.push_back(event);
        Ok(())
    }

    /// Takes the oldest event that waits.
    pub fn next_event(&mut self) -> Option<SessionEvent> {
        self.events.pop_front()
    }

    /// Takes the newest event if it is the answer to this request. The others keep their order. Call it
    /// after each frame while an answer is awaited, because it looks only at the newest event.
    pub fn take_answer(&mut self, asked: RequestNumber) -> Option<Result<Answer, RequestError>> {
        match self.events.pop_back()? {
            SessionEvent::Frame(ServerFrame::Answer { number, result }) if number == asked => {
                Some(result)
            }
            event => {
                self.events.push_back(event);
                None
            }
        }
    }

    /// Makes a ping due at once, to check a doubtful link.
    pub fn check(&mut self) {
        self.heartbeat.request_ping();
    }

    /// The time at which to call [`on_deadline`](Self::on_deadline). It moves with each frame.
    pub fn deadline(&self) -> Instant {
        self.heartbeat.deadline()
    }

    /// Returns the ping to send if one is due.
    ///
    /// # Errors
    /// [`ProtocolError::Silent`] if the server did not react to the last one in time.
    pub fn on_deadline(&mut self, now: Instant) -> Result<Option<ClientFrame>, ProtocolError> {
        match self.heartbeat.on_deadline(now) {
            Some(HeartbeatAction::SendPing(number)) => Ok(Some(ClientFrame::Ping(number))),
            Some(HeartbeatAction::GiveUp) => Err(ProtocolError::Silent),
            None => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{LogId, Timestamp, UserId};
    use crate::name::UserName;
    use crate::profile::Presence;

    fn welcome(version: ProtocolVersion) -> ServerFrame {
        ServerFrame::Welcome(Welcome {
            version,
            user: UserId(1),
            name: UserName::new("alice").unwrap(),
            registered: false,
            log: LogId([1; 16]),
            now: Timestamp(0),
        })
    }

    fn open(now: Instant) -> ClientSession {
        ClientSession::open(welcome(ProtocolVersion::NEWEST), now).unwrap()
    }

    fn presence() -> ServerFrame {
        ServerFrame::Presence {
            user: UserId(1),
            presence: Presence::Online,
        }
    }

    #[test]
    fn only_a_known_welcome_opens_a_session() {
        let now = Instant::now();
        let open = |frame| ClientSession::open(frame, now).map(|_| ()).unwrap_err();
        let refused = ServerFrame::Refused(Refusal::Full);
        assert_eq!(open(refused), HandshakeError::Refused(Refusal::Full));
        let closed = ServerFrame::Close(CloseReason::Revoked);
        assert_eq!(open(closed), HandshakeError::Closed(CloseReason::Revoked));
        for frame in [welcome(ProtocolVersion(99)), presence()] {
            assert_eq!(open(frame), HandshakeError::UnexpectedFrame);
        }
    }

    #[test]
    fn answers_are_matched_and_other_frames_keep_their_order() {
        let now = Instant::now();
        let mut session = open(now);
        let (first, _) = session.number(Request::Devices);
        let (second, frame) = session.number(Request::Devices);
        assert_eq!((first, second), (RequestNumber(1), RequestNumber(2)));
        session.on_sent(&frame, now);
        let answer = |number| ServerFrame::Answer {
            number,
            result: Ok(Answer::Devices(Vec::new())),
        };
        session.on_frame(presence(), now).unwrap();
        assert_eq!(session.take_answer(second), None);
        session.on_frame(answer(first), now).unwrap();
        assert_eq!(session.take_answer(second), None);
        session.on_frame(answer(second), now).unwrap();
        let devices = Ok(Answer::Devices(Vec::new()));
        assert_eq!(session.take_answer(second), Some(devices));
        for frame in [presence(), answer(first)] {
            assert_eq!(session.next_event(), Some(SessionEvent::Frame(frame)));
        }
        assert_eq!(session.next_event(), None);
    }

    #[test]
    fn pings_are_answered_and_pongs_measured() {
        let now = Instant::now();
        let mut session = open(now);
        let answer = session.on_frame(ServerFrame::Ping(7), now);
        assert_eq!(answer, Ok(Some(ClientFrame::Pong(7))));
        let due = session.on_deadline(now);
        assert_eq!(due, Ok(Some(ClientFrame::Ping(1))));
        let later = now + Duration::from_millis(5);
        session.on_frame(ServerFrame::Pong(1), later).unwrap();
        let event = SessionEvent::RoundTrip(Duration::from_millis(5));
        assert_eq!(session.next_event(), Some(event));
    }

    #[test]
    fn the_owner_may_not_fall_behind_without_end() {
        let now = Instant::now();
        let mut session = open(now);
        for _ in 0..MAX_QUEUED_EVENTS {
            session.on_frame(presence(), now).unwrap();
        }
        let overflow = Err(ProtocolError::Overflow);
        assert_eq!(session.on_frame(presence(), now), overflow);
    }

    #[test]
    fn a_frame_that_ends_the_session_says_why() {
        let now = Instant::now();
        let closed = open(now).on_frame(ServerFrame::Close(CloseReason::TooSlow), now);
        assert_eq!(closed, Err(ProtocolError::Closed(CloseReason::TooSlow)));
        let again = open(now).on_frame(welcome(ProtocolVersion::NEWEST), now);
        let unexpected = ProtocolError::UnexpectedFrame("a second handshake");
        assert_eq!(again, Err(unexpected));
    }
}
