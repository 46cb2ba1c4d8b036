//! Slots in paused time, with few of them.

use futures_util::FutureExt as _;
use tokio::time::{advance, timeout};

use super::*;
use crate::config::Limits;

const AT_MOST: usize = 6;

fn network(n: u8) -> IpAddr {
    [192, 0, 2, n].into()
}

fn limited(limits: Limits) -> Arc<Connections> {
    let (_, settings) = watch::channel(Reloadable {
        limits,
        ..Reloadable::default()
    });
    Arc::new(Connections::new(settings, 1))
}

fn connections() -> Arc<Connections> {
    limited(Limits {
        max_unauthenticated: AT_MOST,
        ..Limits::default()
    })
}

/// Slots for networks, by their numbers.
async fn fill(connections: &Arc<Connections>, networks: [u8; AT_MOST]) -> Vec<Slot> {
    let mut slots = Vec::new();
    for n in networks {
        slots.push(connections.admit(network(n)).await);
    }
    slots
}

fn given_up(slots: &[Slot]) -> Vec<usize> {
    let places = slots.iter().enumerate();
    let gone = places.filter(|(_, slot)| slot.given_up().now_or_never().is_some());
    gone.map(|(place, _)| place).collect()
}

#[tokio::test(start_paused = true)]
async fn the_network_with_the_most_gives_up_the_longest_waiting() {
    let connections = connections();
    let slots = fill(&connections, [1, 2, 2, 3, 2, 3]).await;
    advance(LEAST_WAIT).await;
    let newcomer = connections.admit(network(9)).now_or_never();
    assert!(newcomer.is_some());
    assert_eq!(given_up(&slots), [1]);
    // Then two networks have two each.
    let _others = [
        connections.admit(network(8)).now_or_never().unwrap(),
        connections.admit(network(7)).now_or_never().unwrap(),
    ];
    assert_eq!(given_up(&slots), [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn work_of_the_server_is_not_given_up_and_counts_as_new_afterwards() {
    let connections = connections();
    let slots = fill(&connections, [1; AT_MOST]).await;
    let working = slots[0].turn().await;
    advance(LEAST_WAIT).await;
    let _second = connections.admit(network(2)).await;
    assert_eq!(given_up(&slots), [1]);
    drop(working);
    let _third = connections.admit(network(3)).await;
    assert_eq!(given_up(&slots), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn a_burst_waits_instead_of_losing_connections() {
    let connections = connections();
    let mut slots = fill(&connections, [1, 2, 3, 4, 5, 6]).await;
    let early = timeout(LEAST_WAIT / 2, connections.admit(network(7))).await;
    assert!(early.is_err());
    // One that gets a session makes room, and so does one that ends.
    slots[0].open_session();
    let seventh = connections.admit(network(7)).now_or_never();
    slots.push(seventh.unwrap());
    drop(slots.remove(1));
    let eighth = connections.admit(network(8)).now_or_never();
    slots.push(eighth.unwrap());
    assert_eq!(given_up(&slots), [0; 0]);
    // Else the wait is over at last.
    let ninth = timeout(LEAST_WAIT, connections.admit(network(9))).await;
    assert!(ninth.is_ok());
    assert_eq!(given_up(&slots).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn sessions_are_not_given_up_and_have_a_bound_of_their_own() {
    let connections = limited(Limits {
        max_sessions: 1,
        max_unauthenticated: 1,
        ..Limits::default()
    });
    let mut slots = Vec::new();
    for n in 0..2 + CLOSING_CONNECTIONS {
        let slot = connections
            .admit(network(u8::try_from(n % 200).unwrap()))
            .await;
        slot.open_session();
        slots.push(slot);
    }
    advance(LEAST_WAIT).await;
    let late = timeout(LEAST_WAIT, connections.admit(network(1))).await;
    assert!(late.is_err());
    assert_eq!(given_up(&slots), [0; 0]);
    drop(slots.pop());
    assert!(connections.admit(network(1)).now_or_never().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_network_opens_only_so_many_connections_in_a_minute() {
    const RATE: u32 = 30;
    let connections = limited(Limits {
        connections_per_minute: RATE,
        ..Limits::default()
    });
    let verdict = async |n| connections.admit(network(n)).await.verdict;
    for _ in 0..RATE {
        assert_eq!(verdict(1).await, Verdict::Serve);
    }
    assert_eq!(verdict(1).await, Verdict::Refuse);
    assert_eq!(verdict(2).await, Verdict::Serve);
    advance(Duration::from_mins(1) / RATE).await;
    assert_eq!(verdict(1).await, Verdict::Serve);
    let mut told = Vec::new();
    for _ in 0..MAX_REFUSALS {
        told.push(connections.admit(network(1)).await);
    }
    assert!(told.iter().all(|slot| slot.verdict == Verdict::Refuse));
    assert_eq!(verdict(1).await, Verdict::Drop);
    told.pop();
    assert_eq!(verdict(1).await, Verdict::Refuse);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_kept_of_networks_that_are_gone() {
    let connections = connections();
    let slots = fill(&connections, [1, 1, 2, 3, 4, 5]).await;
    slots[0].open_session();
    drop(slots[1].turn().await);
    advance(LEAST_WAIT).await;
    let last = connections.admit(network(6)).await;
    drop((slots, last));
    let state = connections.lock();
    assert!(state.networks.is_empty(), "{:?}", state.networks);
    assert_eq!((state.open, state.without_session), (0, 0));
    drop(state);
    let mut rates = Rates::default();
    for n in 0..2 * MAX_RATED_NETWORKS {
        let network = u32::try_from(n).unwrap().to_be_bytes().into();
        rates.admit(network, 1, Instant::now());
        assert!(rates.full_at.len() <= MAX_RATED_NETWORKS);
    }
}
