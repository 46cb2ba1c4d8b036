//! Logins: finds the user of a device key, links a device by a reset invite, or registers a user.

use recado_shared::{LogId, Refusal, Stamp, UserId, UserName};
use rusqlite::Connection;

use crate::store::tables::users::{self, Account};
use crate::store::tables::{devices, invites};
use crate::store::values::{Admission, AuthenticatedUser, Failure, Login, answer, ensure};

/// Authenticates a device. The admission is checked before the name, so that a stranger cannot ask
/// which names exist.
pub(super) fn authenticate(
    db: &Connection,
    log: LogId,
    stamp: Stamp,
    login: &Login,
) -> Result<AuthenticatedUser, Failure<Refusal>> {
    let (user, name, registered) = if let Some(account) = users::of_device(db, login.key)? {
        let name = check_account(&account, login, Refusal::OtherName)?;
        devices::set_seen(db, login.key, login.time)?;
        (account.user, name, false)
    } else if let Some(account) = link_by_reset(db, login)? {
        (account.user, account.name, false)
    } else {
        let (user, name) = register(db, login)?;
        (user, name, true)
    };
    Ok(AuthenticatedUser {
        user,
        name,
        registered,
        log,
        stamp,
    })
}

/// Lets the user of a known device in without a write, when nothing can be written.
pub(super) fn recognise(
    db: &Connection,
    log: LogId,
    stamp: Stamp,
    login: &Login,
) -> rusqlite::Result<Result<AuthenticatedUser, Refusal>> {
    let Some(account) = users::of_device(db, login.key)? else {
        return Ok(Err(Refusal::Unavailable));
    };
    let name = answer(check_account(&account, login, Refusal::OtherName))?;
    Ok(name.map(|name| AuthenticatedUser {
        user: account.user,
        name,
        registered: false,
        log,
        stamp,
    }))
}

fn check_account(
    account: &Account,
    login: &Login,
    other_name: impl FnOnce(UserName) -> Refusal,
) -> Result<UserName, Failure<Refusal>> {
    ensure(!account.is_disabled, Refusal::Disabled)?;
    let is_same = |claimed: &UserName| claimed.folded() == account.name.folded();
    if login.name.as_ref().is_none_or(is_same) {
        return Ok(account.name.clone());
    }
    Err(other_name(account.name.clone()).into())
}

fn link_by_reset(db: &Connection, login: &Login) -> Result<Option<Account>, Failure<Refusal>> {
    let Some(token) = &login.token else {
        return Ok(None);
    };
    let invite = match invites::find(db, token, login.time) {
        Ok(invite) => invite,
        Err(Failure::Rejected(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let Some(user) = invite.for_user else {
        return Ok(None);
    };
    let account = users::find(db, user)?;
    check_account(&account, login, |_| Refusal::InviteForOtherName)?;
    invite.consume(db)?;
    add_device(db, login, user)?;
    Ok(Some(account))
}

fn add_device(db: &Connection, login: &Login, user: UserId) -> rusqlite::Result<()> {
    let name = login.device_name.as_ref();
    devices::insert(db, user, login.key, name, login.time)?;
    devices::set_seen(db, login.key, login.time)?;
    Ok(())
}

fn register(db: &Connection, login: &Login) -> Result<(UserId, UserName), Failure<Refusal>> {
    let invite = match &login.admission {
        Admission::Denied(Refusal::LinkPending) => return Err(Refusal::LinkPending.into()),
        // A revoked device must not register again in silence.
        Admission::Denied(_) | Admission::Granted if devices::is_revoked(db, login.key)? => {
            return Err(Refusal::Revoked.into());
        }
        Admission::Denied(refusal) => return Err(refusal.clone().into()),
        Admission::Granted => None,
        Admission::ByInvite(token) => Some(invites::find(db, token, login.time)?),
    };
    let name = login.name.as_ref().ok_or(Refusal::NameNeeded)?;
    let is_admitted = invite.as_ref().is_none_or(|invite| invite.admits(name));
    ensure(is_admitted, Refusal::InviteForOtherName)?;
    users::check_name(db, name, None)?;
    ensure(users::count(db)? < login.max_users, Refusal::Full)?;
    if let Some(invite) = invite {
        invite.consume(db)?;
    }
    let user = users::insert(db, name, login.time)?;
    add_device(db, login, user)?;
    Ok((user, name.clone()))
}
