//! The queues of all sessions.

use std::collections::{BTreeMap, VecDeque};

use recado_shared::ServerFrame;
use tracing::{debug, error};

use super::outbox::{Due, NoRoom, Outbox, Outgoing, Then, kind};
use crate::id::SessionId;

/// Where frames for each session go. The driver's.
///
/// Who was given frames is woken in turn, a few at a time, so that what comes while many have to
/// write is soon dealt with and reaches most of them in the same piece.
#[derive(Debug, Default)]
pub struct Outboxes {
    sessions: BTreeMap<SessionId, Outbox>,
    /// Those to be woken, in that order: each session at most once.
    due: VecDeque<Due>,
}

impl Outboxes {
    /// Adds a session.
    pub fn insert(&mut self, session: SessionId, outbox: Outbox) {
        self.sessions.insert(session, outbox);
    }

    /// Lets go of a session, which ends once what is queued is written.
    pub fn remove(&mut self, session: SessionId) {
        self.sessions.remove(&session);
    }

    /// Whether some are still to be woken.
    pub fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// Wakes at most so many of those who were given frames, those who wait longest first.
    pub fn wake(&mut self, at_most: usize) {
        let count = self.due.len().min(at_most);
        self.due.drain(..count).for_each(Due::wake);
    }

    /// Queues a frame that must not be left out. Room is reserved for it; a session without any
    /// is let go, and comes back by its cursors.
    pub fn send(&mut self, to: SessionId, frame: &ServerFrame, then: Then) {
        let Some(outbox) = self.sessions.get(&to) else {
            return;
        };
        debug!(session = %to, kind = kind(frame), "sent");
        let queued = Outgoing::encode(frame, then).map(|frame| outbox.send(frame));
        if queued == Some(Ok(())) {
            self.due.extend(outbox.due());
        } else {
            error!(session = %to, kind = kind(frame), "no room for a frame: session let go");
            self.remove(to);
        }
    }

    /// Queues a live frame, encoded once, where live frames have room. Returns those who did not
    /// get it for want of that.
    #[must_use]
    pub fn push(&mut self, to: &[SessionId], frame: &ServerFrame) -> Vec<SessionId> {
        debug!(sessions = to.len(), kind = kind(frame), "pushed");
        let mut left_out = Vec::new();
        let Some(outgoing) = Outgoing::encode(frame, Then::Nothing) else {
            return left_out;
        };
        for session in to {
            let Some(outbox) = self.sessions.get(session) else {
                continue;
            };
            match outbox.push(&outgoing) {
                Ok(()) => self.due.extend(outbox.due()),
                Err(NoRoom) => left_out.push(*session),
            }
        }
        left_out
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Wake, Waker};

    use super::*;
    use crate::session::{OutboxReader, outbox};

    /// Counts how often a session is woken.
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
        /// Takes what is there and waits. Says how many frames that were.
        fn takes(&self) -> usize {
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
            assert_eq!(session.takes(), 0);
            session
        };
        let sessions = ids.iter().map(open).collect();
        (outboxes, ids, sessions)
    }

    fn wakes(sessions: &[Session]) -> Vec<usize> {
        sessions.iter().map(Session::wakes).collect()
    }

    #[test]
    fn sessions_are_woken_a_few_at_a_time_and_take_what_came_meanwhile() {
        let (mut outboxes, ids, sessions) = sessions(3);
        assert_eq!(outboxes.push(&ids, &ServerFrame::Ping(1)), []);
        assert_eq!(wakes(&sessions), [0, 0, 0]);
        outboxes.wake(1);
        assert_eq!(wakes(&sessions), [1, 0, 0]);
        assert_eq!(sessions[0].takes(), 1);
        assert_eq!(outboxes.push(&ids, &ServerFrame::Ping(2)), []);
        outboxes.wake(2);
        assert_eq!(wakes(&sessions), [1, 1, 1]);
        assert_eq!([sessions[1].takes(), sessions[2].takes()], [2, 2]);
        assert!(outboxes.has_due());
        outboxes.wake(1);
        assert_eq!(wakes(&sessions), [2, 1, 1]);
        assert_eq!(sessions[0].takes(), 1);
        assert!(!outboxes.has_due());
    }

    #[test]
    fn who_took_frames_without_being_woken_is_not_woken_for_them() {
        let (mut outboxes, ids, sessions) = sessions(1);
        outboxes.send(ids[0], &ServerFrame::Ping(1), Then::Nothing);
        assert_eq!(sessions[0].takes(), 1);
        outboxes.wake(1);
        assert_eq!(wakes(&sessions), [0]);
        outboxes.send(ids[0], &ServerFrame::Ping(2), Then::Nothing);
        outboxes.wake(1);
        assert_eq!(wakes(&sessions), [1]);
    }

    #[test]
    fn who_is_let_go_is_woken_at_once() {
        let (mut outboxes, ids, sessions) = sessions(2);
        assert_eq!(outboxes.push(&ids, &ServerFrame::Ping(1)), []);
        outboxes.remove(ids[1]);
        assert_eq!(wakes(&sessions), [0, 1]);
        assert_eq!(sessions[1].takes(), 1);
        drop(outboxes);
        assert_eq!(wakes(&sessions), [1, 1]);
    }
}
