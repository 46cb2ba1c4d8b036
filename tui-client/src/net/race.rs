//! Race between the network addresses of one host, after RFC 8305 ("Happy Eyeballs"): attempts start 250 ms
//! apart, and the first one that succeeds ends the others. It knows neither sockets nor TLS.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until};

/// The recommended "Connection Attempt Delay" (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Sorts addresses for attempts: the preferred one first if it is among them, then the two families
/// alternately, in the order of the resolver (RFC 8305, section 4). Each address is kept once.
pub(super) fn order(found: &[SocketAddr], preferred: Option<SocketAddr>) -> Vec<SocketAddr> {
    let mut known = BTreeSet::new();
    let preferred = preferred.filter(|address| found.contains(address));
    let all = preferred.into_iter().chain(found.iter().copied());
    let all: Vec<_> = all.filter(|address| known.insert(*address)).collect();
    let is_first_family = |address: &SocketAddr| {
        let first = all.first();
        first.is_some_and(|first| first.is_ipv6() == address.is_ipv6())
    };
    let (first, second): (Vec<_>, Vec<_>) = all.iter().copied().partition(is_first_family);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut ordered = Vec::with_capacity(all.len());
    while ordered.len() < all.len() {
        ordered.extend(first.next());
        ordered.extend(second.next());
    }
    ordered
}

/// Tries the addresses in their order until one succeeds. The next attempt starts 250 ms after the last one,
/// or at once when one fails. The timeout of an attempt thus bounds the number of those that run.
///
/// # Errors
/// The failures of all attempts, in the order in which they failed; none without an address.
pub(super) async fn first_success<T, E, F>(
    addresses: &[SocketAddr],
    attempt: impl Fn(SocketAddr) -> F,
) -> Result<(SocketAddr, T), Vec<E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut waiting = addresses.iter().copied();
    let mut running = FuturesUnordered::new();
    let mut failures = Vec::new();
    let mut next_start = Instant::now();
    loop {
        tokio::select! {
            biased;
            Some((address, outcome)) = running.next() => match outcome {
                Ok(value) => return Ok((address, value)),
                Err(error) => {
                    failures.push(error);
                    next_start = Instant::now();
                }
            },
            () = sleep_until(next_start), if waiting.len() > 0 => {
                if let Some(address) = waiting.next() {
                    let outcome = attempt(address);
                    running.push(async move { (address, outcome.await) });
                }
                next_start = Instant::now() + ATTEMPT_DELAY;
            }
            else => return Err(failures),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use tokio::time::sleep;

    use super::*;

    const PORT: u16 = 7322;

    fn v4(last: u8) -> SocketAddr {
        ([192, 0, 2, last], PORT).into()
    }

    fn v6(last: u16) -> SocketAddr {
        ([0x2001, 0xdb8, 0, 0, 0, 0, 0, last], PORT).into()
    }

    #[test]
    fn families_alternate_and_the_preferred_address_leads() {
        let found = [v6(1), v6(2), v6(1), v4(1), v4(2), v4(3)];
        let expected = [v6(1), v4(1), v6(2), v4(2), v4(3)];
        assert_eq!(order(&found, None), expected);
        let expected = [v4(2), v6(1), v4(1), v6(2), v4(3)];
        assert_eq!(order(&found, Some(v4(2))), expected);
        // The host has moved away from it.
        assert_eq!(order(&[v4(1)], Some(v4(9))), [v4(1)]);
        assert_eq!(order(&[], Some(v4(9))), []);
    }

    /// An attempt on each of these addresses, by its last part, and the milliseconds at which it started.
    async fn race<T>(
        count: u8,
        attempt: impl AsyncFn(u8) -> Result<T, u8>,
    ) -> (Result<T, Vec<u8>>, Vec<(u8, u128)>) {
        let addresses: Vec<_> = (1..=count).map(v4).collect();
        let (start, started) = (Instant::now(), RefCell::new(Vec::new()));
        let outcome = first_success(&addresses, async |address| {
            let SocketAddr::V4(address) = address else {
                unreachable!("the test has IPv4 addresses only");
            };
            let [.., last] = address.ip().octets();
            started
                .borrow_mut()
                .push((last, start.elapsed().as_millis()));
            attempt(last).await
        })
        .await;
        (outcome.map(|(_, value)| value), started.into_inner())
    }

    async fn silence() {
        sleep(Duration::from_secs(5)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn silent_addresses_delay_the_next_by_a_quarter_of_a_second_each() {
        let (outcome, started) = race(8, async |last| {
            if last < 8 {
                silence().await;
                return Err(last);
            }
            Ok(last)
        })
        .await;
        assert_eq!(outcome, Ok(8));
        let expected: Vec<_> = (1..=8).zip((0..).step_by(250)).collect();
        assert_eq!(started, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_starts_the_next_attempt_at_once() {
        let (outcome, started) = race(3, async |last| match last {
            1 => {
                sleep(Duration::from_millis(100)).await;
                Err(last)
            }
            2 => Err(last),
            _ => Ok(last),
        })
        .await;
        assert_eq!(outcome, Ok(3));
        assert_eq!(started, [(1, 0), (2, 100), (3, 100)]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_attempt_may_still_win() {
        let (outcome, started) = race(3, async |last| {
            if last == 1 {
                sleep(Duration::from_millis(300)).await;
                return Ok(last);
            }
            silence().await;
            Err(last)
        })
        .await;
        assert_eq!(outcome, Ok(1));
        assert_eq!(started, [(1, 0), (2, 250)]);
    }

    #[tokio::test(start_paused = true)]
    async fn all_failures_are_returned() {
        let (outcome, _) = race(3, async |last| {
            if last == 2 {
                silence().await;
            }
            Err::<(), _>(last)
        })
        .await;
        assert_eq!(outcome, Err(vec![1, 3, 2]));
        let none = first_success(&[], async |_| Err::<(), ()>(())).await;
        assert_eq!(none, Err(Vec::new()));
    }
}
