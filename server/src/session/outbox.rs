//! What waits to be written to one session, and how much of it there may be.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use recado_shared::limits::{MAX_REQUESTS_IN_FLIGHT, MAX_ROOMS_OF_USER};
use recado_shared::{ProtocolVersion, RequestNumber, ServerFrame, UserId, codec};
use tracing::error;

use crate::config::MAX_USERS_LIMIT;

/// Most live frames that wait for one session. One more, and it is behind.
pub const PUSH_ROOM: usize = 256;

/// The fewest heads of direct conversations, and of rooms, that a full page has.
const HEADS_PER_PAGE: usize = 100;
const ROOM_HEADS_PER_PAGE: usize = 20;

/// Room for three sets of heads pages: a user has at most one conversation with each other user,
/// and is or was in so many rooms.
/// While a session is behind, the set that is being read comes in and the one that was to follow
/// it; once it has caught up, one more may come before these are written.
pub const HEADS_ROOM: usize = 3
    * (MAX_USERS_LIMIT as usize / HEADS_PER_PAGE + 2 * MAX_ROOMS_OF_USER / ROOM_HEADS_PER_PAGE + 1);

/// Room that live frames leave free, so that what must not be left out always fits: answers, which
/// the session's window bounds, heads, and one each of welcome, behind and farewell.
pub const RESERVED_ROOM: usize = MAX_REQUESTS_IN_FLIGHT + HEADS_ROOM + 3;

/// Most frames that wait for one session.
pub const OUTBOX_ROOM: usize = PUSH_ROOM + RESERVED_ROOM;

/// Frames that a queue with nothing in it keeps room for.
const IDLE_ROOM: usize = 4;

/// The driver's end of a session's queue of frames. Only the driver puts frames in; dropping it
/// ends the session once everything in it is written.
#[derive(Debug)]
pub struct Outbox(Arc<Mutex<Queue>>);

/// A session that was given frames and is still to be woken.
#[derive(Debug)]
pub(super) struct Due(Arc<Mutex<Queue>>);

/// The session's end. Once it is dropped, frames are taken and go nowhere.
#[derive(Debug)]
pub struct OutboxReader(Arc<Mutex<Queue>>);

/// A session has no room for another frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoRoom;

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<Outgoing>,
    /// Of the session, when it waits.
    waker: Option<Waker>,
    /// There is a [`Due`] for it.
    is_due: bool,
    has_ended: bool,
}

/// An encoded frame on its way to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The frame without its length prefix, shared by all sessions that get it.
    pub payload: Bytes,
    /// What its being written means.
    pub then: Then,
}

/// What happens once a frame is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing more.
    Nothing,
    /// The session is open.
    Welcomed {
        /// In this version.
        version: ProtocolVersion,
        /// For this user.
        user: UserId,
    },
    /// The request with this number is answered.
    Answered(RequestNumber),
    /// The driver is told that the session caught up.
    CaughtUp,
    /// The session ends.
    End,
}

impl Outgoing {
    /// Encodes a frame. `None` means that a frame cannot be encoded, which is a fault of this
    /// program and logged as one.
    pub fn encode(frame: &ServerFrame, then: Then) -> Option<Self> {
        match codec::encode(frame) {
            Ok(payload) => Some(Self { payload, then }),
            Err(error) => {
                error!(kind = kind(frame), %error, "frame cannot be encoded");
                None
            }
        }
    }
}

/// Makes a session's queue. Its memory grows only with what waits in it.
pub fn outbox() -> (Outbox, OutboxReader) {
    let queue = Arc::default();
    (Outbox(Arc::clone(&queue)), OutboxReader(queue))
}

impl Outbox {
    /// Queues a frame that must not be left out. [`wake`](Self::wake) then tells the session.
    ///
    /// # Errors
    /// [`NoRoom`] if [`OUTBOX_ROOM`] frames wait.
    pub fn send(&self, frame: Outgoing) -> Result<(), NoRoom> {
        self.queue_below(OUTBOX_ROOM, || frame)
    }

    /// Queues a live frame, where live frames have room. [`wake`](Self::wake) then tells the session.
    ///
    /// # Errors
    /// [`NoRoom`] if [`PUSH_ROOM`] frames wait.
    pub fn push(&self, frame: &Outgoing) -> Result<(), NoRoom> {
        self.queue_below(PUSH_ROOM, || frame.clone())
    }

    fn queue_below(&self, room: usize, frame: impl FnOnce() -> Outgoing) -> Result<(), NoRoom> {
        let mut queue = lock(&self.0);
        if queue.has_ended {
            return Ok(());
        }
        if queue.frames.len() >= room {
            return Err(NoRoom);
        }
        queue.frames.push_back(frame());
        Ok(())
    }

    /// Wakes the session, if it waits and there is something for it.
    pub fn wake(&self) {
        wake(&self.0);
    }

    /// Makes the session one of those that are to be woken, unless it is already.
    pub(super) fn due(&self) -> Option<Due> {
        let is_due = std::mem::replace(&mut lock(&self.0).is_due, true);
        (!is_due).then(|| Due(Arc::clone(&self.0)))
    }
}

impl Due {
    /// Wakes the session, see [`Outbox::wake`].
    pub(super) fn wake(self) {
        wake(&self.0);
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.has_ended = true;
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl OutboxReader {
    /// The next frame; `None` once the driver has let go of the session and nothing is left.
    pub fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Outgoing>> {
        let mut queue = lock(&self.0);
        if let Some(frame) = queue.take() {
            return Poll::Ready(Some(frame));
        }
        if queue.has_ended {
            return Poll::Ready(None);
        }
        queue.wait(cx);
        Poll::Pending
    }

    /// Waits for the next frame, see [`poll_next`](Self::poll_next).
    pub async fn next(&self) -> Option<Outgoing> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Hands over what waits, in order, until `take` has enough. Says whether there was anything:
    /// there is nothing once the driver has let go of the session and nothing is left.
    pub(super) fn poll_batch(
        &self,
        cx: &Context<'_>,
        mut take: impl FnMut(Outgoing) -> ControlFlow<()>,
    ) -> Poll<bool> {
        let mut queue = lock(&self.0);
        let mut has_taken = false;
        while let Some(frame) = queue.take() {
            has_taken = true;
            if take(frame).is_break() {
                break;
            }
        }
        if has_taken || queue.has_ended {
            return Poll::Ready(has_taken);
        }
        queue.wait(cx);
        Poll::Pending
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.has_ended = true;
        // Neither the frames nor the task are kept for as long as the driver has its end.
        let rest = (std::mem::take(&mut queue.frames), queue.waker.take());
        drop(queue);
        drop(rest);
    }
}

impl Queue {
    fn take(&mut self) -> Option<Outgoing> {
        let frame = self.frames.pop_front()?;
        if self.frames.is_empty() && self.frames.capacity() > IDLE_ROOM {
            self.frames = VecDeque::new();
        }
        Some(frame)
    }

    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            none => *none = Some(cx.waker().clone()),
        }
    }
}

fn wake(queue: &Mutex<Queue>) {
    let mut queue = lock(queue);
    queue.is_due = false;
    if !queue.frames.is_empty() {
        let waker = queue.waker.take();
        drop(queue);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The name of a frame's kind, for logs.
pub(crate) fn kind(frame: &ServerFrame) -> &'static str {
    match frame {
        ServerFrame::Welcome(_) => "welcome",
        ServerFrame::Refused(_) => "refused",
        ServerFrame::Answer { .. } => "answer",
        ServerFrame::Heads(_) => "heads",
        ServerFrame::Entry { .. } => "entry",
        ServerFrame::Cursors { .. } => "cursors",
        ServerFrame::Presence { .. } => "presence",
        ServerFrame::Typing { .. } => "typing",
        ServerFrame::User(_) => "person",
        ServerFrame::Behind => "behind",
        ServerFrame::Notice(_) => "notice",
        ServerFrame::Ping(_) => "ping",
        ServerFrame::Pong(_) => "pong",
        ServerFrame::Close(_) => "farewell",
        ServerFrame::Setting { .. } => "setting",
        ServerFrame::Announcement(_) => "announcement",
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn frame(number: u32) -> Outgoing {
        Outgoing::encode(&ServerFrame::Ping(number), Then::Nothing).unwrap()
    }

    #[test]
    fn live_frames_leave_room_for_what_must_not_be_left_out() {
        let (outbox, frames) = outbox();
        for _ in 0..PUSH_ROOM {
            assert_eq!(outbox.push(&frame(1)), Ok(()));
        }
        assert_eq!(outbox.push(&frame(1)), Err(NoRoom));
        for _ in 0..RESERVED_ROOM {
            assert_eq!(outbox.send(frame(2)), Ok(()));
        }
        assert_eq!(outbox.send(frame(2)), Err(NoRoom));
        assert_eq!(frames.next().now_or_never(), Some(Some(frame(1))));
        assert_eq!(outbox.push(&frame(1)), Err(NoRoom));
        assert_eq!(outbox.send(frame(2)), Ok(()));
    }

    #[test]
    fn frames_queued_before_the_driver_lets_go_are_still_there() {
        let (outbox, frames) = outbox();
        outbox.send(frame(1)).unwrap();
        drop(outbox);
        assert_eq!(frames.next().now_or_never(), Some(Some(frame(1))));
        assert_eq!(frames.next().now_or_never(), Some(None));
    }

    #[test]
    fn frames_for_a_session_that_has_ended_go_nowhere() {
        let (outbox, frames) = outbox();
        let first = frame(1);
        outbox.push(&first).unwrap();
        drop(frames);
        for _ in 0..=OUTBOX_ROOM {
            assert_eq!(outbox.send(frame(2)), Ok(()));
            assert_eq!(outbox.push(&first), Ok(()));
        }
        assert!(first.payload.is_unique(), "a frame is kept");
    }

    #[tokio::test]
    async fn a_waiting_session_hears_of_frames_and_of_the_end() {
        let (outbox, frames) = outbox();
        let reading = tokio::spawn(async move {
            let mut numbers = 0;
            while frames.next().await.is_some() {
                numbers += 1;
            }
            numbers
        });
        for number in 0..3 {
            outbox.send(frame(number)).unwrap();
            outbox.wake();
            tokio::task::yield_now().await;
        }
        drop(outbox);
        assert_eq!(reading.await.unwrap(), 3);
    }

    #[test]
    fn a_burst_does_not_keep_its_memory() {
        let (outbox, frames) = outbox();
        for _ in 0..PUSH_ROOM {
            outbox.push(&frame(1)).unwrap();
        }
        let mut taken = 0;
        let all = poll_fn(|cx| {
            frames.poll_batch(cx, |_| {
                taken += 1;
                ControlFlow::Continue(())
            })
        });
        assert_eq!(all.now_or_never(), Some(true));
        assert_eq!(taken, PUSH_ROOM);
        assert!(lock(&frames.0).frames.capacity() <= IDLE_ROOM);
    }
}
