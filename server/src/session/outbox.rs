//! Outboxes of the sessions: the bounded queues of encoded frames between the driver and each session.

use std::collections::{BTreeMap, VecDeque};
use std::future::poll_fn;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use recado_shared::limits::{MAX_AGREED_PER_FRAME, MAX_REQUESTS_IN_FLIGHT, MAX_ROOMS_OF_USER};
use recado_shared::{ProtocolVersion, RequestNumber, ServerFrame, UserId, codec};
use tracing::{debug, error};

use crate::config::MAX_USERS_LIMIT;
use crate::id::SessionId;

/// Most live frames that wait for one session. With one more, the session is behind.
pub const PUSH_CAPACITY: usize = 256;

/// Capacity for the page of heads that waits to be written, and before it the places of all conversations
/// with other users and of the rooms that the user is or was in.
pub const HEADS_CAPACITY: usize =
    1 + (MAX_USERS_LIMIT as usize + 2 * MAX_ROOMS_OF_USER).div_ceil(MAX_AGREED_PER_FRAME);

/// Capacity that live frames leave free for the frames that must not be dropped: answers, which the
/// session's window bounds, heads, and one each of welcome, behind and close.
pub const RESERVED_CAPACITY: usize = MAX_REQUESTS_IN_FLIGHT + HEADS_CAPACITY + 3;

/// Most frames that wait for one session.
pub const OUTBOX_CAPACITY: usize = PUSH_CAPACITY + RESERVED_CAPACITY;

/// Frames for which an empty queue keeps memory.
const IDLE_CAPACITY: usize = 4;

/// The driver's end of the queue. Dropping it ends the session once all frames in it are written.
#[derive(Debug)]
pub struct Outbox(Arc<Mutex<Queue>>);

#[derive(Debug)]
struct PendingWake(Arc<Mutex<Queue>>);

/// The session's end of the queue. Once it is dropped, the outbox accepts frames and drops them.
#[derive(Debug)]
pub struct OutboxReader(Arc<Mutex<Queue>>);

/// The frames that wait have reached the capacity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutboxFull;

#[derive(Debug, Default)]
struct Queue {
    frames: VecDeque<OutgoingFrame>,
    /// Set while the session waits for frames.
    waker: Option<Waker>,
    is_wake_pending: bool,
    is_closed: bool,
}

/// An encoded frame for a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingFrame {
    /// The frame without its length prefix, shared by all sessions that get it.
    pub payload: Bytes,
    pub after_write: AfterWrite,
}

/// The session's reaction to a written frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterWrite {
    Nothing,
    Welcomed(ProtocolVersion, UserId),
    /// Removes this request from the window.
    Answered(RequestNumber),
    /// Tells the driver that the session caught up.
    CaughtUp,
    /// Tells the driver that a page of heads is written.
    HeadsWritten,
    Close,
}

impl AfterWrite {
    fn of(frame: &ServerFrame) -> Self {
        match frame {
            ServerFrame::Welcome(welcome) => Self::Welcomed(welcome.version, welcome.user),
            ServerFrame::Answer { number, .. } => Self::Answered(*number),
            ServerFrame::Behind => Self::CaughtUp,
            ServerFrame::Heads(_) => Self::HeadsWritten,
            ServerFrame::Refused(_) | ServerFrame::Close(_) => Self::Close,
            ServerFrame::Entry { .. }
            | ServerFrame::Cursors { .. }
            | ServerFrame::Presence { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::User(_)
            | ServerFrame::Notice(_)
            | ServerFrame::Ping(_)
            | ServerFrame::Pong(_)
            | ServerFrame::Setting { .. }
            | ServerFrame::Announcement(_)
            | ServerFrame::UserRemoved(_)
            | ServerFrame::Epochs(_)
            | ServerFrame::Agreed(_) => Self::Nothing,
        }
    }
}

impl OutgoingFrame {
    /// Encodes a frame. `None` if it cannot be encoded, which is a bug of the server and logged.
    pub fn encode(frame: &ServerFrame) -> Option<Self> {
        let payload = codec::encode(frame).inspect_err(|error| {
            error!(kind = <&str>::from(frame), %error, "frame cannot be encoded");
        });
        Some(Self {
            payload: payload.ok()?,
            after_write: AfterWrite::of(frame),
        })
    }
}

/// Makes the queue of a session. Its memory grows with the frames that wait in it.
pub fn outbox() -> (Outbox, OutboxReader) {
    let queue = Arc::default();
    (Outbox(Arc::clone(&queue)), OutboxReader(queue))
}

impl Outbox {
    /// Queues a frame that must not be dropped. [`wake`](Self::wake) then wakes the session.
    ///
    /// # Errors
    /// [`OutboxFull`] if [`OUTBOX_CAPACITY`] frames wait.
    pub fn send(&self, frame: OutgoingFrame) -> Result<(), OutboxFull> {
        self.queue_below(OUTBOX_CAPACITY, frame)
    }

    /// Queues a live frame. [`wake`](Self::wake) then wakes the session.
    ///
    /// # Errors
    /// [`OutboxFull`] if [`PUSH_CAPACITY`] frames wait.
    pub fn push(&self, frame: &OutgoingFrame) -> Result<(), OutboxFull> {
        self.queue_below(PUSH_CAPACITY, frame.clone())
    }

    fn queue_below(&self, capacity: usize, frame: OutgoingFrame) -> Result<(), OutboxFull> {
        let mut queue = lock(&self.0);
        if queue.is_closed {
            return Ok(());
        }
        if queue.frames.len() >= capacity {
            return Err(OutboxFull);
        }
        queue.frames.push_back(frame);
        Ok(())
    }

    /// Wakes the session if it waits and the queue has frames.
    pub fn wake(&self) {
        wake(&self.0);
    }

    /// Schedules a wake-up of the session, unless one is pending.
    fn schedule_wake(&self) -> Option<PendingWake> {
        let is_pending = std::mem::replace(&mut lock(&self.0).is_wake_pending, true);
        (!is_pending).then(|| PendingWake(Arc::clone(&self.0)))
    }
}

impl Drop for Outbox {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.is_closed = true;
        wake_waiting(queue);
    }
}

impl OutboxReader {
    /// The next frame. `None` once the outbox is dropped and the queue is empty.
    pub fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<OutgoingFrame>> {
        let mut next = None;
        let batch = self.poll_batch(cx, |frame| {
            next = Some(frame);
            ControlFlow::Break(())
        });
        batch.map(|_| next)
    }

    /// Waits for the next frame, see [`poll_next`](Self::poll_next).
    pub async fn next(&self) -> Option<OutgoingFrame> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Passes frames to `take` until it breaks or the queue is empty. `false` once the outbox is dropped and the
    /// queue is empty.
    #[inline]
    pub(super) fn poll_batch(
        &self,
        cx: &Context<'_>,
        mut take: impl FnMut(OutgoingFrame) -> ControlFlow<()>,
    ) -> Poll<bool> {
        let mut queue = lock(&self.0);
        let mut has_frames = false;
        while let Some(frame) = queue.pop() {
            has_frames = true;
            if take(frame).is_break() {
                break;
            }
        }
        if has_frames || queue.is_closed {
            return Poll::Ready(has_frames);
        }
        queue.wait(cx);
        Poll::Pending
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        let mut queue = lock(&self.0);
        queue.is_closed = true;
        // The driver may keep its end for longer; the frames and the task are freed at once.
        let rest = (std::mem::take(&mut queue.frames), queue.waker.take());
        drop(queue);
        drop(rest);
    }
}

impl Queue {
    fn pop(&mut self) -> Option<OutgoingFrame> {
        let frame = self.frames.pop_front()?;
        if self.frames.is_empty() && self.frames.capacity() > IDLE_CAPACITY {
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
    queue.is_wake_pending = false;
    if !queue.frames.is_empty() {
        wake_waiting(queue);
    }
}

fn wake_waiting(mut queue: MutexGuard<'_, Queue>) {
    let waker = queue.waker.take();
    drop(queue);
    if let Some(waker) = waker {
        waker.wake();
    }
}

fn lock(queue: &Mutex<Queue>) -> MutexGuard<'_, Queue> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Outboxes by session. It wakes sessions that got frames in turn and a few at a time, so that events
/// which arrive while many sessions write are handled soon, and their frames join the same writes.
#[derive(Debug, Default)]
pub struct Outboxes {
    sessions: BTreeMap<SessionId, Outbox>,
    /// Sessions to wake, oldest first, each at most once.
    wakes: VecDeque<PendingWake>,
}

impl Outboxes {
    pub fn insert(&mut self, session: SessionId, outbox: Outbox) {
        self.sessions.insert(session, outbox);
    }

    /// Drops an outbox: its session ends once the queued frames are written.
    pub fn remove(&mut self, session: SessionId) {
        self.sessions.remove(&session);
    }

    /// Whether sessions wait to be woken.
    pub fn has_pending_wakes(&self) -> bool {
        !self.wakes.is_empty()
    }

    /// Wakes at most `max` sessions, those that wait longest first.
    pub fn wake(&mut self, max: usize) {
        let count = self.wakes.len().min(max);
        self.wakes
            .drain(..count)
            .for_each(|pending| wake(&pending.0));
    }

    /// Queues a frame that must not be dropped. A refusal or a close is the last frame: the session is
    /// removed after it. A session whose outbox is full is removed too, and its client catches up by its
    /// cursors when it reconnects.
    pub fn send(&mut self, to: SessionId, frame: &ServerFrame) {
        let Some(outbox) = self.sessions.get(&to) else {
            return;
        };
        debug!(session = %to, kind = <&str>::from(frame), "sent");
        let queued = OutgoingFrame::encode(frame).map(|frame| outbox.send(frame));
        if queued == Some(Ok(())) {
            self.wakes.extend(outbox.schedule_wake());
        } else {
            error!(session = %to, kind = <&str>::from(frame), "outbox full: closing session");
        }
        if queued != Some(Ok(())) || AfterWrite::of(frame) == AfterWrite::Close {
            self.remove(to);
        }
    }

    /// Queues a live frame, encoded once. Returns the sessions that have no capacity for it.
    #[must_use]
    pub fn push(&mut self, to: &[SessionId], frame: &ServerFrame) -> Vec<SessionId> {
        debug!(sessions = to.len(), kind = <&str>::from(frame), "pushed");
        let mut full = Vec::new();
        let Some(outgoing) = OutgoingFrame::encode(frame) else {
            return full;
        };
        for session in to {
            let Some(outbox) = self.sessions.get(session) else {
                continue;
            };
            match outbox.push(&outgoing) {
                Ok(()) => self.wakes.extend(outbox.schedule_wake()),
                Err(OutboxFull) => full.push(*session),
            }
        }
        full
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use futures_util::FutureExt as _;

    use super::*;

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Session {
        reader: OutboxReader,
        wakes: Arc<Wakes>,
    }

    impl Session {
        /// Takes all queued frames and waits. Returns their number.
        fn take_all(&self) -> usize {
            let waker = Waker::from(Arc::clone(&self.wakes));
            let context = Context::from_waker(&waker);
            let take = || self.reader.poll_next(&context);
            std::iter::from_fn(|| matches!(take(), Poll::Ready(Some(_))).then_some(())).count()
        }

        fn wakes(&self) -> usize {
            self.wakes.0.load(Ordering::Relaxed)
        }
    }

    /// Sessions that wait for frames.
    fn sessions(count: u64) -> (Outboxes, Vec<SessionId>, Vec<Session>) {
        let mut outboxes = Outboxes::default();
        let ids: Vec<_> = (1..=count).map(SessionId).collect();
        let open = |&id: &SessionId| {
            let (outbox, reader) = outbox();
            outboxes.insert(id, outbox);
            let wakes = Arc::default();
            let session = Session { reader, wakes };
            assert_eq!(session.take_all(), 0);
            session
        };
        let sessions = ids.iter().map(open).collect();
        (outboxes, ids, sessions)
    }

    fn wakes(sessions: &[Session]) -> Vec<usize> {
        sessions.iter().map(Session::wakes).collect()
    }

    #[test]
    fn sessions_are_woken_a_few_at_a_time_and_take_all_frames() {
        let (mut outboxes, ids, sessions) = sessions(3);
        assert_eq!(outboxes.push(&ids, &ServerFrame::Ping(1)), []);
        assert_eq!(wakes(&sessions), [0, 0, 0]);
        outboxes.wake(1);
        assert_eq!(wakes(&sessions), [1, 0, 0]);
        assert_eq!(sessions[0].take_all(), 1);
        assert_eq!(outboxes.push(&ids, &ServerFrame::Ping(2)), []);
        outboxes.wake(2);
        assert_eq!(wakes(&sessions), [1, 1, 1]);
        assert_eq!([sessions[1].take_all(), sessions[2].take_all()], [2, 2]);
        assert!(outboxes.has_pending_wakes());
        outboxes.wake(1);
        assert_eq!(wakes(&sessions), [2, 1, 1]);
        assert_eq!(sessions[0].take_all(), 1);
        assert!(!outboxes.has_pending_wakes());
    }

    #[test]
    fn a_session_that_already_took_its_frames_is_not_woken() {
        let (mut outboxes, ids, sessions) = sessions(1);
        outboxes.send(ids[0], &ServerFrame::Ping(1));
        assert_eq!(sessions[0].take_all(), 1);
        outboxes.wake(1);
        assert_eq!(wakes(&sessions), [0]);
        outboxes.send(ids[0], &ServerFrame::Ping(2));
        outboxes.wake(1);
        assert_eq!(wakes(&sessions), [1]);
    }

    #[test]
    fn a_removed_session_is_woken_at_once() {
        let (mut outboxes, ids, sessions) = sessions(2);
        assert_eq!(outboxes.push(&ids, &ServerFrame::Ping(1)), []);
        outboxes.remove(ids[1]);
        assert_eq!(wakes(&sessions), [0, 1]);
        assert_eq!(sessions[1].take_all(), 1);
        drop(outboxes);
        assert_eq!(wakes(&sessions), [1, 1]);
    }

    fn frame(number: u32) -> OutgoingFrame {
        OutgoingFrame::encode(&ServerFrame::Ping(number)).unwrap()
    }

    #[test]
    fn live_frames_leave_the_reserved_capacity_free() {
        let (outbox, frames) = outbox();
        for _ in 0..PUSH_CAPACITY {
            assert_eq!(outbox.push(&frame(1)), Ok(()));
        }
        assert_eq!(outbox.push(&frame(1)), Err(OutboxFull));
        for _ in 0..RESERVED_CAPACITY {
            assert_eq!(outbox.send(frame(2)), Ok(()));
        }
        assert_eq!(outbox.send(frame(2)), Err(OutboxFull));
        assert_eq!(frames.next().now_or_never(), Some(Some(frame(1))));
        assert_eq!(outbox.push(&frame(1)), Err(OutboxFull));
        assert_eq!(outbox.send(frame(2)), Ok(()));
    }

    #[test]
    fn frames_queued_before_the_outbox_is_dropped_are_delivered() {
        let (outbox, frames) = outbox();
        outbox.send(frame(1)).unwrap();
        drop(outbox);
        assert_eq!(frames.next().now_or_never(), Some(Some(frame(1))));
        assert_eq!(frames.next().now_or_never(), Some(None));
    }

    #[test]
    fn frames_for_a_session_that_has_ended_are_dropped() {
        let (outbox, frames) = outbox();
        let first = frame(1);
        outbox.push(&first).unwrap();
        drop(frames);
        for _ in 0..=OUTBOX_CAPACITY {
            assert_eq!(outbox.send(frame(2)), Ok(()));
            assert_eq!(outbox.push(&first), Ok(()));
        }
        assert!(first.payload.is_unique(), "the frame is still referenced");
    }

    #[tokio::test]
    async fn a_waiting_session_is_woken_by_frames_and_by_the_end() {
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
        for _ in 0..PUSH_CAPACITY {
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
        assert_eq!(taken, PUSH_CAPACITY);
        assert!(lock(&frames.0).frames.capacity() <= IDLE_CAPACITY);
    }
}
