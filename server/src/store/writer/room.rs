//! Rooms on disk: names, facts, members. Pure SQL inside the caller's transaction. What is allowed
//! is the relay's to say; this only refuses what a queue of requests can have overtaken.

use recado_shared::rules::membership::MemberState;
use recado_shared::{
    Content, Entry, HistoryVisibility, Membership, Mute, RequestError, Role, RoomEvent, RoomId,
    RoomName, Seq, Stamp, Timestamp, Topic, UserId, Visibility,
};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use crate::store::tables::entries::{self, Conversation};
use crate::store::values::column::{int, uint};
use crate::store::values::request::{Appended, NewRoom, StoredRoom};

/// The place in a room's log at which something changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) room: RoomId,
    pub(crate) conversation: i64,
    /// The entry that says so.
    pub(crate) seq: Seq,
    /// Messages of the log before it.
    pub(crate) messages: u64,
    pub(crate) author: UserId,
}

type Outcome<T> = Result<std::result::Result<T, RequestError>>;

/// Makes a room, or finds the one that the same request made before.
pub(crate) fn create(
    db: &Connection,
    stamp: &mut Stamp,
    new: &NewRoom,
) -> Outcome<(RoomId, Appended)> {
    if let Some((row, entry)) = entries::find_entry(db, new.author, new.id)? {
        let room = room_of(db, row)?;
        let is_made = entry.content == Content::Room(RoomEvent::Created);
        return Ok(room
            .filter(|_| is_made)
            .map(|room| (room, Appended::resent(entry)))
            .ok_or(RequestError::IdReused));
    }
    if let Some(error) = unavailable(db, &new.name, None)? {
        return Ok(Err(error));
    }
    let room = db
        .prepare_cached(
            "INSERT INTO rooms (name, folded, visibility, history) VALUES (?1, ?2, ?3, ?4)",
        )?
        .insert(params![
            new.name.as_str(),
            new.name.folded(),
            number_of_visibility(new.visibility),
            number_of_history(new.history),
        ])?;
    let room = RoomId(room.unsigned_abs());
    claim(db, &new.name, room)?;
    let conversation = db
        .prepare_cached(
            "INSERT INTO conversations (room, newest, newest_time, messages, changed)
             VALUES (?1, 0, 0, 0, 0)",
        )?
        .insert([int(room.0)])?;
    let change = Change {
        room,
        conversation,
        seq: Seq(1),
        messages: 0,
        author: new.author,
    };
    enter(db, *stamp, &change, Role::Owner)?;
    let entry = Entry {
        seq: Seq(1),
        author: new.author,
        id: new.id,
        time: new.time,
        content: Content::Room(RoomEvent::Created),
    };
    entries::insert(db, &Conversation::empty(conversation), stamp, &entry)?;
    let appended = Appended {
        entry,
        is_new: true,
        is_request: false,
    };
    Ok(Ok((room, appended)))
}

fn room_of(db: &Connection, conversation: i64) -> Result<Option<RoomId>> {
    db.prepare_cached("SELECT room FROM conversations WHERE id = ?1")?
        .query_one([conversation], |row| row.get::<_, Option<i64>>(0))
        .map(|room| room.map(|room| RoomId(room.unsigned_abs())))
}

/// Says why a name cannot be given to a room. Its own former names are free to it.
fn unavailable(
    db: &Connection,
    name: &RoomName,
    own: Option<RoomId>,
) -> Result<Option<RequestError>> {
    let mut owner = db.prepare_cached(
        "SELECT room_name_keys.room, rooms.folded FROM room_name_keys
         LEFT JOIN rooms ON rooms.id = room_name_keys.room WHERE room_name_keys.key = ?1",
    )?;
    let mut found = None;
    for key in name.keys() {
        let taken = owner
            .query_one([key.as_str()], |row| {
                Ok((RoomId(uint(row, 0)?), row.get::<_, Option<String>>(1)?))
            })
            .optional()?;
        match taken {
            None => {}
            Some((room, _)) if Some(room) == own => {}
            Some((_, Some(folded))) if folded != name.folded() => {
                found = Some(RequestError::RoomNameTooSimilar);
            }
            Some(_) => return Ok(Some(RequestError::RoomNameTaken)),
        }
    }
    Ok(found)
}

fn claim(db: &Connection, name: &RoomName, room: RoomId) -> Result<()> {
    let mut claim = db.prepare_cached(
        "INSERT INTO room_name_keys (key, room) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?;
    for key in name.keys() {
        claim.execute(params![key.as_str(), int(room.0)])?;
    }
    Ok(())
}

/// Carries out what an entry does to its room, and notes which members it concerns.
pub(crate) fn apply(
    db: &Connection,
    stamp: Stamp,
    change: &Change,
    content: &Content,
) -> Outcome<()> {
    let standing = standing_of(db, change.conversation, change.author)?;
    let Content::Room(event) = content else {
        let is_member = standing == Some(Membership::Member);
        return Ok(is_member.then_some(()).ok_or(RequestError::NotAMember));
    };
    if let Some(error) = overtaken(db, change, standing, event)? {
        return Ok(Err(error));
    }
    match event {
        RoomEvent::Joined => {
            let role = if is_empty(db, change.conversation)? {
                take_over(db, change)?;
                Role::Owner
            } else {
                Role::Member
            };
            enter(db, stamp, change, role)?;
        }
        RoomEvent::Renamed(name) => return rename(db, change.room, name),
        RoomEvent::Topic(topic) => {
            set(db, change.room, "topic", topic.as_ref().map(Topic::as_str))?;
        }
        RoomEvent::Visibility(visibility) => {
            set(
                db,
                change.room,
                "visibility",
                number_of_visibility(*visibility),
            )?;
        }
        RoomEvent::HistoryVisibility(history) => {
            set(db, change.room, "history", number_of_history(*history))?;
        }
        RoomEvent::Invited(user) | RoomEvent::Banned(user) if !entries::is_user(db, *user)? => {
            return Ok(Err(RequestError::UnknownUser));
        }
        RoomEvent::Left => leave(db, stamp, change, change.author, Membership::Left)?,
        RoomEvent::Kicked(user) => leave(db, stamp, change, *user, Membership::Kicked)?,
        RoomEvent::Banned(user) => leave(db, stamp, change, *user, Membership::Banned)?,
        RoomEvent::Invited(user) => outside(db, stamp, change, *user, Membership::Invited)?,
        RoomEvent::Unbanned(user) => outside(db, stamp, change, *user, Membership::Kicked)?,
        RoomEvent::Role { user, role } => {
            db.prepare_cached(
                "UPDATE members SET role = ?3, changed = ?4 WHERE conversation = ?1 AND user = ?2",
            )?
            .execute(params![
                change.conversation,
                int(user.0),
                number_of_role(*role),
                int(stamp.0 + 1)
            ])?;
        }
        RoomEvent::Muted { user, until } => {
            let mute = Some(Mute { until: *until });
            set_mute(db, stamp, change, *user, mute)?;
        }
        RoomEvent::Unmuted(user) => set_mute(db, stamp, change, *user, None)?,
        RoomEvent::Created | RoomEvent::Closed => return Ok(Err(RequestError::Invalid)),
    }
    Ok(Ok(()))
}

/// Says why an event makes no sense any more that was allowed when it was asked for: what was
/// committed since has changed how its author, or whom it is about, stands.
fn overtaken(
    db: &Connection,
    change: &Change,
    author: Option<Membership>,
    event: &RoomEvent,
) -> Result<Option<RequestError>> {
    let standing = |user: UserId| standing_of(db, change.conversation, user);
    let is_member =
        |user: UserId| -> Result<bool> { Ok(standing(user)? == Some(Membership::Member)) };
    let error = match (event, author) {
        (RoomEvent::Joined, Some(Membership::Member)) => Some(RequestError::AlreadyAMember),
        (RoomEvent::Joined, Some(Membership::Banned)) => Some(RequestError::Banned),
        (RoomEvent::Joined, _) => is_closed(db, change.room)?.then_some(RequestError::UnknownRoom),
        (_, author) if author != Some(Membership::Member) => Some(RequestError::NotAMember),
        (RoomEvent::Invited(user), _) => match standing(*user)? {
            Some(Membership::Member) => Some(RequestError::AlreadyInRoom),
            Some(Membership::Banned) => Some(RequestError::UserBanned),
            _ => None,
        },
        (RoomEvent::Unbanned(user), _) => {
            let is_banned = standing(*user)? == Some(Membership::Banned);
            (!is_banned).then_some(RequestError::NotBanned)
        }
        (RoomEvent::Kicked(user) | RoomEvent::Muted { user, .. } | RoomEvent::Unmuted(user), _) => {
            (!is_member(*user)?).then_some(RequestError::NotInRoom)
        }
        (RoomEvent::Role { user, role }, _) => {
            if !is_member(*user)? {
                Some(RequestError::NotInRoom)
            } else if *role != Role::Owner && last_owner(db, change, *user)?.0 {
                Some(RequestError::LastOwner)
            } else {
                None
            }
        }
        (RoomEvent::Left, _) => {
            let (is_last, others) = last_owner(db, change, change.author)?;
            (is_last && others > 0).then_some(RequestError::LastOwner)
        }
        _ => None,
    };
    Ok(error)
}

fn is_closed(db: &Connection, room: RoomId) -> Result<bool> {
    db.prepare_cached("SELECT is_closed FROM rooms WHERE id = ?1")?
        .query_one([int(room.0)], |row| row.get(0))
}

/// Whether a member is the room's only owner, and how many others are in it.
fn last_owner(db: &Connection, change: &Change, user: UserId) -> Result<(bool, u64)> {
    db.prepare_cached(
        "SELECT (SELECT role FROM members WHERE conversation = ?1 AND user = ?2) = 2
             AND ifnull(max(role), 0) < 2, count(*)
         FROM members WHERE conversation = ?1 AND user <> ?2 AND standing = 0",
    )?
    .query_one(params![change.conversation, int(user.0)], |row| {
        Ok((row.get(0)?, uint(row, 1)?))
    })
}

fn rename(db: &Connection, room: RoomId, name: &RoomName) -> Outcome<()> {
    if let Some(error) = unavailable(db, name, Some(room))? {
        return Ok(Err(error));
    }
    claim(db, name, room)?;
    db.prepare_cached("UPDATE rooms SET name = ?2, folded = ?3 WHERE id = ?1")?
        .execute(params![int(room.0), name.as_str(), name.folded()])?;
    Ok(Ok(()))
}

fn set(db: &Connection, room: RoomId, column: &str, value: impl rusqlite::ToSql) -> Result<()> {
    db.prepare_cached(&format!("UPDATE rooms SET {column} = ?2 WHERE id = ?1"))?
        .execute(params![int(room.0), value])?;
    Ok(())
}

/// Makes somebody a member from this place on. What went before is read, but not unread.
fn enter(db: &Connection, stamp: Stamp, change: &Change, role: Role) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO members (conversation, user, delivered, read, read_messages, standing, role,
             first, last, changed)
         VALUES (?1, ?2, ?3, ?3, ?4, 0, ?5,
             (SELECT iif(history = 1, ?6, first) FROM rooms WHERE id = ?7), NULL, ?8)
         ON CONFLICT (conversation, user) DO UPDATE SET
             delivered = excluded.delivered, read = excluded.read,
             read_messages = excluded.read_messages, own_after_read = 0, standing = 0,
             role = excluded.role, first = excluded.first, last = NULL, changed = excluded.changed",
    )?
    .execute(params![
        change.conversation,
        int(change.author.0),
        int(change.seq.prev().0),
        int(change.messages),
        number_of_role(role),
        int(change.seq.0),
        int(change.room.0),
        int(stamp.0 + 1),
    ])?;
    count_members(db, change)
}

fn is_empty(db: &Connection, conversation: i64) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM members WHERE conversation = ?1 AND standing = 0")?
        .exists([conversation])
        .map(|is_somebody_there| !is_somebody_there)
}

/// Gives a room that everybody left to whoever comes in at this place. What its members hid from
/// newcomers stays hidden, though the new owner could show newcomers the past.
fn take_over(db: &Connection, change: &Change) -> Result<()> {
    db.prepare_cached("UPDATE rooms SET first = ?2 WHERE id = ?1 AND history = 1")?
        .execute(params![int(change.room.0), int(change.seq.0)])?;
    Ok(())
}

/// Ends a membership at this place, which is the last that the member may read; or keeps somebody
/// out who never was one.
fn leave(
    db: &Connection,
    stamp: Stamp,
    change: &Change,
    user: UserId,
    standing: Membership,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE members SET last = iif(standing = 0, ?3, last), role = 0 WHERE conversation = ?1
             AND user = ?2",
    )?
    .execute(params![change.conversation, int(user.0), int(change.seq.0)])?;
    outside(db, stamp, change, user, standing)?;
    count_members(db, change)
}

/// Sets how somebody stands who is not in the room. A mute stays, so that leaving does not end it.
/// Whoever is only kept out, and never was in or invited, hears nothing of it: a room's name would be
/// a way to say something to those who do not want to hear it.
fn outside(
    db: &Connection,
    stamp: Stamp,
    change: &Change,
    user: UserId,
    standing: Membership,
) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO members (conversation, user, standing, first, last, changed)
         VALUES (?1, ?2, ?3, 1, 0, iif(?3 >= 3, 0, ?4))
         ON CONFLICT (conversation, user) DO UPDATE SET standing = excluded.standing,
             changed = iif(changed = 0, excluded.changed, ?4)",
    )?
    .execute(params![
        change.conversation,
        int(user.0),
        number_of_standing(standing),
        int(stamp.0 + 1)
    ])?;
    Ok(())
}

fn set_mute(
    db: &Connection,
    stamp: Stamp,
    change: &Change,
    user: UserId,
    mute: Option<Mute>,
) -> Result<()> {
    let until = mute.and_then(|mute| mute.until);
    db.prepare_cached(
        "UPDATE members SET is_muted = ?3, mute_until = ?4, changed = ?5
         WHERE conversation = ?1 AND user = ?2",
    )?
    .execute(params![
        change.conversation,
        int(user.0),
        mute.is_some(),
        until.map(|until| int(until.0)),
        int(stamp.0 + 1)
    ])?;
    Ok(())
}

fn count_members(db: &Connection, change: &Change) -> Result<()> {
    db.prepare_cached(
        "UPDATE rooms SET members =
             (SELECT count(*) FROM members WHERE conversation = ?2 AND standing = 0)
         WHERE id = ?1",
    )?
    .execute(params![int(change.room.0), change.conversation])?;
    Ok(())
}

fn standing_of(db: &Connection, conversation: i64, user: UserId) -> Result<Option<Membership>> {
    db.prepare_cached("SELECT standing FROM members WHERE conversation = ?1 AND user = ?2")?
        .query_one(params![conversation, int(user.0)], |row| standing(row, 0))
        .optional()
}

/// Reads all rooms with everybody who stands to them in some way.
pub(crate) fn read_all(db: &Connection) -> Result<Vec<StoredRoom>> {
    let mut members = db.prepare(
        "SELECT user, standing, role, is_muted, mute_until, first < ifnull(last, first + 1)
         FROM members WHERE conversation = ?1 ORDER BY user",
    )?;
    let mut rooms = db.prepare(
        "SELECT r.id, r.visibility, r.is_closed, c.id FROM rooms r
         JOIN conversations c ON c.room = r.id ORDER BY r.id",
    )?;
    let read = |row: &Row<'_>| {
        let conversation: i64 = row.get(3)?;
        let members = members.query_map([conversation], |row| {
            let member = MemberState {
                membership: standing(row, 1)?,
                role: role(row, 2)?,
                mute: mute(row, 3)?,
                may_read: row.get(5)?,
            };
            Ok((UserId(uint(row, 0)?), member))
        })?;
        Ok(StoredRoom {
            room: RoomId(uint(row, 0)?),
            visibility: visibility(row, 1)?,
            is_closed: row.get(2)?,
            members: members.collect::<Result<_>>()?,
        })
    };
    rooms.query_map([], read)?.collect()
}

const fn number_of_visibility(visibility: Visibility) -> i64 {
    match visibility {
        Visibility::Public => 0,
        Visibility::Private => 1,
    }
}

const fn number_of_history(history: HistoryVisibility) -> i64 {
    match history {
        HistoryVisibility::Visible => 0,
        HistoryVisibility::Hidden => 1,
    }
}

const fn number_of_role(role: Role) -> i64 {
    match role {
        Role::Member => 0,
        Role::Moderator => 1,
        Role::Owner => 2,
    }
}

const fn number_of_standing(standing: Membership) -> i64 {
    match standing {
        Membership::Member => 0,
        Membership::Invited => 1,
        Membership::Left => 2,
        Membership::Kicked => 3,
        Membership::Banned => 4,
    }
}

pub(crate) fn visibility(row: &Row<'_>, column: usize) -> Result<Visibility> {
    Ok(match row.get::<_, i64>(column)? {
        0 => Visibility::Public,
        _ => Visibility::Private,
    })
}

pub(crate) fn history(row: &Row<'_>, column: usize) -> Result<HistoryVisibility> {
    Ok(match row.get::<_, i64>(column)? {
        0 => HistoryVisibility::Visible,
        _ => HistoryVisibility::Hidden,
    })
}

pub(crate) fn role(row: &Row<'_>, column: usize) -> Result<Role> {
    Ok(match row.get::<_, i64>(column)? {
        0 => Role::Member,
        1 => Role::Moderator,
        _ => Role::Owner,
    })
}

pub(crate) fn standing(row: &Row<'_>, column: usize) -> Result<Membership> {
    Ok(match row.get::<_, i64>(column)? {
        0 => Membership::Member,
        1 => Membership::Invited,
        2 => Membership::Left,
        3 => Membership::Kicked,
        _ => Membership::Banned,
    })
}

/// Reads whether a member has no voice, from two columns.
pub(crate) fn mute(row: &Row<'_>, column: usize) -> Result<Option<Mute>> {
    let is_muted: bool = row.get(column)?;
    let until = row.get::<_, Option<i64>>(column + 1)?;
    let until = until.map(|until| Timestamp(until.unsigned_abs()));
    Ok(is_muted.then_some(Mute { until }))
}
