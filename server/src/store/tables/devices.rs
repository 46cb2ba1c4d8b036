//! The devices of users: their keys, names and times, and the keys that were taken from them. Pure
//! SQL inside the caller's transaction.

use recado_shared::limits::MAX_DEVICES;
use recado_shared::{Device, DeviceKey, DeviceName, Limit, RequestError, Timestamp, UserId};
use rusqlite::{Connection, Result, params};

use crate::store::values::column::{device_name, int, uint};
use crate::store::values::request::DeviceChange;

type Outcome = Result<std::result::Result<(), RequestError>>;

/// Most keys that are remembered as taken from one user. Forgetting the oldest lets none of them
/// in: such a key is a stranger's then.
const MAX_REVOKED: u64 = 1_000;

/// Carries out what a user changes about their devices. One that was taken from them since it asked
/// changes nothing: it would let itself in again by another.
pub(crate) fn change(
    db: &Connection,
    (user, by): (UserId, DeviceKey),
    change: &DeviceChange,
    time: Timestamp,
) -> Outcome {
    if !is_own(db, user, by)? {
        return Ok(Err(RequestError::UnknownDevice));
    }
    match change {
        DeviceChange::Link { key, name } => link(db, user, (*key, name.as_ref()), time),
        DeviceChange::Name { key, name } => rename(db, user, *key, name),
        DeviceChange::Revoke(key) => revoke(db, user, *key, time),
    }
}

/// The devices of a user, oldest first. Who is online is not known here.
pub(crate) fn list(db: &Connection, user: UserId) -> Result<Vec<Device>> {
    db.prepare_cached(
        "SELECT key, name, added, seen FROM devices WHERE user = ?1 ORDER BY added, key",
    )?
    .query_map([int(user.0)], |row| {
        let seen = match row.get_ref(3)? {
            rusqlite::types::ValueRef::Null => None,
            _ => Some(Timestamp(uint(row, 3)?)),
        };
        Ok(Device {
            key: DeviceKey(row.get(0)?),
            name: device_name(row, 1)?,
            added: Timestamp(uint(row, 2)?),
            seen,
            is_online: false,
        })
    })?
    .collect()
}

/// Makes a key that no user has a user's device, also one that was taken from somebody before.
pub(crate) fn add(
    db: &Connection,
    user: UserId,
    (key, name): (DeviceKey, Option<&DeviceName>),
    time: Timestamp,
) -> Result<()> {
    db.prepare_cached("DELETE FROM revoked_devices WHERE key = ?1")?
        .execute([key.0])?;
    let name = name.map(DeviceName::as_str);
    db.prepare_cached("INSERT INTO devices (key, user, added, name) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![key.0, int(user.0), int(time.0), name])?;
    Ok(())
}

/// Notes that a device begins a session.
pub(crate) fn saw(db: &Connection, key: DeviceKey, time: Timestamp) -> Result<()> {
    db.prepare_cached("UPDATE devices SET seen = ?2 WHERE key = ?1")?
        .execute(params![key.0, int(time.0)])?;
    Ok(())
}

/// Whether a key was taken from a user and not linked again.
pub(crate) fn is_revoked(db: &Connection, key: DeviceKey) -> Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT * FROM revoked_devices WHERE key = ?1)")?
        .query_one([key.0], |row| row.get(0))
}

/// Takes all devices from a user.
pub(crate) fn revoke_all(db: &Connection, user: UserId, time: Timestamp) -> Result<()> {
    db.prepare_cached(
        "INSERT OR REPLACE INTO revoked_devices (key, user, revoked)
         SELECT key, user, ?2 FROM devices WHERE user = ?1",
    )?
    .execute(params![int(user.0), int(time.0)])?;
    db.prepare_cached("DELETE FROM devices WHERE user = ?1")?
        .execute([int(user.0)])?;
    forget_oldest(db, user)
}

fn link(
    db: &Connection,
    user: UserId,
    (key, name): (DeviceKey, Option<&DeviceName>),
    time: Timestamp,
) -> Outcome {
    if is_known(db, key)? {
        // Somebody was faster: it waits no longer.
        return Ok(Err(RequestError::UnknownCode));
    }
    let most = u64::try_from(MAX_DEVICES).unwrap_or(u64::MAX);
    if count(db, user)? >= most {
        return Ok(Err(RequestError::Limit(Limit::Devices)));
    }
    add(db, user, (key, name), time)?;
    Ok(Ok(()))
}

fn rename(db: &Connection, user: UserId, key: DeviceKey, name: &DeviceName) -> Outcome {
    let changed = db
        .prepare_cached("UPDATE devices SET name = ?3 WHERE key = ?1 AND user = ?2")?
        .execute(params![key.0, int(user.0), name.as_str()])?;
    Ok(if changed == 0 {
        Err(RequestError::UnknownDevice)
    } else {
        Ok(())
    })
}

fn revoke(db: &Connection, user: UserId, key: DeviceKey, time: Timestamp) -> Outcome {
    if !is_own(db, user, key)? {
        return Ok(Err(RequestError::UnknownDevice));
    }
    if count(db, user)? == 1 {
        return Ok(Err(RequestError::LastDevice));
    }
    db.prepare_cached("DELETE FROM devices WHERE key = ?1")?
        .execute([key.0])?;
    db.prepare_cached(
        "INSERT OR REPLACE INTO revoked_devices (key, user, revoked) VALUES (?1, ?2, ?3)",
    )?
    .execute(params![key.0, int(user.0), int(time.0)])?;
    forget_oldest(db, user)?;
    Ok(Ok(()))
}

fn forget_oldest(db: &Connection, user: UserId) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM revoked_devices WHERE key IN
         (SELECT key FROM revoked_devices WHERE user = ?1
          ORDER BY revoked DESC, key LIMIT -1 OFFSET ?2)",
    )?
    .execute(params![int(user.0), int(MAX_REVOKED)])?;
    Ok(())
}

fn is_own(db: &Connection, user: UserId, key: DeviceKey) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM devices WHERE key = ?1 AND user = ?2")?
        .exists(params![key.0, int(user.0)])
}

fn is_known(db: &Connection, key: DeviceKey) -> Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT * FROM devices WHERE key = ?1)")?
        .query_one([key.0], |row| row.get(0))
}

fn count(db: &Connection, user: UserId) -> Result<u64> {
    db.prepare_cached("SELECT count(*) FROM devices WHERE user = ?1")?
        .query_one([int(user.0)], |row| uint(row, 0))
}
