//! The table of the user's settings.

use recado_shared::{Setting, Stamp};
use rusqlite::{Connection, params};

use super::request::StoredSetting;
use super::value::{DbError, blob, column, execute, number, query, query_first};

/// Reads all settings, and the stamp up to which they are synchronised.
pub(super) fn read(db: &Connection) -> Result<(Vec<StoredSetting>, Stamp), DbError> {
    let sql = "SELECT value, is_unsent FROM settings ORDER BY key";
    let settings = query(db, sql, [], |row| {
        Ok(StoredSetting {
            setting: column(row, 0)?,
            is_unsent: row.get(1)?,
        })
    })?;
    let stamp = query_first(db, "SELECT stamp FROM settings_stamp", [], |row| {
        number(row, 0)
    })?;
    Ok((settings, stamp.map(Stamp).unwrap_or_default()))
}

/// Stores settings of the server, except where an unsent one waits.
pub(super) fn take(
    db: &Connection,
    settings: &[Setting],
    stamp: Option<Stamp>,
) -> Result<(), DbError> {
    for setting in settings {
        execute(
            db,
            "INSERT INTO settings (key, value, is_unsent) VALUES (?1, ?2, 0)
             ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE is_unsent = 0",
            params![blob(&setting.key()), blob(setting)],
        )?;
    }
    if let Some(stamp) = stamp {
        let sql = "REPLACE INTO settings_stamp (one, stamp) VALUES (1, ?1)";
        execute(db, sql, [stamp.0.cast_signed()])?;
    }
    Ok(())
}

pub(super) fn keep_unsent(db: &Connection, setting: &Setting) -> Result<(), DbError> {
    let sql = "REPLACE INTO settings (key, value, is_unsent) VALUES (?1, ?2, 1)";
    execute(db, sql, params![blob(&setting.key()), blob(setting)]).map(drop)
}

/// Removes all settings but unsent drafts.
pub(super) fn clear(db: &Connection) -> Result<(), DbError> {
    let (settings, _) = read(db)?;
    db.execute_batch("DELETE FROM settings; DELETE FROM settings_stamp;")?;
    for stored in settings {
        if stored.is_unsent && matches!(stored.setting, Setting::Draft { .. }) {
            keep_unsent(db, &stored.setting)?;
        }
    }
    Ok(())
}
