//! Tables `devices` and `revoked_devices`: the keys of each user, and those that were revoked.

use recado_shared::{Device, DeviceKey, DeviceName, Timestamp, UserId};
use rusqlite::{Connection, Result, params};

use crate::store::values::column::{self, int, optional_text, optional_time, uint};

/// Most revoked keys that are kept for one user. A forgotten key is that of a stranger, and still
/// admits no one as the user.
const MAX_REVOKED: u64 = 1_000;

/// The devices of a user, oldest first. The relay adds who is online.
pub(crate) fn list(db: &Connection, user: UserId) -> Result<Vec<Device>> {
    db.prepare_cached(
        "SELECT key, name, added, seen FROM devices WHERE user = ?1 ORDER BY added, key",
    )?
    .query_map([int(user.0)], |row| {
        Ok(Device {
            key: DeviceKey(row.get(0)?),
            name: optional_text(row, 1, DeviceName::stored)?,
            added: Timestamp(uint(row, 2)?),
            seen: optional_time(row, 3)?,
            is_online: false,
        })
    })?
    .collect()
}

/// Adds a key that no user has, even if it was revoked before.
pub(crate) fn insert(
    db: &Connection,
    user: UserId,
    key: DeviceKey,
    name: Option<&DeviceName>,
    time: Timestamp,
) -> Result<usize> {
    db.prepare_cached("DELETE FROM revoked_devices WHERE key = ?1")?
        .execute([key.0])?;
    let name = name.map(DeviceName::as_str);
    db.prepare_cached("INSERT INTO devices (key, user, added, name) VALUES (?1, ?2, ?3, ?4)")?
        .execute(params![key.0, int(user.0), int(time.0), name])
}

pub(crate) fn set_seen(db: &Connection, key: DeviceKey, time: Timestamp) -> Result<usize> {
    db.prepare_cached("UPDATE devices SET seen = ?2 WHERE key = ?1")?
        .execute(params![key.0, int(time.0)])
}

pub(crate) fn rename(
    db: &Connection,
    user: UserId,
    key: DeviceKey,
    name: &DeviceName,
) -> Result<usize> {
    db.prepare_cached("UPDATE devices SET name = ?3 WHERE key = ?1 AND user = ?2")?
        .execute(params![key.0, int(user.0), name.as_str()])
}

/// Revokes one device of a user, or all of them.
pub(crate) fn revoke(
    db: &Connection,
    user: UserId,
    key: Option<DeviceKey>,
    time: Timestamp,
) -> Result<()> {
    let key = key.map(|key| key.0);
    db.prepare_cached(
        "INSERT OR REPLACE INTO revoked_devices (key, user, revoked)
         SELECT key, user, ?2 FROM devices WHERE user = ?1 AND key = ifnull(?3, key)",
    )?
    .execute(params![int(user.0), int(time.0), key])?;
    db.prepare_cached("DELETE FROM devices WHERE user = ?1 AND key = ifnull(?2, key)")?
        .execute(params![int(user.0), key])?;
    db.prepare_cached(
        "DELETE FROM revoked_devices WHERE key IN
         (SELECT key FROM revoked_devices WHERE user = ?1
          ORDER BY revoked DESC, key LIMIT -1 OFFSET ?2)",
    )?
    .execute(params![int(user.0), int(MAX_REVOKED)])?;
    Ok(())
}

/// Whether a key was revoked and not linked again.
pub(crate) fn is_revoked(db: &Connection, key: DeviceKey) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM revoked_devices WHERE key = ?1")?
        .exists([key.0])
}

pub(crate) fn is_own(db: &Connection, user: UserId, key: DeviceKey) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM devices WHERE key = ?1 AND user = ?2")?
        .exists(params![key.0, int(user.0)])
}

pub(crate) fn exists(db: &Connection, key: DeviceKey) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM devices WHERE key = ?1")?
        .exists([key.0])
}

pub(crate) fn count(db: &Connection, user: UserId) -> Result<usize> {
    db.prepare_cached("SELECT count(*) FROM devices WHERE user = ?1")?
        .query_one([int(user.0)], |row| column::count(row, 0))
}
