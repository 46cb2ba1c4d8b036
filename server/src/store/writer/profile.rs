//! What users change about themselves. Pure SQL inside the caller's transaction; the caller owns the
//! stamp and commits.

use recado_shared::name::keys_like;
use recado_shared::{ConversationId, DisplayName, RequestError, Setting, Stamp, UserId};
use rusqlite::{Connection, Result, params};

use crate::store::tables::settings;
use crate::store::values::column::{display_name, int, name, uint};
use crate::store::values::request::{PersonChange, PersonChanged, StoredDisplay};
use crate::store::writer::contact;
use crate::store::writer::login;

/// Carries out one change.
pub(crate) fn change(
    db: &Connection,
    stamp: &mut Stamp,
    user: UserId,
    change: &PersonChange,
) -> Result<std::result::Result<PersonChanged, RequestError>> {
    Ok(match change {
        PersonChange::Accept(from) => contact::accept(db, stamp, user, *from)?
            .map(|is_new| PersonChanged::Accepted { is_new }),
        PersonChange::Display(display) => set_display(db, stamp, user, display.as_ref())?,
        PersonChange::Set(setting) => {
            settings::set(db, stamp, user, setting)?.map(|()| PersonChanged::Set(setting.clone()))
        }
    })
}

/// Which conversations, with their members, something looks at or changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Concerns {
    Nothing,
    One(ConversationId),
    All,
}

/// Which conversations a change concerns.
pub(crate) const fn concerns(user: UserId, change: &PersonChange) -> Concerns {
    match change {
        PersonChange::Accept(from) => Concerns::One(ConversationId::direct(user, *from)),
        PersonChange::Display(_) | PersonChange::Set(Setting::FirstContact { .. }) => Concerns::All,
        PersonChange::Set(
            Setting::Favourite { .. }
            | Setting::NotificationLevel { .. }
            | Setting::Muted { .. }
            | Setting::Draft { .. }
            | Setting::Blocked { .. },
        ) => Concerns::Nothing,
    }
}

/// Calls a user differently, but not as somebody else is called.
fn set_display(
    db: &Connection,
    stamp: &mut Stamp,
    user: UserId,
    display: Option<&DisplayName>,
) -> Result<std::result::Result<PersonChanged, RequestError>> {
    if let Some(display) = display
        && is_like_another(db, user, display)?
    {
        return Ok(Err(RequestError::Invalid));
    }
    let name = db
        .prepare_cached("UPDATE users SET display = ?2 WHERE id = ?1 RETURNING name")?
        .query_one(
            params![int(user.0), display.map(DisplayName::as_str)],
            |row| name(row, 0),
        )?;
    login::renamed(db, stamp, user)?;
    Ok(Ok(PersonChanged::Display {
        name,
        display: display.cloned(),
    }))
}

/// Whether a display name looks like a name that somebody else has or had.
fn is_like_another(db: &Connection, user: UserId, display: &DisplayName) -> Result<bool> {
    let mut taken = db.prepare_cached("SELECT 1 FROM name_keys WHERE key = ?1 AND user <> ?2")?;
    for key in keys_like(display.as_str()) {
        if taken.exists(params![key.as_str(), int(user.0)])? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The display names, but for those whose look somebody took as a name meanwhile.
pub(crate) fn displays(db: &Connection) -> Result<Vec<StoredDisplay>> {
    let stored: Vec<_> = db
        .prepare("SELECT id, name, display FROM users WHERE display IS NOT NULL ORDER BY id")?
        .query_map([], |row| {
            Ok(StoredDisplay {
                user: UserId(uint(row, 0)?),
                name: name(row, 1)?,
                display: display_name(row, 2)?,
            })
        })?
        .collect::<Result<_>>()?;
    let mut displays = Vec::new();
    for one in stored {
        if !is_like_another(db, one.user, &one.display)? {
            displays.push(one);
        }
    }
    Ok(displays)
}

/// Users who are not let in.
pub(crate) fn closed(db: &Connection) -> Result<Vec<UserId>> {
    db.prepare("SELECT id FROM users WHERE is_disabled OR is_removed ORDER BY id")?
        .query_map([], |row| Ok(UserId(uint(row, 0)?)))?
        .collect()
}

/// Whether a user is not let in.
pub(crate) fn is_closed(db: &Connection, user: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM users WHERE id = ?1 AND (is_disabled OR is_removed)")?
        .exists([int(user.0)])
}
