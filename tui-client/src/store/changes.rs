//! Erasures and edits of the messages of one page, read once for the whole page before it is stored.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::{Content, Entry, Seq, UserId};
use rusqlite::{Connection, params};

use super::entry_kind::{DELETION, EDIT};
use super::value::{DbError, column, number, query};

/// What the stored log and the page itself do to the messages of the page.
#[derive(Debug, Default)]
pub(super) struct Changes {
    deleted: BTreeSet<Seq>,
    /// The authors who were removed, with the last place at which they were.
    removed: BTreeMap<UserId, Seq>,
    /// The text of the last stored edit of a message by its author.
    edits: BTreeMap<(Seq, UserId), String>,
}

impl Changes {
    /// Reads what concerns ascending entries.
    pub(super) fn read(db: &Connection, key: &[u8], entries: &[Entry]) -> Result<Self, DbError> {
        let mut changes = Self::default();
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok(changes);
        };
        query(
            db,
            // Left to itself the planner reads the log from the first entry to its end.
            "SELECT target, author, kind, content FROM entries INDEXED BY entries_by_target
             WHERE conversation = ?1 AND target BETWEEN ?2 AND ?3 AND kind IN (?4, ?5)
             ORDER BY seq",
            params![
                key,
                first.seq.0.cast_signed(),
                last.seq.0.cast_signed(),
                DELETION,
                EDIT
            ],
            |row| {
                let target = Seq(number(row, 0)?);
                if row.get::<_, i64>(2)? == DELETION {
                    changes.deleted.insert(target);
                } else {
                    let author = UserId(number(row, 1)?);
                    let edit: Content = column(row, 3)?;
                    let text = edit.body().map_or("", |body| body.as_str());
                    changes.edits.insert((target, author), text.to_owned());
                }
                Ok(())
            },
        )?;
        query(
            db,
            "SELECT author, max(seq) FROM entries INDEXED BY removed_authors
             WHERE conversation = ?1 AND kind = 10 GROUP BY author",
            [key],
            |row| {
                let author = UserId(number(row, 0)?);
                changes.removed.insert(author, Seq(number(row, 1)?));
                Ok(())
            },
        )?;
        for entry in entries {
            changes.note_erasure(entry);
        }
        Ok(changes)
    }

    fn note_erasure(&mut self, entry: &Entry) {
        if let Content::Deletion { target } = entry.content {
            self.deleted.insert(target);
        } else if entry.content == Content::AuthorRemoved {
            let last = self.removed.entry(entry.author).or_insert(entry.seq);
            *last = entry.seq.max(*last);
        }
    }

    /// Whether the text of an entry of the page is to be stored as erased.
    pub(super) fn erase(&self, entry: &Entry) -> bool {
        let message = entry.content.target().unwrap_or(entry.seq);
        self.deleted.contains(&message)
            || self
                .removed
                .get(&entry.author)
                .is_some_and(|removed| *removed > entry.seq)
    }

    /// The text of a message of the page as it reads now, as far as edits are stored.
    pub(super) fn text<'a>(&'a self, message: &'a Entry) -> &'a str {
        let edit = self.edits.get(&(message.seq, message.author));
        let own = message.content.body().map_or("", |body| body.as_str());
        edit.map_or(own, String::as_str)
    }
}
