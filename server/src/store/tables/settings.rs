//! What users set for themselves: the last value of each setting, with the change that it was.
//! Pure SQL inside the caller's transaction; the caller owns the stamp and commits.

use recado_shared::limits::{MAX_PAGE_LEN, MAX_SETTINGS};
use recado_shared::{
    Limit, NotificationLevel, RequestError, Setting, SettingKey, Stamp, UserId, codec,
};
use rusqlite::types::Type;
use rusqlite::{Connection, Error, Result, Row, params};

use crate::store::tables::entries;
use crate::store::tables::schema;
use crate::store::values::column::{int, uint};
use crate::store::writer::contact;

/// Sets a value. What says nothing makes room, oldest first; if there is none of that, a new
/// setting is refused.
pub(crate) fn set(
    db: &Connection,
    stamp: &mut Stamp,
    user: UserId,
    setting: &Setting,
) -> Result<std::result::Result<(), RequestError>> {
    if let Setting::Blocked { user: other, .. } = setting {
        if *other == user {
            return Ok(Err(RequestError::Invalid));
        }
        if !entries::is_user(db, *other)? {
            return Ok(Err(RequestError::UnknownUser));
        }
    }
    let key = encode(&setting.key())?;
    if !exists(db, user, &key)? && is_full(db, user)? && !drop_blank(db, user)? {
        // Without a row the setting says nothing already.
        return Ok(if is_blank(setting) {
            Ok(())
        } else {
            Err(RequestError::Limit(Limit::Settings))
        });
    }
    stamp.0 += 1;
    db.prepare_cached(
        "INSERT INTO settings (user, key, value, stamp, is_blank, is_enforced)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (user, key) DO UPDATE SET value = ?3, stamp = ?4, is_blank = ?5",
    )?
    .execute(params![
        int(user.0),
        key,
        encode(setting)?,
        int(stamp.0),
        is_blank(setting),
        is_enforced(setting),
    ])?;
    if let Setting::FirstContact { ask: false } = setting {
        contact::accept_all(db, *stamp, user)?;
    }
    Ok(Ok(()))
}

/// The settings of a user that changed after a stamp, oldest change first, as many as a frame
/// holds; the stamp of the last; and whether there are more. Of a stamp that was never given, as after
/// a backup was restored, nothing can be said: all of them changed since.
pub(crate) fn page(
    db: &Connection,
    user: UserId,
    after: Stamp,
) -> Result<(Vec<Setting>, Stamp, bool)> {
    let (_, newest) = schema::identity(db)?;
    let after = if after.0 > newest { Stamp(0) } else { after };
    let mut statement = db.prepare_cached(
        "SELECT value, stamp FROM settings WHERE user = ?1 AND stamp > ?2 ORDER BY stamp",
    )?;
    let mut rows = statement.query(params![int(user.0), int(after.0)])?;
    let (mut settings, mut last, mut len) = (Vec::new(), after, 0);
    while let Some(row) = rows.next()? {
        len += row.get_ref(0)?.as_blob()?.len();
        if len > MAX_PAGE_LEN && !settings.is_empty() {
            return Ok((settings, last, true));
        }
        settings.push(value(row, 0)?);
        last = Stamp(uint(row, 1)?);
    }
    Ok((settings, last, false))
}

/// Who blocks whom.
pub(crate) fn blocks(db: &Connection) -> Result<Vec<(UserId, UserId)>> {
    let mut statement = db.prepare(
        "SELECT user, value FROM settings WHERE is_enforced AND NOT is_blank ORDER BY user",
    )?;
    let mut rows = statement.query([])?;
    let mut blocks = Vec::new();
    while let Some(row) = rows.next()? {
        if let Setting::Blocked { user: other, .. } = value(row, 1)? {
            blocks.push((UserId(uint(row, 0)?), other));
        }
    }
    Ok(blocks)
}

/// Whether a setting that is on or off is on.
pub(crate) fn is_on(db: &Connection, user: UserId, key: SettingKey) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM settings WHERE user = ?1 AND key = ?2 AND NOT is_blank")?
        .exists(params![int(user.0), encode(&key)?])
}

/// Forgets all that a user has set.
pub(crate) fn forget(db: &Connection, user: UserId) -> Result<()> {
    db.prepare_cached("DELETE FROM settings WHERE user = ?1")?
        .execute([int(user.0)])?;
    Ok(())
}

fn exists(db: &Connection, user: UserId, key: &[u8]) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM settings WHERE user = ?1 AND key = ?2")?
        .exists(params![int(user.0), key])
}

fn is_full(db: &Connection, user: UserId) -> Result<bool> {
    let count = db
        .prepare_cached("SELECT count(*) FROM settings WHERE user = ?1")?
        .query_one([int(user.0)], |row| uint(row, 0))?;
    Ok(count >= MAX_SETTINGS as u64)
}

/// Drops the oldest row that says nothing. A device that was away since before keeps what it has.
fn drop_blank(db: &Connection, user: UserId) -> Result<bool> {
    let dropped = db
        .prepare_cached(
            "DELETE FROM settings WHERE id =
                 (SELECT id FROM settings WHERE user = ?1 AND is_blank ORDER BY stamp LIMIT 1)",
        )?
        .execute([int(user.0)])?;
    Ok(dropped > 0)
}

/// Whether a value is what holds where nothing was ever set.
fn is_blank(setting: &Setting) -> bool {
    match setting {
        Setting::Favourite { is_on, .. } | Setting::Blocked { is_on, .. } => !is_on,
        Setting::Muted { until, .. } => until.is_none(),
        Setting::Draft { text, .. } => text.as_str().is_empty(),
        Setting::FirstContact { ask } => !ask,
        Setting::NotificationLevel { level, .. } => *level == NotificationLevel::All,
    }
}

const fn is_enforced(setting: &Setting) -> bool {
    match setting {
        Setting::Blocked { .. } | Setting::FirstContact { .. } => true,
        Setting::Favourite { .. }
        | Setting::NotificationLevel { .. }
        | Setting::Muted { .. }
        | Setting::Draft { .. } => false,
    }
}

fn encode(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    codec::encode(value)
        .map(Into::into)
        .map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))
}

/// Reads a setting as it was stored.
fn value(row: &Row<'_>, column: usize) -> Result<Setting> {
    let blob = row.get_ref(column)?.as_blob()?;
    codec::decode(blob)
        .map_err(|error| Error::FromSqlConversionFailure(column, Type::Blob, Box::new(error)))
}
