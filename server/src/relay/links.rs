//! Devices that wait to be linked. They are kept in memory only: a device repeats its hello.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Instant;

use recado_shared::limits::{MAX_PENDING_LINKS, PENDING_LINK_TTL};
use recado_shared::{DeviceKey, DeviceName, LinkCode, PendingDevice, Refusal};

/// Most devices of one network address that may wait to be linked, so that one network does not
/// use up [`MAX_PENDING_LINKS`].
pub const PENDING_LINKS_PER_ADDRESS: usize = 8;

/// The devices that wait to be linked; at most [`MAX_PENDING_LINKS`].
#[derive(Debug, Default)]
pub(super) struct PendingLinks(BTreeMap<DeviceKey, PendingLink>);

#[derive(Debug)]
struct PendingLink {
    code: LinkCode,
    name: Option<DeviceName>,
    network: IpAddr,
    last_hello: Instant,
}

impl PendingLinks {
    fn expire(&mut self, now: Instant) {
        self.0
            .retain(|_, link| now.duration_since(link.last_hello) < PENDING_LINK_TTL);
    }

    /// Notes the repeated hello of a device. Returns whether it waits already.
    pub(super) fn repeat(&mut self, key: DeviceKey, now: Instant) -> bool {
        self.expire(now);
        let link = self.0.get_mut(&key);
        link.map(|link| link.last_hello = now).is_some()
    }

    /// Lets a device wait, if there is room for it. Returns the refusal of its hello.
    pub(super) fn add(
        &mut self,
        key: DeviceKey,
        name: Option<DeviceName>,
        network: IpAddr,
        now: Instant,
    ) -> Refusal {
        self.expire(now);
        if !self.0.contains_key(&key) && !self.make_room(network) {
            return Refusal::TooManyLinks;
        }
        let code = LinkCode::of(&key);
        let link = PendingLink {
            code,
            name,
            network,
            last_hello: now,
        };
        self.0.insert(key, link);
        Refusal::LinkPending
    }

    /// Whether one more device of a network may wait. If all places are taken, the network with the
    /// most of them loses the device with the oldest hello, so that a few networks cannot keep the
    /// others out.
    fn make_room(&mut self, network: IpAddr) -> bool {
        let mut counts: BTreeMap<IpAddr, usize> = BTreeMap::new();
        for link in self.0.values() {
            *counts.entry(link.network).or_default() += 1;
        }
        let own = counts.get(&network).copied().unwrap_or_default();
        if own >= PENDING_LINKS_PER_ADDRESS {
            return false;
        }
        if self.0.len() < MAX_PENDING_LINKS {
            return true;
        }
        let most = counts.into_iter().max_by_key(|&(_, count)| count);
        let crowded = most.filter(|&(_, count)| count > own + 1);
        let of_crowded = self
            .0
            .iter()
            .filter(|(_, link)| crowded.is_some_and(|(network, _)| link.network == network));
        let oldest = of_crowded.min_by_key(|(_, link)| link.last_hello);
        let oldest = oldest.map(|(&key, _)| key);
        oldest.is_some_and(|key| self.0.remove(&key).is_some())
    }

    #[cfg(test)]
    pub(super) fn networks(&self) -> Vec<IpAddr> {
        self.0.values().map(|link| link.network).collect()
    }

    pub(super) fn remove(&mut self, key: DeviceKey) {
        self.0.remove(&key);
    }

    pub(super) fn contains(&mut self, key: DeviceKey, now: Instant) -> bool {
        self.expire(now);
        self.0.contains_key(&key)
    }

    /// The device that shows a code. Two such devices mean that a key was forged for the code: neither
    /// is found.
    pub(super) fn find(&mut self, code: LinkCode, now: Instant) -> Option<PendingDevice> {
        self.expire(now);
        let mut found = self.0.iter().filter(|(_, link)| link.code == code);
        let (key, link) = found.next()?;
        found.next().is_none().then(|| PendingDevice {
            key: *key,
            name: link.name.clone(),
        })
    }
}
