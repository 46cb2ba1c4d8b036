//! Table `conversations`: the row of each log, with the place of its newest entry.

use recado_shared::{ConversationId, DirectPair, RoomId, Seq, Stamp, Timestamp, UserId};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, Row, params};

use super::statement::prepare_once;
use crate::store::values::column::{int, optional_uint, uint};

#[derive(Clone, Copy, Debug)]
pub(crate) struct ConversationRow {
    pub(crate) row: i64,
    pub(crate) newest: Seq,
    pub(crate) newest_time: Timestamp,
    pub(crate) messages: u64,
    pub(crate) changed: Stamp,
    /// Members of the room; 0 for a direct conversation.
    pub(crate) members: u64,
}

/// How far an entry's time may be held back by that of the entry before, in milliseconds, so that a
/// clock that is set by a few seconds does not show. A clock that was far ahead once does not count.
const MAX_HOLD: u64 = 5_000;

impl ConversationRow {
    /// The time of an entry that is appended now.
    pub(crate) fn next_time(&self, now: Timestamp) -> Timestamp {
        if self.newest_time.0.saturating_sub(now.0) <= MAX_HOLD {
            now.max(self.newest_time)
        } else {
            now
        }
    }
}

const ROW: &str =
    "SELECT c.id, c.newest, c.newest_time, c.messages, c.changed, ifnull(r.members, 0)
     FROM conversations c LEFT JOIN rooms r ON r.id = c.room";

fn read(row: &Row<'_>) -> Result<ConversationRow> {
    Ok(ConversationRow {
        row: row.get(0)?,
        newest: Seq(uint(row, 1)?),
        newest_time: Timestamp(uint(row, 2)?),
        messages: uint(row, 3)?,
        changed: Stamp(uint(row, 4)?),
        members: uint(row, 5)?,
    })
}

pub(crate) fn find(db: &Connection, id: ConversationId) -> Result<Option<ConversationRow>> {
    match id {
        ConversationId::Direct(pair) => db
            .prepare_cached(&format!("{ROW} WHERE c.low = ?1 AND c.high = ?2"))?
            .query_one(params![int(pair.low().0), int(pair.high().0)], read),
        ConversationId::Room(room) => db
            .prepare_cached(&format!("{ROW} WHERE c.room = ?1"))?
            .query_one([int(room.0)], read),
    }
    .optional()
}

pub(crate) fn by_row(db: &Connection, row: i64) -> Result<ConversationRow> {
    db.prepare_cached(&format!("{ROW} WHERE c.id = ?1"))?
        .query_one([row], read)
}

pub(crate) fn update<'a>(
    db: &'a Connection,
    statement: &mut Option<CachedStatement<'a>>,
    conversation: &ConversationRow,
) -> Result<usize> {
    let sql = "UPDATE conversations SET newest = ?2, newest_time = ?3, messages = ?4, changed = ?5
         WHERE id = ?1";
    prepare_once(db, statement, sql)?.execute(params![
        conversation.row,
        int(conversation.newest.0),
        int(conversation.newest_time.0),
        int(conversation.messages),
        int(conversation.changed.0)
    ])
}

/// Reads which conversation a row is of, from the columns `low`, `high` and `room`.
pub(crate) fn id(row: &Row<'_>, low: usize) -> Result<ConversationId> {
    Ok(match optional_uint(row, low + 2)? {
        Some(room) => ConversationId::Room(RoomId(room)),
        None => ConversationId::direct(UserId(uint(row, low)?), UserId(uint(row, low + 1)?)),
    })
}

pub(crate) fn id_of(db: &Connection, row: i64) -> Result<ConversationId> {
    db.prepare_cached("SELECT low, high, room FROM conversations WHERE id = ?1")?
        .query_one([row], |row| id(row, 0))
}

/// Adds the empty log of a direct conversation with its members, or that of a room.
pub(crate) fn create(db: &Connection, id: ConversationId) -> Result<i64> {
    let pair = id.pair();
    let low = pair.map(|pair| int(pair.low().0));
    let high = pair.map(|pair| int(pair.high().0));
    let row = db
        .prepare_cached(
            "INSERT INTO conversations (low, high, room, newest, newest_time, messages, changed)
             VALUES (?1, ?2, ?3, 0, 0, 0, 0)",
        )?
        .insert(params![low, high, id.room().map(|room| int(room.0))])?;
    let mut join = db.prepare_cached("INSERT INTO members (conversation, user) VALUES (?1, ?2)")?;
    for user in pair.into_iter().flat_map(DirectPair::members) {
        join.execute(params![row, int(user.0)])?;
    }
    Ok(row)
}

pub(crate) fn room_of(db: &Connection, row: i64) -> Result<Option<RoomId>> {
    db.prepare_cached("SELECT room FROM conversations WHERE id = ?1")?
        .query_one([row], |row| Ok(optional_uint(row, 0)?.map(RoomId)))
}

/// Marks the direct conversations of a user as changed at the next stamp, because their heads carry
/// the user's new name.
pub(crate) fn mark_renamed(db: &Connection, stamp: &mut Stamp, user: UserId) -> Result<usize> {
    stamp.0 += 1;
    db.prepare_cached(
        "UPDATE conversations SET changed = ?2
         WHERE room IS NULL AND id IN (SELECT conversation FROM members WHERE user = ?1)",
    )?
    .execute(params![int(user.0), int(stamp.0)])
}

/// The first conversation after a row in which a user may have written, with its row and whether it is a room with
/// the user as a member.
pub(crate) fn next_of_author(
    db: &Connection,
    user: UserId,
    after: i64,
) -> Result<Option<(ConversationId, i64, bool)>> {
    db.prepare_cached(
        "SELECT c.id, c.low, c.high, c.room, c.room IS NOT NULL AND m.standing = 0
         FROM members m JOIN conversations c ON c.id = m.conversation
         WHERE m.user = ?1 AND m.conversation > ?2 AND (m.last IS NULL OR m.last > 0)
         ORDER BY m.conversation LIMIT 1",
    )?
    .query_one(params![int(user.0), after], |row| {
        Ok((id(row, 1)?, row.get(0)?, row.get(4)?))
    })
    .optional()
}
