//! An open session, from the welcome to its end: one state machine that is polled. Its fields are all
//! that an idle session keeps in memory.

use std::future::Future as _;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use recado_shared::codec::{self, CodecError, PREFIX_LEN};
use recado_shared::limits::{PONG_WITHIN, SERVER_PING_AFTER};
use recado_shared::{ClientFrame, CloseReason, Notice, ProtocolVersion, ServerFrame, UserId};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, Sleep};
use tracing::{debug, error};

use super::context::{DriverSender, MAX_FRAMES_TOGETHER, SessionContext, SessionEvent};
use super::cost;
use super::outbox::{AfterWrite, OutboxReader};
use super::stream::{FrameStream, SessionEnd};
use super::throttle::Throttle;
use super::window::{self, Window};
use crate::id::SessionId;

/// Most unwritten frames of the session's own: pongs, pings and notices.
const MAX_LOCAL_FRAMES: u8 = 8;

/// Bytes of frames that are read before the task yields.
const READ_BUDGET: usize = 16 * 1024;

/// Reads of the connection before the task yields, even if they return little.
const MAX_READS: usize = 8;

pub(super) struct OpenSession<'a, S> {
    stream: &'a mut FrameStream<S>,
    id: SessionId,
    version: ProtocolVersion,
    outbox: OutboxReader,
    pub(super) driver: DriverSender,
    window: Window,
    throttle: Throttle,
    /// The next frame is over the rate and waits until then.
    throttled_until: Option<Instant>,
    /// The next frame has waited for its turn.
    is_admitted: bool,
    heartbeat: Heartbeat,
    local_frames: u8,
    report: Report,
    /// The last frame is queued: nothing more is read, and nothing is queued after it.
    is_closing: bool,
    /// The reason in the last frame.
    close_reason: Option<CloseReason>,
}

#[derive(Debug)]
struct Heartbeat {
    last_read: Instant,
    ping_sent: Option<Instant>,
    /// The session reads nothing for now, so silence means nothing.
    is_paused: bool,
    last_ping: u32,
}

/// Progress of a frame of which the driver is told once it is written. No other is queued before that.
#[derive(Debug)]
enum Report {
    None,
    Queued(SessionEvent),
    Written(SessionEvent),
}

impl Report {
    fn is_queued(&self) -> bool {
        matches!(self, Self::Queued(_))
    }
}

impl<'a, S: AsyncRead + AsyncWrite + Unpin> OpenSession<'a, S> {
    pub(super) fn new(
        stream: &'a mut FrameStream<S>,
        context: &SessionContext,
        (version, user): (ProtocolVersion, UserId),
        outbox: OutboxReader,
        now: Instant,
    ) -> Self {
        let rates = &context.admission.rates;
        Self {
            stream,
            id: context.id,
            version,
            outbox,
            driver: DriverSender::new(context.events.clone()),
            window: Window::default(),
            throttle: rates.throttle(user, &context.limits, now),
            throttled_until: None,
            is_admitted: false,
            heartbeat: Heartbeat {
                last_read: now,
                ping_sent: None,
                is_paused: false,
                last_ping: 0,
            },
            local_frames: 0,
            report: Report::None,
            is_closing: false,
            close_reason: None,
        }
    }

    /// Reads and writes until the session ends. `timer` belongs to this session.
    pub(super) fn poll(
        &mut self,
        mut timer: Pin<&mut Sleep>,
        cx: &mut Context<'_>,
    ) -> Poll<SessionEnd> {
        loop {
            // Writing comes first: it frees capacity for reading.
            if let Poll::Ready(end) = self.write_frames(cx) {
                return Poll::Ready(end);
            }
            let was_pending = self.stream.writer.has_pending();
            if let Poll::Ready(end) = self.read_frames(cx) {
                return Poll::Ready(end);
            }
            if self.stream.writer.has_pending() && !was_pending {
                // Reading has queued a frame of the session's own.
                continue;
            }
            let Poll::Ready(now) = poll_deadline(timer.as_mut(), self.deadline(), cx) else {
                self.stream.reader.release_buffer();
                return Poll::Pending;
            };
            if let Some(end) = self.handle_deadline(now) {
                return Poll::Ready(end);
            }
        }
    }

    /// Writes until the outbox is empty, or the connection takes no more bytes.
    fn write_frames(&mut self, cx: &mut Context<'_>) -> Poll<SessionEnd> {
        loop {
            let stream = &mut *self.stream;
            if stream.writer.has_pending() {
                if ready!(stream.writer.poll_flush(&mut stream.io, cx)).is_err() {
                    return Poll::Ready(SessionEnd::Disconnected);
                }
                self.local_frames = 0;
                self.report = match std::mem::replace(&mut self.report, Report::None) {
                    Report::Queued(event) => Report::Written(event),
                    other => other,
                };
            }
            if self.is_closing {
                return Poll::Ready(SessionEnd::Closed(self.close_reason));
            }
            // A driver that has stopped needs no event, but its last frames are still written.
            if matches!(self.report, Report::Written(_)) && !self.driver.is_closed {
                ready!(self.driver.poll_ready(cx));
            }
            if let Report::Written(event) = std::mem::replace(&mut self.report, Report::None)
                && !self.driver.is_closed
            {
                self.driver.send(event, cx);
            }
            if !ready!(self.take_queued(cx)) {
                return Poll::Ready(SessionEnd::Disconnected);
            }
        }
    }

    /// Moves frames from the outbox to the writer. `false` if one is too long, or if the driver dropped the
    /// outbox without a last frame.
    fn take_queued(&mut self, cx: &Context<'_>) -> Poll<bool> {
        let (writer, window) = (&mut self.stream.writer, &mut self.window);
        let (id, report, is_closing) = (self.id, &mut self.report, &mut self.is_closing);
        let close_reason = &mut self.close_reason;
        let mut has_failed = false;
        let taken = self.outbox.poll_batch(cx, |frame| {
            has_failed |= writer.queue(&frame.payload).is_err();
            match frame.after_write {
                AfterWrite::Nothing | AfterWrite::Welcomed(..) => {}
                // Before the bytes are written: the client may reuse the number once it has them.
                AfterWrite::Answered(number) => window.remove(number),
                AfterWrite::CaughtUp => *report = Report::Queued(SessionEvent::CaughtUp(id)),
                AfterWrite::HeadsWritten => {
                    *report = Report::Queued(SessionEvent::HeadsWritten(id));
                }
                AfterWrite::Close => {
                    *is_closing = true;
                    *close_reason = reason_in(&frame.payload);
                }
            }
            if has_failed || *is_closing || report.is_queued() || writer.is_full() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        taken.map(|has_frames| has_frames && !has_failed)
    }

    fn read_frames(&mut self, cx: &mut Context<'_>) -> Poll<SessionEnd> {
        let mut frames = Vec::new();
        let outcome = self.read(&mut frames, cx);
        if !frames.is_empty() {
            let session = self.id;
            let event = SessionEvent::Frames { session, frames };
            self.driver.send(event, cx);
        }
        outcome
    }

    fn read(&mut self, frames: &mut Vec<ClientFrame>, cx: &mut Context<'_>) -> Poll<SessionEnd> {
        let mut now = None;
        let (mut len_read, mut reads) = (0, 0);
        while frames.len() < MAX_FRAMES_TOGETHER && len_read < READ_BUDGET {
            if self.must_wait(cx) {
                self.heartbeat.is_paused = true;
                return Poll::Pending;
            }
            if self.heartbeat.is_paused {
                self.heartbeat.reset(*now.get_or_insert_with(Instant::now));
            }
            match self.stream.reader.peek() {
                Ok(Some(payload)) => {
                    let now = *now.get_or_insert_with(Instant::now);
                    let len = payload.len();
                    if !std::mem::take(&mut self.is_admitted) {
                        let until = self.throttle.admit(len, now);
                        if until > now {
                            self.throttle_until(until, now);
                            continue;
                        }
                    }
                    let frame = codec::decode::<ClientFrame>(payload);
                    self.stream.reader.consume(len);
                    len_read += PREFIX_LEN + len;
                    match frame {
                        Ok(ClientFrame::Leave) => return Poll::Ready(SessionEnd::Left),
                        Ok(frame) => {
                            self.throttle.charge(cost::of(&frame), now);
                            self.handle_frame(frame, frames);
                        }
                        Err(_) => self.close(CloseReason::Malformed),
                    }
                }
                Ok(None) if reads == MAX_READS => break,
                Ok(None) => {
                    reads += 1;
                    let stream = &mut *self.stream;
                    match ready!(stream.reader.poll_fill(&mut stream.io, cx)) {
                        Ok(0) | Err(_) => return Poll::Ready(SessionEnd::Disconnected),
                        Ok(_) => self.heartbeat.reset(*now.insert(Instant::now())),
                    }
                }
                Err(CodecError::TooLong) => self.close(CloseReason::TooLong),
                Err(_) => self.close(CloseReason::Malformed),
            }
        }
        // There may be more, but other tasks have their turn first.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn must_wait(&mut self, cx: &mut Context<'_>) -> bool {
        self.is_closing
            || self.driver.poll_ready(cx).is_pending()
            // The last frames of a stopped driver are being written, which ends the session.
            || self.driver.is_closed
            || self.window.is_full()
            || self.local_frames >= MAX_LOCAL_FRAMES
            || self.throttled_until.is_some()
    }

    fn throttle_until(&mut self, until: Instant, now: Instant) {
        self.throttled_until = Some(until);
        self.is_admitted = true;
        // A notice without capacity is dropped.
        if self.throttle.take_notice(now) && self.local_frames < MAX_LOCAL_FRAMES {
            self.queue_local(&ServerFrame::Notice(Notice::Throttled));
        }
    }

    /// Handles a frame, or appends it to the frames for the driver.
    fn handle_frame(&mut self, frame: ClientFrame, frames: &mut Vec<ClientFrame>) {
        debug!(kind = frame.kind(), "received");
        match frame {
            frame if !is_allowed(&frame, self.version) => self.close(CloseReason::UnexpectedFrame),
            ClientFrame::Ping(number) => self.queue_local(&ServerFrame::Pong(number)),
            ClientFrame::Pong(_) | ClientFrame::Leave => {}
            frame => {
                if let ClientFrame::Request { number, request } = &frame
                    && !self.window.insert(*number, window::weight(request))
                {
                    return self.close(CloseReason::UnexpectedFrame);
                }
                frames.push(frame);
            }
        }
    }

    fn queue_local(&mut self, frame: &ServerFrame) {
        self.local_frames += 1;
        match codec::encode(frame) {
            Ok(payload) if self.stream.writer.queue(&payload).is_ok() => {}
            _ => error!("a frame of the session's own cannot be sent"),
        }
    }

    fn close(&mut self, reason: CloseReason) {
        self.queue_local(&ServerFrame::Close(reason));
        self.is_closing = true;
        self.close_reason = Some(reason);
    }

    fn deadline(&self) -> Option<Instant> {
        let deadlines = [
            self.heartbeat_deadline(),
            self.throttled_until,
            self.stream.writer.stall_deadline(),
        ];
        deadlines.into_iter().flatten().min()
    }

    fn heartbeat_deadline(&self) -> Option<Instant> {
        self.heartbeat.deadline().filter(|_| !self.is_closing)
    }

    fn handle_deadline(&mut self, now: Instant) -> Option<SessionEnd> {
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|at| at <= now);
        if is_over(self.stream.writer.stall_deadline()) {
            return Some(SessionEnd::Stalled);
        }
        if is_over(self.throttled_until) {
            self.throttled_until = None;
        }
        if is_over(self.heartbeat_deadline()) {
            if self.heartbeat.ping_sent.is_some() {
                self.close(CloseReason::Silent);
            } else {
                self.heartbeat.ping_sent = Some(now);
                self.heartbeat.last_ping = self.heartbeat.last_ping.wrapping_add(1);
                self.queue_local(&ServerFrame::Ping(self.heartbeat.last_ping));
            }
        }
        None
    }
}

impl Heartbeat {
    fn reset(&mut self, now: Instant) {
        (self.last_read, self.ping_sent, self.is_paused) = (now, None, false);
    }

    fn deadline(&self) -> Option<Instant> {
        match self.ping_sent {
            _ if self.is_paused => None,
            Some(sent) => Some(sent + PONG_WITHIN),
            None => Some(self.last_read + SERVER_PING_AFTER),
        }
    }
}

/// The reason in an encoded last frame.
fn reason_in(payload: &[u8]) -> Option<CloseReason> {
    match codec::decode(payload) {
        Ok(ServerFrame::Close(reason)) => Some(reason),
        _ => None,
    }
}

fn is_allowed(frame: &ClientFrame, version: ProtocolVersion) -> bool {
    frame.since() <= version && !matches!(frame, ClientFrame::Hello(_))
}

/// Waits for a deadline, and returns the time then; `None` never ends. The timer is reset only for an earlier
/// deadline, or once it has fired, so a deadline that moves later costs nothing.
fn poll_deadline(
    mut timer: Pin<&mut Sleep>,
    deadline: Option<Instant>,
    cx: &mut Context<'_>,
) -> Poll<Instant> {
    let Some(deadline) = deadline else {
        return Poll::Pending;
    };
    if deadline < timer.deadline() {
        timer.as_mut().reset(deadline);
    }
    while timer.as_mut().poll(cx).is_ready() {
        let now = Instant::now();
        if deadline <= now {
            return Poll::Ready(now);
        }
        timer.as_mut().reset(deadline);
    }
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_of_a_newer_version_than_agreed_is_refused() {
        let frame = ClientFrame::Ping(1);
        assert!(is_allowed(&frame, ProtocolVersion::V2));
        assert!(!is_allowed(&frame, ProtocolVersion(0)));
    }
}
