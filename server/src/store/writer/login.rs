//! Users, their device keys and their names: who comes in, and who is told why not. Pure SQL
//! inside the caller's transaction.

use recado_shared::{DeviceKey, LogId, Refusal, Stamp, Timestamp, UserId, UserName};
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use crate::store::tables::devices;
use crate::store::tables::invites;
use crate::store::values::column::{int, name, uint};
use crate::store::values::request::{Admission, Admitted, Login};

type Outcome<T> = Result<std::result::Result<T, Refusal>>;

/// Finds the user of a device key, or registers a new one.
///
/// The admission is checked before the name, so that a stranger cannot ask which names exist.
pub(crate) fn login(db: &Connection, log: LogId, stamp: Stamp, login: &Login) -> Outcome<Admitted> {
    let admitted = |user, name, registered| {
        Ok(Ok(Admitted {
            user,
            name,
            registered,
            log,
            stamp,
        }))
    };
    if let Some((user, own, is_disabled)) = find_device(db, login.key)? {
        if is_disabled {
            return Ok(Err(Refusal::Disabled));
        }
        let claims_other = |claimed: &UserName| claimed.folded() != own.folded();
        if login.name.as_ref().is_some_and(claims_other) {
            return Ok(Err(Refusal::OtherName(own)));
        }
        devices::saw(db, login.key, login.time)?;
        return admitted(user, own, false);
    }
    if let Some(result) = come_back(db, login)? {
        return match result {
            Ok((user, name)) => admitted(user, name, false),
            Err(refusal) => Ok(Err(refusal)),
        };
    }
    match register(db, login)? {
        Ok((user, name)) => admitted(user, name, true),
        Err(refusal) => Ok(Err(refusal)),
    }
}

/// Makes a device one of an existing user's, if it shows a token that was made for that.
fn come_back(
    db: &Connection,
    login: &Login,
) -> Result<Option<std::result::Result<(UserId, UserName), Refusal>>> {
    let Some(token) = &login.token else {
        return Ok(None);
    };
    let Ok(invite) = invites::find(db, token, login.time)? else {
        return Ok(None);
    };
    let Some(user) = invite.for_user else {
        return Ok(None);
    };
    let (own, is_disabled) = db
        .prepare_cached("SELECT name, is_disabled FROM users WHERE id = ?1")?
        .query_one([int(user.0)], |row| Ok((name(row, 0)?, row.get(1)?)))?;
    let claims_other = |claimed: &UserName| claimed.folded() != own.folded();
    if is_disabled {
        return Ok(Some(Err(Refusal::Disabled)));
    }
    if login.name.as_ref().is_some_and(claims_other) {
        return Ok(Some(Err(Refusal::InviteForOtherName)));
    }
    invite.use_up(db)?;
    add_device(db, login, user)?;
    Ok(Some(Ok((user, own))))
}

fn add_device(db: &Connection, login: &Login, user: UserId) -> Result<()> {
    let device = (login.key, login.device_name.as_ref());
    devices::add(db, user, device, login.time)?;
    devices::saw(db, login.key, login.time)
}

fn register(db: &Connection, login: &Login) -> Outcome<(UserId, UserName)> {
    let invite = match &login.admission {
        Admission::Denied(Refusal::LinkPending) => return Ok(Err(Refusal::LinkPending)),
        // Whoever holds it now: nobody expects it to come in as somebody new.
        Admission::Denied(_) | Admission::Granted if devices::is_revoked(db, login.key)? => {
            return Ok(Err(Refusal::Revoked));
        }
        Admission::Denied(refusal) => return Ok(Err(refusal.clone())),
        Admission::Granted => None,
        Admission::ByInvite(token) => match invites::find(db, token, login.time)? {
            Ok(invite) => Some(invite),
            Err(refusal) => return Ok(Err(refusal)),
        },
    };
    let Some(name) = &login.name else {
        return Ok(Err(Refusal::NameNeeded));
    };
    if invite.as_ref().is_some_and(|invite| !invite.admits(name)) {
        return Ok(Err(Refusal::InviteForOtherName));
    }
    if let Some(refusal) = unavailable(db, name, None)? {
        return Ok(Err(refusal));
    }
    if count_users(db)? >= login.max_users {
        return Ok(Err(Refusal::Full));
    }
    if let Some(invite) = invite {
        invite.use_up(db)?;
    }
    let user = insert(db, name, login.time)?;
    add_device(db, login, user)?;
    Ok(Ok((user, name.clone())))
}

/// The user of a device, and whether they are disabled.
fn find_device(db: &Connection, key: DeviceKey) -> Result<Option<(UserId, UserName, bool)>> {
    db.prepare_cached(
        "SELECT users.id, users.name, users.is_disabled FROM devices JOIN users ON users.id = devices.user
         WHERE devices.key = ?1",
    )?
    .query_one([key.0], |row| Ok((UserId(uint(row, 0)?), name(row, 1)?, row.get(2)?)))
    .optional()
}

/// Says why a name cannot be given to a user, new or not. A freed name stays taken, but for the
/// user who had it.
pub(crate) fn unavailable(
    db: &Connection,
    name: &UserName,
    user: Option<UserId>,
) -> Result<Option<Refusal>> {
    let mut owner = db.prepare_cached(
        "SELECT users.folded FROM name_keys LEFT JOIN users ON users.id = name_keys.user
         WHERE name_keys.key = ?1 AND name_keys.user IS NOT ?2",
    )?;
    let mut refusal = None;
    for key in name.keys() {
        let folded: Option<Option<String>> = owner
            .query_one(params![key.as_str(), user.map(|user| int(user.0))], |row| {
                row.get(0)
            })
            .optional()?;
        match folded {
            None => {}
            Some(Some(folded)) if folded != name.folded() => {
                refusal = Some(Refusal::NameTooSimilar);
            }
            Some(_) => return Ok(Some(Refusal::NameTaken)),
        }
    }
    Ok(refusal)
}

fn count_users(db: &Connection) -> Result<u64> {
    db.prepare_cached("SELECT count(*) FROM users")?
        .query_one([], |row| uint(row, 0))
}

fn insert(db: &Connection, name: &UserName, time: Timestamp) -> Result<UserId> {
    let row = db
        .prepare_cached("INSERT INTO users (name, folded, created) VALUES (?1, ?2, ?3)")?
        .insert(params![name.as_str(), name.folded(), int(time.0)])?;
    let user = UserId(row.unsigned_abs());
    claim_keys(db, name, user)?;
    Ok(user)
}

/// Takes the keys of a name that is available to a user.
pub(crate) fn claim_keys(db: &Connection, name: &UserName, user: UserId) -> Result<()> {
    let mut claim =
        db.prepare_cached("INSERT OR IGNORE INTO name_keys (key, user) VALUES (?1, ?2)")?;
    for key in name.keys() {
        claim.execute(params![key.as_str(), int(user.0)])?;
    }
    Ok(())
}

/// A user is called differently. Heads carry names: who is away gets this one with the next.
pub(crate) fn renamed(db: &Connection, stamp: &mut Stamp, user: UserId) -> Result<()> {
    stamp.0 += 1;
    db.prepare_cached(
        "UPDATE conversations SET changed = ?2
         WHERE room IS NULL AND id IN (SELECT conversation FROM members WHERE user = ?1)",
    )?
    .execute(params![int(user.0), int(stamp.0)])?;
    Ok(())
}
