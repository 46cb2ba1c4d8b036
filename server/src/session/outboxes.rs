//! The outboxes of all sessions, owned by the driver.

use std::collections::{BTreeMap, VecDeque};

use recado_shared::ServerFrame;
use tracing::{debug, error};

use super::outbox::{AfterWrite, Outbox, OutboxFull, OutgoingFrame, PendingWake, kind};
use crate::id::SessionId;

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
        self.wakes.drain(..count).for_each(PendingWake::wake);
    }

    /// Queues a frame that must not be dropped. A session without capacity for it is removed, and its
    /// client catches up by its cursors when it reconnects.
    pub fn send(&mut self, to: SessionId, frame: &ServerFrame, after_write: AfterWrite) {
        let Some(outbox) = self.sessions.get(&to) else {
            return;
        };
        debug!(session = %to, kind = kind(frame), "sent");
        let queued = OutgoingFrame::encode(frame, after_write).map(|frame| outbox.send(frame));
        if queued == Some(Ok(())) {
            self.wakes.extend(outbox.schedule_wake());
        } else {
            error!(session = %to, kind = kind(frame), "outbox full: closing session");
            self.remove(to);
        }
    }

    /// Queues a live frame, encoded once. Returns the sessions that have no capacity for it.
    #[must_use]
    pub fn push(&mut self, to: &[SessionId], frame: &ServerFrame) -> Vec<SessionId> {
        debug!(sessions = to.len(), kind = kind(frame), "pushed");
        let mut full = Vec::new();
        let Some(outgoing) = OutgoingFrame::encode(frame, AfterWrite::Nothing) else {
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
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};

    use super::*;
    use crate::session::{OutboxReader, outbox};

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
        outboxes.send(ids[0], &ServerFrame::Ping(1), AfterWrite::Nothing);
        assert_eq!(sessions[0].take_all(), 1);
        outboxes.wake(1);
        assert_eq!(wakes(&sessions), [0]);
        outboxes.send(ids[0], &ServerFrame::Ping(2), AfterWrite::Nothing);
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
}
