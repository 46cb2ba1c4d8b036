//! Erasing all that somebody wrote, and rooms that are closed. Pure SQL inside the caller's
//! transaction.

use recado_shared::{
    Content, ConversationId, Entry, MessageId, Role, RoomEvent, RoomId, Seq, Stamp, Timestamp,
    UserId,
};
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use crate::store::tables::entries;
use crate::store::values::column::{int, uint};
use crate::store::writer::content;

/// What was appended to the logs.
pub(crate) type Entries = Vec<(ConversationId, Entry)>;

/// Erases the texts of a user, says so at the end of each of their conversations, and takes them
/// out of their rooms.
pub(crate) fn remove_author(
    db: &Connection,
    stamp: &mut Stamp,
    user: UserId,
    time: Timestamp,
) -> Result<Entries> {
    let mut entries = Vec::new();
    for (id, row, is_in_room) in conversations_of(db, user)? {
        for seq in places(db, row, Some(user))? {
            content::erase(db, row, seq)?;
        }
        let mut say = |content| -> Result<Seq> {
            let entry = append(db, stamp, id, (user, time), content)?;
            let seq = entry.seq;
            entries.push((id, entry));
            Ok(seq)
        };
        say(Content::AuthorRemoved)?;
        if !is_in_room {
            continue;
        }
        if let Some(heir) = heir(db, row, user)? {
            let role = Role::Owner;
            say(Content::Room(RoomEvent::Role { user: heir, role }))?;
            db.prepare_cached("UPDATE members SET role = 2 WHERE conversation = ?1 AND user = ?2")?
                .execute(params![row, int(heir.0)])?;
        }
        let last = say(Content::Room(RoomEvent::Left))?;
        leave(db, row, Some(user), last, *stamp)?;
    }
    Ok(entries)
}

/// Erases the texts of a room, closes it for good, and sends everybody out.
pub(crate) fn close_room(
    db: &Connection,
    stamp: &mut Stamp,
    room: RoomId,
    time: Timestamp,
) -> Result<Entries> {
    let id = ConversationId::Room(room);
    let Some(conversation) = entries::find(db, id)? else {
        return Ok(Vec::new());
    };
    let row = conversation.row;
    for seq in places(db, row, None)? {
        content::erase(db, row, seq)?;
    }
    let author = first_member(db, row)?;
    let closed = Content::Room(RoomEvent::Closed);
    let entry = append(db, stamp, id, (author, time), closed)?;
    leave(db, row, None, entry.seq, *stamp)?;
    // Whoever was asked in is no longer, and has still not read anything.
    db.prepare_cached(
        "UPDATE members SET standing = 2, changed = ?2 WHERE conversation = ?1 AND standing = 1",
    )?
    .execute(params![row, int(stamp.0)])?;
    db.prepare_cached("UPDATE rooms SET is_closed = 1 WHERE id = ?1")?
        .execute([int(room.0)])?;
    Ok(vec![(id, entry)])
}

/// The conversations in whose logs a user may have written, and whether it is a room that they are
/// in.
fn conversations_of(db: &Connection, user: UserId) -> Result<Vec<(ConversationId, i64, bool)>> {
    db.prepare_cached(
        "SELECT c.id, c.low, c.high, c.room, m.standing = 0
         FROM members m JOIN conversations c ON c.id = m.conversation
         WHERE m.user = ?1 AND (m.last IS NULL OR m.last > 0) ORDER BY c.id",
    )?
    .query_map([int(user.0)], |row| {
        let room: Option<i64> = row.get(3)?;
        let id = match room {
            Some(room) => ConversationId::Room(RoomId(room.unsigned_abs())),
            None => ConversationId::direct(UserId(uint(row, 1)?), UserId(uint(row, 2)?)),
        };
        Ok((id, row.get(0)?, room.is_some() && row.get(4)?))
    })?
    .collect()
}

/// The places of a log whose text is not erased: of one author, or of all.
fn places(db: &Connection, conversation: i64, author: Option<UserId>) -> Result<Vec<Seq>> {
    db.prepare_cached(
        "SELECT seq FROM entries
         WHERE conversation = ?1 AND author = ifnull(?2, author) AND erased IS NULL",
    )?
    .query_map(
        params![conversation, author.map(|author| int(author.0))],
        |row| Ok(Seq(uint(row, 0)?)),
    )?
    .collect()
}

/// Who becomes the owner of a room that its only owner leaves: the first of those with the highest
/// role.
fn heir(db: &Connection, conversation: i64, leaving: UserId) -> Result<Option<UserId>> {
    db.prepare_cached(
        "SELECT user FROM members WHERE conversation = ?1 AND user <> ?2 AND standing = 0
             AND NOT EXISTS (SELECT * FROM members
                 WHERE conversation = ?1 AND user <> ?2 AND standing = 0 AND role = 2)
         ORDER BY role DESC, user LIMIT 1",
    )?
    .query_one(params![conversation, int(leaving.0)], |row| {
        Ok(UserId(uint(row, 0)?))
    })
    .optional()
}

/// In whose name a room is changed from outside: that of its first owner, or of whoever made it
/// where nobody is left.
pub(crate) fn first_member(db: &Connection, conversation: i64) -> Result<UserId> {
    db.prepare_cached(
        "SELECT ifnull(
             (SELECT user FROM members WHERE conversation = ?1 AND standing = 0
              ORDER BY role DESC, user LIMIT 1),
             (SELECT author FROM entries WHERE conversation = ?1 AND seq = 1))",
    )?
    .query_one([conversation], |row| Ok(UserId(uint(row, 0)?)))
}

/// Ends the membership of one, or of all, at this place.
fn leave(
    db: &Connection,
    conversation: i64,
    user: Option<UserId>,
    last: Seq,
    stamp: Stamp,
) -> Result<()> {
    db.prepare_cached(
        "UPDATE members SET standing = 2, role = 0, last = ?3, changed = ?4
         WHERE conversation = ?1 AND user = ifnull(?2, user) AND standing = 0",
    )?
    .execute(params![
        conversation,
        user.map(|user| int(user.0)),
        int(last.0),
        int(stamp.0)
    ])?;
    db.prepare_cached(
        "UPDATE rooms SET members =
             (SELECT count(*) FROM members WHERE conversation = ?1 AND standing = 0)
         WHERE id = (SELECT room FROM conversations WHERE id = ?1)",
    )?
    .execute([conversation])?;
    Ok(())
}

/// Puts an entry that no client asked for at the end of a log.
fn append(
    db: &Connection,
    stamp: &mut Stamp,
    id: ConversationId,
    (author, time): (UserId, Timestamp),
    content: Content,
) -> Result<Entry> {
    let conversation = entries::find(db, id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let newest_time = db
        .prepare_cached("SELECT newest_time FROM conversations WHERE id = ?1")?
        .query_one([conversation.row], |row| uint(row, 0))?;
    let entry = Entry {
        seq: conversation.newest.next(),
        author,
        id: random_id()?,
        time: time.max(Timestamp(newest_time)),
        content,
    };
    entries::insert(db, &conversation, stamp, &entry)?;
    Ok(entry)
}

pub(crate) fn random_id() -> Result<MessageId> {
    let mut id = [0; 16];
    aws_lc_rs::rand::fill(&mut id)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))?;
    Ok(MessageId(id))
}
