//! Table `entries`: the items of all logs. Erasing overwrites the content of a row in place.

use recado_shared::limits::MAX_PAGE_LEN;
use recado_shared::{Content, Entry, ErasedKind, MessageId, PageRange, Seq, Timestamp, UserId};
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, Row, params};

use super::statement::prepare_once;
use crate::store::values::checksum::ChecksumKey;
use crate::store::values::column::{
    self, content, int, number, optional_uint, optional_variant, uint,
};

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
                 target, content, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
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
            ChecksumKey::of_new(conversation, entry).checksum(&self.content),
        ])?;
        Ok(inserted > 0)
    }
}

/// The columns of an entry, and whether they are undamaged.
const ENTRY: &str = "seq, author, message_id, time, erased, checksum, content";

/// Reads an entry of a conversation from the columns [`ENTRY`], which start at a column, and the stored
/// length of its content in bytes. Fails if the checksum is wrong.
fn entry(row: &Row<'_>, conversation: i64, first: usize) -> Result<(Entry, usize)> {
    let key = checksum_key(row, conversation, first)?;
    let blob = row.get_ref(first + 6)?.as_blob()?;
    if has_right_checksum(row, first + 5, &key, blob)? == Some(false) {
        return Err(column::damaged(first + 5, Damage::Checksum));
    }
    let entry = Entry {
        seq: key.seq,
        author: key.author,
        id: key.id,
        time: key.time,
        content: content(blob, key.erased, first + 6)?,
    };
    Ok((entry, blob.len()))
}

fn checksum_key(row: &Row<'_>, conversation: i64, first: usize) -> Result<ChecksumKey> {
    Ok(ChecksumKey {
        conversation,
        seq: Seq(uint(row, first)?),
        author: UserId(uint(row, first + 1)?),
        id: MessageId(row.get(first + 2)?),
        time: Timestamp(uint(row, first + 3)?),
        erased: optional_variant(row, first + 4, ErasedKind::from_repr)?,
    })
}

/// `None` for an entry of an older schema, which has no checksum.
fn has_right_checksum(
    row: &Row<'_>,
    column: usize,
    key: &ChecksumKey,
    content: &[u8],
) -> Result<Option<bool>> {
    match row.get_ref(column)? {
        ValueRef::Null => Ok(None),
        checksum => Ok(Some(checksum.as_i64()? == key.checksum(content))),
    }
}

/// Contradictions between stored entries that `SQLite` does not see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Damage {
    #[error("the checksum of an entry is wrong")]
    Checksum,
    #[error("an entry is missing")]
    Gap,
}

pub(crate) fn find(db: &Connection, author: UserId, id: MessageId) -> Result<Option<(i64, Entry)>> {
    db.prepare_cached(&format!(
        "SELECT conversation, {ENTRY} FROM entries WHERE message_id = ?2 AND author = ?1"
    ))?
    .query_one(params![int(author.0), id.0], |row| {
        let conversation = row.get(0)?;
        Ok((conversation, entry(row, conversation, 1)?.0))
    })
    .optional()
}

/// A stretch of a log between two places, at most [`MAX_PAGE_LEN`] bytes of it, ascending. All entries
/// between `first` and `last` must be there.
pub(crate) fn page(
    db: &Connection,
    conversation: i64,
    range: PageRange,
    (first, last): (Seq, Seq),
    limit: u16,
) -> Result<Vec<Entry>> {
    let (mut first, mut last) = (first.0.max(1), last.0);
    let order = match range {
        PageRange::After(seq) => {
            first = first.max(seq.0.saturating_add(1));
            "ASC"
        }
        PageRange::Before(seq) => {
            last = last.min(seq.0.saturating_sub(1));
            "DESC"
        }
    };
    let mut statement = db.prepare_cached(&format!(
        "SELECT {ENTRY} FROM entries
         WHERE conversation = ?1 AND seq BETWEEN ?2 AND ?3 ORDER BY seq {order} LIMIT ?4"
    ))?;
    let key = params![conversation, int(first), int(last), limit];
    let mut rows = statement.query(key)?;
    let mut entries: Vec<Entry> = Vec::new();
    let mut len = 0;
    // The place of the next entry; without one the page ends at a bound.
    let mut next = match range {
        PageRange::After(_) => Some(first),
        PageRange::Before(_) => Some(last),
    };
    while let Some(row) = rows.next()? {
        let (entry, content_len) = entry(row, conversation, 0)?;
        if next != Some(entry.seq.0) {
            return Err(column::damaged(0, Damage::Gap));
        }
        len += ENTRY_OVERHEAD + content_len;
        if len > MAX_PAGE_LEN && !entries.is_empty() {
            break;
        }
        next = match range {
            PageRange::After(_) => entry.seq.0.checked_add(1),
            PageRange::Before(_) => entry.seq.0.checked_sub(1),
        };
        entries.push(entry);
    }
    let is_cut = len > MAX_PAGE_LEN || entries.len() >= limit.into();
    if !is_cut && next.is_some_and(|next| (first..=last).contains(&next)) {
        return Err(column::damaged(0, Damage::Gap));
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
    let sql = format!(
        "SELECT id, {ENTRY} FROM entries
         WHERE conversation = ?1 AND seq = ?2 AND erased IS NULL
         UNION ALL
         SELECT id, {ENTRY} FROM entries
         WHERE conversation = ?1 AND target = ?2 AND erased IS NULL"
    );
    let rows: Vec<_> = db
        .prepare_cached(&sql)?
        .query_map(params![conversation, int(target.0)], |row| {
            Erasure::of(row, conversation)
        })?
        .collect::<Result<_>>()?;
    erase_rows(db, &rows)
}

/// The extent of one step of an erasure.
pub(crate) struct ErasedStretch {
    /// Entries in the stretch; fewer than its length at the end of the log.
    pub(crate) read: u64,
    pub(crate) erased: u64,
    /// Length of the erased contents.
    pub(crate) bytes: u64,
}

/// Erases the messages and edits of one author, or of all authors, in a stretch of a log. An author edits only their
/// own messages.
pub(crate) fn erase_between(
    db: &Connection,
    conversation: i64,
    author: Option<UserId>,
    after: Seq,
    to: Seq,
) -> Result<ErasedStretch> {
    let mut step = ErasedStretch {
        read: 0,
        erased: 0,
        bytes: 0,
    };
    let mut erasures = Vec::new();
    let mut statement = db.prepare_cached(&format!(
        "SELECT id, {ENTRY} FROM entries WHERE conversation = ?1 AND seq > ?2 AND seq <= ?3"
    ))?;
    let mut rows = statement.query(params![conversation, int(after.0), int(to.0)])?;
    while let Some(row) = rows.next()? {
        step.read += 1;
        let by: i64 = row.get(2)?;
        let erased: Option<u8> = row.get(5)?;
        if author.is_none_or(|author| by == int(author.0)) && erased.is_none() {
            let erasure = Erasure::of(row, conversation)?;
            step.erased += u64::from(erasure.kind.is_some());
            step.bytes += row.get_ref(7)?.as_blob()?.len() as u64;
            erasures.push(erasure);
        }
    }
    erase_rows(db, &erasures)?;
    Ok(step)
}

/// The remains of an entry; its content becomes empty.
struct Erasure {
    id: i64,
    /// `None` for entries that stay, such as deletions.
    kind: Option<ErasedKind>,
    /// `None` for entries of an older schema.
    checksum: Option<i64>,
}

impl Erasure {
    /// Reads an id and the columns [`ENTRY`]. A wrong checksum stays wrong.
    fn of(row: &Row<'_>, conversation: i64) -> Result<Self> {
        let mut key = checksum_key(row, conversation, 1)?;
        let blob = row.get_ref(7)?.as_blob()?;
        let is_right = has_right_checksum(row, 6, &key, blob)?;
        key.erased = content(blob, None, 7)?.erased();
        Ok(Self {
            id: row.get(0)?,
            kind: key.erased,
            checksum: if is_right == Some(true) {
                Some(key.checksum(&[]))
            } else {
                row.get(6)?
            },
        })
    }
}

/// The content keeps its length at first, so that `SQLite` overwrites the row in place: a row that moves may leave a
/// copy behind. NULL, 0 and 1 all take no space in a record
/// (<https://sqlite.org/fileformat2.html#record_format>). Then the zeros go, and the pages of a long content are free.
fn erase_rows(db: &Connection, rows: &[Erasure]) -> Result<()> {
    let mut overwrite = db.prepare_cached(
        "UPDATE entries SET content = zeroblob(length(content)), erased = ?2, checksum = ?3
         WHERE id = ?1",
    )?;
    let mut shorten = db.prepare_cached("UPDATE entries SET content = x'' WHERE id = ?1")?;
    for row in rows {
        if let Some(kind) = row.kind {
            overwrite.execute(params![row.id, kind as u8, row.checksum])?;
            shorten.execute([row.id])?;
        }
    }
    Ok(())
}

/// An entry as `verify` sees it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckedEntry {
    pub(crate) seq: Seq,
    pub(crate) time: Timestamp,
    /// Messages of the log up to it.
    pub(crate) messages: u64,
    pub(crate) is_message: bool,
    /// `None` for an entry of an older schema.
    pub(crate) has_right_checksum: Option<bool>,
    /// Whether the columns that follow from the content do.
    pub(crate) has_right_columns: bool,
}

/// Checks the entries of a log after a place, in order, up to the first one that cannot be read.
pub(crate) fn check_after(
    db: &Connection,
    conversation: i64,
    after: Seq,
    mut check: impl FnMut(CheckedEntry),
) -> Result<()> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {ENTRY}, messages, is_message, target FROM entries
         WHERE conversation = ?1 AND seq > ?2 ORDER BY seq"
    ))?;
    let mut rows = statement.query(params![conversation, int(after.0)])?;
    while let Some(row) = rows.next()? {
        let key = checksum_key(row, conversation, 0)?;
        let blob = row.get_ref(6)?.as_blob()?;
        let is_message = row.get(8)?;
        let content = content(blob, key.erased, 6)?;
        let target = optional_uint(row, 9)?.map(Seq);
        check(CheckedEntry {
            seq: key.seq,
            time: key.time,
            messages: uint(row, 7)?,
            is_message,
            has_right_checksum: has_right_checksum(row, 5, &key, blob)?,
            has_right_columns: key.erased.is_some()
                || (is_message, target) == (content.is_message(), content.target()),
        });
    }
    Ok(())
}

/// Whether a stored content is the sent one. An erased content cannot be compared.
pub(crate) fn is_same(stored: &Content, sent: &Content) -> bool {
    matches!(stored, Content::Erased(_)) || stored == sent
}
