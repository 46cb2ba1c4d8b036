//! Check of a data folder, also of a running server: structure, references, and each entry. It changes
//! nothing.

use std::path::{Path, PathBuf};

use recado_shared::{Seq, Timestamp, UserId};
use rusqlite::{Connection, Result};

use super::damage::Subject;
use super::folder::{self, Folder};
use super::tables::entries::{self, CheckedEntry};
use super::tables::{conversations, devices, members, settings, users};
use super::values::column::number;
use super::values::{Fault, StoreError};
use super::wal;

/// Most problems that are kept with their texts; further ones are counted.
pub const MAX_PROBLEMS: usize = 1_000;

/// Most rows of a table that are looked at by their numbers, if it cannot be read in order.
const MAX_ROWS: i64 = 10_000_000;

/// Outcome of a verification.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// The first [`MAX_PROBLEMS`] problems.
    pub problems: Vec<Problem>,
    pub problem_count: u64,
    pub conversations: u64,
    pub entries: u64,
    /// Entries of an older schema, which have no checksum.
    pub without_checksum: u64,
    /// Damaged write-ahead logs that were kept aside at a start, oldest first.
    pub kept_logs: Vec<PathBuf>,
}

/// Something that is damaged or contradicts something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A conversation or user with its name, or a part of the database.
    pub place: String,
    /// The place in the log of the conversation.
    pub seq: Option<Seq>,
    pub text: String,
}

/// Progress of a verification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The pages and indexes are read.
    Structure,
    /// Entries are read: so many of so many.
    Entries { done: u64, of: u64 },
}

/// Verifies the data of a running or stopped server. Memory is bounded by the longest entry and by
/// [`MAX_PROBLEMS`].
///
/// # Errors
/// [`StoreError`] if the folder has no data of this schema, or nothing of it can be read.
pub fn verify(
    dir: &Path,
    progress: impl FnMut(Progress),
) -> std::result::Result<Verification, StoreError> {
    folder::expect_data(dir)?;
    let mut verifier = Verifier {
        db: folder::open_unchanged(dir)?,
        progress,
        found: Verification::default(),
    };
    verifier.found.kept_logs = wal::kept(dir).map_err(StoreError::folder(dir))?;
    // The log of a running server changes while it is read.
    if Folder::claim(dir).is_ok() {
        let lost = wal::inspect(&dir.join(wal::LOG)).map_err(StoreError::folder(dir))?;
        if let Some(commits) = lost {
            let text = format!(
                "it is broken after {} commits, and {} more are behind that. The next start drops them and \
                 keeps a copy of the log",
                commits.kept, commits.lost
            );
            verifier.found.problem("the write-ahead log", None, text);
        }
    }
    let run = |verifier: &mut Verifier<_>| {
        verifier.structure()?;
        verifier.conversations()?;
        verifier.users()
    };
    run(&mut verifier).map_err(StoreError::database(dir))?;
    Ok(verifier.found)
}

struct Verifier<P> {
    db: Connection,
    progress: P,
    found: Verification,
}

impl<P: FnMut(Progress)> Verifier<P> {
    /// Turns damage into a problem. Other errors end the verification.
    fn note<T>(&mut self, place: &str, seq: Option<Seq>, result: Result<T>) -> Result<Option<T>> {
        match result {
            Err(error) if Fault::of(&error) == Fault::Damage => {
                self.found
                    .problem(place, seq, format!("cannot be read: {error}"));
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Pages, indexes, constraints and references, as far as `SQLite` knows them.
    fn structure(&mut self) -> Result<()> {
        (self.progress)(Progress::Structure);
        let texts = texts_of(&self.db, "PRAGMA integrity_check(100)");
        for text in self.note("the database", None, texts)?.unwrap_or_default() {
            if text != "ok" {
                self.found.problem("the database", None, text);
            }
        }
        let sql = "SELECT 'a row of ' || \"table\" || ' refers to a missing row of ' || parent
             FROM pragma_foreign_key_check LIMIT 100";
        let texts = texts_of(&self.db, sql);
        for text in self.note("the database", None, texts)?.unwrap_or_default() {
            self.found.problem("the database", None, text);
        }
        Ok(())
    }

    fn conversations(&mut self) -> Result<()> {
        let of = self
            .db
            .query_row("SELECT ifnull(max(id), 0) FROM entries", [], number);
        let of: Option<u64> = self.note("the entries", None, of)?;
        let of = of.unwrap_or_default();
        let rows = self.rows("the conversations", "conversations")?;
        for row in rows {
            // Each conversation is a transaction of its own: a long one would keep the write-ahead log
            // of a running server from starting anew.
            self.db.execute_batch("BEGIN")?;
            let checked = self.conversation(row);
            self.db.execute_batch("ROLLBACK")?;
            checked?;
            self.found.conversations += 1;
            (self.progress)(Progress::Entries {
                done: self.found.entries,
                of,
            });
        }
        let sql = "SELECT count(*) FROM entries e
             WHERE NOT EXISTS (SELECT * FROM conversations c WHERE c.id = e.conversation)";
        let orphans = self.db.query_row(sql, [], number);
        match self.note("the entries", None, orphans)? {
            None | Some(0) => Ok(()),
            Some(orphans) => {
                let text = format!("{orphans} entries belong to no conversation");
                self.found.problem("the entries", None, text);
                Ok(())
            }
        }
    }

    /// The row numbers of a table, also of one that cannot be read in order.
    fn rows(&mut self, place: &str, table: &str) -> Result<Vec<i64>> {
        let in_order = || -> Result<Vec<i64>> {
            self.db
                .prepare(&format!("SELECT id FROM {table} ORDER BY id"))?
                .query_map([], |row| row.get(0))?
                .collect()
        };
        let rows = in_order();
        if let Some(rows) = self.note(place, None, rows)? {
            return Ok(rows);
        }
        let last: Result<i64> = self.db.query_row(
            &format!("SELECT ifnull(max(id), 0) FROM {table}"),
            [],
            |row| row.get(0),
        );
        let last = self.note(place, None, last)?.unwrap_or_default();
        let mut exists = self
            .db
            .prepare(&format!("SELECT 1 FROM {table} WHERE id = ?1"))?;
        // A row that cannot be read is looked at, and becomes a problem of its own.
        Ok((1..=last.min(MAX_ROWS))
            .filter(|row| exists.exists([row]).unwrap_or(true))
            .collect())
    }

    fn conversation(&mut self, row: i64) -> Result<()> {
        let place = conversations::id_of(&self.db, row)
            .map_or(Subject::ConversationRow(row), Subject::Conversation)
            .describe(&self.db);
        let found = conversations::by_row(&self.db, row);
        let Some(found) = self.note(&place, None, found)? else {
            return Ok(());
        };
        let last = self.log(&place, row, found.newest)?;
        if last.seq != found.newest {
            let text = format!(
                "its newest entry should be {}, not {}",
                found.newest, last.seq
            );
            self.found.problem(&place, Some(last.seq), text);
        } else if last.is_read && (last.time, last.messages) != (found.newest_time, found.messages)
        {
            let text = "the time or the number of messages is not that of its newest entry";
            self.found.problem(&place, Some(last.seq), text);
        }
        self.members(&place, row, found.newest)
    }

    /// Checks the entries of a log, which are dense from 1. Returns the last one.
    fn log(&mut self, place: &str, row: i64, newest: Seq) -> Result<Last> {
        let mut last = Last::default();
        for _ in 0..=MAX_ROWS {
            let found = &mut self.found;
            let read = entries::check_after(&self.db, row, last.seq, |entry| {
                found.entries += 1;
                found.without_checksum += u64::from(entry.has_right_checksum.is_none());
                for text in problems_of(&last, &entry) {
                    found.problem(place, Some(entry.seq), text);
                }
                last = Last::of(&entry);
            });
            if self.note(place, Some(last.seq.next()), read)?.is_some() || last.seq >= newest {
                break;
            }
            // Goes on behind the entry that cannot be read.
            last.seq = last.seq.next();
            last.is_read = false;
        }
        Ok(last)
    }

    /// Checks the cursors of members, and their counts by which unread messages are counted.
    fn members(&mut self, place: &str, row: i64, newest: Seq) -> Result<()> {
        let members = members::contradictions(&self.db, row, newest);
        for text in self.note(place, None, members)?.unwrap_or_default() {
            self.found.problem(place, None, text);
        }
        Ok(())
    }

    fn users(&mut self) -> Result<()> {
        for user in self.rows("the users", "users")? {
            let user = UserId(user.unsigned_abs());
            let place = Subject::User(user).describe(&self.db);
            let name = users::has_consistent_name(&self.db, user);
            if self.note(&place, None, name)? == Some(false) {
                let text = "the name is not the one that is reserved for the user";
                self.found.problem(&place, None, text);
            }
            let devices = devices::list(&self.db, user);
            self.note(&place, None, devices)?;
            let settings = settings::are_consistent(&self.db, user);
            if self.note(&place, None, settings)? == Some(false) {
                self.found
                    .problem(&place, None, "a setting is not what its key says");
            }
        }
        Ok(())
    }
}

impl Verification {
    fn problem(&mut self, place: &str, seq: Option<Seq>, text: impl Into<String>) {
        self.problem_count += 1;
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem {
                place: place.to_owned(),
                seq,
                text: text.into(),
            });
        }
    }
}

/// What the next entry of a log must continue.
#[derive(Clone, Copy, Debug)]
struct Last {
    seq: Seq,
    time: Timestamp,
    messages: u64,
    /// False after an entry that cannot be read.
    is_read: bool,
}

impl Default for Last {
    fn default() -> Self {
        Self {
            seq: Seq::ZERO,
            time: Timestamp(0),
            messages: 0,
            is_read: true,
        }
    }
}

impl Last {
    fn of(entry: &CheckedEntry) -> Self {
        Self {
            seq: entry.seq,
            time: entry.time,
            messages: entry.messages,
            is_read: true,
        }
    }
}

fn problems_of(last: &Last, entry: &CheckedEntry) -> Vec<String> {
    let mut texts = Vec::new();
    let expected = last.seq.next();
    if entry.seq != expected {
        texts.push(format!(
            "the entries {expected} to {} are missing",
            entry.seq.prev()
        ));
    }
    if entry.has_right_checksum == Some(false) {
        texts.push("its checksum is wrong".to_owned());
    }
    if !entry.has_right_columns {
        texts.push("its content is not what its columns say".to_owned());
    }
    let continues = last.messages + u64::from(entry.is_message) == entry.messages;
    if entry.seq == expected && last.is_read && !continues {
        texts.push("its number of messages does not continue that of the entry before".to_owned());
    }
    texts
}

fn texts_of(db: &Connection, sql: &str) -> Result<Vec<String>> {
    db.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}
