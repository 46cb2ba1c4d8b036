//! Reader threads, and the heads of a user's conversations.

use std::collections::{BTreeMap, btree_map};
use std::sync::{Arc, Mutex, PoisonError};

use recado_shared::limits::MAX_MEMBERS_WITH_CURSORS;
use recado_shared::{
    Head, HistoryVisibility, MemberCursors, Membership, Role, RoomInfo, RoomName, Seq, Stamp,
    Timestamp, Topic, UserId, UserName, Visibility,
};
use rusqlite::{Connection, Result, Row, params};
use tokio::sync::mpsc;

use crate::id::SessionId;
use crate::store::answers::{Answers, StoreEvent};
use crate::store::tables::{conversations, epochs, schema};
use crate::store::values;
use crate::store::values::column::{int, mute, optional_text, optional_uint, text, uint, variant};
use crate::store::values::{Read, ReadResult};

/// Answers a request from one transaction, so that the answer is consistent.
pub(crate) fn answer(db: &Connection, read: Read) -> Result<ReadResult> {
    #[cfg(test)]
    crate::store::tests::plans::begin();
    db.prepare_cached("BEGIN")?.execute([])?;
    let result = match read {
        Read::Heads {
            session,
            user,
            since,
        } => heads(db, session, user, since.unwrap_or_default()),
        Read::Agreed {
            session,
            user,
            place,
        } => epochs::newest_up_to(db, user, place)
            .map(|places| ReadResult::Agreed { session, places }),
        Read::Query {
            origin,
            user,
            query,
        } => values::answer(query.answer(db, user))
            .map(|result| ReadResult::Answer { origin, result }),
    };
    // There is nothing to undo, but a lock to give back.
    let ended = db.prepare_cached("COMMIT")?.execute([]);
    let result = result?;
    ended?;
    #[cfg(test)]
    crate::store::tests::plans::check(db);
    Ok(result)
}

/// Answers requests until the queue that all readers share is closed and empty, or the database
/// fails.
pub(crate) fn run_reader(
    db: &Connection,
    queue: &Arc<Mutex<mpsc::Receiver<Read>>>,
    answers: &Answers,
) {
    loop {
        // One reader waits at the queue, the others wait for its place.
        let read = queue
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(read) = read else { return };
        match answer(db, read) {
            Ok(result) => answers.send(StoreEvent::Read(result)),
            Err(error) => return answers.fail(&error),
        }
    }
}

fn heads(db: &Connection, session: SessionId, user: UserId, since: Stamp) -> Result<ReadResult> {
    let (_, stamp) = schema::identity(db)?;
    let mut changed = db.prepare_cached(
        "SELECT c.id, c.low, c.high, c.room, c.newest, c.newest_time, m.first, m.last,
             c.messages - m.read_messages - m.own_after_read, m.delivered, m.read,
             m.standing, m.role, m.is_muted, m.mute_until,
             r.name, r.topic, r.visibility, r.history, r.members, m.is_request
         FROM members m JOIN conversations c ON c.id = m.conversation
             LEFT JOIN rooms r ON r.id = c.room
         WHERE m.user = ?1 AND (m.standing IN (0, 1) OR ?2 > 0)
             AND (m.changed > ?2 OR (c.changed > ?2 AND m.standing = 0))
         ORDER BY c.newest_time DESC, c.id DESC",
    )?;
    let mut people = BTreeMap::new();
    let mut heads = Vec::new();
    let mut rows = changed.query(params![int(user.0), int(since.0)])?;
    while let Some(row) = rows.next()? {
        heads.push(head(db, user, row, &mut people)?);
    }
    Ok(ReadResult::Heads {
        session,
        heads,
        people: people.into_iter().collect(),
        stamp,
    })
}

fn head(
    db: &Connection,
    user: UserId,
    row: &Row<'_>,
    people: &mut BTreeMap<UserId, UserName>,
) -> Result<Head> {
    let conversation = conversations::id(row, 1)?;
    let room = conversation.room().map(|_| room_info(row)).transpose()?;
    let is_member = room
        .as_ref()
        .is_none_or(|room| room.membership == Membership::Member);
    let shows_cursors = room.as_ref().is_none_or(|room| {
        usize::try_from(room.members).is_ok_and(|members| members <= MAX_MEMBERS_WITH_CURSORS)
    });
    let cursors = if is_member && shows_cursors {
        cursors_of(db, row.get(0)?, room.is_none().then_some(people))?
    } else {
        vec![MemberCursors {
            user,
            delivered: Seq(uint(row, 9)?),
            read: Seq(uint(row, 10)?),
        }]
    };
    let newest = Seq(uint(row, 4)?);
    Ok(Head {
        conversation,
        newest: optional_uint(row, 7)?.map_or(newest, |last| newest.min(Seq(last))),
        newest_time: Timestamp(uint(row, 5)?),
        unread: if is_member { uint(row, 8)? } else { 0 },
        cursors,
        first: Seq(uint(row, 6)?),
        room,
        is_request: row.get(20)?,
    })
}

fn room_info(row: &Row<'_>) -> Result<RoomInfo> {
    Ok(RoomInfo {
        name: text(row, 15, RoomName::new)?,
        topic: optional_text(row, 16, Topic::stored)?,
        visibility: variant(row, 17, Visibility::from_repr)?,
        history: variant(row, 18, HistoryVisibility::from_repr)?,
        members: row.get(19)?,
        membership: variant(row, 11, Membership::from_repr)?,
        role: variant(row, 12, Role::from_repr)?,
        mute: mute(row, 13)?,
    })
}

/// Cursors of all members; their names go to `people` if given.
fn cursors_of(
    db: &Connection,
    conversation: i64,
    mut people: Option<&mut BTreeMap<UserId, UserName>>,
) -> Result<Vec<MemberCursors>> {
    let mut members = db.prepare_cached(
        "SELECT m.user, m.delivered, m.read, u.name FROM members m JOIN users u ON u.id = m.user
         WHERE m.conversation = ?1 AND m.standing = 0 ORDER BY m.user",
    )?;
    let mut cursors = Vec::new();
    let mut of = members.query([conversation])?;
    while let Some(member) = of.next()? {
        let user = UserId(uint(member, 0)?);
        cursors.push(MemberCursors {
            user,
            delivered: Seq(uint(member, 1)?),
            read: Seq(uint(member, 2)?),
        });
        if let Some(people) = &mut people
            && let btree_map::Entry::Vacant(vacant) = people.entry(user)
        {
            vacant.insert(text(member, 3, UserName::new)?);
        }
    }
    Ok(cursors)
}
