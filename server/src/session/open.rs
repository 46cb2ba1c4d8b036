//! A session from the welcome to its end, as one state that is polled: what a session holds while
//! nothing happens is what is written down here.

use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll};

use recado_shared::codec::{self, CodecError, PREFIX_LEN};
use recado_shared::limits::{PONG_WITHIN, SERVER_PING_AFTER};
use recado_shared::{
    ClientFrame, CloseReason, Notice, ProtocolVersion, RequestNumber, ServerFrame,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};
use tracing::{debug, error, warn};

use super::alarm::poll_deadline;
use super::driver_link::DriverLink;
use super::throttle::Throttle;
use super::window::{self, Window};
use super::{Ending, Link, MAX_FRAMES_TOGETHER, OutboxReader, SessionContext, SessionEvent, Then};
use crate::id::SessionId;

/// Frames that a session says on its own account and has not written: pongs, pings, notices.
const LOCAL_ROOM: u8 = 8;

/// Bytes of frames taken from a connection before others have their turn.
const ENOUGH: usize = 16 * 1024;

/// Reads of a connection before others have their turn, however little they bring.
const READS: usize = 8;

/// What a session is between its welcome and its end.
pub(super) struct OpenSession<'a, S> {
    link: &'a mut Link<S>,
    id: SessionId,
    version: ProtocolVersion,
    frames: OutboxReader,
    driver: DriverLink,
    window: Window,
    throttle: Throttle,
    /// A frame waits until then, because it came too fast.
    held_until: Option<Instant>,
    silence: Silence,
    /// Own frames that are not written.
    own: u8,
    /// What was put to be written holds a mark of which the driver is to be told.
    mark: Mark,
    /// The last frame was put to be written.
    is_last: bool,
}

/// Since when nothing was heard.
#[derive(Debug)]
struct Silence {
    since: Instant,
    /// When a sign of life was asked for.
    asked_at: Option<Instant>,
    /// Nothing is read for now, so nothing is missed.
    is_deaf: bool,
    last_ping: u32,
}

/// How far [`Then::CaughtUp`] has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    None,
    Put,
    Written,
}

/// What reading came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// Nothing more for now.
    Nothing,
    /// Perhaps more, but it is the turn of others.
    Enough,
    Ended(Ending),
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> OpenSession<'a, S> {
    pub(super) fn new(
        link: &'a mut Link<S>,
        context: &SessionContext,
        version: ProtocolVersion,
        frames: OutboxReader,
        now: Instant,
    ) -> Self {
        Self {
            link,
            id: context.id,
            version,
            frames,
            driver: DriverLink::new(context.events.clone()),
            window: Window::default(),
            throttle: Throttle::new(context.rates, now),
            held_until: None,
            silence: Silence {
                since: now,
                asked_at: None,
                is_deaf: false,
                last_ping: 0,
            },
            own: 0,
            mark: Mark::None,
            is_last: false,
        }
    }

    /// When the timer is to ring first.
    pub(super) fn first_deadline(&self) -> Instant {
        self.silence.since + SERVER_PING_AFTER
    }

    /// Does what can be done. `timer` is this session's own.
    pub(super) fn poll(
        &mut self,
        mut timer: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<Ending> {
        loop {
            // First what is to be said: it makes room for what is to be heard.
            if let Some(ending) = self.speak(cx) {
                return Poll::Ready(ending);
            }
            let was_due = self.link.writer.is_due();
            match self.listen(cx) {
                Heard::Nothing => {}
                Heard::Enough => cx.waker().wake_by_ref(),
                Heard::Ended(ending) => return Poll::Ready(ending),
            }
            if self.link.writer.is_due() && !was_due {
                // It has said something on its own account.
                continue;
            }
            match poll_deadline(timer.as_mut(), self.deadline(), cx) {
                Poll::Ready(now) => {
                    if let Some(ending) = self.deadline_passed(now) {
                        return Poll::Ready(ending);
                    }
                }
                Poll::Pending => {
                    self.link.reader.rest_now();
                    return Poll::Pending;
                }
            }
        }
    }

    /// Waits until the driver has taken what was read. It takes everything in the end, or is gone.
    pub(super) fn poll_passed_on(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.driver.poll_ready(cx)
    }

    /// Writes until nothing more waits, or the connection takes no more.
    fn speak(&mut self, cx: &mut Context<'_>) -> Option<Ending> {
        loop {
            let link = &mut *self.link;
            if link.writer.is_due() {
                match link.writer.poll_flush(&mut link.stream, cx) {
                    Poll::Pending => return None,
                    Poll::Ready(Err(_)) => return Some(Ending::Gone),
                    Poll::Ready(Ok(())) => self.own = 0,
                }
                if self.mark == Mark::Put {
                    self.mark = Mark::Written;
                }
            }
            if self.is_last {
                return Some(Ending::Said);
            }
            if self.mark == Mark::Written && !self.driver.has_ended() {
                if self.driver.poll_ready(cx).is_pending() {
                    return None;
                }
                self.driver.tell(SessionEvent::CaughtUp(self.id), cx);
            }
            // After the driver's end nobody needs to know of a mark, but what it said last is
            // still to be written.
            self.mark = Mark::None;
            if let Err(ending) = self.take(cx)? {
                return Some(ending);
            }
        }
    }

    /// Takes what the driver has queued; `None` if that is nothing.
    fn take(&mut self, cx: &Context<'_>) -> Option<Result<(), Ending>> {
        let (writer, window) = (&mut self.link.writer, &mut self.window);
        let (mark, is_last) = (&mut self.mark, &mut self.is_last);
        let mut is_broken = false;
        let taken = self.frames.poll_batch(cx, |frame| {
            is_broken |= writer.put(&frame.payload).is_err();
            match frame.then {
                Then::Nothing | Then::Welcomed { .. } => {}
                // Before the bytes go: the other side may use the number again once it has read
                // them.
                Then::Answered(number) => window.answered(number),
                Then::CaughtUp => *mark = Mark::Put,
                Then::End => *is_last = true,
            }
            let is_enough = is_broken || *is_last || *mark == Mark::Put || writer.has_enough();
            if is_enough {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        match taken {
            Poll::Pending => None,
            Poll::Ready(true) if !is_broken => Some(Ok(())),
            // The driver let go of this session without a last frame.
            Poll::Ready(_) => Some(Err(Ending::Gone)),
        }
    }

    /// Reads frames and passes them on together, until none is there or has to wait.
    fn listen(&mut self, cx: &mut Context<'_>) -> Heard {
        let mut frames = Vec::new();
        let heard = self.hear(&mut frames, cx);
        if !frames.is_empty() {
            let session = self.id;
            self.driver
                .tell(SessionEvent::Frames { session, frames }, cx);
        }
        heard
    }

    /// Reads frames and keeps those that are for the driver.
    fn hear(&mut self, frames: &mut Vec<ClientFrame>, cx: &mut Context<'_>) -> Heard {
        let mut now = None;
        let (mut heard, mut reads) = (0, 0);
        while frames.len() < MAX_FRAMES_TOGETHER && heard < ENOUGH {
            if self.has_to_wait(cx) {
                self.silence.is_deaf = true;
                return Heard::Nothing;
            }
            if self.silence.is_deaf {
                self.silence.heard(*now.get_or_insert_with(Instant::now));
            }
            match self.link.reader.frame() {
                Ok(Some(payload)) => {
                    let now = *now.get_or_insert_with(Instant::now);
                    let len = payload.len();
                    if let Err(until) = self.throttle.pass(len, now) {
                        self.hold(until, now);
                        continue;
                    }
                    let frame = codec::decode::<ClientFrame>(payload);
                    self.link.reader.pass(len);
                    heard += PREFIX_LEN + len;
                    if let Err(ending) = self.take_in(frame, frames) {
                        return Heard::Ended(ending);
                    }
                }
                Ok(None) if reads == READS => break,
                Ok(None) => {
                    reads += 1;
                    let link = &mut *self.link;
                    match link.reader.poll_fill(&mut link.stream, cx) {
                        Poll::Pending => return Heard::Nothing,
                        Poll::Ready(Ok(0) | Err(_)) => return Heard::Ended(Ending::Gone),
                        Poll::Ready(Ok(_)) => {
                            self.silence.heard(*now.insert(Instant::now()));
                        }
                    }
                }
                Err(CodecError::TooLong) => self.say_goodbye(CloseReason::TooLong),
                Err(_) => self.say_goodbye(CloseReason::Malformed),
            }
        }
        Heard::Enough
    }

    /// Whether nothing may be read for now.
    fn has_to_wait(&mut self, cx: &mut Context<'_>) -> bool {
        self.is_last
            || self.driver.poll_ready(cx).is_pending()
            // What it said last is still being written, and writing ends the session.
            || self.driver.has_ended()
            || self.window.is_full()
            || self.own >= LOCAL_ROOM
            || self.held_until.is_some()
    }

    fn hold(&mut self, until: Instant, now: Instant) {
        self.held_until = Some(until);
        // A notice that finds no room is let go: there is worse to tell.
        if self.throttle.is_notice_due(now) && self.own < LOCAL_ROOM {
            self.say(&ServerFrame::Notice(Notice::Throttled));
        }
    }

    /// Deals with a frame, or keeps it for the driver.
    fn take_in(
        &mut self,
        frame: Result<ClientFrame, CodecError>,
        frames: &mut Vec<ClientFrame>,
    ) -> Result<(), Ending> {
        let Ok(frame) = frame else {
            self.say_goodbye(CloseReason::Malformed);
            return Ok(());
        };
        debug!(kind = frame.kind(), "received");
        if !is_allowed(&frame, self.version) {
            self.say_goodbye(CloseReason::UnexpectedFrame);
            return Ok(());
        }
        match frame {
            ClientFrame::Ping(number) => self.say(&ServerFrame::Pong(number)),
            ClientFrame::Pong(_) => {}
            ClientFrame::Leave => return Err(Ending::Gone),
            frame => {
                if let Some((number, weight)) = weighed(&frame)
                    && !self.window.ask(number, weight)
                {
                    self.say_goodbye(CloseReason::UnexpectedFrame);
                    return Ok(());
                }
                frames.push(frame);
            }
        }
        Ok(())
    }

    /// Says something on its own account.
    fn say(&mut self, frame: &ServerFrame) {
        self.own += 1;
        match codec::encode(frame) {
            Ok(payload) if self.link.writer.put(&payload).is_ok() => {}
            _ => error!("a frame of the session's own cannot be sent"),
        }
    }

    /// Says why the session ends; nothing is read or taken any more.
    fn say_goodbye(&mut self, farewell: CloseReason) {
        warn!("closed: {farewell}");
        self.say(&ServerFrame::Close(farewell));
        self.is_last = true;
    }

    /// When something has to be done though nothing happens.
    fn deadline(&self) -> Option<Instant> {
        let times = [
            self.silent_at(),
            self.held_until,
            self.link.writer.gives_up_at(),
        ];
        times.into_iter().flatten().min()
    }

    fn silent_at(&self) -> Option<Instant> {
        self.silence.ends_at().filter(|_| !self.is_last)
    }

    fn deadline_passed(&mut self, now: Instant) -> Option<Ending> {
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        if is_over(self.link.writer.gives_up_at()) {
            return Some(Ending::Stalled);
        }
        if is_over(self.held_until) {
            self.held_until = None;
        }
        if is_over(self.silent_at()) {
            if self.silence.asked_at.is_some() {
                self.say_goodbye(CloseReason::Silent);
            } else {
                let number = self.silence.ask(now);
                self.say(&ServerFrame::Ping(number));
            }
        }
        None
    }
}

impl Silence {
    fn heard(&mut self, now: Instant) {
        (self.since, self.asked_at, self.is_deaf) = (now, None, false);
    }

    fn ask(&mut self, now: Instant) -> u32 {
        self.asked_at = Some(now);
        self.last_ping = self.last_ping.wrapping_add(1);
        self.last_ping
    }

    fn ends_at(&self) -> Option<Instant> {
        match self.asked_at {
            _ if self.is_deaf => None,
            Some(asked_at) => Some(asked_at + PONG_WITHIN),
            None => Some(self.since + SERVER_PING_AFTER),
        }
    }
}

/// Whether a frame has a place in a session that is open in this version.
fn is_allowed(frame: &ClientFrame, version: ProtocolVersion) -> bool {
    frame.since() <= version && !matches!(frame, ClientFrame::Hello(_))
}

/// The number that a request frame carries, with what it weighs in the window.
fn weighed(frame: &ClientFrame) -> Option<(RequestNumber, usize)> {
    match frame {
        ClientFrame::Request { number, request } => Some((*number, window::weight(request))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_a_newer_version_than_agreed_has_no_place() {
        let frame = ClientFrame::Ping(1);
        assert!(is_allowed(&frame, ProtocolVersion::V2));
        assert!(!is_allowed(&frame, ProtocolVersion(0)));
    }
}
