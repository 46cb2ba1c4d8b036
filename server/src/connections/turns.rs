//! Semaphore whose waiting tasks take turns by network: however many wait for one network, a task of another
//! waits for one permit per network at most.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

#[derive(Debug)]
pub(super) struct Turns(Mutex<State>);

#[derive(Debug)]
struct State {
    permits: usize,
    /// Networks with waiting tasks, each once, in the order of their turns.
    order: VecDeque<IpAddr>,
    /// Waiting tasks of each network, in the order in which they came.
    waiting: BTreeMap<IpAddr, VecDeque<oneshot::Sender<Permit>>>,
}

/// A permit, which is given to the next task on drop.
#[derive(Debug)]
pub(super) struct Permit(Option<Arc<Turns>>);

impl Turns {
    pub(super) fn new(permits: usize) -> Self {
        Self(Mutex::new(State {
            permits,
            order: VecDeque::new(),
            waiting: BTreeMap::new(),
        }))
    }

    /// Waits for the turn of a network. Cancel safe.
    pub(super) async fn acquire(self: &Arc<Self>, network: IpAddr) -> Permit {
        loop {
            let turn = {
                let mut state = self.lock();
                if state.permits > 0 {
                    state.permits -= 1;
                    return Permit(Some(Arc::clone(self)));
                }
                state.join(network)
            };
            // The sender is only dropped without a permit if the state is lost.
            if let Ok(permit) = turn.await {
                return permit;
            }
        }
    }

    fn release(self: &Arc<Self>) {
        while let Some(next) = self.next_waiting() {
            let Err(mut permit) = next.send(Permit(Some(Arc::clone(self)))) else {
                return;
            };
            // That task does not wait any more.
            permit.0 = None;
        }
    }

    /// The task whose turn it is. Without any, the permit is free.
    fn next_waiting(&self) -> Option<oneshot::Sender<Permit>> {
        let mut state = self.lock();
        let next = state.take_next();
        if next.is_none() {
            state.permits += 1;
        }
        next
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn join(&mut self, network: IpAddr) -> oneshot::Receiver<Permit> {
        let (sender, receiver) = oneshot::channel();
        let waiting = self.waiting.entry(network).or_default();
        if waiting.is_empty() {
            self.order.push_back(network);
        }
        waiting.push_back(sender);
        receiver
    }

    fn take_next(&mut self) -> Option<oneshot::Sender<Permit>> {
        let network = self.order.pop_front()?;
        let waiting = self.waiting.get_mut(&network)?;
        let next = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(&network);
        } else {
            self.order.push_back(network);
        }
        next
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(turns) = self.0.take() {
            turns.release();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;

    use futures_util::FutureExt as _;

    use super::*;

    type Waiting = Pin<Box<dyn Future<Output = Permit>>>;

    fn network(n: u8) -> IpAddr {
        [192, 0, 2, n].into()
    }

    fn wait(turns: &Arc<Turns>, n: u8) -> Waiting {
        let turns = Arc::clone(turns);
        let mut waiting: Waiting = Box::pin(async move { turns.acquire(network(n)).await });
        assert!(waiting.as_mut().now_or_never().is_none());
        waiting
    }

    #[test]
    fn networks_take_turns() {
        let turns = Arc::new(Turns::new(1));
        let mut held = turns.acquire(network(9)).now_or_never();
        let mut waiting: Vec<_> = [1, 1, 1, 2, 2, 3]
            .into_iter()
            .map(|n| (n, wait(&turns, n)))
            .collect();
        let mut served = Vec::new();
        while !waiting.is_empty() {
            drop(held.take());
            let ready = waiting
                .iter_mut()
                .enumerate()
                .find_map(|(place, (n, task))| Some((place, *n, task.as_mut().now_or_never()?)));
            let (place, n, permit) = ready.unwrap();
            served.push(n);
            held = Some(permit);
            drop(waiting.remove(place));
        }
        assert_eq!(served, [1, 2, 3, 1, 2, 1]);
    }

    #[test]
    fn a_task_that_left_takes_no_turn() {
        let turns = Arc::new(Turns::new(1));
        let held = turns.acquire(network(9)).now_or_never().unwrap();
        let (before, mut after) = (wait(&turns, 1), wait(&turns, 1));
        drop(before);
        drop(held);
        let permit = after.as_mut().now_or_never().unwrap();
        // One that leaves with a permit that it has not taken gives it back.
        let late = wait(&turns, 1);
        drop(permit);
        drop(late);
        assert!(turns.acquire(network(2)).now_or_never().is_some());
    }
}
