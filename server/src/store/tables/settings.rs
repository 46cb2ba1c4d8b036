//! Table `settings`: the last value of each setting of a user, with the stamp of its change.

use recado_shared::limits::MAX_SETTINGS;
use recado_shared::{NotificationLevel, Setting, SettingKey, Stamp, UserId};
use rusqlite::{Connection, Result, params};

use crate::store::values::column::{decode, encode, int, uint};

/// Makes room for a setting, if need be by deleting the oldest row with a default value. Returns
/// false if there is no room. A device that was offline since before keeps its value of that row.
pub(crate) fn make_room(db: &Connection, user: UserId, key: SettingKey) -> Result<bool> {
    let has_row = db
        .prepare_cached("SELECT 1 FROM settings WHERE user = ?1 AND key = ?2")?
        .exists(params![int(user.0), encode(&key)?])?;
    if has_row {
        return Ok(true);
    }
    let count = db
        .prepare_cached("SELECT count(*) FROM settings WHERE user = ?1")?
        .query_one([int(user.0)], |row| uint(row, 0))?;
    if count < MAX_SETTINGS as u64 {
        return Ok(true);
    }
    let deleted = db
        .prepare_cached(
            "DELETE FROM settings WHERE id =
                 (SELECT id FROM settings WHERE user = ?1 AND is_blank ORDER BY stamp LIMIT 1)",
        )?
        .execute([int(user.0)])?;
    Ok(deleted > 0)
}

pub(crate) fn set(db: &Connection, stamp: Stamp, user: UserId, setting: &Setting) -> Result<usize> {
    db.prepare_cached(
        "INSERT INTO settings (user, key, value, stamp, is_blank, is_enforced)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (user, key) DO UPDATE SET value = ?3, stamp = ?4, is_blank = ?5",
    )?
    .execute(params![
        int(user.0),
        encode(&setting.key())?,
        encode(setting)?,
        int(stamp.0),
        is_default(setting),
        is_enforced(setting),
    ])
}

/// Each user who blocks another one, with that one; or those that one user blocks.
pub(crate) fn blocks(db: &Connection, by: Option<UserId>) -> Result<Vec<(UserId, UserId)>> {
    let (from, to) = by.map_or((0, i64::MAX), |user| (int(user.0), int(user.0)));
    let mut statement = db.prepare(
        "SELECT user, value FROM settings
         WHERE is_enforced AND NOT is_blank AND user BETWEEN ?1 AND ?2 ORDER BY user",
    )?;
    let mut rows = statement.query([from, to])?;
    let mut blocks = Vec::new();
    while let Some(row) = rows.next()? {
        if let Setting::Blocked { user: other, .. } = decode(row, 1)? {
            blocks.push((UserId(uint(row, 0)?), other));
        }
    }
    Ok(blocks)
}

/// Whether a user blocks another one.
pub(crate) fn blocks_user(db: &Connection, user: UserId, other: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM settings WHERE user = ?1 AND key = ?2 AND NOT is_blank")?
        .exists(params![int(user.0), encode(&SettingKey::Blocked(other))?])
}

/// Whether each setting of a user is what its key and its flags say.
pub(crate) fn are_consistent(db: &Connection, user: UserId) -> Result<bool> {
    let mut statement = db
        .prepare_cached("SELECT key, value, is_blank, is_enforced FROM settings WHERE user = ?1")?;
    let mut rows = statement.query([int(user.0)])?;
    while let Some(row) = rows.next()? {
        let setting: Setting = decode(row, 1)?;
        let flags: (bool, bool) = (row.get(2)?, row.get(3)?);
        if decode::<SettingKey>(row, 0)? != setting.key()
            || flags != (is_default(&setting), is_enforced(&setting))
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether a user wants to be asked before new people write.
pub(crate) fn wants_requests(db: &Connection, user: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM settings WHERE user = ?1 AND key = ?2 AND NOT is_blank")?
        .exists(params![int(user.0), encode(&SettingKey::FirstContact)?])
}

pub(crate) fn delete_all(db: &Connection, user: UserId) -> Result<usize> {
    db.prepare_cached("DELETE FROM settings WHERE user = ?1")?
        .execute([int(user.0)])
}

/// Whether a value is the one that holds without a row.
pub(crate) fn is_default(setting: &Setting) -> bool {
    match setting {
        Setting::Favourite { is_on, .. } | Setting::Blocked { is_on, .. } => !is_on,
        Setting::Muted { until, .. } => until.is_none(),
        Setting::Draft { text, .. } => text.as_str().is_empty(),
        Setting::FirstContact { ask } => !ask,
        Setting::NotificationLevel { level, .. } => *level == NotificationLevel::All,
    }
}

/// Whether the server acts by a setting, rather than only the user's devices.
const fn is_enforced(setting: &Setting) -> bool {
    matches!(
        setting,
        Setting::Blocked { .. } | Setting::FirstContact { .. }
    )
}
