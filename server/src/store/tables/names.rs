//! Tables `name_keys` and `room_name_keys`: every form under which a name of a user or a room was
//! ever taken. A key stays with its owner, so that a former name is not issued again.

use recado_shared::name::NameKey;
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use crate::store::values::column::int;
use crate::store::values::{Failure, Rejection, ensure};

#[derive(Debug)]
pub(super) struct NameKeys {
    /// The present name of the owner of a key, unless it is this owner.
    find_other: &'static str,
    find_own: &'static str,
    claim: &'static str,
}

pub(super) const USER_NAMES: NameKeys = NameKeys {
    find_other: "SELECT users.folded FROM name_keys LEFT JOIN users ON users.id = name_keys.user
         WHERE name_keys.key = ?1 AND name_keys.user IS NOT ?2",
    find_own: "SELECT 1 FROM name_keys WHERE key = ?1 AND user = ?2",
    claim: "INSERT OR IGNORE INTO name_keys (key, user) VALUES (?1, ?2)",
};

pub(super) const ROOM_NAMES: NameKeys = NameKeys {
    find_other: "SELECT rooms.folded FROM room_name_keys
         LEFT JOIN rooms ON rooms.id = room_name_keys.room
         WHERE room_name_keys.key = ?1 AND room_name_keys.room IS NOT ?2",
    find_own: "SELECT 1 FROM room_name_keys WHERE key = ?1 AND room = ?2",
    claim: "INSERT OR IGNORE INTO room_name_keys (key, room) VALUES (?1, ?2)",
};

impl NameKeys {
    /// Rejects a name that another owner has or had. The former names of `owner` are free to it.
    pub(super) fn check<R: Rejection>(
        &self,
        db: &Connection,
        keys: &[NameKey],
        folded: &str,
        owner: Option<u64>,
    ) -> std::result::Result<(), Failure<R>> {
        let mut find = db.prepare_cached(self.find_other)?;
        let mut is_too_similar = false;
        for key in keys {
            let other: Option<Option<String>> = find
                .query_one(params![key.as_str(), owner.map(int)], |row| row.get(0))
                .optional()?;
            match other {
                None => {}
                Some(Some(other)) if other != folded => is_too_similar = true,
                Some(_) => return Err(R::NAME_TAKEN.into()),
            }
        }
        ensure(!is_too_similar, R::NAME_TOO_SIMILAR)
    }

    pub(super) fn claim(&self, db: &Connection, keys: &[NameKey], owner: u64) -> Result<()> {
        let mut claim = db.prepare_cached(self.claim)?;
        for key in keys {
            claim.execute(params![key.as_str(), int(owner)])?;
        }
        Ok(())
    }

    /// Whether an owner has all these keys.
    pub(super) fn are_all_of(&self, db: &Connection, keys: &[NameKey], owner: u64) -> Result<bool> {
        let mut find = db.prepare_cached(self.find_own)?;
        for key in keys {
            if !find.exists(params![key.as_str(), int(owner)])? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub(super) fn are_of_another(
        &self,
        db: &Connection,
        keys: &[NameKey],
        owner: u64,
    ) -> Result<bool> {
        let mut find = db.prepare_cached(self.find_other)?;
        for key in keys {
            if find.exists(params![key.as_str(), int(owner)])? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
