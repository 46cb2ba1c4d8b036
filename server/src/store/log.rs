//! The conversation logs: appending entries, moving cursors. Pure SQL inside the caller's
//! transaction; the caller owns the stamp and commits.

use recado_shared::{
    Advance, Content, ConversationId, DirectPair, Entry, MemberCursors, MessageId, RequestError,
    Seq, Stamp, Timestamp, UserId,
};
use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::request::Appended;
use super::row::{content, encode, int, uint};

/// An entry that somebody wants in the log.
#[derive(Clone, Debug)]
pub(super) struct NewEntry<'a> {
    pub(super) author: UserId,
    pub(super) conversation: ConversationId,
    pub(super) id: MessageId,
    pub(super) content: &'a Content,
    pub(super) time: Timestamp,
}

/// A row of `conversations`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Conversation {
    pub(super) row: i64,
    pub(super) newest: Seq,
    newest_time: Timestamp,
}

/// Appends an entry, or finds it if its author appended it before.
pub(super) fn append(
    db: &Connection,
    stamp: &mut Stamp,
    new: &NewEntry<'_>,
) -> Result<std::result::Result<Appended, RequestError>> {
    let pair = new.conversation.pair();
    let Some(pair) = pair.filter(|_| new.conversation.peer_of(new.author).is_some()) else {
        return Ok(Err(RequestError::NotAMember));
    };
    let conversation = find(db, new.conversation)?;
    let blob = encode(new.content)?;
    if let Some((row, entry)) = find_entry(db, new.author, new.id)? {
        let is_same = conversation.is_some_and(|c| c.row == row) && entry.content == *new.content;
        return Ok(if is_same {
            Ok(Appended {
                entry,
                is_new: false,
            })
        } else {
            Err(RequestError::IdReused)
        });
    }
    let conversation = match conversation {
        Some(conversation) => conversation,
        None if all_exist(db, pair)? => create(db, pair)?,
        None => return Ok(Err(RequestError::UnknownUser)),
    };
    let entry = Entry {
        seq: conversation.newest.next(),
        author: new.author,
        id: new.id,
        time: new.time.max(conversation.newest_time),
        content: new.content.clone(),
    };
    insert(db, conversation.row, &entry, &blob)?;
    stamp.0 += 1;
    let values = params![
        conversation.row,
        int(entry.seq.0),
        int(entry.time.0),
        int(stamp.0)
    ];
    db.prepare_cached(
        "UPDATE conversations SET newest = ?2, newest_time = ?3, changed = ?4 WHERE id = ?1",
    )?
    .execute(values)?;
    Ok(Ok(Appended {
        entry,
        is_new: true,
    }))
}

fn insert(db: &Connection, conversation: i64, entry: &Entry, blob: &[u8]) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO entries (conversation, seq, author, message_id, time, content)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        conversation,
        int(entry.seq.0),
        int(entry.author.0),
        entry.id.0,
        int(entry.time.0),
        blob
    ])?;
    db.prepare_cached(
        "UPDATE members SET own_after_read = own_after_read + 1
         WHERE conversation = ?1 AND user = ?2",
    )?
    .execute(params![conversation, int(entry.author.0)])?;
    Ok(())
}

/// Moves a member's cursors forward; `None` if they are there already, or if there is nothing.
pub(super) fn advance(
    db: &Connection,
    stamp: &mut Stamp,
    user: UserId,
    to: Advance,
) -> Result<Option<MemberCursors>> {
    let Some(conversation) = find(db, to.conversation)? else {
        return Ok(None);
    };
    let key = params![conversation.row, int(user.0)];
    let member = db
        .prepare_cached(
            "SELECT delivered, read FROM members WHERE conversation = ?1 AND user = ?2",
        )?
        .query_one(key, |row| Ok((Seq(uint(row, 0)?), Seq(uint(row, 1)?))))
        .optional()?;
    let Some((old_delivered, old_read)) = member else {
        return Ok(None);
    };
    let read = old_read.max(to.read.min(conversation.newest));
    let delivered = old_delivered
        .max(to.delivered.min(conversation.newest))
        .max(read);
    if (delivered, read) == (old_delivered, old_read) {
        return Ok(None);
    }
    let own_passed = if read == old_read {
        0
    } else {
        own_between(db, conversation, user, old_read, read)?
    };
    db.prepare_cached(
        "UPDATE members SET delivered = ?3, read = ?4, own_after_read = own_after_read - ?5
         WHERE conversation = ?1 AND user = ?2",
    )?
    .execute(params![
        conversation.row,
        int(user.0),
        int(delivered.0),
        int(read.0),
        own_passed
    ])?;
    stamp.0 += 1;
    db.prepare_cached("UPDATE conversations SET changed = ?2 WHERE id = ?1")?
        .execute(params![conversation.row, int(stamp.0)])?;
    Ok(Some(MemberCursors {
        user,
        delivered,
        read,
    }))
}

/// Counts the member's own entries that the read cursor passes. Each entry is passed once.
fn own_between(
    db: &Connection,
    conversation: Conversation,
    user: UserId,
    after: Seq,
    to: Seq,
) -> Result<i64> {
    if to == conversation.newest {
        return db
            .prepare_cached(
                "SELECT own_after_read FROM members WHERE conversation = ?1 AND user = ?2",
            )?
            .query_one(params![conversation.row, int(user.0)], |row| row.get(0));
    }
    db.prepare_cached(
        "SELECT count(*) FROM entries
         WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND author = ?4",
    )?
    .query_one(
        params![conversation.row, int(after.0), int(to.0), int(user.0)],
        |row| row.get(0),
    )
}

/// Finds a conversation that has an entry.
pub(super) fn find(db: &Connection, id: ConversationId) -> Result<Option<Conversation>> {
    let Some(pair) = id.pair() else {
        return Ok(None);
    };
    db.prepare_cached(
        "SELECT id, newest, newest_time FROM conversations WHERE low = ?1 AND high = ?2",
    )?
    .query_one(params![int(pair.low().0), int(pair.high().0)], |row| {
        Ok(Conversation {
            row: row.get(0)?,
            newest: Seq(uint(row, 1)?),
            newest_time: Timestamp(uint(row, 2)?),
        })
    })
    .optional()
}

/// Finds the entry that has this id, and the row of its conversation.
fn find_entry(db: &Connection, author: UserId, id: MessageId) -> Result<Option<(i64, Entry)>> {
    db.prepare_cached(
        "SELECT conversation, seq, time, content FROM entries
         WHERE author = ?1 AND message_id = ?2",
    )?
    .query_one(params![int(author.0), id.0], |row| {
        let entry = Entry {
            seq: Seq(uint(row, 1)?),
            author,
            id,
            time: Timestamp(uint(row, 2)?),
            content: content(row, 3)?,
        };
        Ok((row.get(0)?, entry))
    })
    .optional()
}

fn all_exist(db: &Connection, id: DirectPair) -> Result<bool> {
    let mut known = db.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?;
    for user in id.members() {
        if !known.exists([int(user.0)])? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn create(db: &Connection, pair: DirectPair) -> Result<Conversation> {
    let row = db
        .prepare_cached(
            "INSERT INTO conversations (low, high, newest, newest_time, changed)
             VALUES (?1, ?2, 0, 0, 0)",
        )?
        .insert(params![int(pair.low().0), int(pair.high().0)])?;
    let mut join = db.prepare_cached("INSERT INTO members (conversation, user) VALUES (?1, ?2)")?;
    for user in pair.members() {
        join.execute(params![row, int(user.0)])?;
    }
    Ok(Conversation {
        row,
        newest: Seq::ZERO,
        newest_time: Timestamp(0),
    })
}
