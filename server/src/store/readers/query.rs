//! Read requests of users: each query with its SQL and its answer.

use recado_shared::limits::{MAX_INVITATIONS, MAX_PAGE_LEN};
use recado_shared::name::fold;
use recado_shared::{
    Answer, Content, ConversationId, Entry, Invitation, MessageId, PageRange, Presence, Role,
    RoomId, RoomMember, RoomName, RoomSummary, Seq, Stamp, Topic, UserId, UserName, UserProfile,
};
use rusqlite::{Connection, OptionalExtension as _, Params, Result, Row, params};

use crate::store::tables::{
    conversations, devices, entries, erasures, members as member_rows, schema,
};
use crate::store::values::column::{decode, int, mute, optional_text, text, uint, variant};
use crate::store::values::{Failure, NameSearch, Query};

impl Query {
    /// The answer, as far as it is stored: the relay adds the rest.
    pub(super) fn answer(self, db: &Connection, user: UserId) -> Result<Answer, Failure> {
        Ok(match self {
            Self::Page {
                conversation,
                range,
                limit,
            } => page(db, user, conversation, range, limit)?,
            Self::Resend {
                conversation,
                id,
                content,
                refusal,
            } => find_resend(db, user, conversation, id, &content)?.ok_or(refusal)?,
            Self::Users(users) => names(db, &users)?,
            Self::FindUsers(search) => find_users(db, &search)?,
            Self::FindRooms(search) => find_rooms(db, user, &search)?,
            Self::Members { room, after, limit } => members(db, room, after, limit)?,
            Self::Invitations => invitations(db, user)?,
            Self::Devices => Answer::Devices(devices::list(db, user)?),
            Self::Settings { after } => settings_after(db, user, after)?,
        })
    }
}

/// Ascending and dense entries of at most [`MAX_PAGE_LEN`] bytes. `newest` is 0 if the
/// conversation has no entry that the user may read.
fn page(
    db: &Connection,
    user: UserId,
    conversation: ConversationId,
    range: PageRange,
    limit: u16,
) -> Result<Answer> {
    let mut answer = (Vec::new(), Seq::ZERO);
    if let Some(found) = conversations::find(db, conversation)?
        && let Some((first, last)) = member_rows::readable(db, found.row, user)?
    {
        let newest = found.newest.min(last);
        let mut entries = entries::page(db, found.row, range, (first, newest), limit)?;
        hide_erasures(db, found.row, &mut entries)?;
        answer = (entries, newest);
    }
    let (entries, newest) = answer;
    Ok(Answer::Page { entries, newest })
}

/// Hides what is still to be erased, so that no client gets it any more.
fn hide_erasures(db: &Connection, conversation: i64, entries: &mut [Entry]) -> Result<()> {
    let erasures = erasures::all(db)?;
    let is_hidden = |entry: &Entry| {
        let mut erasures = erasures.iter();
        erasures.any(|erasure| match erasure.user {
            Some(user) => user == entry.author,
            None => erasure.conversation == conversation,
        })
    };
    for entry in entries.iter_mut().filter(|entry| is_hidden(entry)) {
        if let Some(kind) = entry.content.erased() {
            entry.content = Content::Erased(kind);
        }
    }
    Ok(())
}

fn find_resend(
    db: &Connection,
    author: UserId,
    conversation: ConversationId,
    id: MessageId,
    content: &Content,
) -> Result<Option<Answer>> {
    let conversation = conversations::find(db, conversation)?;
    let found = entries::find(db, author, id)?.filter(|(row, entry)| {
        conversation.is_some_and(|found| found.row == *row)
            && entries::is_same(&entry.content, content)
    });
    Ok(found.map(|(_, entry)| Answer::Accepted {
        seq: entry.seq,
        time: entry.time,
    }))
}

/// The names of these users; unknown ones are left out.
fn names(db: &Connection, users: &[UserId]) -> Result<Answer> {
    let mut find = db.prepare_cached("SELECT id, name FROM users WHERE id = ?1")?;
    let mut people = Vec::new();
    for user in users {
        people.extend(find.query_one([int(user.0)], profile).optional()?);
    }
    Ok(Answer::Users {
        people,
        more: false,
    })
}

fn find_users(db: &Connection, search: &NameSearch<UserName>) -> Result<Answer> {
    let (from, to) = prefix_range(&search.prefix);
    let after = search.after.as_ref().map(UserName::folded);
    let (people, more) = rows(
        db,
        "SELECT id, name FROM users
         WHERE folded >= ?1 AND folded < ?2 AND folded > ?3 AND NOT is_removed
         ORDER BY folded LIMIT ?4",
        params![
            from,
            to,
            after.unwrap_or_default(),
            u32::from(search.limit) + 1
        ],
        search.limit,
        profile,
    )?;
    Ok(Answer::Users { people, more })
}

fn room_summary(row: &Row<'_>) -> Result<RoomSummary> {
    Ok(RoomSummary {
        room: RoomId(uint(row, 0)?),
        name: text(row, 1, RoomName::new)?,
        topic: optional_text(row, 2, Topic::stored)?,
        members: row.get(3)?,
    })
}

/// Public rooms, and rooms that the user is in or invited to. The topic of a private room is for its members.
fn find_rooms(db: &Connection, user: UserId, search: &NameSearch<RoomName>) -> Result<Answer> {
    let (from, to) = prefix_range(&search.prefix);
    let after = search.after.as_ref().map(RoomName::folded);
    let (mut rooms, mut more) = rows(
        db,
        "SELECT r.id, r.name, iif(r.visibility = 0 OR m.standing = 0, r.topic, NULL), r.members
         FROM rooms r
             JOIN conversations c ON c.room = r.id
             LEFT JOIN members m ON m.conversation = c.id AND m.user = ?5
         WHERE r.folded >= ?1 AND r.folded < ?2 AND r.folded > ?3 AND NOT r.is_closed
             AND (r.visibility = 0 OR m.standing IN (0, 1))
         ORDER BY r.folded LIMIT ?4",
        params![
            from,
            to,
            after.unwrap_or_default(),
            u32::from(search.limit) + 1,
            int(user.0)
        ],
        search.limit,
        room_summary,
    )?;
    if search.after.is_none()
        && let Some(renamed) = renamed_room(db, user, &search.prefix)?
    {
        more |= rooms.len() >= usize::from(search.limit) && rooms.pop().is_some();
        rooms.insert(0, renamed);
    }
    Ok(Answer::Rooms { rooms, more })
}

/// The room that had this name before, if the user may find it.
fn renamed_room(db: &Connection, user: UserId, former: &str) -> Result<Option<RoomSummary>> {
    let Some(key) = RoomName::new(former)
        .ok()
        .and_then(|name| name.keys().pop())
    else {
        return Ok(None);
    };
    let found = db
        .prepare_cached(
            "SELECT r.id, r.name, iif(r.visibility = 0 OR m.standing = 0, r.topic, NULL), r.members
         FROM room_name_keys k
                 JOIN rooms r ON r.id = k.room JOIN conversations c ON c.room = r.id
                 LEFT JOIN members m ON m.conversation = c.id AND m.user = ?2
             WHERE k.key = ?1 AND NOT r.is_closed AND (r.visibility = 0 OR m.standing IN (0, 1))",
        )?
        .query_one(params![key.as_str(), int(user.0)], room_summary)
        .optional()?;
    // Its present name, and a look-alike of it, have the same key.
    Ok(found.filter(|room| !room.name.keys().contains(&key)))
}

fn members(db: &Connection, room: RoomId, after: Option<UserId>, limit: u16) -> Result<Answer> {
    let after = int(after.unwrap_or_default().0);
    let (members, more) = rows(
        db,
        "SELECT m.user, u.name, m.role, m.is_muted, m.mute_until FROM members m
             JOIN conversations c ON c.id = m.conversation JOIN users u ON u.id = m.user
         WHERE c.room = ?1 AND m.standing = 0 AND m.user > ?2 ORDER BY m.user LIMIT ?3",
        params![int(room.0), after, u32::from(limit) + 1],
        limit,
        |row| {
            Ok(RoomMember {
                person: profile(row)?,
                role: variant(row, 2, Role::from_repr)?,
                mute: mute(row, 3)?,
            })
        },
    )?;
    Ok(Answer::Members { members, more })
}

/// The newest open invitations, without those whose inviter is not known.
fn invitations(db: &Connection, user: UserId) -> Result<Answer> {
    db.prepare_cached(
        "SELECT u.id, u.name, c.room FROM members m
             JOIN conversations c ON c.id = m.conversation JOIN users u ON u.id = m.inviter
         WHERE m.user = ?1 AND m.standing = 1 ORDER BY m.changed DESC LIMIT ?2",
    )?
    .query_map(params![int(user.0), MAX_INVITATIONS], |row| {
        Ok(Invitation {
            room: RoomId(uint(row, 2)?),
            by: profile(row)?,
        })
    })?
    .collect::<Result<_>>()
    .map(Answer::Invitations)
}

/// Settings that changed after a stamp, oldest change first, as many as a frame holds; all if the
/// stamp was never assigned, as after a restored backup.
fn settings_after(db: &Connection, user: UserId, after: Stamp) -> Result<Answer> {
    let (_, newest) = schema::identity(db)?;
    let mut stamp = if after > newest { Stamp(0) } else { after };
    let mut statement = db.prepare_cached(
        "SELECT value, stamp FROM settings WHERE user = ?1 AND stamp > ?2 ORDER BY stamp",
    )?;
    let mut rows = statement.query(params![int(user.0), int(stamp.0)])?;
    let (mut settings, mut len, mut more) = (Vec::new(), 0, false);
    while let Some(row) = rows.next()? {
        len += row.get_ref(0)?.as_blob()?.len();
        more = len > MAX_PAGE_LEN && !settings.is_empty();
        if more {
            break;
        }
        settings.push(decode(row, 0)?);
        stamp = Stamp(uint(row, 1)?);
    }
    Ok(Answer::Settings {
        settings,
        stamp,
        more,
    })
}

/// Names compare by code point, which is how `SQLite` compares UTF-8, so a prefix is a range: up to
/// itself followed by the last code point, which no name contains.
fn prefix_range(prefix: &str) -> (String, String) {
    let from = fold(prefix);
    let to = format!("{from}{}", char::MAX);
    (from, to)
}

/// The first `limit` rows of a statement that finds one more, and whether it did.
fn rows<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    limit: u16,
    read: impl FnMut(&Row<'_>) -> Result<T>,
) -> Result<(Vec<T>, bool)> {
    let mut statement = db.prepare_cached(sql)?;
    let mut found: Vec<T> = statement.query_map(params, read)?.collect::<Result<_>>()?;
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    Ok((found, more))
}

fn profile(row: &Row<'_>) -> Result<UserProfile> {
    Ok(UserProfile {
        user: UserId(uint(row, 0)?),
        name: text(row, 1, UserName::new)?,
        display: None,
        presence: Presence::Offline,
    })
}
