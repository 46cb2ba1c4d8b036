//! Changes that users make to their devices.

use recado_shared::limits::MAX_DEVICES;
use recado_shared::{DeviceKey, Limit, RequestError, Timestamp, UserId};
use rusqlite::Connection;

use crate::store::tables::devices;
use crate::store::values::{DeviceChange, Failure};

/// Applies a change that the device `by` requested. A device that was revoked since changes nothing:
/// it could admit itself again by another one.
pub(super) fn change(
    db: &Connection,
    user: UserId,
    by: DeviceKey,
    change: &DeviceChange,
    time: Timestamp,
) -> Result<(), Failure> {
    if !devices::is_own(db, user, by)? {
        return Err(RequestError::UnknownDevice.into());
    }
    match change {
        DeviceChange::Link { key, name } => {
            if devices::exists(db, *key)? {
                // Another user linked it first, so it no longer waits.
                return Err(RequestError::UnknownCode.into());
            }
            if devices::count(db, user)? >= MAX_DEVICES {
                return Err(RequestError::Limit(Limit::Devices).into());
            }
            devices::insert(db, user, *key, name.as_ref(), time)?;
        }
        DeviceChange::Name { key, name } => {
            if !devices::rename(db, user, *key, name)? {
                return Err(RequestError::UnknownDevice.into());
            }
        }
        DeviceChange::Revoke(key) => {
            if !devices::is_own(db, user, *key)? {
                return Err(RequestError::UnknownDevice.into());
            }
            if devices::count(db, user)? == 1 {
                return Err(RequestError::LastDevice.into());
            }
            devices::revoke(db, user, Some(*key), time)?;
        }
    }
    Ok(())
}
