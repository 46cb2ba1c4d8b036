//! Heads of a user's conversations.

use std::collections::{BTreeMap, btree_map};

use recado_shared::limits::MAX_MEMBERS_WITH_CURSORS;
use recado_shared::{
    Head, HistoryVisibility, MemberCursors, Membership, Role, RoomInfo, RoomName, Seq, Stamp,
    Timestamp, Topic, UserId, UserName, Visibility,
};
use rusqlite::{Connection, Result, Row, params};

use crate::id::SessionId;
use crate::store::damage::{DamageLog, Subject};
use crate::store::tables::{conversations, schema};
use crate::store::values::ReadResult;
use crate::store::values::column::{int, mute, optional_text, optional_uint, text, uint, variant};

/// Heads that changed after a stamp; the newest conversation is first.
const CHANGED: &str =
    "SELECT c.id, c.low, c.high, c.room, c.newest, c.newest_time, m.first, m.last,
         c.messages - m.read_messages - m.own_after_read, m.delivered, m.read,
         m.standing, m.role, m.is_muted, m.mute_until,
         r.name, r.topic, r.visibility, r.history, r.members, m.is_request
     FROM members m JOIN conversations c ON c.id = m.conversation
         LEFT JOIN rooms r ON r.id = c.room
     WHERE m.user = ?1 AND (m.standing IN (0, 1) OR ?2 > 0)
         AND (m.changed > ?2 OR (c.changed > ?2 AND m.standing = 0))";

pub(super) fn all(
    db: &Connection,
    session: SessionId,
    user: UserId,
    since: Stamp,
) -> Result<ReadResult> {
    let (_, stamp) = schema::identity(db)?;
    let mut changed =
        db.prepare_cached(&format!("{CHANGED} ORDER BY c.newest_time DESC, c.id DESC"))?;
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

/// The heads that can be read, each by itself. The others are reported; their clients keep what they
/// have.
pub(super) fn undamaged(
    db: &Connection,
    session: SessionId,
    user: UserId,
    since: Stamp,
    damage: &DamageLog,
) -> Result<ReadResult> {
    db.prepare_cached("BEGIN")?.execute([])?;
    let mut people = BTreeMap::new();
    let mut heads = Vec::new();
    for row in rows_of(db, user, damage) {
        match of_row(db, user, row, since, &mut people) {
            Ok(head) => heads.extend(head),
            Err(error) => damage.report(db, subject_of(db, row), &error),
        }
    }
    // Without the stamp the client asks for the same heads again in its next session.
    let stamp = schema::identity(db).map_or(since, |(_, stamp)| stamp);
    // After damage SQLite refuses to commit, even what only read.
    db.prepare_cached("ROLLBACK")?.execute([])?;
    heads.sort_by_key(|head| std::cmp::Reverse(head.newest_time));
    Ok(ReadResult::Heads {
        session,
        heads,
        people: people.into_iter().collect(),
        stamp,
    })
}

/// The rows of a user's conversations, up to the first damage in their list.
fn rows_of(db: &Connection, user: UserId, damage: &DamageLog) -> Vec<i64> {
    let mut found = Vec::new();
    let mut read = || -> Result<()> {
        let mut statement =
            db.prepare_cached("SELECT conversation FROM members WHERE user = ?1")?;
        let mut rows = statement.query([int(user.0)])?;
        while let Some(row) = rows.next()? {
            found.push(row.get(0)?);
        }
        Ok(())
    };
    if let Err(error) = read() {
        damage.report(db, Subject::User(user), &error);
    }
    found
}

fn of_row(
    db: &Connection,
    user: UserId,
    conversation: i64,
    since: Stamp,
    people: &mut BTreeMap<UserId, UserName>,
) -> Result<Option<Head>> {
    let mut statement = db.prepare_cached(&format!("{CHANGED} AND m.conversation = ?3"))?;
    let mut rows = statement.query(params![int(user.0), int(since.0), conversation])?;
    rows.next()?
        .map(|row| head(db, user, row, people))
        .transpose()
}

fn subject_of(db: &Connection, row: i64) -> Subject {
    conversations::id_of(db, row).map_or(Subject::ConversationRow(row), Subject::Conversation)
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
