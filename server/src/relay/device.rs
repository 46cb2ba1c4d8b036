//! Devices that wait to be linked, and the devices of a user. The store knows which user a key
//! belongs to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Instant;

use recado_shared::device::{DEVICE_NAME_EXTENSION, LINK_EXTENSION};
use recado_shared::limits::{MAX_PENDING_LINKS, PENDING_LINK_TTL};
use recado_shared::{
    Answer, CloseReason, Device, DeviceKey, DeviceName, Hello, LinkCode, Now, PendingDevice,
    Refusal, RequestError,
};

use super::caller::Caller;
use super::{Effect, Relay};
use crate::store::{DeviceChange, Origin, Write};

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
    /// When its last hello came.
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
        let Some(key) = oldest.map(|(&key, _)| key) else {
            return false;
        };
        self.0.remove(&key).is_some()
    }

    #[cfg(test)]
    pub(super) fn networks(&self) -> Vec<IpAddr> {
        self.0.values().map(|link| link.network).collect()
    }

    pub(super) fn remove(&mut self, key: DeviceKey) {
        self.0.remove(&key);
    }

    fn contains(&mut self, key: DeviceKey, now: Instant) -> bool {
        self.expire(now);
        self.0.contains_key(&key)
    }

    /// The device that shows a code. Two such devices mean that a key was forged for the code: neither
    /// is found.
    fn find(&mut self, code: LinkCode, now: Instant) -> Option<PendingDevice> {
        self.expire(now);
        let mut found = self.0.iter().filter(|(_, link)| link.code == code);
        let (key, link) = found.next()?;
        found.next().is_none().then(|| PendingDevice {
            key: *key,
            name: link.name.clone(),
        })
    }
}

/// Whether the device wants to be linked.
pub(super) fn asks_for_link(hello: &Hello) -> bool {
    hello.extensions.iter().any(|it| it.kind == LINK_EXTENSION)
}

/// The name that the device proposes for itself; `None` if it is not valid.
pub(super) fn device_name(hello: &Hello) -> Option<DeviceName> {
    let mut extensions = hello.extensions.iter();
    let proposal = extensions.find(|it| it.kind == DEVICE_NAME_EXTENSION)?;
    DeviceName::new(str::from_utf8(&proposal.value).ok()?).ok()
}

impl Relay {
    pub(super) fn devices_read(
        &self,
        origin: Origin,
        mut devices: Vec<Device>,
        out: &mut Vec<Effect>,
    ) {
        let Some(asker) = self.sessions.get(&origin.session) else {
            return;
        };
        let sessions = self.sessions_of(asker.user);
        let online: BTreeSet<_> = sessions
            .filter_map(|id| self.sessions.get(&id))
            .map(|session| session.key)
            .collect();
        for device in &mut devices {
            device.is_online = online.contains(&device.key);
        }
        self.answer(origin, Ok(Answer::Devices(devices)), out);
    }

    pub(super) fn find_device(
        &mut self,
        origin: Origin,
        code: LinkCode,
        now: Now,
        out: &mut Vec<Effect>,
    ) -> Result<(), RequestError> {
        let found = self.pending_links.find(code, now.instant);
        let found = found.ok_or(RequestError::UnknownCode)?;
        self.answer(origin, Ok(Answer::PendingDevice(found)), out);
        Ok(())
    }

    pub(super) fn change_device(
        &mut self,
        caller: Caller,
        change: DeviceChange,
        now: Now,
        out: &mut Vec<Effect>,
    ) -> Result<(), RequestError> {
        match &change {
            DeviceChange::Link { key, .. } if !self.pending_links.contains(*key, now.instant) => {
                return Err(RequestError::UnknownCode);
            }
            DeviceChange::Link { .. } | DeviceChange::Name { .. } | DeviceChange::Revoke(_) => {}
        }
        let Some(by) = self
            .sessions
            .get(&caller.origin.session)
            .map(|asker| asker.key)
        else {
            return Ok(());
        };
        let write = Write::Device {
            origin: caller.origin,
            user: caller.user,
            by,
            change,
            time: now.wall,
        };
        self.try_write(write, out)
    }

    pub(super) fn device_changed(
        &mut self,
        caller: Caller,
        change: &DeviceChange,
        result: Result<(), RequestError>,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        self.answer(caller.origin, result.map(|()| Answer::Done), out);
        match (change, result) {
            // The store answers its next hello.
            (DeviceChange::Link { key, .. }, Ok(())) => self.pending_links.remove(*key),
            (DeviceChange::Revoke(key), Ok(())) => {
                self.end_sessions(caller.user, Some(*key), CloseReason::Revoked, now, out);
            }
            (DeviceChange::Name { .. }, Ok(()))
            | (
                DeviceChange::Link { .. } | DeviceChange::Name { .. } | DeviceChange::Revoke(_),
                Err(_),
            ) => {}
        }
    }
}
