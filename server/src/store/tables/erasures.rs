//! Table `erasures`: what is still to be erased of removed users and closed rooms.

use recado_shared::{Seq, UserId};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use crate::store::values::column::{int, optional_uint, uint};

/// The erasure of the messages of a removed user, or of a closed room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Erasure {
    id: i64,
    /// `None` for all messages of a room.
    pub(crate) user: Option<UserId>,
    /// Whether the user's conversations have the entry that tells their members.
    pub(crate) is_announced: bool,
    /// The row of the conversation that was reached.
    pub(crate) conversation: i64,
    /// The last entry in it that was looked at.
    pub(crate) seq: Seq,
    pub(crate) done: u64,
    pub(crate) total: u64,
}

const COLUMNS: &str = "id, user, is_announced, conversation, seq, done, total";

fn erasure(row: &Row<'_>) -> Result<Erasure> {
    Ok(Erasure {
        id: row.get(0)?,
        user: optional_uint(row, 1)?.map(UserId),
        is_announced: row.get(2)?,
        conversation: row.get(3)?,
        seq: Seq(uint(row, 4)?),
        done: uint(row, 5)?,
        total: uint(row, 6)?,
    })
}

/// The oldest erasure under way.
pub(crate) fn first(db: &Connection) -> Result<Option<Erasure>> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM erasures ORDER BY id LIMIT 1"
    ))?
    .query_one([], erasure)
    .optional()
}

/// All erasures under way, oldest first.
pub(crate) fn all(db: &Connection) -> Result<Vec<Erasure>> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM erasures ORDER BY id"))?
        .query_map([], erasure)?
        .collect()
}

pub(crate) fn begin_of_user(db: &Connection, user: UserId) -> Result<usize> {
    db.prepare_cached(
        "INSERT INTO erasures (user, is_announced, conversation, seq, done, total)
         VALUES (?1, 0, 0, 0, 0, (SELECT ifnull(sum(c.newest), 0) FROM members m
             JOIN conversations c ON c.id = m.conversation WHERE m.user = ?1))",
    )?
    .execute([int(user.0)])
}

pub(crate) fn begin_of_room(db: &Connection, conversation: i64, newest: Seq) -> Result<usize> {
    db.prepare_cached(
        "INSERT INTO erasures (user, is_announced, conversation, seq, done, total)
         VALUES (NULL, 1, ?1, 0, 0, ?2)",
    )?
    .execute(params![conversation, int(newest.0)])
}

/// Stores the place that an erasure has reached.
pub(crate) fn update(db: &Connection, erasure: &Erasure) -> Result<usize> {
    db.prepare_cached(
        "UPDATE erasures SET is_announced = ?2, conversation = ?3, seq = ?4, done = ?5 WHERE id = ?1",
    )?
    .execute(params![
        erasure.id,
        erasure.is_announced,
        erasure.conversation,
        int(erasure.seq.0),
        int(erasure.done)
    ])
}

pub(crate) fn finish(db: &Connection, erasure: &Erasure) -> Result<usize> {
    db.prepare_cached("DELETE FROM erasures WHERE id = ?1")?
        .execute([erasure.id])
}
