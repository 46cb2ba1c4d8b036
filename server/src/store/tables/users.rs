//! Table `users`: accounts with their names.

use recado_shared::{DeviceKey, DisplayName, Timestamp, UserId, UserName, name::keys_like};
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::names::USER_NAMES;
use crate::store::values::column::{int, text, uint};
use crate::store::values::{Failure, Rejection, StoredDisplay};

/// The account of a device or of an invite.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) user: UserId,
    pub(crate) name: UserName,
    pub(crate) is_disabled: bool,
}

/// Registers a user under a name without a conflict.
pub(crate) fn insert(db: &Connection, name: &UserName, time: Timestamp) -> Result<UserId> {
    let user = db
        .prepare_cached("INSERT INTO users (name, folded, created) VALUES (?1, ?2, ?3)")?
        .insert(params![name.as_str(), name.folded(), int(time.0)])?
        .unsigned_abs();
    USER_NAMES.claim(db, &name.keys(), user)?;
    Ok(UserId(user))
}

/// Gives a user a name without a conflict. The keys of the old name stay with the user.
pub(crate) fn rename(db: &Connection, user: UserId, to: &UserName) -> Result<()> {
    db.prepare_cached("UPDATE users SET name = ?2, folded = ?3 WHERE id = ?1")?
        .execute(params![int(user.0), to.as_str(), to.folded()])?;
    USER_NAMES.claim(db, &to.keys(), user.0)
}

pub(crate) fn check_name<R: Rejection>(
    db: &Connection,
    name: &UserName,
    user: Option<UserId>,
) -> std::result::Result<(), Failure<R>> {
    USER_NAMES.check(db, &name.keys(), &name.folded(), user.map(|user| user.0))
}

pub(crate) fn of_device(db: &Connection, key: DeviceKey) -> Result<Option<Account>> {
    db.prepare_cached(
        "SELECT users.id, users.name, users.is_disabled
         FROM devices JOIN users ON users.id = devices.user WHERE devices.key = ?1",
    )?
    .query_one([key.0], account)
    .optional()
}

pub(crate) fn find(db: &Connection, user: UserId) -> Result<Account> {
    db.prepare_cached("SELECT id, name, is_disabled FROM users WHERE id = ?1")?
        .query_one([int(user.0)], account)
}

pub(crate) fn name(db: &Connection, user: UserId) -> Result<Option<UserName>> {
    db.prepare_cached("SELECT name FROM users WHERE id = ?1")?
        .query_one([int(user.0)], |row| text(row, 0, UserName::new))
        .optional()
}

/// Whether a user has the name that is reserved for them.
pub(crate) fn has_consistent_name(db: &Connection, user: UserId) -> Result<bool> {
    let (name, folded): (UserName, String) = db
        .prepare_cached("SELECT name, folded FROM users WHERE id = ?1")?
        .query_one([int(user.0)], |row| {
            Ok((text(row, 0, UserName::new)?, row.get(1)?))
        })?;
    let is_reserved = USER_NAMES.are_all_of(db, &name.keys(), user.0)?;
    Ok(is_reserved && folded == name.folded())
}

fn account(row: &rusqlite::Row<'_>) -> Result<Account> {
    Ok(Account {
        user: UserId(uint(row, 0)?),
        name: text(row, 1, UserName::new)?,
        is_disabled: row.get(2)?,
    })
}

pub(crate) fn exists(db: &Connection, user: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?
        .exists([int(user.0)])
}

/// Counts all users, also removed ones: no row is ever deleted, so that the ids are dense.
pub(crate) fn count(db: &Connection) -> Result<u64> {
    db.prepare_cached("SELECT ifnull(max(id), 0) FROM users")?
        .query_one([], |row| uint(row, 0))
}

pub(crate) fn closed(db: &Connection) -> Result<Vec<UserId>> {
    db.prepare("SELECT id FROM users WHERE is_disabled OR is_removed ORDER BY id")?
        .query_map([], |row| Ok(UserId(uint(row, 0)?)))?
        .collect()
}

pub(crate) fn is_closed(db: &Connection, user: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND (is_disabled OR is_removed)")?
        .exists([int(user.0)])
}

pub(crate) fn set_disabled(db: &Connection, user: UserId, is_disabled: bool) -> Result<usize> {
    db.prepare_cached("UPDATE users SET is_disabled = ?2 WHERE id = ?1")?
        .execute(params![int(user.0), is_disabled])
}

pub(crate) fn remove(db: &Connection, user: UserId) -> Result<usize> {
    db.prepare_cached("UPDATE users SET is_removed = 1, display = NULL WHERE id = ?1")?
        .execute([int(user.0)])
}

/// Stores a display name, or removes it. Returns the user's name.
pub(crate) fn set_display(
    db: &Connection,
    user: UserId,
    display: Option<&DisplayName>,
) -> Result<UserName> {
    let display = display.map(DisplayName::as_str);
    db.prepare_cached("UPDATE users SET display = ?2 WHERE id = ?1 RETURNING name")?
        .query_one(params![int(user.0), display], |row| {
            text(row, 0, UserName::new)
        })
}

/// Whether a display name looks like a name that another user has or had.
pub(crate) fn is_imitation(db: &Connection, user: UserId, display: &DisplayName) -> Result<bool> {
    USER_NAMES.are_of_another(db, &keys_like(display.as_str()), user.0)
}

/// The display names of all users or of one, except those that imitate a name which another user took
/// later.
pub(crate) fn displays(db: &Connection, of: Option<UserId>) -> Result<Vec<StoredDisplay>> {
    const ALL: &str = "SELECT id, name, display FROM users WHERE display IS NOT NULL";
    let mut statement = match of {
        Some(_) => db.prepare_cached(&format!("{ALL} AND id = ?1"))?,
        None => db.prepare_cached(&format!("{ALL} AND ?1 IS NULL ORDER BY id"))?,
    };
    let mut rows = statement.query([of.map(|user| int(user.0))])?;
    let mut displays = Vec::new();
    while let Some(row) = rows.next()? {
        let stored = StoredDisplay {
            user: UserId(uint(row, 0)?),
            name: text(row, 1, UserName::new)?,
            display: text(row, 2, DisplayName::stored)?,
        };
        if !is_imitation(db, stored.user, &stored.display)? {
            displays.push(stored);
        }
    }
    Ok(displays)
}
