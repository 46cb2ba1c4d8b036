//! Table `epochs`: the history of the data, and how far a user's logs reach in it.

use recado_shared::{ConversationId, Epoch, EpochId, Seq, UserId};
use rusqlite::{Connection, Error, Result, params};

use super::conversations;
use crate::store::values::column::{self, int, number, uint};

/// Starts an epoch after all entries that there are.
pub(crate) fn begin(db: &Connection, id: EpochId) -> Result<usize> {
    db.execute(
        "INSERT INTO epochs (id, start) VALUES (?1, (SELECT ifnull(max(id), 0) FROM entries))",
        [id.0],
    )
}

/// Where an epoch that begins now starts.
pub(crate) fn next_start(db: &Connection) -> Result<u64> {
    db.query_row("SELECT ifnull(max(id), 0) FROM entries", [], number)
}

/// Draws the id of an epoch.
pub(crate) fn random_id() -> Result<EpochId> {
    column::random().map(EpochId)
}

/// All epochs, oldest first: one for each time that the data was opened.
pub(crate) fn all(db: &Connection) -> Result<Vec<Epoch>> {
    db.prepare("SELECT id, start FROM epochs ORDER BY number")?
        .query_map([], |row| {
            Ok(Epoch {
                id: EpochId(row.get(0)?),
                start: uint(row, 1)?,
            })
        })?
        .collect()
}

/// The conversations that a user is or was in, each with its newest entry among the first `place`
/// ones of the server; zero if none is. An entry that cannot be read goes to `on_error`, which may let
/// its whole log count as such.
pub(crate) fn newest_up_to(
    db: &Connection,
    user: UserId,
    place: u64,
    mut on_error: impl FnMut(ConversationId, Error) -> Result<()>,
) -> Result<Vec<(ConversationId, Seq)>> {
    let mut conversations = db.prepare_cached(
        "SELECT c.low, c.high, c.room, c.id, c.newest
         FROM members m JOIN conversations c ON c.id = m.conversation WHERE m.user = ?1",
    )?;
    let mut rows = conversations.query([int(user.0)])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let newest = Seq(uint(row, 4)?);
        let conversation = conversations::id(row, 0)?;
        let seq = match last_up_to(db, row.get(3)?, newest, place) {
            Ok(seq) => seq,
            Err(error) => on_error(conversation, error).map(|()| newest)?,
        };
        found.push((conversation, seq));
    }
    Ok(found)
}

/// The last entry of a log among the first `place` ones of the server. Ids grow along a log, so that
/// halving finds it; most logs have not changed since, and take one step.
fn last_up_to(db: &Connection, conversation: i64, newest: Seq, place: u64) -> Result<Seq> {
    let mut id_at =
        db.prepare_cached("SELECT id FROM entries WHERE conversation = ?1 AND seq = ?2")?;
    let mut is_within = |seq: u64| -> Result<bool> {
        let id: u64 = id_at.query_one(params![conversation, int(seq)], number)?;
        Ok(id <= place)
    };
    let (mut low, mut high) = (0, newest.0);
    let mut probe = high;
    while low < high {
        if is_within(probe)? {
            low = probe;
        } else {
            high = probe - 1;
        }
        probe = low + (high - low).div_ceil(2);
    }
    Ok(Seq(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_entry_of_a_log_before_a_place_is_found() {
        let db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE entries (id INTEGER PRIMARY KEY, conversation, seq)")
            .unwrap();
        let mut insert = db
            .prepare("INSERT INTO entries (id, conversation, seq) VALUES (?1, 1, ?2)")
            .unwrap();
        for seq in 1..=20_i64 {
            insert.execute([seq * 10, seq]).unwrap();
        }
        for newest in [0, 1, 2, 19, 20] {
            for place in 0..=210 {
                let expected = (place / 10).min(newest);
                let found = last_up_to(&db, 1, Seq(newest), place).unwrap();
                assert_eq!(found, Seq(expected), "{newest} {place}");
            }
        }
    }
}
