//! What users change about themselves. Pure SQL inside the caller's transaction; the caller owns the
//! stamp and commits.

use recado_shared::{RequestError, Stamp, UserId};
use rusqlite::{Connection, Result};

use super::request::{PersonChange, PersonChanged};
use super::row::uint;
use super::{contact, settings};

/// Carries out one change.
pub(super) fn change(
    db: &Connection,
    stamp: &mut Stamp,
    user: UserId,
    change: &PersonChange,
) -> Result<std::result::Result<PersonChanged, RequestError>> {
    Ok(match change {
        PersonChange::Accept(from) => contact::accept(db, stamp, user, *from)?
            .map(|is_new| PersonChanged::Accepted { is_new }),
        PersonChange::Set(setting) => {
            settings::set(db, stamp, user, setting)?.map(|()| PersonChanged::Set(setting.clone()))
        }
    })
}

/// Users who are not let in.
pub(super) fn closed(db: &Connection) -> Result<Vec<UserId>> {
    db.prepare("SELECT id FROM users WHERE is_disabled OR is_removed ORDER BY id")?
        .query_map([], |row| Ok(UserId(uint(row, 0)?)))?
        .collect()
}
