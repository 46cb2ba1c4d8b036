//! Table `rooms`: name, topic, visibility and member count of each room.

use recado_shared::rules::membership::RoomChange;
use recado_shared::{RoomId, RoomName, Topic, Visibility};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use super::members;
use super::names::ROOM_NAMES;
use crate::store::values::column::{int, text, uint, variant};
use crate::store::values::{Failure, NewRoom, Rejection, StoredRoom};

pub(crate) fn insert(db: &Connection, new: &NewRoom) -> Result<RoomId> {
    let room = db
        .prepare_cached(
            "INSERT INTO rooms (name, folded, visibility, history) VALUES (?1, ?2, ?3, ?4)",
        )?
        .insert(params![
            new.name.as_str(),
            new.name.folded(),
            new.visibility as u8,
            new.history as u8,
        ])?
        .unsigned_abs();
    ROOM_NAMES.claim(db, &new.name.keys(), room)?;
    Ok(RoomId(room))
}

pub(crate) fn check_name<R: Rejection>(
    db: &Connection,
    name: &RoomName,
    room: Option<RoomId>,
) -> std::result::Result<(), Failure<R>> {
    ROOM_NAMES.check(db, &name.keys(), &name.folded(), room.map(|room| room.0))
}

/// Stores a property of a room. A name must be without a conflict; changes of members are stored by
/// [`members`].
pub(crate) fn update(db: &Connection, room: RoomId, change: RoomChange<'_>) -> Result<()> {
    let key = int(room.0);
    match change {
        RoomChange::Name(name) => {
            ROOM_NAMES.claim(db, &name.keys(), room.0)?;
            db.prepare_cached("UPDATE rooms SET name = ?2, folded = ?3 WHERE id = ?1")?
                .execute(params![key, name.as_str(), name.folded()])?;
        }
        RoomChange::Topic(topic) => {
            db.prepare_cached("UPDATE rooms SET topic = ?2 WHERE id = ?1")?
                .execute(params![key, topic.map(Topic::as_str)])?;
        }
        RoomChange::Visibility(visibility) => {
            db.prepare_cached("UPDATE rooms SET visibility = ?2 WHERE id = ?1")?
                .execute(params![key, visibility as u8])?;
        }
        RoomChange::History(history) => {
            db.prepare_cached("UPDATE rooms SET history = ?2 WHERE id = ?1")?
                .execute(params![key, history as u8])?;
        }
        RoomChange::Close => {
            db.prepare_cached("UPDATE rooms SET is_closed = 1 WHERE id = ?1")?
                .execute([key])?;
        }
        RoomChange::Member(..) => {}
    }
    Ok(())
}

pub(crate) fn name(db: &Connection, room: RoomId) -> Result<Option<RoomName>> {
    db.prepare_cached("SELECT name FROM rooms WHERE id = ?1")?
        .query_one([int(room.0)], |row| text(row, 0, RoomName::new))
        .optional()
}

/// Whether a room is closed, and whether it is private.
pub(crate) fn access(db: &Connection, room: RoomId) -> Result<(bool, bool)> {
    db.prepare_cached("SELECT is_closed, visibility <> 0 FROM rooms WHERE id = ?1")?
        .query_one([int(room.0)], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Lets other rooms have the present and former names of a closed room. It keeps its name for those who were in
/// it; as no name has the sign `#`, it is not found by it.
pub(crate) fn release_names(db: &Connection, room: RoomId) -> Result<usize> {
    let key = int(room.0);
    db.prepare_cached("DELETE FROM room_name_keys WHERE room = ?1")?
        .execute([key])?;
    db.prepare_cached("UPDATE rooms SET folded = '#' || id WHERE id = ?1")?
        .execute([key])
}

pub(crate) fn count_members(db: &Connection, conversation: i64) -> Result<usize> {
    db.prepare_cached(
        "UPDATE rooms SET members =
             (SELECT count(*) FROM members WHERE conversation = ?1 AND standing = 0)
         WHERE id = (SELECT room FROM conversations WHERE id = ?1)",
    )?
    .execute([conversation])
}

const STORED: &str = "SELECT r.id, r.visibility, r.is_closed, c.id FROM rooms r
     JOIN conversations c ON c.room = r.id";

pub(crate) fn all(db: &Connection) -> Result<Vec<StoredRoom>> {
    db.prepare(&format!("{STORED} ORDER BY r.id"))?
        .query_map([], |row| stored(db, row))?
        .collect()
}

pub(crate) fn find(db: &Connection, room: RoomId) -> Result<Option<StoredRoom>> {
    db.prepare_cached(&format!("{STORED} WHERE r.id = ?1"))?
        .query_one([int(room.0)], |row| stored(db, row))
        .optional()
}

fn stored(db: &Connection, row: &Row<'_>) -> Result<StoredRoom> {
    Ok(StoredRoom {
        room: RoomId(uint(row, 0)?),
        visibility: variant(row, 1, Visibility::from_repr)?,
        is_closed: row.get(2)?,
        members: members::states(db, row.get(3)?)?,
    })
}
