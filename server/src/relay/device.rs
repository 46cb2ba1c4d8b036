//! Requests about the devices of a user. The store knows which user a key belongs to.

use std::collections::BTreeSet;

use recado_shared::device::{DEVICE_NAME_EXTENSION, LINK_EXTENSION};
use recado_shared::{Answer, CloseReason, Device, DeviceName, Hello, LinkCode, Now, RequestError};

use super::caller::Caller;
use super::{Effect, Relay};
use crate::store::{DeviceChange, Origin, Write};

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
        let Some(caller) = self.sessions.get(&origin.session) else {
            return;
        };
        let sessions = self.sessions_of(caller.user);
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
            .map(|caller| caller.key)
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
