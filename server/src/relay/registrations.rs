//! Hellos that wait for the store, and the rate limit of registrations.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use recado_shared::{DeviceName, Epoch, ProtocolVersion, SyncPoint};

use super::event::Peer;
use crate::config::Limits;

const REGISTRATION_WINDOW: Duration = Duration::from_hours(1);

#[derive(Debug)]
pub(super) struct PendingHello {
    pub(super) version: ProtocolVersion,
    pub(super) peer: Peer,
    pub(super) device_name: Option<DeviceName>,
    pub(super) since: Option<SyncPoint>,
    /// The epochs that the client knows; empty before [`ProtocolVersion::V4`].
    pub(super) epochs: Vec<Epoch>,
    /// The network address that a registration counts against.
    pub(super) network: Option<IpAddr>,
    /// Whether its connection closed, or it was refused.
    pub(super) is_gone: bool,
}

/// Registrations of the last hour, per network address and in all. Bounded, because each is a user of the store.
#[derive(Debug, Default)]
pub(super) struct Registrations {
    by_time: VecDeque<(Instant, IpAddr)>,
    /// The number of those in `by_time` and of those under way.
    counts: BTreeMap<IpAddr, u32>,
    /// The sum of `counts`.
    total: u32,
}

impl Registrations {
    fn expire(&mut self, now: Instant) {
        while let Some(&(at, network)) = self.by_time.front()
            && now.duration_since(at) >= REGISTRATION_WINDOW
        {
            self.by_time.pop_front();
            self.release(network);
        }
    }

    fn release(&mut self, network: IpAddr) {
        if let Some(count) = self.counts.get_mut(&network) {
            *count -= 1;
            self.total -= 1;
            if *count == 0 {
                self.counts.remove(&network);
            }
        }
    }

    /// Counts a registration that starts, if the limits allow one more.
    pub(super) fn try_reserve(&mut self, network: IpAddr, limits: &Limits, now: Instant) -> bool {
        self.expire(now);
        let count = self.counts.get(&network).copied().unwrap_or_default();
        let is_within = count < limits.registrations_per_hour
            && self.total < limits.registrations_per_hour_in_all;
        if is_within {
            self.counts.insert(network, count + 1);
            self.total += 1;
        }
        is_within
    }

    pub(super) fn finish(&mut self, network: IpAddr, registered: bool, now: Instant) {
        if registered {
            self.by_time.push_back((now, network));
        } else {
            self.release(network);
        }
    }
}
