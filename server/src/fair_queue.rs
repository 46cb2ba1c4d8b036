//! Frames of sessions that wait for the relay, by user: users take turns, and one who has much work in the
//! store waits, so that a user with many sessions does not delay the others. It owns the order, not the work.

use std::collections::{BTreeMap, VecDeque};
use std::vec;

use recado_shared::limits::MAX_REQUESTS_IN_FLIGHT;
use recado_shared::{ClientFrame, UserId};

use crate::id::SessionId;
use crate::session::cost;

/// Most events of sessions that wait in turns. Each has at most
/// [`MAX_FRAMES_TOGETHER`](crate::session::MAX_FRAMES_TOGETHER) frames, which were read together.
const CAPACITY: usize = 1_024;

/// Cost of the frames of a user in one turn. Our judgement: a few frames share a look at the queue.
const TURN_COST: u32 = 8;

/// Weight of a user's requests in the store at which the user waits: as much as one session may have.
const MAX_IN_STORE: usize = MAX_REQUESTS_IN_FLIGHT;

/// What waits, in the order in which the session sent it.
#[derive(Debug)]
enum Waiting {
    Frames(SessionId, vec::IntoIter<ClientFrame>),
    Closed(SessionId),
}

/// The next step for the relay.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Frame(SessionId, ClientFrame),
    Closed(SessionId),
}

#[derive(Debug, Default)]
struct UserQueue {
    events: VecDeque<Waiting>,
    /// Weight of the user's requests that the store has not answered.
    in_store: usize,
    /// Whether the user is among `turns`.
    has_turn: bool,
}

#[derive(Debug, Default)]
pub(crate) struct FairQueue {
    users: BTreeMap<UserId, UserQueue>,
    /// Users who have something to do and may do it, the next one first.
    turns: VecDeque<UserId>,
    /// Cost that the user whose turn it is has used up.
    used: u32,
    /// Events of all users.
    len: usize,
}

impl UserQueue {
    fn may_act(&self) -> bool {
        !self.events.is_empty() && self.in_store < MAX_IN_STORE
    }
}

impl FairQueue {
    /// How many events fit in.
    pub(crate) fn capacity(&self) -> usize {
        CAPACITY.saturating_sub(self.len)
    }

    /// Whether a user may do something.
    pub(crate) fn has_turns(&self) -> bool {
        !self.turns.is_empty()
    }

    pub(crate) fn push_frames(&mut self, user: UserId, from: SessionId, frames: Vec<ClientFrame>) {
        self.push(user, Waiting::Frames(from, frames.into_iter()));
    }

    /// Queues the end of a session behind its frames.
    pub(crate) fn push_closed(&mut self, user: UserId, session: SessionId) {
        self.push(user, Waiting::Closed(session));
    }

    fn push(&mut self, user: UserId, event: Waiting) {
        let queue = self.users.entry(user).or_default();
        queue.events.push_back(event);
        self.len += 1;
        self.take_turn(user);
    }

    /// Puts a user who may act behind the others.
    fn take_turn(&mut self, user: UserId) {
        if let Some(queue) = self.users.get_mut(&user)
            && !queue.has_turn
            && queue.may_act()
        {
            queue.has_turn = true;
            self.turns.push_back(user);
        }
    }

    /// The next step, and whose it is. A user goes on until [`TURN_COST`] is used up.
    pub(crate) fn next(&mut self) -> Option<(UserId, Step)> {
        while let Some(&user) = self.turns.front() {
            let step = self.users.get_mut(&user).and_then(|queue| {
                let has_turn = queue.may_act() && self.used < TURN_COST;
                has_turn.then(|| next_of(queue, &mut self.len)).flatten()
            });
            if let Some(step) = step {
                self.used += match &step {
                    Step::Frame(_, frame) => cost::of(frame),
                    Step::Closed(_) => 1,
                };
                return Some((user, step));
            }
            self.end_turn(user);
        }
        None
    }

    fn end_turn(&mut self, user: UserId) {
        self.used = 0;
        self.turns.pop_front();
        if let Some(queue) = self.users.get_mut(&user) {
            queue.has_turn = false;
            if queue.events.is_empty() && queue.in_store == 0 {
                self.users.remove(&user);
            } else {
                self.take_turn(user);
            }
        }
    }

    /// A request of the user went to the store.
    pub(crate) fn begin(&mut self, user: UserId, weight: usize) {
        self.users.entry(user).or_default().in_store += weight;
    }

    /// The store answered a request of the user.
    pub(crate) fn finish(&mut self, user: UserId, weight: usize) {
        if let Some(queue) = self.users.get_mut(&user) {
            queue.in_store = queue.in_store.saturating_sub(weight);
            if queue.in_store == 0 && queue.events.is_empty() && !queue.has_turn {
                self.users.remove(&user);
            } else {
                self.take_turn(user);
            }
        }
    }
}

fn next_of(queue: &mut UserQueue, len: &mut usize) -> Option<Step> {
    loop {
        let next = match queue.events.front_mut()? {
            Waiting::Closed(session) => Some(Step::Closed(*session)),
            Waiting::Frames(session, frames) => {
                let next = frames.next().map(|frame| Step::Frame(*session, frame));
                if next.is_some() && !frames.as_slice().is_empty() {
                    return next;
                }
                next
            }
        };
        queue.events.pop_front();
        *len -= 1;
        if next.is_some() {
            return next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALICE: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    fn pings(numbers: std::ops::Range<u32>) -> Vec<ClientFrame> {
        numbers.map(ClientFrame::Ping).collect()
    }

    /// Whose steps come next, with their numbers of times in a row.
    fn turns(queue: &mut FairQueue, count: usize) -> Vec<(UserId, usize)> {
        let mut turns: Vec<(UserId, usize)> = Vec::new();
        for _ in 0..count {
            let Some((user, _)) = queue.next() else { break };
            match turns.last_mut() {
                Some((last, times)) if *last == user => *times += 1,
                _ => turns.push((user, 1)),
            }
        }
        turns
    }

    #[test]
    fn users_take_turns_however_many_sessions_they_have() {
        let mut queue = FairQueue::default();
        for session in 0..100 {
            queue.push_frames(ALICE, SessionId(session), pings(0..10));
        }
        queue.push_frames(BOB, SessionId(1_000), pings(0..10));
        let turn = TURN_COST as usize;
        let expected = [
            (ALICE, turn),
            (BOB, turn),
            (ALICE, turn),
            (BOB, 2),
            (ALICE, turn),
        ];
        assert_eq!(turns(&mut queue, 4 * turn + 2), expected[..]);
        assert_eq!(queue.capacity(), CAPACITY - 98);
    }

    #[test]
    fn what_costs_more_takes_more_of_a_turn() {
        let mut queue = FairQueue::default();
        let watch = ClientFrame::Watch(vec![ALICE; 16 * TURN_COST as usize]);
        queue.push_frames(ALICE, SessionId(1), vec![watch; 2]);
        queue.push_frames(BOB, SessionId(2), pings(0..9));
        let turn = TURN_COST as usize;
        let expected = [(ALICE, 1), (BOB, turn), (ALICE, 1), (BOB, 1)];
        assert_eq!(turns(&mut queue, 99), expected);
    }

    #[test]
    fn a_user_with_much_work_in_the_store_waits_for_it() {
        let mut queue = FairQueue::default();
        queue.begin(ALICE, MAX_IN_STORE);
        queue.push_frames(ALICE, SessionId(1), pings(0..1));
        assert!(!queue.has_turns());
        queue.push_frames(BOB, SessionId(2), pings(0..1));
        assert_eq!(turns(&mut queue, 9), [(BOB, 1)]);
        queue.finish(ALICE, 1);
        assert_eq!(turns(&mut queue, 9), [(ALICE, 1)]);
        queue.finish(ALICE, MAX_IN_STORE - 1);
        assert!(queue.users.is_empty() && queue.len == 0);
    }

    #[test]
    fn a_user_who_fills_the_store_in_a_turn_stops_there() {
        let mut queue = FairQueue::default();
        queue.push_frames(ALICE, SessionId(1), pings(0..5));
        assert!(queue.next().is_some());
        queue.begin(ALICE, MAX_IN_STORE);
        assert_eq!(queue.next(), None);
        queue.finish(ALICE, MAX_IN_STORE);
        assert_eq!(turns(&mut queue, 9), [(ALICE, 4)]);
    }

    #[test]
    fn a_session_ends_behind_its_frames() {
        let mut queue = FairQueue::default();
        let session = SessionId(1);
        queue.push_frames(ALICE, session, pings(7..9));
        queue.push_frames(ALICE, session, Vec::new());
        queue.push_closed(ALICE, session);
        let steps: Vec<_> = std::iter::from_fn(|| queue.next()).collect();
        let expected = [
            Step::Frame(session, ClientFrame::Ping(7)),
            Step::Frame(session, ClientFrame::Ping(8)),
            Step::Closed(session),
        ];
        assert_eq!(steps, expected.map(|step| (ALICE, step)));
        assert_eq!(queue.capacity(), CAPACITY);
    }
}
