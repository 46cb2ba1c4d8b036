//! What an administrator changes about people. Pure SQL inside the caller's transaction; the caller
//! owns the stamp and commits.

use recado_shared::{Refusal, Stamp, UserName};
use rusqlite::{Connection, Result, params};

use super::super::row::int;
use super::super::{invite, login};
use super::list::{UserFacts, UserState, find_user};
use super::request::{Change, ChangeError, Changed};

type Outcome<T> = Result<std::result::Result<T, ChangeError>>;

/// Carries out one change.
pub(in super::super) fn change(
    db: &Connection,
    stamp: &mut Stamp,
    change: &Change,
) -> Outcome<Changed> {
    let facts = match find_user(db, change.user())? {
        None => return Ok(Err(ChangeError::UnknownUser)),
        Some(facts) if facts.state == UserState::Removed => return Ok(Err(ChangeError::Removed)),
        Some(facts) => facts,
    };
    let user = facts.user;
    match change {
        Change::Reset { token, expires, .. } => {
            take_devices(db, &facts)?;
            invite::insert_reset(db, token, *expires, (user, &facts.name))?;
            Ok(Ok(Changed::Reset { user }))
        }
        Change::Rename { to, .. } => rename(db, stamp, &facts, to),
        Change::Disable(_) => {
            set_disabled(db, &facts, true)?;
            Ok(Ok(Changed::Disabled { user }))
        }
        Change::Enable(_) => {
            set_disabled(db, &facts, false)?;
            Ok(Ok(Changed::Enabled { user }))
        }
    }
}

fn rename(
    db: &Connection,
    stamp: &mut Stamp,
    facts: &UserFacts,
    to: &UserName,
) -> Outcome<Changed> {
    match login::unavailable(db, to, Some(facts.user))? {
        None => {}
        Some(Refusal::NameTaken) => return Ok(Err(ChangeError::NameTaken)),
        Some(_) => return Ok(Err(ChangeError::NameResembles)),
    }
    let user = int(facts.user.0);
    db.prepare_cached("UPDATE users SET name = ?2, folded = ?3 WHERE id = ?1")?
        .execute(params![user, to.as_str(), to.folded()])?;
    // The keys of the old name stay: nobody else can take it.
    login::claim_keys(db, to, facts.user)?;
    // Heads carry names: who is away gets this one with the next.
    stamp.0 += 1;
    db.prepare_cached(
        "UPDATE conversations SET changed = ?2
         WHERE id IN (SELECT conversation FROM members WHERE user = ?1)",
    )?
    .execute(params![user, int(stamp.0)])?;
    Ok(Ok(Changed::Renamed {
        user: facts.user,
        name: to.clone(),
    }))
}

fn set_disabled(db: &Connection, facts: &UserFacts, is_disabled: bool) -> Result<()> {
    db.prepare_cached("UPDATE users SET is_disabled = ?2 WHERE id = ?1")?
        .execute(params![int(facts.user.0), is_disabled])?;
    Ok(())
}

/// Without a device nobody comes in as this user, unless by a reset invite that is still open:
/// those go too.
fn take_devices(db: &Connection, facts: &UserFacts) -> Result<()> {
    let user = [int(facts.user.0)];
    db.prepare_cached("DELETE FROM devices WHERE user = ?1")?
        .execute(user)?;
    db.prepare_cached("DELETE FROM invites WHERE for_user = ?1")?
        .execute(user)?;
    Ok(())
}
