//! What readers answer: heads, pages of a log, the directory. Each answer comes from one
//! transaction, so that all of it is of the same moment.

use std::collections::BTreeMap;

use recado_shared::limits::MAX_PAGE_LEN;
use recado_shared::name::fold;
use recado_shared::{
    ConversationId, Entry, Head, MemberCursors, MessageId, PageRange, Seq, Stamp, Timestamp,
    UserId, UserName,
};
use rusqlite::{Connection, Result, Row, params};

use super::request::{Read, ReadResult};
use super::row::{content, int, name, uint};
use super::{log, schema};

/// Most bytes that postcard takes for an entry beside its content: the id and three numbers.
const ENTRY_OVERHEAD: usize = 16 + 3 * 10;

/// Answers one question.
pub(super) fn answer(db: &mut Connection, question: Read) -> Result<ReadResult> {
    let tx = db.transaction()?;
    let result = match question {
        Read::Heads {
            session,
            user,
            since,
        } => {
            let (_, stamp) = schema::identity(&tx)?;
            let (heads, people) = heads(&tx, user, since.unwrap_or_default())?;
            ReadResult::Heads {
                session,
                heads,
                people,
                stamp: Stamp(stamp),
            }
        }
        Read::Page {
            origin,
            conversation,
            range,
            limit,
        } => {
            let (entries, newest) = page(&tx, conversation, range, limit)?;
            ReadResult::Page {
                origin,
                entries,
                newest,
            }
        }
        Read::People {
            origin,
            prefix,
            after,
            limit,
        } => {
            let (people, more) = people(&tx, &prefix, after.as_ref(), limit)?;
            ReadResult::People {
                origin,
                people,
                more,
            }
        }
    };
    tx.commit()?;
    Ok(result)
}

type People = Vec<(UserId, UserName)>;

fn heads(db: &Connection, user: UserId, since: Stamp) -> Result<(Vec<Head>, People)> {
    let mut changed = db.prepare_cached(
        "SELECT c.id, c.low, c.high, c.newest, c.newest_time, c.newest - m.read - m.own_after_read
         FROM members m JOIN conversations c ON c.id = m.conversation
         WHERE m.user = ?1 AND c.changed > ?2
         ORDER BY c.newest_time DESC, c.id DESC",
    )?;
    let mut members = db.prepare_cached(
        "SELECT m.user, m.delivered, m.read, u.name FROM members m JOIN users u ON u.id = m.user
         WHERE m.conversation = ?1 ORDER BY m.user",
    )?;
    let mut people = BTreeMap::new();
    let mut heads = Vec::new();
    let mut rows = changed.query(params![int(user.0), int(since.0)])?;
    while let Some(row) = rows.next()? {
        let mut cursors = Vec::new();
        let mut of = members.query([row.get::<_, i64>(0)?])?;
        while let Some(member) = of.next()? {
            let user = UserId(uint(member, 0)?);
            cursors.push(MemberCursors {
                user,
                delivered: Seq(uint(member, 1)?),
                read: Seq(uint(member, 2)?),
            });
            if let std::collections::btree_map::Entry::Vacant(vacant) = people.entry(user) {
                vacant.insert(name(member, 3)?);
            }
        }
        heads.push(Head {
            conversation: ConversationId::direct(UserId(uint(row, 1)?), UserId(uint(row, 2)?)),
            newest: Seq(uint(row, 3)?),
            newest_time: Timestamp(uint(row, 4)?),
            unread: uint(row, 5)?,
            cursors,
            first: Seq(1),
            room: None,
            is_request: false,
        });
    }
    Ok((heads, people.into_iter().collect()))
}

fn page(
    db: &Connection,
    conversation: ConversationId,
    range: PageRange,
    limit: u16,
) -> Result<(Vec<Entry>, Seq)> {
    let Some(found) = log::find(db, conversation)? else {
        return Ok((Vec::new(), Seq::ZERO));
    };
    let (sql, bound) = match range {
        PageRange::After(seq) => (
            "SELECT seq, author, message_id, time, content FROM entries
             WHERE conversation = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
            seq,
        ),
        PageRange::Before(seq) => (
            "SELECT seq, author, message_id, time, content FROM entries
             WHERE conversation = ?1 AND seq < ?2 ORDER BY seq DESC LIMIT ?3",
            seq,
        ),
    };
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query(params![found.row, int(bound.0), limit])?;
    let mut entries = Vec::new();
    let mut len = 0;
    while let Some(row) = rows.next()? {
        len += ENTRY_OVERHEAD + row.get_ref(4)?.as_blob()?.len();
        if len > MAX_PAGE_LEN && !entries.is_empty() {
            break;
        }
        entries.push(entry(row)?);
    }
    if matches!(range, PageRange::Before(_)) {
        entries.reverse();
    }
    Ok((entries, found.newest))
}

fn entry(row: &Row<'_>) -> Result<Entry> {
    Ok(Entry {
        seq: Seq(uint(row, 0)?),
        author: UserId(uint(row, 1)?),
        id: MessageId(row.get(2)?),
        time: Timestamp(uint(row, 3)?),
        content: content(row, 4)?,
    })
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
            "SELECT id, name FROM users WHERE folded >= ?1 AND folded < ?2 AND folded > ?3
             ORDER BY folded LIMIT ?4",
        )?
        .query_map(params![from, to, after, u32::from(limit) + 1], |row| {
            Ok((UserId(uint(row, 0)?), name(row, 1)?))
        })?
        .collect::<Result<_>>()?;
    let more = found.len() > usize::from(limit);
    found.truncate(limit.into());
    Ok((found, more))
}
