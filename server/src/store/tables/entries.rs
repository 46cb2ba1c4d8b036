//! The conversation logs: appending entries, finding them. Pure SQL inside the caller's
//! transaction; the caller owns the stamp and commits.

use recado_shared::{
    Content, ConversationId, DirectPair, Entry, MessageId, RequestError, Seq, Stamp, Timestamp,
    UserId,
};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, params};

use crate::store::tables::statement::prepared;
use crate::store::values::column::{content_or_erased, encode, int, uint};
use crate::store::values::request::{Appended, Sent};
use crate::store::writer::contact;
use crate::store::writer::content;
use crate::store::writer::room;

/// An entry that somebody wants in the log.
#[derive(Clone, Debug)]
pub(crate) struct NewEntry<'a> {
    pub(crate) author: UserId,
    pub(crate) conversation: ConversationId,
    pub(crate) id: MessageId,
    pub(crate) content: &'a Content,
    pub(crate) time: Timestamp,
    /// Whether the author may delete the messages of others there.
    pub(crate) moderates: bool,
}

/// A row of `conversations`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conversation {
    pub(crate) row: i64,
    pub(crate) newest: Seq,
    pub(crate) newest_time: Timestamp,
    pub(crate) messages: u64,
}

/// Moves the end of a log: row, newest entry and its time, messages, stamp.
pub(crate) const MOVE_END: &str =
    "UPDATE conversations SET newest = ?2, newest_time = ?3, messages = ?4, changed = ?5
     WHERE id = ?1";

type Outcome<T> = Result<std::result::Result<T, RequestError>>;

/// Appends an entry with all that follows from it, or finds it if its author appended it before.
pub(crate) fn append(db: &Connection, stamp: &mut Stamp, new: &NewEntry<'_>) -> Outcome<Appended> {
    let conversation = find(db, new.conversation)?;
    // Rows count from one.
    let row = conversation.map_or(0, |conversation| conversation.row);
    if let Some(result) = find_resent(db, row, new)? {
        return Ok(result);
    }
    let conversation = match (conversation, new.conversation) {
        (Some(conversation), _) => conversation,
        (None, ConversationId::Room(_)) => return Ok(Err(RequestError::UnknownRoom)),
        (None, ConversationId::Direct(pair)) => {
            if new.conversation.peer_of(new.author).is_none() {
                return Ok(Err(RequestError::NotAMember));
            }
            if !all_exist(db, pair)? {
                return Ok(Err(RequestError::UnknownUser));
            }
            // Nobody gets a conversation by what is refused in it.
            if content::about(new.content).is_some() {
                return Ok(Err(RequestError::NoSuchMessage));
            }
            create_direct(db, pair)?
        }
    };
    let checked = content::check(db, conversation.row, new.author, new.content, new.moderates)?;
    if let Err(error) = checked {
        return Ok(Err(error));
    }
    let is_request = match contact::check(db, &conversation, new)? {
        Ok(is_request) => is_request,
        Err(error) => return Ok(Err(error)),
    };
    let entry = place(&conversation, new);
    if let Some(room) = new.conversation.room() {
        let change = room::Change {
            room,
            conversation: conversation.row,
            seq: entry.seq,
            messages: conversation.messages,
            author: new.author,
        };
        if let Err(error) = room::apply(db, *stamp, &change, new.content)? {
            return Ok(Err(error));
        }
    }
    insert(db, &conversation, stamp, &entry)?;
    if let Content::Deletion { target } = new.content {
        content::erase(db, conversation.row, *target)?;
    }
    Ok(Ok(Appended {
        entry,
        is_new: true,
        is_request,
    }))
}

/// What an author is told who used this id before: the entry, if it is the one that is wanted.
pub(crate) fn find_resent(
    db: &Connection,
    conversation: i64,
    new: &NewEntry<'_>,
) -> Result<Option<std::result::Result<Appended, RequestError>>> {
    let found = find_entry(db, new.author, new.id)?;
    Ok(found.map(|(row, entry)| {
        if row == conversation && is_same(&entry.content, new.content) {
            Ok(Appended::resent(entry))
        } else {
            Err(RequestError::IdReused)
        }
    }))
}

/// The entry with its place and time.
pub(crate) fn place(conversation: &Conversation, new: &NewEntry<'_>) -> Entry {
    Entry {
        seq: conversation.newest.next(),
        author: new.author,
        id: new.id,
        time: new.time.max(conversation.newest_time),
        content: new.content.clone(),
    }
}

/// Puts an entry at the end of its log, and moves that end.
pub(crate) fn insert(
    db: &Connection,
    conversation: &Conversation,
    stamp: &mut Stamp,
    entry: &Entry,
) -> Result<()> {
    let is_message = entry.content.is_message();
    let messages = conversation.messages + u64::from(is_message);
    if !Insert::default().entry(db, conversation.row, entry, messages)? {
        return Err(rusqlite::Error::StatementChangedRows(0));
    }
    if is_message {
        db.prepare_cached(
            "UPDATE members SET own_after_read = own_after_read + 1
             WHERE conversation = ?1 AND user = ?2",
        )?
        .execute(params![conversation.row, int(entry.author.0)])?;
    }
    stamp.0 += 1;
    db.prepare_cached(MOVE_END)?.execute(params![
        conversation.row,
        int(entry.seq.0),
        int(entry.time.0),
        int(messages),
        int(stamp.0)
    ])?;
    Ok(())
}

/// The statement that puts entries into a log, prepared for a batch.
#[derive(Default)]
pub(crate) struct Insert<'a> {
    statement: Option<CachedStatement<'a>>,
    content: Vec<u8>,
}

impl<'a> Insert<'a> {
    /// Puts an entry into its log, and nothing else. Returns whether it is new: its author may have
    /// used the id before.
    pub(crate) fn entry(
        &mut self,
        db: &'a Connection,
        conversation: i64,
        entry: &Entry,
        messages: u64,
    ) -> Result<bool> {
        let statement = prepared(
            &mut self.statement,
            db,
            "INSERT INTO entries
                 (conversation, seq, author, message_id, time, messages, is_message, target, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (message_id, author) DO NOTHING",
        )?;
        self.content.clear();
        encode(&entry.content, &mut self.content)?;
        let inserted = statement.execute(params![
            conversation,
            int(entry.seq.0),
            int(entry.author.0),
            entry.id.0,
            int(entry.time.0),
            int(messages),
            entry.content.is_message(),
            entry.content.target().map(|target| int(target.0)),
            self.content,
        ])?;
        Ok(inserted > 0)
    }
}

/// How many messages a log has up to a place.
pub(crate) fn messages_at(db: &Connection, conversation: i64, seq: Seq) -> Result<u64> {
    db.prepare_cached("SELECT messages FROM entries WHERE conversation = ?1 AND seq = ?2")?
        .query_one(params![conversation, int(seq.0)], |row| uint(row, 0))
}

/// Counts a member's own messages that their read cursor passes. Each is passed once.
pub(crate) fn own_between(
    db: &Connection,
    conversation: i64,
    user: UserId,
    after: Seq,
    to: Seq,
) -> Result<u64> {
    db.prepare_cached(
        "SELECT count(*) FROM entries
         WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3 AND author = ?4 AND is_message",
    )?
    .query_one(
        params![conversation, int(after.0), int(to.0), int(user.0)],
        |row| uint(row, 0),
    )
}

/// Finds a conversation that has an entry.
pub(crate) fn find(db: &Connection, id: ConversationId) -> Result<Option<Conversation>> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Conversation {
            row: row.get(0)?,
            newest: Seq(uint(row, 1)?),
            newest_time: Timestamp(uint(row, 2)?),
            messages: uint(row, 3)?,
        })
    };
    match id {
        ConversationId::Direct(pair) => db
            .prepare_cached(
                "SELECT id, newest, newest_time, messages FROM conversations
                 WHERE low = ?1 AND high = ?2",
            )?
            .query_one(params![int(pair.low().0), int(pair.high().0)], read),
        ConversationId::Room(room) => db
            .prepare_cached(
                "SELECT id, newest, newest_time, messages FROM conversations WHERE room = ?1",
            )?
            .query_one(params![int(room.0)], read),
    }
    .optional()
}

/// Finds the entry that has this id, and the row of its conversation.
pub(crate) fn find_entry(
    db: &Connection,
    author: UserId,
    id: MessageId,
) -> Result<Option<(i64, Entry)>> {
    db.prepare_cached(
        "SELECT conversation, seq, time, content, erased FROM entries
         WHERE message_id = ?2 AND author = ?1",
    )?
    .query_one(params![int(author.0), id.0], |row| {
        let entry = Entry {
            seq: Seq(uint(row, 1)?),
            author,
            id,
            time: Timestamp(uint(row, 2)?),
            content: content_or_erased(row, 3, 4)?,
        };
        Ok((row.get(0)?, entry))
    })
    .optional()
}

/// Whether a stored content is what is sent now. What was erased cannot be compared any more.
fn is_same(stored: &Content, sent: &Content) -> bool {
    matches!(stored, Content::Erased(_)) || stored == sent
}

/// Finds what an earlier request appended.
pub(crate) fn find_sent(db: &Connection, sent: &Sent) -> Result<Option<Entry>> {
    let conversation = find(db, sent.conversation)?;
    let found = find_entry(db, sent.author, sent.id)?;
    let found = found.filter(|(row, entry)| {
        conversation.is_some_and(|c| c.row == *row) && is_same(&entry.content, &sent.content)
    });
    Ok(found.map(|(_, entry)| entry))
}

fn all_exist(db: &Connection, id: DirectPair) -> Result<bool> {
    for user in id.members() {
        if !is_user(db, user)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(crate) fn is_user(db: &Connection, user: UserId) -> Result<bool> {
    db.prepare_cached("SELECT 1 FROM users WHERE id = ?1")?
        .exists([int(user.0)])
}

fn create_direct(db: &Connection, pair: DirectPair) -> Result<Conversation> {
    let row = db
        .prepare_cached(
            "INSERT INTO conversations (low, high, newest, newest_time, messages, changed)
             VALUES (?1, ?2, 0, 0, 0, 0)",
        )?
        .insert(params![int(pair.low().0), int(pair.high().0)])?;
    let mut join = db.prepare_cached("INSERT INTO members (conversation, user) VALUES (?1, ?2)")?;
    for user in pair.members() {
        join.execute(params![row, int(user.0)])?;
    }
    Ok(Conversation::empty(row))
}

impl Conversation {
    /// A conversation without an entry.
    pub(crate) const fn empty(row: i64) -> Self {
        Self {
            row,
            newest: Seq::ZERO,
            newest_time: Timestamp(0),
            messages: 0,
        }
    }

    /// Whether nothing was appended yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.newest == Seq::ZERO
    }
}
