//! Changes that users make to their devices.

use recado_shared::limits::MAX_DEVICES;
use recado_shared::{DeviceKey, Limit, RequestError, Timestamp, UserId};
use rusqlite::Connection;

use crate::store::tables::devices;
use crate::store::values::{DeviceChange, Failure, ensure};

/// Applies a change that the device `by` requested. A device that was revoked since changes nothing:
/// it could admit itself again by another one.
pub(super) fn change(
    db: &Connection,
    user: UserId,
    by: DeviceKey,
    change: &DeviceChange,
    time: Timestamp,
) -> Result<(), Failure> {
    ensure(devices::is_own(db, user, by)?, RequestError::UnknownDevice)?;
    match change {
        DeviceChange::Link { key, name } => {
            // Another user may have linked it first: then it no longer waits.
            ensure(!devices::exists(db, *key)?, RequestError::UnknownCode)?;
            let has_room = devices::count(db, user)? < MAX_DEVICES;
            ensure(has_room, RequestError::Limit(Limit::Devices))?;
            devices::insert(db, user, *key, name.as_ref(), time)?;
        }
        DeviceChange::Name { key, name } => {
            let is_own = devices::rename(db, user, *key, name)?;
            ensure(is_own, RequestError::UnknownDevice)?;
        }
        DeviceChange::Revoke(key) => {
            ensure(
                devices::is_own(db, user, *key)?,
                RequestError::UnknownDevice,
            )?;
            ensure(devices::count(db, user)? > 1, RequestError::LastDevice)?;
            devices::revoke(db, user, Some(*key), time)?;
        }
    }
    Ok(())
}
