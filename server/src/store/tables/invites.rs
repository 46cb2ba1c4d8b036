//! Invites: tokens that admit new users, kept as digests only. Pure SQL inside the caller's
//! transaction.

use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use recado_shared::{InviteToken, Refusal, Timestamp, UserId, UserName};
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use crate::store::values::column::{int, name, uint};

type Hash = [u8; SHA256_OUTPUT_LEN];

/// An invite that is good at the moment.
#[derive(Debug)]
pub(crate) struct Invite {
    token_hash: Hash,
    for_name: Option<UserName>,
    /// The user whom it lets back in.
    pub(crate) for_user: Option<UserId>,
}

/// Finds the invite of a token, or says why it admits nobody.
pub(crate) fn find(
    db: &Connection,
    token: &InviteToken,
    time: Timestamp,
) -> Result<std::result::Result<Invite, Refusal>> {
    let token_hash = hash(token);
    let row = db
        .prepare_cached(
            "SELECT uses_left, expires, for_name, for_user FROM invites WHERE token_hash = ?1",
        )?
        .query_one([token_hash], |row| {
            let expires = match row.get_ref(1)? {
                rusqlite::types::ValueRef::Null => None,
                _ => Some(Timestamp(uint(row, 1)?)),
            };
            let for_name = match row.get_ref(2)? {
                rusqlite::types::ValueRef::Null => None,
                _ => Some(name(row, 2)?),
            };
            let for_user = match row.get_ref(3)? {
                rusqlite::types::ValueRef::Null => None,
                _ => Some(UserId(uint(row, 3)?)),
            };
            Ok((uint(row, 0)?, expires, (for_name, for_user)))
        })
        .optional()?;
    Ok(match row {
        None => Err(Refusal::InviteUnknown),
        Some((0, ..)) => Err(Refusal::InviteUsed),
        Some((_, Some(expires), _)) if expires <= time => Err(Refusal::InviteExpired),
        Some((_, _, (for_name, for_user))) => Ok(Invite {
            token_hash,
            for_name,
            for_user,
        }),
    })
}

impl Invite {
    /// Whether it was made for this name, or for any.
    pub(crate) fn admits(&self, name: &UserName) -> bool {
        let same = |wanted: &UserName| wanted.folded() == name.folded();
        self.for_name.as_ref().is_none_or(same)
    }

    /// Takes one of its uses.
    pub(crate) fn use_up(&self, db: &Connection) -> Result<()> {
        db.prepare_cached("UPDATE invites SET uses_left = uses_left - 1 WHERE token_hash = ?1")?
            .execute([self.token_hash])?;
        Ok(())
    }
}

/// Stores an invite, made at the moment that the database reads from the clock.
pub(crate) fn insert(
    db: &Connection,
    token: &InviteToken,
    uses: u32,
    expires: Option<Timestamp>,
    for_name: Option<&UserName>,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO invites (token_hash, uses_left, expires, for_name, created)
         VALUES (?1, ?2, ?3, ?4, CAST(unixepoch('subsec') * 1000 AS INTEGER))",
    )?
    .execute(params![
        hash(token),
        uses,
        expires.map(|time| int(time.0)),
        for_name.map(UserName::as_str)
    ])?;
    Ok(())
}

/// Stores an invite that lets one device in as an existing user.
pub(crate) fn insert_reset(
    db: &Connection,
    token: &InviteToken,
    expires: Timestamp,
    (user, user_name): (UserId, &UserName),
) -> Result<()> {
    insert(db, token, 1, Some(expires), Some(user_name))?;
    db.prepare_cached("UPDATE invites SET for_user = ?2 WHERE token_hash = ?1")?
        .execute(params![hash(token), int(user.0)])?;
    Ok(())
}

fn hash(token: &InviteToken) -> Hash {
    let digest = digest(&SHA256, &token.0);
    digest
        .as_ref()
        .try_into()
        .expect("a SHA-256 digest has 32 bytes")
}
