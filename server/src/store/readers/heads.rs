//! Heads of a user's conversations.

use std::collections::{BTreeMap, btree_map};

use recado_shared::limits::{
    MAX_DISPLAY_NAME_CHARS, MAX_HEADS_PER_FRAME, MAX_MEMBERS_WITH_CURSORS, MAX_NAME_LEN,
    MAX_PAGE_LEN,
};
use recado_shared::{
    Head, HistoryVisibility, MemberCursors, Membership, Role, RoomInfo, RoomName, Seq, Stamp,
    Timestamp, Topic, UserId, UserName, Visibility,
};
use rusqlite::{Connection, Result, Row, params};

use crate::id::SessionId;
use crate::store::damage::{DamageLog, Subject};
use crate::store::tables::{conversations, schema, settings};
use crate::store::values::column::{int, mute, optional_text, optional_uint, text, uint, variant};
use crate::store::values::{HeadsRest, ReadResult};

/// What a head is made of. Who is not in a room any more is told of it as it was then.
const COLUMNS: &str =
    "SELECT c.id, c.low, c.high, c.room, c.newest, ifnull(l.newest_time, c.newest_time), m.first, m.last,
         c.messages - m.read_messages - m.own_after_read, m.delivered, m.read,
         m.standing, m.role, m.is_muted, m.mute_until,
         ifnull(l.name, r.name), iif(l.user IS NULL, r.topic, l.topic), ifnull(l.visibility, r.visibility),
         ifnull(l.history, r.history), ifnull(l.members, r.members), m.is_request
     FROM members m JOIN conversations c ON c.id = m.conversation
         LEFT JOIN rooms r ON r.id = c.room
         LEFT JOIN left_rooms l ON m.standing >= 2 AND l.conversation = m.conversation AND l.user = m.user
     WHERE m.user = ?1";

/// Those that changed after a stamp, by its [`bound`].
const CHANGED: &str = "(m.standing IN (0, 1) OR ?2 >= 0)
     AND (m.changed > ?2 OR (c.changed > ?2 AND m.standing = 0))";

/// The number that changes are compared with. Without a stamp it is below all of them, and rooms that
/// the user has left are not among the heads.
fn bound(since: Option<Stamp>) -> i64 {
    since.map_or(-1, |since| int(since.0))
}

/// A page of heads, which fits into a frame, and the conversations that are left for the next pages.
#[derive(Default)]
struct Page {
    heads: Vec<Head>,
    people: BTreeMap<UserId, UserName>,
    /// An upper bound of the bytes of the heads.
    len: usize,
    rest: Vec<i64>,
}

impl Page {
    fn is_full(&self) -> bool {
        !self.rest.is_empty() || self.heads.len() >= MAX_HEADS_PER_FRAME
    }

    /// Adds the head of a conversation, or leaves it for the next page.
    fn add(&mut self, row: i64, head: Head) {
        let len = len_of(&head);
        let fits = self.heads.is_empty() || self.len + len <= MAX_PAGE_LEN;
        if self.is_full() || !fits {
            self.rest.push(row);
        } else {
            self.heads.push(head);
            self.len += len;
        }
    }

    fn result(self, session: SessionId, stamp: Stamp) -> ReadResult {
        ReadResult::Heads {
            session,
            heads: self.heads,
            people: self.people.into_iter().collect(),
            stamp,
            rest: HeadsRest(self.rest),
        }
    }
}

/// The first page of the heads that changed after a stamp, the newest conversation first. It settles which
/// conversations the next pages have; each head is as new as its page.
pub(super) fn first(
    db: &Connection,
    session: SessionId,
    user: UserId,
    since: Option<Stamp>,
) -> Result<ReadResult> {
    let (_, stamp) = schema::identity(db)?;
    let mut changed = db.prepare_cached(&format!(
        "{COLUMNS} AND {CHANGED} ORDER BY c.newest_time DESC, c.id DESC"
    ))?;
    let mut page = Page::default();
    let mut rows = changed.query(params![int(user.0), bound(since)])?;
    while let Some(row) = rows.next()? {
        let conversation = row.get(0)?;
        if page.is_full() {
            page.rest.push(conversation);
        } else {
            let head = head(db, user, row, &mut page.people)?;
            page.add(conversation, head);
        }
    }
    Ok(page.result(session, stamp))
}

/// The next page of heads, from the conversations that the last one left over.
pub(super) fn more(
    db: &Connection,
    session: SessionId,
    user: UserId,
    rest: HeadsRest,
) -> Result<ReadResult> {
    let (_, stamp) = schema::identity(db)?;
    let mut page = Page::default();
    for conversation in rest.0 {
        if page.is_full() {
            page.rest.push(conversation);
        } else if let Some(head) = of_row(db, user, conversation, None, &mut page.people)? {
            page.add(conversation, head);
        }
    }
    Ok(page.result(session, stamp))
}

/// [`first`], with the heads that can be read, each by itself. The others are reported; their clients keep
/// what they have.
pub(super) fn first_undamaged(
    db: &Connection,
    session: SessionId,
    user: UserId,
    since: Option<Stamp>,
    damage: &DamageLog,
) -> Result<ReadResult> {
    db.prepare_cached("BEGIN")?.execute([])?;
    let rows = rows_of(db, user, damage);
    let mut page = undamaged(db, user, &rows, Some(bound(since)), damage);
    // Without the stamp the client asks for the same heads again in its next session.
    let stamp = schema::identity(db);
    let stamp = stamp.map_or(since.unwrap_or_default(), |(_, stamp)| stamp);
    // After damage SQLite refuses to commit, even what only read.
    db.prepare_cached("ROLLBACK")?.execute([])?;
    page.heads
        .sort_by_key(|head| std::cmp::Reverse(head.newest_time));
    Ok(page.result(session, stamp))
}

/// [`more`], with the heads that can be read.
pub(super) fn more_undamaged(
    db: &Connection,
    session: SessionId,
    user: UserId,
    rest: &HeadsRest,
    damage: &DamageLog,
) -> Result<ReadResult> {
    db.prepare_cached("BEGIN")?.execute([])?;
    let page = undamaged(db, user, &rest.0, None, damage);
    db.prepare_cached("ROLLBACK")?.execute([])?;
    // The stamp of the first page counts.
    Ok(page.result(session, Stamp::default()))
}

fn undamaged(
    db: &Connection,
    user: UserId,
    rows: &[i64],
    bound: Option<i64>,
    damage: &DamageLog,
) -> Page {
    let mut page = Page::default();
    for &row in rows {
        match of_row(db, user, row, bound, &mut page.people) {
            Ok(Some(head)) => page.add(row, head),
            Ok(None) => {}
            Err(error) => damage.report(db, subject_of(db, row), &error),
        }
    }
    page
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

/// The head of one conversation, if it changed after a stamp, which is given by its [`bound`].
fn of_row(
    db: &Connection,
    user: UserId,
    conversation: i64,
    bound: Option<i64>,
    people: &mut BTreeMap<UserId, UserName>,
) -> Result<Option<Head>> {
    let condition = match bound {
        Some(_) => CHANGED,
        None => "?2 IS NULL",
    };
    let mut statement = db.prepare_cached(&format!(
        "{COLUMNS} AND {condition} AND m.conversation = ?3"
    ))?;
    let mut rows = statement.query(params![int(user.0), bound, conversation])?;
    rows.next()?
        .map(|row| head(db, user, row, people))
        .transpose()
}

/// An upper bound of the bytes of a head in a frame, with the profiles of its members.
fn len_of(head: &Head) -> usize {
    const NUMBER: usize = 10;
    const PROFILE: usize = NUMBER + MAX_NAME_LEN + 4 * MAX_DISPLAY_NAME_CHARS + 6;
    let cursors = head.cursors.len() * 3 * NUMBER;
    let topic = |room: &RoomInfo| room.topic.as_ref().map_or(0, |topic| topic.as_str().len());
    let rest = match &head.room {
        Some(room) => room.name.as_str().len() + topic(room) + 4 * NUMBER,
        None => PROFILE,
    };
    6 * NUMBER + cursors + rest
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
    let mut room = conversation.room().map(|_| room_info(row)).transpose()?;
    // The text of an inviter is not for a user who wants to be asked first.
    if let Some(room) = &mut room
        && room.membership == Membership::Invited
        && settings::wants_requests(db, user)?
    {
        room.topic = None;
    }
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
