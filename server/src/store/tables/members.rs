//! Table `members`: the relation of each user to each of their conversations, with cursors.

use std::collections::BTreeMap;

use recado_shared::rules::membership::MemberState;
use recado_shared::{Membership, Role, Seq, Stamp, UserId};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, Row, params};

use super::statement::prepare_once;
use crate::store::values::column::{self, int, mute, number, optional_uint, uint, variant};

#[derive(Clone, Copy, Debug)]
pub(crate) struct MemberRow {
    pub(crate) delivered: Seq,
    pub(crate) read: Seq,
    /// Messages up to the read cursor.
    pub(crate) read_messages: u64,
    /// The member's own messages after the read cursor.
    pub(crate) own_after_read: u64,
    pub(crate) state: MemberState,
    /// Whether the member of a direct conversation blocks the peer; `None` until an append asks for it.
    pub(crate) blocks: Option<bool>,
    /// Whether the peer's messages are a request that the member has not accepted.
    pub(crate) is_request: bool,
    pub(crate) is_closed: bool,
    pub(crate) changed: Stamp,
}

pub(crate) fn find(db: &Connection, conversation: i64, user: UserId) -> Result<Option<MemberRow>> {
    db.prepare_cached(&format!(
        "SELECT m.delivered, m.read, m.read_messages, m.own_after_read, m.is_request,
             u.is_disabled OR u.is_removed, m.changed, {STATE}
         FROM members m JOIN users u ON u.id = m.user WHERE m.conversation = ?1 AND m.user = ?2"
    ))?
    .query_one(params![conversation, int(user.0)], |row| {
        Ok(MemberRow {
            delivered: Seq(uint(row, 0)?),
            read: Seq(uint(row, 1)?),
            read_messages: uint(row, 2)?,
            own_after_read: uint(row, 3)?,
            state: state_at(row, 7)?,
            blocks: None,
            is_request: row.get(4)?,
            is_closed: row.get(5)?,
            changed: Stamp(uint(row, 6)?),
        })
    })
    .optional()
}

pub(crate) fn update<'a>(
    db: &'a Connection,
    statement: &mut Option<CachedStatement<'a>>,
    (conversation, user): (i64, UserId),
    member: &MemberRow,
) -> Result<usize> {
    let sql = "UPDATE members SET delivered = ?3, read = ?4, read_messages = ?5,
             own_after_read = ?6, is_request = ?7, changed = ?8
         WHERE conversation = ?1 AND user = ?2";
    prepare_once(db, statement, sql)?.execute(params![
        conversation,
        int(user.0),
        int(member.delivered.0),
        int(member.read.0),
        int(member.read_messages),
        int(member.own_after_read),
        member.is_request,
        int(member.changed.0)
    ])
}

/// The columns of a [`MemberState`]; the last says whether some entry is readable.
const STATE: &str = "standing, role, is_muted, mute_until, first < ifnull(last, first + 1)";

fn state_at(row: &Row<'_>, first: usize) -> Result<MemberState> {
    Ok(MemberState {
        membership: variant(row, first, Membership::from_repr)?,
        role: variant(row, first + 1, Role::from_repr)?,
        mute: mute(row, first + 2)?,
        may_read: row.get(first + 4)?,
    })
}

pub(crate) fn state(
    db: &Connection,
    conversation: i64,
    user: UserId,
) -> Result<Option<MemberState>> {
    db.prepare_cached(&format!(
        "SELECT {STATE} FROM members WHERE conversation = ?1 AND user = ?2"
    ))?
    .query_one(params![conversation, int(user.0)], |row| state_at(row, 0))
    .optional()
}

pub(crate) fn states(db: &Connection, conversation: i64) -> Result<BTreeMap<UserId, MemberState>> {
    db.prepare_cached(&format!(
        "SELECT user, {STATE} FROM members WHERE conversation = ?1 ORDER BY user"
    ))?
    .query_map([conversation], |row| {
        Ok((UserId(uint(row, 0)?), state_at(row, 1)?))
    })?
    .collect()
}

pub(crate) fn count(db: &Connection, conversation: i64) -> Result<(usize, usize)> {
    db.prepare_cached(
        "SELECT count(*), count(*) FILTER (WHERE role = 2) FROM members
         WHERE conversation = ?1 AND standing = 0",
    )?
    .query_one([conversation], |row| {
        Ok((column::count(row, 0)?, column::count(row, 1)?))
    })
}

/// The first and the last place that a user may read; `None` without a relation to the conversation.
pub(crate) fn readable(
    db: &Connection,
    conversation: i64,
    user: UserId,
) -> Result<Option<(Seq, Seq)>> {
    db.prepare_cached("SELECT first, last FROM members WHERE conversation = ?1 AND user = ?2")?
        .query_one(params![conversation, int(user.0)], |row| {
            let last = optional_uint(row, 1)?.map_or(Seq(u64::MAX), Seq);
            Ok((Seq(uint(row, 0)?), last))
        })
        .optional()
}

/// The place in a room's log at which a membership changes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoomPlace {
    pub(crate) conversation: i64,
    pub(crate) seq: Seq,
    /// Messages of the log before it.
    pub(crate) messages: u64,
    pub(crate) stamp: Stamp,
}

/// Makes a user a member from a place on. Earlier entries count as read.
pub(crate) fn enter(db: &Connection, place: RoomPlace, user: UserId, role: Role) -> Result<usize> {
    db.prepare_cached(
        "INSERT INTO members (conversation, user, delivered, read, read_messages, standing, role,
             first, last, changed)
         VALUES (?1, ?2, ?3, ?3, ?4, 0, ?5,
             (SELECT iif(r.history = 1, ?6, r.first) FROM rooms r
              JOIN conversations c ON c.room = r.id WHERE c.id = ?1), NULL, ?7)
         ON CONFLICT (conversation, user) DO UPDATE SET
             delivered = excluded.delivered, read = excluded.read,
             read_messages = excluded.read_messages, own_after_read = 0, standing = 0,
             role = excluded.role, first = excluded.first, last = NULL, changed = excluded.changed",
    )?
    .execute(params![
        place.conversation,
        int(user.0),
        int(place.seq.prev().0),
        int(place.messages),
        role as u8,
        int(place.seq.0),
        int(place.stamp.0),
    ])
}

/// Stores the relation of a user who is not in the room. A member may read up to this place. A user
/// who is banned without ever having been a member or invited gets no head: the name of a room must
/// not reach users who do not want to hear of it. `author` is the inviter of a user who is invited.
pub(crate) fn exit(
    db: &Connection,
    place: RoomPlace,
    user: UserId,
    membership: Membership,
    author: UserId,
) -> Result<usize> {
    db.prepare_cached(
        "INSERT INTO members (conversation, user, standing, first, last, changed, inviter)
         VALUES (?1, ?2, ?3, 1, 0, iif(?3 >= 3, 0, ?4), iif(?3 = 1, ?6, NULL))
         ON CONFLICT (conversation, user) DO UPDATE SET
             last = iif(standing = 0, ?5, last), role = 0, standing = excluded.standing,
             changed = iif(changed = 0, excluded.changed, ?4), inviter = excluded.inviter",
    )?
    .execute(params![
        place.conversation,
        int(user.0),
        membership as u8,
        int(place.stamp.0),
        int(place.seq.0),
        int(author.0),
    ])
}

pub(crate) fn set_rights(
    db: &Connection,
    place: RoomPlace,
    user: UserId,
    state: &MemberState,
) -> Result<usize> {
    let until = state.mute.and_then(|mute| mute.until);
    db.prepare_cached(
        "UPDATE members SET role = ?3, is_muted = ?4, mute_until = ?5, changed = ?6
         WHERE conversation = ?1 AND user = ?2",
    )?
    .execute(params![
        place.conversation,
        int(user.0),
        state.role as u8,
        state.mute.is_some(),
        until.map(|until| int(until.0)),
        int(place.stamp.0)
    ])
}

/// Ends the membership of one user, or of all, at a place.
pub(crate) fn end(db: &Connection, place: RoomPlace, user: Option<UserId>) -> Result<usize> {
    db.prepare_cached(
        "UPDATE members SET standing = 2, role = 0, last = ?3, changed = ?4
         WHERE conversation = ?1 AND user = ifnull(?2, user) AND standing = 0",
    )?
    .execute(params![
        place.conversation,
        user.map(|user| int(user.0)),
        int(place.seq.0),
        int(place.stamp.0)
    ])
}

/// Keeps the room as it is for those who have just gone: one user, or all. Its topic is for those who could read
/// it. Who had gone before keeps what was there then.
pub(crate) fn keep_left(db: &Connection, conversation: i64, user: Option<UserId>) -> Result<usize> {
    db.prepare_cached(
        "INSERT INTO left_rooms
         SELECT m.conversation, m.user, r.name, iif(m.last = 0, NULL, r.topic), r.visibility, r.history,
             r.members, c.newest_time
         FROM members m JOIN conversations c ON c.id = m.conversation JOIN rooms r ON r.id = c.room
         WHERE m.conversation = ?1 AND m.user = ifnull(?2, m.user) AND m.standing >= 2
             AND NOT EXISTS (SELECT * FROM left_rooms l
                 WHERE l.conversation = m.conversation AND l.user = m.user)",
    )?
    .execute(params![conversation, user.map(|user| int(user.0))])
}

/// Forgets how a room was when a user left it, as the user is back, or invited again.
pub(crate) fn forget_left(db: &Connection, conversation: i64, user: UserId) -> Result<usize> {
    db.prepare_cached("DELETE FROM left_rooms WHERE conversation = ?1 AND user = ?2")?
        .execute(params![conversation, int(user.0)])
}

pub(crate) fn end_invitations(db: &Connection, conversation: i64, stamp: Stamp) -> Result<usize> {
    db.prepare_cached(
        "UPDATE members SET standing = 2, changed = ?2 WHERE conversation = ?1 AND standing = 1",
    )?
    .execute(params![conversation, int(stamp.0)])
}

/// How many open invitations a user has of one inviter.
pub(crate) fn invitations_by(db: &Connection, user: UserId, inviter: UserId) -> Result<u64> {
    db.prepare_cached(
        "SELECT count(*) FROM members WHERE user = ?1 AND standing = 1 AND inviter = ?2",
    )?
    .query_one(params![int(user.0), int(inviter.0)], |row| uint(row, 0))
}

/// Makes a member an owner, without a new stamp.
pub(crate) fn make_owner(db: &Connection, conversation: i64, user: UserId) -> Result<usize> {
    db.prepare_cached("UPDATE members SET role = 2 WHERE conversation = ?1 AND user = ?2")?
        .execute(params![conversation, int(user.0)])
}

/// The next owner of a room that its only owner leaves: the first member with the highest role.
pub(crate) fn heir(db: &Connection, conversation: i64, leaving: UserId) -> Result<Option<UserId>> {
    db.prepare_cached(
        "SELECT user FROM members WHERE conversation = ?1 AND user <> ?2 AND standing = 0
             AND NOT EXISTS (SELECT * FROM members
                 WHERE conversation = ?1 AND user <> ?2 AND standing = 0 AND role = 2)
         ORDER BY role DESC, user LIMIT 1",
    )?
    .query_one(params![conversation, int(leaving.0)], number)
    .optional()
    .map(|user| user.map(UserId))
}

/// The author of an operator's changes to a room: its first owner, or its creator if it is empty.
pub(crate) fn first_member(db: &Connection, conversation: i64) -> Result<UserId> {
    db.prepare_cached(
        "SELECT ifnull(
             (SELECT user FROM members WHERE conversation = ?1 AND standing = 0
              ORDER BY role DESC, user LIMIT 1),
             (SELECT author FROM entries WHERE conversation = ?1 AND seq = 1))",
    )?
    .query_one([conversation], number)
    .map(UserId)
}

/// Accepts all message requests of a user.
pub(crate) fn accept_requests(db: &Connection, stamp: Stamp, user: UserId) -> Result<usize> {
    db.prepare_cached(
        "UPDATE members SET is_request = 0, changed = ?2 WHERE user = ?1 AND is_request",
    )?
    .execute(params![int(user.0), int(stamp.0)])
}

/// Accepts the message request of a direct conversation.
pub(crate) fn accept_request(
    db: &Connection,
    stamp: Stamp,
    user: UserId,
    conversation: i64,
) -> Result<usize> {
    db.prepare_cached(
        "UPDATE members SET is_request = 0, changed = ?2
         WHERE conversation = ?3 AND user = ?1 AND is_request",
    )?
    .execute(params![int(user.0), int(stamp.0), conversation])
}

/// Contradictions between the rows of a conversation's members, its room and its entries.
pub(crate) fn contradictions(
    db: &Connection,
    conversation: i64,
    newest: Seq,
) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    let mut statement = db.prepare_cached(&format!(
        "SELECT m.user, m.delivered, m.read,
             m.standing <> 0 OR m.read_messages =
                 ifnull((SELECT e.messages FROM entries e
                         WHERE e.conversation = ?1 AND e.seq = m.read), 0),
             m.standing <> 0 OR m.own_after_read =
                 (SELECT count(*) FROM entries e WHERE e.conversation = ?1 AND e.seq > m.read
                      AND e.author = m.user AND e.is_message),
             EXISTS (SELECT * FROM users u WHERE u.id = m.user), {STATE}
         FROM members m WHERE m.conversation = ?1 ORDER BY m.user"
    ))?;
    let mut rows = statement.query([conversation])?;
    let mut count = 0;
    while let Some(row) = rows.next()? {
        let user = uint(row, 0)?;
        let (delivered, read) = (Seq(uint(row, 1)?), Seq(uint(row, 2)?));
        count += u64::from(state_at(row, 6)?.is_member());
        let has_right_counts = row.get::<_, bool>(3)? && row.get::<_, bool>(4)?;
        if read > delivered || delivered > newest || !has_right_counts {
            texts.push(format!("the cursors of user {user} do not fit the log"));
        }
        if !row.get::<_, bool>(5)? {
            texts.push(format!("its member {user} is no user"));
        }
    }
    let stored: Option<u64> = db
        .prepare_cached(
            "SELECT r.members FROM conversations c JOIN rooms r ON r.id = c.room WHERE c.id = ?1",
        )?
        .query_one([conversation], number)
        .optional()?;
    if stored.is_some_and(|stored| stored != count) {
        texts.push("the number of members is not that of its list".to_owned());
    }
    Ok(texts)
}
