//! Table `invites`: tokens that admit devices, stored as digests only.

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use recado_shared::{InviteToken, Refusal, Timestamp, UserId, UserName};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::store::values::column::{int, optional_text, optional_time, optional_uint, uint};
use crate::store::values::{Failure, ensure};

type Digest = [u8; SHA256_OUTPUT_LEN];

/// An invite with uses left that has not expired.
#[derive(Debug)]
pub(crate) struct ValidInvite {
    digest: Digest,
    for_name: Option<UserName>,
    pub(crate) for_user: Option<UserId>,
}

pub(crate) fn find(
    db: &Connection,
    token: &InviteToken,
    time: Timestamp,
) -> Result<ValidInvite, Failure<Refusal>> {
    let digest = digest_of(token);
    let (uses_left, expires, invite) = db
        .prepare_cached(
            "SELECT uses_left, expires, for_name, for_user FROM invites WHERE token_hash = ?1",
        )?
        .query_one([digest], |row| {
            let invite = ValidInvite {
                digest,
                for_name: optional_text(row, 2, UserName::new)?,
                for_user: optional_uint(row, 3)?.map(UserId),
            };
            Ok((uint(row, 0)?, optional_time(row, 1)?, invite))
        })
        .optional()?
        .ok_or(Refusal::InviteUnknown)?;
    ensure(uses_left > 0, Refusal::InviteUsed)?;
    let is_valid = expires.is_none_or(|expires| expires > time);
    ensure(is_valid, Refusal::InviteExpired)?;
    Ok(invite)
}

/// Registrations that are left, 0 if the invite is not valid.
pub(crate) fn uses_left(
    db: &Connection,
    token: &InviteToken,
    time: Timestamp,
) -> rusqlite::Result<u32> {
    let left = db
        .prepare_cached(
            "SELECT uses_left FROM invites
             WHERE token_hash = ?1 AND (expires IS NULL OR expires > ?2)",
        )?
        .query_one(params![digest_of(token), int(time.0)], |row| row.get(0))
        .optional()?;
    Ok(left.unwrap_or(0))
}

impl ValidInvite {
    /// Whether it was made for this name, or for any name.
    pub(crate) fn admits(&self, name: &UserName) -> bool {
        let for_name = self.for_name.as_ref();
        for_name.is_none_or(|for_name| for_name.folded() == name.folded())
    }

    pub(crate) fn consume(&self, db: &Connection) -> rusqlite::Result<usize> {
        db.prepare_cached("UPDATE invites SET uses_left = uses_left - 1 WHERE token_hash = ?1")?
            .execute([self.digest])
    }
}

/// Stores an invite, created at the time of the database.
pub(crate) fn insert(
    db: &Connection,
    token: &InviteToken,
    uses: u32,
    expires: Option<Timestamp>,
    for_name: Option<&UserName>,
) -> rusqlite::Result<usize> {
    db.prepare_cached(
        "INSERT INTO invites (token_hash, uses_left, expires, for_name, created)
         VALUES (?1, ?2, ?3, ?4, CAST(unixepoch('subsec') * 1000 AS INTEGER))",
    )?
    .execute(params![
        digest_of(token),
        uses,
        expires.map(|time| int(time.0)),
        for_name.map(UserName::as_str)
    ])
}

pub(crate) fn insert_reset(
    db: &Connection,
    token: &InviteToken,
    expires: Timestamp,
    user: UserId,
    name: &UserName,
) -> rusqlite::Result<usize> {
    insert(db, token, 1, Some(expires), Some(name))?;
    db.prepare_cached("UPDATE invites SET for_user = ?2 WHERE token_hash = ?1")?
        .execute(params![digest_of(token), int(user.0)])
}

/// Deletes the invites that admit an existing user again.
pub(crate) fn delete_resets(db: &Connection, user: UserId) -> rusqlite::Result<usize> {
    db.prepare_cached("DELETE FROM invites WHERE for_user = ?1")?
        .execute([int(user.0)])
}

/// Deletes the invite with this hexadecimal digest.
pub(crate) fn delete(db: &Connection, digest: &str) -> rusqlite::Result<usize> {
    db.prepare_cached("DELETE FROM invites WHERE lower(hex(token_hash)) = ?1")?
        .execute(params![digest])
}

fn digest_of(token: &InviteToken) -> Digest {
    let digest = digest(&SHA256, &token.0);
    let digest = digest.as_ref().try_into();
    digest.expect("a SHA-256 digest has 32 bytes")
}
