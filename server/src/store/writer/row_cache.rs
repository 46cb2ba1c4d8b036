//! Row cache of the writer: the rows of conversations and members in use, read once, and written once
//! for each batch however often they changed in it.
//!
//! It is a write-back cache, so other SQL must not read or change these rows while the cache holds
//! them: [`RowCache::flush_and_evict`] and [`RowCache::flush_and_evict_all`] come first.

use std::collections::BTreeMap;

use recado_shared::{ConversationId, Stamp, UserId};
use rusqlite::{CachedStatement, Connection, Result, params};

use crate::store::tables::conversations::{self, ConversationRow};
use crate::store::tables::members::{self, MemberRow};
use crate::store::tables::statement::prepared;
use crate::store::values::column::int;

/// Most rows that stay from batch to batch: 3 MiB. Within a batch there are more, by at most three for
/// each of its requests.
const CAPACITY: usize = 32_768;

#[derive(Debug)]
pub(crate) struct RowCache {
    capacity: usize,
    conversations: BTreeMap<ConversationId, ConversationRow>,
    members: BTreeMap<(i64, UserId), MemberRow>,
    /// Keys of unwritten rows, once for each change.
    changed_conversations: Vec<ConversationId>,
    changed_members: Vec<(i64, UserId)>,
    /// `PRAGMA data_version` (<https://sqlite.org/pragma.html#pragma_data_version>): changes when
    /// another connection commits.
    version: Option<i64>,
}

/// The statements of a flush, prepared once for a batch.
#[derive(Default)]
pub(crate) struct UpdateStatements<'a> {
    conversation: Option<CachedStatement<'a>>,
    member: Option<CachedStatement<'a>>,
}

impl Default for RowCache {
    fn default() -> Self {
        Self::with_capacity(CAPACITY)
    }
}

impl RowCache {
    /// A cache that starts each batch with at most `capacity` rows, or with none.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            conversations: BTreeMap::new(),
            members: BTreeMap::new(),
            changed_conversations: Vec::new(),
            changed_members: Vec::new(),
            version: None,
        }
    }

    /// Drops all rows, also unwritten ones.
    pub(crate) fn clear(&mut self) {
        *self = Self::with_capacity(self.capacity);
    }

    /// Starts a batch, inside its transaction. Drops all rows if another connection has committed.
    pub(crate) fn begin(&mut self, db: &Connection) -> Result<()> {
        let version = db
            .prepare_cached("PRAGMA data_version")?
            .query_one([], |row| row.get(0))?;
        let kept = self.conversations.len() + self.members.len();
        if self.version != Some(version) || kept > self.capacity {
            self.clear();
            self.version = Some(version);
        }
        Ok(())
    }

    pub(crate) fn conversation(
        &mut self,
        db: &Connection,
        id: ConversationId,
    ) -> Result<Option<ConversationRow>> {
        if let Some(open) = self.conversations.get(&id) {
            return Ok(Some(*open));
        }
        let Some(open) = conversations::find(db, id)? else {
            return Ok(None);
        };
        self.conversations.insert(id, open);
        Ok(Some(open))
    }

    /// A present or former member of a conversation.
    pub(crate) fn member(
        &mut self,
        db: &Connection,
        conversation: i64,
        user: UserId,
    ) -> Result<Option<MemberRow>> {
        if let Some(member) = self.members.get(&(conversation, user)) {
            return Ok(Some(*member));
        }
        let member = members::find(db, conversation, user)?;
        if let Some(member) = member {
            self.members.insert((conversation, user), member);
        }
        Ok(member)
    }

    /// Changes a conversation that the cache holds.
    pub(crate) fn change(
        &mut self,
        id: ConversationId,
        stamp: Stamp,
        change: impl FnOnce(&mut ConversationRow),
    ) {
        let Some(open) = self.conversations.get_mut(&id) else {
            return debug_assert!(false, "the cache holds it");
        };
        change(open);
        open.changed = stamp;
        self.changed_conversations.push(id);
    }

    /// Changes a member that the cache holds. Without a stamp the member gets no new head.
    pub(crate) fn change_member(
        &mut self,
        key: (i64, UserId),
        stamp: Option<Stamp>,
        change: impl FnOnce(&mut MemberRow),
    ) {
        let Some(member) = self.members.get_mut(&key) else {
            return debug_assert!(false, "the cache holds it");
        };
        change(member);
        member.changed = stamp.unwrap_or(member.changed);
        self.changed_members.push(key);
    }

    /// Flushes, then drops a conversation with its members.
    pub(crate) fn flush_and_evict<'a>(
        &mut self,
        db: &'a Connection,
        statements: &mut UpdateStatements<'a>,
        id: ConversationId,
    ) -> Result<()> {
        self.flush(db, statements)?;
        if let Some(open) = self.conversations.remove(&id) {
            let row = open.row;
            let members = self
                .members
                .range((row, UserId(0))..=(row, UserId(u64::MAX)));
            let members: Vec<_> = members.map(|(key, _)| *key).collect();
            for key in members {
                self.members.remove(&key);
            }
        }
        Ok(())
    }

    /// Flushes, then drops all rows.
    pub(crate) fn flush_and_evict_all<'a>(
        &mut self,
        db: &'a Connection,
        statements: &mut UpdateStatements<'a>,
    ) -> Result<()> {
        self.flush(db, statements)?;
        self.conversations.clear();
        self.members.clear();
        Ok(())
    }

    /// Writes all changed rows, in the order of their tables on the disk.
    pub(crate) fn flush<'a>(
        &mut self,
        db: &'a Connection,
        statements: &mut UpdateStatements<'a>,
    ) -> Result<()> {
        self.changed_members.sort_unstable();
        self.changed_members.dedup();
        for key in self.changed_members.drain(..) {
            if let Some(member) = self.members.get(&key) {
                statements.write_member(db, key, member)?;
            }
        }
        self.changed_conversations.sort_unstable();
        self.changed_conversations.dedup();
        for id in self.changed_conversations.drain(..) {
            if let Some(open) = self.conversations.get(&id) {
                statements.write_conversation(db, open)?;
            }
        }
        Ok(())
    }
}

impl<'a> UpdateStatements<'a> {
    fn write_conversation(&mut self, db: &'a Connection, open: &ConversationRow) -> Result<()> {
        let statement = prepared(&mut self.conversation, db, conversations::UPDATE)?;
        statement.execute(params![
            open.row,
            int(open.newest.0),
            int(open.newest_time.0),
            int(open.messages),
            int(open.changed.0)
        ])?;
        Ok(())
    }

    fn write_member(
        &mut self,
        db: &'a Connection,
        (conversation, user): (i64, UserId),
        member: &MemberRow,
    ) -> Result<()> {
        let statement = prepared(&mut self.member, db, members::UPDATE)?;
        statement.execute(params![
            conversation,
            int(user.0),
            int(member.delivered.0),
            int(member.read.0),
            int(member.read_messages),
            int(member.own_after_read),
            member.is_request,
            int(member.changed.0)
        ])?;
        Ok(())
    }
}
