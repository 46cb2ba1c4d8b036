//! Devices that wait to be linked. They are kept in memory only: a device repeats its hello.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use recado_shared::limits::{MAX_PENDING_LINKS, PENDING_LINK_TTL};
use recado_shared::{DeviceKey, DeviceName, LinkCode, PendingDevice};

/// Most devices of one network address that may wait to be linked, so that one network does not
/// use up [`MAX_PENDING_LINKS`].
pub const PENDING_LINKS_PER_ADDRESS: usize = 8;

/// A device waits no longer than this for its link, however often it asks: time to walk to the other
/// device and compare the code. Its next hello is a new request.
pub const PENDING_LINK_LIMIT: Duration = Duration::from_mins(5);

/// The devices that wait to be linked; at most [`MAX_PENDING_LINKS`]. A new one always gets a place: a
/// stranger who fills them all delays a link until the device asks again, and cannot prevent it.
#[derive(Debug, Default)]
pub(super) struct PendingLinks {
    links: BTreeMap<DeviceKey, PendingLink>,
    arrivals: u64,
}

#[derive(Debug)]
struct PendingLink {
    code: LinkCode,
    name: Option<DeviceName>,
    network: IpAddr,
    /// Place in the order of the requests.
    arrival: u64,
    first_hello: Instant,
    last_hello: Instant,
}

impl PendingLink {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.last_hello) >= PENDING_LINK_TTL
            || now.duration_since(self.first_hello) >= PENDING_LINK_LIMIT
    }
}

impl PendingLinks {
    fn expire(&mut self, now: Instant) {
        self.links.retain(|_, link| !link.is_over(now));
    }

    /// Notes the repeated hello of a device. Returns whether it waits already.
    pub(super) fn repeat(&mut self, key: DeviceKey, now: Instant) -> bool {
        self.expire(now);
        let link = self.links.get_mut(&key);
        link.map(|link| link.last_hello = now).is_some()
    }

    /// Lets a device wait, in place of another one if all places are taken.
    pub(super) fn add(
        &mut self,
        key: DeviceKey,
        name: Option<DeviceName>,
        network: IpAddr,
        now: Instant,
    ) {
        self.expire(now);
        self.links.remove(&key);
        self.make_room(network);
        self.arrivals += 1;
        let link = PendingLink {
            code: LinkCode::of(&key),
            name,
            network,
            arrival: self.arrivals,
            first_hello: now,
            last_hello: now,
        };
        self.links.insert(key, link);
    }

    /// Makes room for one more device of a network. A network that has all its places gives up its own
    /// longest waiting device; else, if there is no place at all, the network with the most does.
    fn make_room(&mut self, network: IpAddr) {
        let mut counts: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for link in self.links.values() {
            *counts.entry(link.network).or_default() += 1;
        }
        let count = |network| counts.get(&network).copied().unwrap_or_default();
        let is_own_full = count(network) >= PENDING_LINKS_PER_ADDRESS;
        if !is_own_full && self.links.len() < MAX_PENDING_LINKS {
            return;
        }
        let candidates = self.links.iter();
        let candidates = candidates.filter(|(_, link)| !is_own_full || link.network == network);
        let leaving = candidates
            .max_by_key(|(_, link)| (count(link.network), Reverse(link.arrival)))
            .map(|(&key, _)| key);
        if let Some(key) = leaving {
            self.links.remove(&key);
        }
    }

    #[cfg(test)]
    pub(super) fn networks(&self) -> Vec<IpAddr> {
        self.links.values().map(|link| link.network).collect()
    }

    pub(super) fn remove(&mut self, key: DeviceKey) {
        self.links.remove(&key);
    }

    pub(super) fn contains(&mut self, key: DeviceKey, now: Instant) -> bool {
        self.expire(now);
        self.links.contains_key(&key)
    }

    /// The device that shows a code. Two such devices mean that a key was forged for the code: neither
    /// is found.
    pub(super) fn find(&mut self, code: LinkCode, now: Instant) -> Option<PendingDevice> {
        self.expire(now);
        let mut found = self.links.iter().filter(|(_, link)| link.code == code);
        let (key, link) = found.next()?;
        found.next().is_none().then(|| PendingDevice {
            key: *key,
            name: link.name.clone(),
        })
    }
}
