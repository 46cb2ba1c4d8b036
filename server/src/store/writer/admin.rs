//! What an administrator changes about people and rooms. Pure SQL inside the caller's transaction; the caller
//! owns the stamp and commits.

use recado_shared::{
    Content, ConversationId, Refusal, RequestError, RoomEvent, RoomId, RoomName, Stamp, Timestamp,
    UserName,
};
use rusqlite::{Connection, Result, params};

use crate::store::tables::devices;
use crate::store::tables::entries;
use crate::store::tables::invites;
use crate::store::tables::overview::{UserInfo, UserState, find_room, find_user};
use crate::store::tables::settings;
use crate::store::values::admin::{Change, ChangeError, Changed};
use crate::store::values::column::int;
use crate::store::writer::erase::{self, Entries};
use crate::store::writer::login;

type Outcome<T> = Result<std::result::Result<T, ChangeError>>;

/// Carries out one change. Returns also what was appended to the logs.
pub(crate) fn change(
    db: &Connection,
    stamp: &mut Stamp,
    change: &Change,
    time: Timestamp,
) -> Result<(std::result::Result<Changed, ChangeError>, Entries)> {
    let mut entries = Vec::new();
    let result = match change {
        Change::Reset {
            user,
            token,
            expires,
        } => of_user(db, user, |facts| {
            take_devices(db, facts, time)?;
            let user = facts.user;
            invites::insert_reset(db, token, *expires, (user, &facts.name))?;
            Ok(Ok(Changed::Reset { user }))
        }),
        Change::Rename { user, to } => of_user(db, user, |facts| rename(db, stamp, facts, to)),
        Change::Disable(user) => of_user(db, user, |facts| {
            set_disabled(db, facts, true)?;
            let user = facts.user;
            Ok(Ok(Changed::Disabled { user }))
        }),
        Change::Enable(user) => of_user(db, user, |facts| {
            set_disabled(db, facts, false)?;
            let user = facts.user;
            Ok(Ok(Changed::Enabled { user }))
        }),
        Change::Remove(user) => of_user(db, user, |facts| {
            take_devices(db, facts, time)?;
            let user = facts.user;
            db.prepare_cached("UPDATE users SET is_removed = 1, display = NULL WHERE id = ?1")?
                .execute([int(user.0)])?;
            settings::forget(db, user)?;
            entries = erase::remove_author(db, stamp, user, time)?;
            Ok(Ok(Changed::Removed { user }))
        }),
        Change::RenameRoom { room, to } => of_room(db, room, |room| {
            rename_room(db, stamp, (room, to, time), &mut entries)
        }),
        Change::CloseRoom(room) => of_room(db, room, |room| {
            entries = erase::close_room(db, stamp, room, time)?;
            Ok(Ok(Changed::RoomClosed { room }))
        }),
    };
    Ok((result?, entries))
}

fn of_user(
    db: &Connection,
    user: &UserName,
    change: impl FnOnce(&UserInfo) -> Outcome<Changed>,
) -> Outcome<Changed> {
    match find_user(db, user)? {
        None => Ok(Err(ChangeError::UnknownUser)),
        Some(facts) if facts.state == UserState::Removed => Ok(Err(ChangeError::Removed)),
        Some(facts) => change(&facts),
    }
}

fn of_room(
    db: &Connection,
    room: &RoomName,
    change: impl FnOnce(RoomId) -> Outcome<Changed>,
) -> Outcome<Changed> {
    match find_room(db, room)? {
        None => Ok(Err(ChangeError::UnknownRoom)),
        Some(facts) if facts.is_closed => Ok(Err(ChangeError::Closed)),
        Some(facts) => change(facts.room),
    }
}

/// In the name of an owner, as if they had done it.
fn rename_room(
    db: &Connection,
    stamp: &mut Stamp,
    (room, to, time): (RoomId, &RoomName, Timestamp),
    entries: &mut Entries,
) -> Outcome<Changed> {
    let conversation = ConversationId::Room(room);
    let Some(found) = entries::find(db, conversation)? else {
        return Ok(Err(ChangeError::UnknownRoom));
    };
    let new = entries::NewEntry {
        author: erase::first_member(db, found.row)?,
        conversation,
        id: erase::random_id()?,
        content: &Content::Room(RoomEvent::Renamed(to.clone())),
        time,
        moderates: false,
    };
    Ok(match entries::append(db, stamp, &new)? {
        Ok(appended) => {
            entries.push((conversation, appended.entry));
            Ok(Changed::RoomRenamed { room })
        }
        Err(RequestError::RoomNameTaken) => Err(ChangeError::NameTaken),
        Err(RequestError::RoomNameTooSimilar) => Err(ChangeError::NameTooSimilar),
        Err(_) => Err(ChangeError::NobodyThere),
    })
}

fn rename(db: &Connection, stamp: &mut Stamp, facts: &UserInfo, to: &UserName) -> Outcome<Changed> {
    match login::unavailable(db, to, Some(facts.user))? {
        None => {}
        Some(Refusal::NameTaken) => return Ok(Err(ChangeError::NameTaken)),
        Some(_) => return Ok(Err(ChangeError::NameTooSimilar)),
    }
    let user = int(facts.user.0);
    db.prepare_cached("UPDATE users SET name = ?2, folded = ?3 WHERE id = ?1")?
        .execute(params![user, to.as_str(), to.folded()])?;
    // The keys of the old name stay: nobody else can take it.
    login::claim_keys(db, to, facts.user)?;
    login::renamed(db, stamp, facts.user)?;
    Ok(Ok(Changed::Renamed {
        user: facts.user,
        name: to.clone(),
    }))
}

fn set_disabled(db: &Connection, facts: &UserInfo, is_disabled: bool) -> Result<()> {
    db.prepare_cached("UPDATE users SET is_disabled = ?2 WHERE id = ?1")?
        .execute(params![int(facts.user.0), is_disabled])?;
    Ok(())
}

/// Without a device nobody comes in as this user, unless by a reset invite that is still open:
/// those go too.
fn take_devices(db: &Connection, facts: &UserInfo, time: Timestamp) -> Result<()> {
    devices::revoke_all(db, facts.user, time)?;
    db.prepare_cached("DELETE FROM invites WHERE for_user = ?1")?
        .execute([int(facts.user.0)])?;
    Ok(())
}
