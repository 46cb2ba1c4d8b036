//! Queries of the readers: heads, pages of a log, and the directories.

use std::collections::BTreeMap;

use recado_shared::limits::MAX_MEMBERS_WITH_CURSORS;
use recado_shared::name::fold;
use recado_shared::{
    ConversationId, Entry, Head, HistoryVisibility, MemberCursors, Membership, PageRange, Role,
    RoomId, RoomInfo, RoomName, RoomSummary, Seq, Setting, Stamp, Timestamp, Topic, UserId,
    UserName, Visibility,
};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

use crate::store::tables::devices;
use crate::store::tables::entries;
use crate::store::tables::schema;
use crate::store::tables::settings;
use crate::store::tables::{conversations, members as member_rows};
use crate::store::values::column::{int, mute, optional_text, text, uint, variant};
use crate::store::values::request::{FindRooms, Read, ReadResult, Resend, StoredMember};

/// Answers a request from one transaction, so that the answer is consistent.
pub(crate) fn answer(db: &Connection, question: Read) -> Result<ReadResult> {
    db.prepare_cached("BEGIN")?.execute([])?;
    let result = answer_in(db, question);
    // There is nothing to undo, but a lock to give back.
    let ended = db.prepare_cached("COMMIT")?.execute([]);
    let result = result?;
    ended?;
    Ok(result)
}

#[rustfmt::skip]
fn answer_in(db: &Connection, question: Read) -> Result<ReadResult> {
    Ok(match question {
        Read::Heads { session, user, since } => {
            let (heads, people, stamp) = heads(db, user, since.unwrap_or_default())?;
            ReadResult::Heads { session, heads, people, stamp }
        }
        Read::Page { origin, user, conversation, range, limit } => {
            let (entries, newest) = page(db, user, conversation, range, limit)?;
            ReadResult::Page { origin, entries, newest }
        }
        Read::Users { origin, prefix, after, limit } => {
            let (people, more) = people(db, &prefix, after.as_ref(), limit)?;
            ReadResult::Users { origin, people, more }
        }
        Read::Settings { origin, user, after } => {
            let (settings, stamp, more) = settings_after(db, user, after)?;
            ReadResult::Settings { origin, settings, stamp, more }
        }
        Read::Resend { origin, sent } => {
            let result = find_resend(db, &sent)?.ok_or(sent.refusal);
            ReadResult::Resend { origin, result }
        }
        Read::Names { origin, users } => {
            let (people, more) = (names(db, &users)?, false);
            ReadResult::Users { origin, people, more }
        }
        Read::Rooms { origin, find } => {
            let (rooms, more) = rooms(db, &find)?;
            ReadResult::Rooms { origin, rooms, more }
        }
        Read::Devices { origin, user } => {
            let devices = devices::list(db, user)?;
            ReadResult::Devices { origin, devices }
        }
        Read::Members { origin, room, after, limit } => {
            let (members, more) = members(db, room, after, limit)?;
            ReadResult::Members { origin, members, more }
        }
    })
}

type People = Vec<(UserId, UserName)>;

fn heads(db: &Connection, user: UserId, since: Stamp) -> Result<(Vec<Head>, People, Stamp)> {
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
    Ok((heads, people.into_iter().collect(), Stamp(stamp)))
}

fn head(
    db: &Connection,
    user: UserId,
    row: &Row<'_>,
    people: &mut BTreeMap<UserId, UserName>,
) -> Result<Head> {
    let own = MemberCursors {
        user,
        delivered: Seq(uint(row, 9)?),
        read: Seq(uint(row, 10)?),
    };
    let facts = row.get::<_, Option<i64>>(3)?.map(|_| facts(row));
    let facts = facts.transpose()?;
    let conversation = match row.get::<_, Option<i64>>(3)? {
        Some(room) => ConversationId::Room(RoomId(room.unsigned_abs())),
        None => ConversationId::direct(UserId(uint(row, 1)?), UserId(uint(row, 2)?)),
    };
    let is_in = facts
        .as_ref()
        .is_none_or(|facts| facts.membership == Membership::Member);
    let shows_cursors = facts.as_ref().is_none_or(|facts| {
        usize::try_from(facts.members).is_ok_and(|members| members <= MAX_MEMBERS_WITH_CURSORS)
    });
    let cursors = if is_in && shows_cursors {
        cursors_of(db, row.get(0)?, facts.is_none().then_some(people))?
    } else {
        vec![own]
    };
    let newest = Seq(uint(row, 4)?);
    let last = row.get::<_, Option<i64>>(7)?;
    Ok(Head {
        conversation,
        newest: last.map_or(newest, |last| newest.min(Seq(last.unsigned_abs()))),
        newest_time: Timestamp(uint(row, 5)?),
        unread: if is_in { uint(row, 8)? } else { 0 },
        cursors,
        first: Seq(uint(row, 6)?),
        room: facts,
        is_request: row.get(20)?,
    })
}

fn facts(row: &Row<'_>) -> Result<RoomInfo> {
    Ok(RoomInfo {
        name: text(row, 15, RoomName::new)?,
        topic: optional_text(row, 16, Topic::new)?,
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
            && let std::collections::btree_map::Entry::Vacant(vacant) = people.entry(user)
        {
            vacant.insert(text(member, 3, UserName::new)?);
        }
    }
    Ok(cursors)
}

fn page(
    db: &Connection,
    user: UserId,
    conversation: ConversationId,
    range: PageRange,
    limit: u16,
) -> Result<(Vec<Entry>, Seq)> {
    let Some(found) = conversations::find(db, conversation)? else {
        return Ok((Vec::new(), Seq::ZERO));
    };
    let Some((first, last)) = member_rows::readable(db, found.row, user)? else {
        return Ok((Vec::new(), Seq::ZERO));
    };
    let newest = found.newest.min(last);
    let entries = entries::page(db, found.row, range, (first, newest), limit)?;
    Ok((entries, newest))
}

/// The names of these users; unknown ones are left out.
fn names(db: &Connection, users: &[UserId]) -> Result<People> {
    let mut find = db.prepare_cached("SELECT name FROM users WHERE id = ?1")?;
    let mut people = Vec::new();
    for &user in users {
        let found = find
            .query_one([int(user.0)], |row| text(row, 0, UserName::new))
            .optional()?;
        people.extend(found.map(|name| (user, name)));
    }
    Ok(people)
}

/// Public rooms, and rooms that the user is in or invited to.
fn rooms(db: &Connection, find: &FindRooms) -> Result<(Vec<RoomSummary>, bool)> {
    let from = fold(&find.prefix);
    let to = format!("{from}{}", char::MAX);
    let after = find
        .after
        .as_ref()
        .map(RoomName::folded)
        .unwrap_or_default();
    let limit = find.limit;
    let mut found: Vec<RoomSummary> = db
        .prepare_cached(
            "SELECT r.id, r.name, r.topic, r.members FROM rooms r
                 JOIN conversations c ON c.room = r.id
                 LEFT JOIN members m ON m.conversation = c.id AND m.user = ?5
             WHERE r.folded >= ?1 AND r.folded < ?2 AND r.folded > ?3 AND NOT r.is_closed
                 AND (r.visibility = 0 OR m.standing IN (0, 1))
             ORDER BY r.folded LIMIT ?4",
        )?
        .query_map(
            params![from, to, after, u32::from(limit) + 1, int(find.user.0)],
            |row| {
                Ok(RoomSummary {
                    room: RoomId(uint(row, 0)?),
                    name: text(row, 1, RoomName::new)?,
                    topic: optional_text(row, 2, Topic::new)?,
                    members: row.get(3)?,
                })
            },
        )?
        .collect::<Result<_>>()?;
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    Ok((found, more))
}

fn members(
    db: &Connection,
    room: RoomId,
    after: Option<UserId>,
    limit: u16,
) -> Result<(Vec<StoredMember>, bool)> {
    let mut found: Vec<StoredMember> = db
        .prepare_cached(
            "SELECT m.user, u.name, m.role, m.is_muted, m.mute_until FROM members m
                 JOIN conversations c ON c.id = m.conversation JOIN users u ON u.id = m.user
             WHERE c.room = ?1 AND m.standing = 0 AND m.user > ?2 ORDER BY m.user LIMIT ?3",
        )?
        .query_map(
            params![
                int(room.0),
                int(after.unwrap_or_default().0),
                u32::from(limit) + 1
            ],
            |row| {
                Ok(StoredMember {
                    user: UserId(uint(row, 0)?),
                    name: text(row, 1, UserName::new)?,
                    role: variant(row, 2, Role::from_repr)?,
                    mute: mute(row, 3)?,
                })
            },
        )?
        .collect::<Result<_>>()?;
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    Ok((found, more))
}

/// Names compare by code point, which is how `SQLite` compares UTF-8, so a prefix is a range: up to
/// itself followed by the last code point, which no name contains.
fn people(
    db: &Connection,
    prefix: &str,
    after: Option<&UserName>,
    limit: u16,
) -> Result<(People, bool)> {
    let from = fold(prefix);
    let to = format!("{from}{}", char::MAX);
    let after = after.map(UserName::folded).unwrap_or_default();
    let mut found: People = db
        .prepare_cached(
            "SELECT id, name FROM users
             WHERE folded >= ?1 AND folded < ?2 AND folded > ?3 AND NOT is_removed
             ORDER BY folded LIMIT ?4",
        )?
        .query_map(params![from, to, after, u32::from(limit) + 1], |row| {
            Ok((UserId(uint(row, 0)?), text(row, 1, UserName::new)?))
        })?
        .collect::<Result<_>>()?;
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    Ok((found, more))
}

fn find_resend(db: &Connection, sent: &Resend) -> Result<Option<Entry>> {
    let conversation = conversations::find(db, sent.conversation)?;
    let found = entries::find(db, sent.author, sent.id)?;
    let found = found.filter(|(row, entry)| {
        conversation.is_some_and(|c| c.row == *row)
            && entries::is_same(&entry.content, &sent.content)
    });
    Ok(found.map(|(_, entry)| entry))
}

/// Settings that changed after a stamp, or all if the stamp was never assigned, as after a restored
/// backup.
fn settings_after(
    db: &Connection,
    user: UserId,
    after: Stamp,
) -> Result<(Vec<Setting>, Stamp, bool)> {
    let (_, newest) = schema::identity(db)?;
    let after = if after.0 > newest { Stamp(0) } else { after };
    settings::page(db, user, after)
}
