//! Requests about the devices of a user. The store knows which user a key belongs to.

use std::collections::BTreeSet;

use recado_shared::device::{DEVICE_NAME_EXTENSION, LINK_EXTENSION};
use recado_shared::{
    Answer, CloseReason, Device, DeviceName, Hello, LinkCode, RequestError, UserId,
};

use super::Relay;
use super::request::RequestResult;
use super::session::Caller;
use crate::store::{DeviceChange, Origin, Write};

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
    pub(super) fn mark_online(&self, user: UserId, devices: &mut [Device]) {
        let sessions = self
            .sessions_of(user)
            .filter_map(|id| self.sessions.get(&id));
        let online: BTreeSet<_> = sessions.map(|session| session.peer.key).collect();
        for device in devices {
            device.is_online = online.contains(&device.key);
        }
    }

    pub(super) fn find_device(&mut self, origin: Origin, code: LinkCode) -> RequestResult {
        let found = self.pending_links.find(code, self.now.instant);
        let found = found.ok_or(RequestError::UnknownCode)?;
        self.answer(origin, Ok(Answer::PendingDevice(found)));
        Ok(())
    }

    pub(super) fn change_device(&mut self, caller: Caller, change: DeviceChange) -> RequestResult {
        if let DeviceChange::Link { key, .. } = &change
            && !self.pending_links.contains(*key, self.now.instant)
        {
            return Err(RequestError::UnknownCode);
        }
        self.try_write(Write::Device {
            origin: caller.origin,
            user: caller.user,
            by: caller.device,
            change,
            time: self.now.wall,
        })
    }

    pub(super) fn device_changed(
        &mut self,
        origin: Origin,
        user: UserId,
        change: &DeviceChange,
        result: RequestResult,
    ) {
        self.answer(origin, result.map(|()| Answer::Done));
        if result.is_err() {
            return;
        }
        match change {
            // The store answers its next hello.
            DeviceChange::Link { key, .. } => self.pending_links.remove(*key),
            DeviceChange::Revoke(key) => {
                self.end_sessions(user, Some(*key), CloseReason::Revoked);
            }
            DeviceChange::Name { .. } => {}
        }
    }
}
