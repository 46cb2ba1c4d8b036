//! Table `entries`: the items of all logs. Erasing overwrites the content of a row in place.

use recado_shared::limits::MAX_PAGE_LEN;
use recado_shared::{Content, Entry, ErasedKind, MessageId, PageRange, Seq, Timestamp, UserId};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, Row, params};

use super::statement::prepare_once;
use crate::store::values::column::{self, content, decode, int, number, uint};

/// Most bytes that postcard takes for an entry besides its content: the id and three numbers.
const ENTRY_OVERHEAD: usize = 16 + 3 * 10;

/// The insert statement and its buffer, prepared once for a batch.
#[derive(Default)]
pub(crate) struct EntryInsert<'a> {
    statement: Option<CachedStatement<'a>>,
    content: Vec<u8>,
}

impl<'a> EntryInsert<'a> {
    /// Inserts an entry. `messages` counts the messages of the log up to it. Returns false, and
    /// inserts nothing, if its author used the id before.
    pub(crate) fn insert(
        &mut self,
        db: &'a Connection,
        conversation: i64,
        entry: &Entry,
        messages: u64,
    ) -> Result<bool> {
        let statement = prepare_once(
            db,
            &mut self.statement,
            "INSERT INTO entries (conversation, seq, author, message_id, time, messages, is_message,
                 target, content)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
             ON CONFLICT (message_id, author) DO NOTHING",
        )?;
        self.content.clear();
        column::encode_into(&entry.content, &mut self.content)?;
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

/// Reads an entry from `seq, author, message_id, time, content, erased`, which start at a column, and the
/// stored length of its content in bytes.
fn entry(row: &Row<'_>, first: usize) -> Result<(Entry, usize)> {
    let (content, len) = content(row, first + 4, first + 5)?;
    let entry = Entry {
        seq: Seq(uint(row, first)?),
        author: UserId(uint(row, first + 1)?),
        id: MessageId(row.get(first + 2)?),
        time: Timestamp(uint(row, first + 3)?),
        content,
    };
    Ok((entry, len))
}

pub(crate) fn find(db: &Connection, author: UserId, id: MessageId) -> Result<Option<(i64, Entry)>> {
    db.prepare_cached(
        "SELECT conversation, seq, author, message_id, time, content, erased FROM entries
         WHERE message_id = ?2 AND author = ?1",
    )?
    .query_one(params![int(author.0), id.0], |row| {
        Ok((row.get(0)?, entry(row, 1)?.0))
    })
    .optional()
}

/// A stretch of a log between two places, at most [`MAX_PAGE_LEN`] bytes of it, ascending.
pub(crate) fn page(
    db: &Connection,
    conversation: i64,
    range: PageRange,
    (first, last): (Seq, Seq),
    limit: u16,
) -> Result<Vec<Entry>> {
    let (bound, comparison, order) = match range {
        PageRange::After(seq) => (seq, '>', "ASC"),
        PageRange::Before(seq) => (seq, '<', "DESC"),
    };
    let mut statement = db.prepare_cached(&format!(
        "SELECT seq, author, message_id, time, content, erased FROM entries
         WHERE conversation = ?1 AND seq {comparison} ?2 AND seq BETWEEN ?4 AND ?5
         ORDER BY seq {order} LIMIT ?3"
    ))?;
    let key = params![conversation, int(bound.0), limit, int(first.0), int(last.0)];
    let mut rows = statement.query(key)?;
    let mut entries = Vec::new();
    let mut len = 0;
    while let Some(row) = rows.next()? {
        let (entry, content_len) = entry(row, 0)?;
        len += ENTRY_OVERHEAD + content_len;
        if len > MAX_PAGE_LEN && !entries.is_empty() {
            break;
        }
        entries.push(entry);
    }
    if matches!(range, PageRange::Before(_)) {
        entries.reverse();
    }
    Ok(entries)
}

pub(crate) fn messages_at(db: &Connection, conversation: i64, seq: Seq) -> Result<u64> {
    db.prepare_cached("SELECT messages FROM entries WHERE conversation = ?1 AND seq = ?2")?
        .query_one(params![conversation, int(seq.0)], number)
}

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
        number,
    )
}

/// Counts the entries of an author. Called only while a message request holds the author to a few.
pub(crate) fn count_of(db: &Connection, conversation: i64, author: UserId) -> Result<u64> {
    db.prepare_cached("SELECT count(*) FROM entries WHERE conversation = ?1 AND author = ?2")?
        .query_one(params![conversation, int(author.0)], number)
}

/// The author of a message that is not erased; `None` if there is no such message at this place.
pub(crate) fn author_of_message(
    db: &Connection,
    conversation: i64,
    seq: Seq,
) -> Result<Option<UserId>> {
    db.prepare_cached(
        "SELECT author FROM entries
         WHERE conversation = ?1 AND seq = ?2 AND is_message AND erased IS NULL",
    )?
    .query_one(params![conversation, int(seq.0)], number)
    .optional()
    .map(|author| author.map(UserId))
}

/// Erases a message and its edits. Two searches of an index each: one with `OR` would read the whole log.
pub(crate) fn erase(db: &Connection, conversation: i64, target: Seq) -> Result<()> {
    let rows: Vec<(i64, Option<ErasedKind>)> = db
        .prepare_cached(
            "SELECT id, content FROM entries
             WHERE conversation = ?1 AND seq = ?2 AND erased IS NULL
             UNION ALL
             SELECT id, content FROM entries
             WHERE conversation = ?1 AND target = ?2 AND erased IS NULL",
        )?
        .query_map(params![conversation, int(target.0)], |row| {
            Ok((row.get(0)?, decode::<Content>(row, 1)?.erased()))
        })?
        .collect::<Result<_>>()?;
    let mut overwrite = Overwrite::prepare(db)?;
    for (id, erased) in rows {
        if let Some(erased) = erased {
            overwrite.execute(id, erased)?;
        }
    }
    Ok(())
}

/// The statement that erases one entry.
struct Overwrite<'a>(CachedStatement<'a>);

impl<'a> Overwrite<'a> {
    /// The content keeps its length, so that `SQLite` overwrites the row in place: a row that moves may leave
    /// a copy behind. NULL, 0 and 1 all take no space in a record
    /// (<https://sqlite.org/fileformat2.html#record_format>).
    fn prepare(db: &'a Connection) -> Result<Self> {
        let sql =
            "UPDATE entries SET content = zeroblob(length(content)), erased = ?2 WHERE id = ?1";
        db.prepare_cached(sql).map(Self)
    }

    fn execute(&mut self, id: i64, erased: ErasedKind) -> Result<usize> {
        self.0.execute(params![id, erased as u8])
    }
}

/// Erases all messages and edits of one author, or of all authors, in one pass over the log: an author
/// edits only their own messages.
pub(crate) fn erase_all(db: &Connection, conversation: i64, author: Option<UserId>) -> Result<()> {
    let author = author.map(|author| int(author.0));
    let rows: Vec<(i64, Option<ErasedKind>)> = db
        .prepare_cached(
            "SELECT id, content FROM entries
             WHERE conversation = ?1 AND seq > 0 AND author = ifnull(?2, author)
                 AND erased IS NULL",
        )?
        .query_map(params![conversation, author], |row| {
            Ok((row.get(0)?, decode::<Content>(row, 1)?.erased()))
        })?
        .collect::<Result<_>>()?;
    let mut overwrite = Overwrite::prepare(db)?;
    for (id, erased) in rows {
        if let Some(erased) = erased {
            overwrite.execute(id, erased)?;
        }
    }
    Ok(())
}

/// Whether a stored content is the sent one. An erased content cannot be compared.
pub(crate) fn is_same(stored: &Content, sent: &Content) -> bool {
    matches!(stored, Content::Erased(_)) || stored == sent
}
