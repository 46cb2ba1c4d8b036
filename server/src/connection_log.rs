//! Log of connections, bounded however often they come and go: of each source and kind of event, the first
//! ones of a minute are logged one by one, and the others as one line with their number.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use recado_shared::UserId;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use tracing::info;

/// Time from the first event of a kind to the line with the number of those that followed.
pub const SUMMARY_INTERVAL: Duration = Duration::from_mins(1);

/// Events of a user that are logged one by one within [`SUMMARY_INTERVAL`]: more than the reconnects of all
/// devices, and fewer than those of a script in a loop.
const LINES_PER_USER: u32 = 16;

/// Sources that are counted by themselves. Further ones share a count.
const MAX_SOURCES: usize = 1_024;

/// Where a connection comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A network of connections without a session.
    Network(IpAddr),
    User(UserId),
    /// All networks and users beyond the first `MAX_SOURCES`.
    Others,
}

/// An event of a connection, as its line in the log is worded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
pub enum Kind {
    #[strum(serialize = "client connected")]
    Connected,
    #[strum(serialize = "client disconnected")]
    Disconnected,
    #[strum(serialize = "connection refused")]
    Refused,
    #[strum(serialize = "TLS handshake failed")]
    HandshakeFailed,
    #[strum(serialize = "connection closed: no hello in time, or too many connections wait")]
    GivenUp,
}

/// Counts of the events of this minute.
#[derive(Debug, Default)]
pub struct ConnectionLog {
    counts: Mutex<BTreeMap<(Source, Kind), Count>>,
    /// The first event after a time without any.
    is_due: Notify,
}

#[derive(Debug)]
struct Count {
    since: Instant,
    /// Number of events since then, with those that were logged.
    events: u32,
}

/// Events that were not logged one by one.
#[derive(Debug, PartialEq, Eq)]
struct Summary {
    source: Source,
    kind: Kind,
    count: u32,
}

impl ConnectionLog {
    /// Counts an event. Returns whether the caller logs it.
    pub fn count(&self, source: Source, kind: Kind) -> bool {
        let mut counts = self.lock();
        let is_known = counts.contains_key(&(source, kind));
        let source = if is_known || counts.len() < MAX_SOURCES {
            source
        } else {
            Source::Others
        };
        if counts.is_empty() {
            self.is_due.notify_one();
        }
        let count = counts.entry((source, kind)).or_insert_with(|| Count {
            since: Instant::now(),
            events: 0,
        });
        count.events = count.events.saturating_add(1);
        count.events <= source.lines()
    }

    /// Logs the summaries as they are due. It never ends.
    pub(crate) async fn run(&self) {
        loop {
            match self.next_due() {
                Some(at) => sleep_until(at).await,
                None => self.is_due.notified().await,
            }
            self.take_due(Instant::now()).iter().for_each(Summary::log);
        }
    }

    /// Logs what has not been logged, at the end.
    pub(crate) fn flush(&self) {
        let end = Instant::now() + SUMMARY_INTERVAL;
        self.take_due(end).iter().for_each(Summary::log);
    }

    fn next_due(&self) -> Option<Instant> {
        let counts = self.lock();
        let first = counts.values().map(|count| count.since).min();
        first.map(|since| since + SUMMARY_INTERVAL)
    }

    fn take_due(&self, now: Instant) -> Vec<Summary> {
        let mut counts = self.lock();
        let due = counts.extract_if(.., |_, count| count.since + SUMMARY_INTERVAL <= now);
        due.filter_map(|((source, kind), count)| {
            let count = count.events.saturating_sub(source.lines());
            (count > 0).then_some(Summary {
                source,
                kind,
                count,
            })
        })
        .collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(Source, Kind), Count>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Source {
    /// Events of a kind that are logged one by one.
    fn lines(self) -> u32 {
        match self {
            Self::Network(_) => 1,
            Self::User(_) => LINES_PER_USER,
            Self::Others => 0,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(address) => write!(f, "{address}"),
            Self::User(user) => write!(f, "user {user}"),
            Self::Others => f.write_str("others"),
        }
    }
}

impl Summary {
    fn log(&self) {
        let Self {
            source,
            kind,
            count,
        } = self;
        info!(%source, count, "{kind}: {count} more times within a minute");
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    const HERE: Source = Source::Network(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

    fn count(log: &ConnectionLog, source: Source, kind: Kind, times: u32) -> u32 {
        let logged = (0..times).filter(|_| log.count(source, kind));
        u32::try_from(logged.count()).unwrap()
    }

    fn due(log: &ConnectionLog) -> Vec<Summary> {
        log.take_due(Instant::now())
    }

    fn summary(source: Source, kind: Kind, count: u32) -> Summary {
        Summary {
            source,
            kind,
            count,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_event_is_logged_and_a_minute_of_others_is_one_line() {
        let log = ConnectionLog::default();
        assert_eq!(log.next_due(), None);
        assert_eq!(count(&log, HERE, Kind::Refused, 5), 1);
        assert_eq!(count(&log, HERE, Kind::HandshakeFailed, 1), 1);
        let user = Source::User(UserId(7));
        assert_eq!(
            count(&log, user, Kind::Connected, LINES_PER_USER),
            LINES_PER_USER
        );
        assert_eq!(count(&log, user, Kind::Connected, 3), 0);
        assert_eq!(log.next_due(), Some(Instant::now() + SUMMARY_INTERVAL));
        advance(SUMMARY_INTERVAL / 2).await;
        assert_eq!(count(&log, HERE, Kind::Refused, 2), 0);
        assert_eq!(due(&log), []);
        advance(SUMMARY_INTERVAL / 2).await;
        let expected = [
            summary(HERE, Kind::Refused, 6),
            summary(user, Kind::Connected, 3),
        ];
        assert_eq!(due(&log), expected);
        assert_eq!(log.next_due(), None);
        assert_eq!(count(&log, HERE, Kind::Refused, 2), 1, "the next minute");
    }

    #[tokio::test(start_paused = true)]
    async fn sources_beyond_the_bound_share_a_line() {
        let log = ConnectionLog::default();
        let all = u32::try_from(2 * MAX_SOURCES).unwrap();
        let logged =
            (0..all).filter(|n| log.count(Source::Network(n.to_be_bytes().into()), Kind::Refused));
        assert_eq!(logged.count(), MAX_SOURCES);
        advance(SUMMARY_INTERVAL).await;
        let others = all - u32::try_from(MAX_SOURCES).unwrap();
        assert_eq!(due(&log), [summary(Source::Others, Kind::Refused, others)]);
    }
}
