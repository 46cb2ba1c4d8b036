//! Memberships for the relay, read at start. Where a table is damaged, its rows are read one by one, and the
//! unreadable ones are left out.

use std::path::Path;

use recado_shared::{Epoch, EpochId, RoomId, UserId};
use rusqlite::{Connection, OptionalExtension as _, Result};

use crate::store::damage::{DamageLog, Subject};
use crate::store::tables::{epochs, erasures, rooms, schema, settings, users};
use crate::store::values::column::number;
use crate::store::values::{ClockCheck, Fault, StoreError, StoredMemberships};

/// Most rows that are read one by one: a damaged number must not keep the server from starting.
const MAX_ROWS: u64 = 10_000_000;

/// `pending` is an epoch that is not stored yet.
pub(super) fn memberships(
    db: &Connection,
    damage: &DamageLog,
    pending: Option<EpochId>,
) -> Result<StoredMemberships> {
    let mut epochs = epochs::all(db)?;
    if let Some(id) = pending {
        let start = epochs::next_start(db)?;
        epochs.push(Epoch { id, start });
    }
    let of_users = Table {
        db,
        damage,
        name: "users",
        subject: |id| Subject::User(UserId(id)),
    };
    let of_rooms = Table {
        name: "rooms",
        subject: |id| Subject::Room(RoomId(id)),
        ..of_users
    };
    let mut damaged_rooms = Vec::new();
    let rooms = of_rooms.read(rooms::all(db), |id| {
        let room = rooms::find(db, RoomId(id));
        damaged_rooms.extend(room.is_err().then_some(RoomId(id)));
        room.map(Vec::from_iter)
    })?;
    Ok(StoredMemberships {
        epochs,
        rooms,
        damaged_rooms,
        blocks: of_users.read(settings::blocks(db, None), |id| {
            settings::blocks(db, Some(UserId(id)))
        })?,
        closed: of_users.read(users::closed(db), |id| {
            let is_closed = users::is_closed(db, UserId(id))?;
            Ok(Vec::from_iter(is_closed.then_some(UserId(id))))
        })?,
        displays: of_users.read(users::displays(db, None), |id| {
            users::displays(db, Some(UserId(id)))
        })?,
        has_erasures: erasures::first(db)?.is_some(),
    })
}

/// Refuses a clock that is far from that of the last change. An accepted one counts from now on.
pub(super) fn check_clock(
    db: &Connection,
    check: ClockCheck,
    dir: &Path,
) -> std::result::Result<(), StoreError> {
    let last = schema::clock(db).map_err(StoreError::database(dir))?;
    let Some(last) = last else {
        return Ok(());
    };
    if !check.is_plausible(last) {
        return Err(StoreError::Clock {
            path: dir.to_owned(),
            now: check.now,
            last,
        });
    }
    if check.is_accepted {
        schema::set_clock(db, check.now).map_err(StoreError::database(dir))?;
    }
    Ok(())
}

/// A table whose rows are numbered from 1 and never numbered again.
#[derive(Clone, Copy)]
struct Table<'a> {
    db: &'a Connection,
    damage: &'a DamageLog,
    name: &'static str,
    subject: fn(u64) -> Subject,
}

impl Table<'_> {
    /// The values of all rows, or those of the readable ones if there is damage.
    fn read<T>(
        &self,
        all: Result<Vec<T>>,
        mut of_row: impl FnMut(u64) -> Result<Vec<T>>,
    ) -> Result<Vec<T>> {
        match all {
            Err(error) if Fault::of(&error) == Fault::Damage => {}
            all => return all,
        }
        let last: Option<u64> = self
            .db
            .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = ?1")?
            .query_one([self.name], number)
            .optional()?;
        let mut values = Vec::new();
        for id in 1..=last.unwrap_or(0).min(MAX_ROWS) {
            match of_row(id) {
                Err(error) if Fault::of(&error) == Fault::Damage => {
                    self.damage.report(self.db, (self.subject)(id), &error);
                }
                row => values.extend(row?),
            }
        }
        Ok(values)
    }
}
