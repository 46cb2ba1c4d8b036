//! What the writer keeps in mind of the conversations that are in use: their rows and those of
//! their members, read once, and written once for each batch however often they changed in it.
//!
//! It stands in front of the database like a cache that is written back. So nothing may look at
//! these rows by itself while it holds changes, nor change them while it holds them: whoever does
//! either calls [`RowCache::settle`] or [`RowCache::settle_all`] first.

use std::collections::BTreeMap;

use recado_shared::{ConversationId, Seq, Stamp, UserId};
use rusqlite::{CachedStatement, Connection, OptionalExtension as _, Result, params};

use crate::store::tables::entries::{self, Conversation};
use crate::store::tables::statement::prepared;
use crate::store::values::column::{int, uint};

/// Most rows that are kept from batch to batch, which is 3 MiB. Within a batch there are more, by at
/// most three for each of its requests.
const MAX_KEPT: usize = 32_768;

/// The rows.
#[derive(Debug)]
pub(crate) struct RowCache {
    /// Most rows that are kept from batch to batch.
    max_kept: usize,
    conversations: BTreeMap<ConversationId, Open>,
    members: BTreeMap<(i64, UserId), Member>,
    /// What is not written back, once for each change.
    changed_conversations: Vec<ConversationId>,
    changed_members: Vec<(i64, UserId)>,
    /// The state of the file that the rows are of, as far as others changed it.
    version: Option<i64>,
}

/// A row of `conversations`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Open {
    pub(crate) conversation: Conversation,
    /// How many members the room has; of two people, none.
    pub(crate) members: u64,
    changed: Stamp,
}

/// A row of `members`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member {
    pub(crate) delivered: Seq,
    pub(crate) read: Seq,
    /// Messages up to the read cursor.
    pub(crate) read_messages: u64,
    /// The member's own messages behind it.
    pub(crate) own_after_read: u64,
    /// Whether they are in it now.
    pub(crate) is_in: bool,
    /// Whether the other person still asks to write to them.
    pub(crate) is_request: bool,
    /// Whether their account is closed.
    pub(crate) is_closed: bool,
    changed: Stamp,
}

/// The statements that write back, prepared for a batch.
#[derive(Default)]
pub(crate) struct WriteBack<'a> {
    conversation: Option<CachedStatement<'a>>,
    member: Option<CachedStatement<'a>>,
}

impl Default for RowCache {
    fn default() -> Self {
        Self::keeping(MAX_KEPT)
    }
}

impl RowCache {
    /// One that begins each batch with at most so many rows, or with none.
    pub(crate) fn keeping(max_kept: usize) -> Self {
        Self {
            max_kept,
            conversations: BTreeMap::new(),
            members: BTreeMap::new(),
            changed_conversations: Vec::new(),
            changed_members: Vec::new(),
            version: None,
        }
    }

    /// Forgets everything, also what is not written back.
    pub(crate) fn clear(&mut self) {
        *self = Self::keeping(self.max_kept);
    }

    /// Begins a batch, inside its transaction: drops what somebody else may have changed since.
    pub(crate) fn begin(&mut self, db: &Connection) -> Result<()> {
        let version = db
            .prepare_cached("PRAGMA data_version")?
            .query_one([], |row| row.get(0))?;
        let kept = self.conversations.len() + self.members.len();
        if self.version != Some(version) || kept > self.max_kept {
            self.clear();
            self.version = Some(version);
        }
        Ok(())
    }

    /// A conversation that has an entry.
    pub(crate) fn conversation(
        &mut self,
        db: &Connection,
        id: ConversationId,
    ) -> Result<Option<Open>> {
        if let Some(open) = self.conversations.get(&id) {
            return Ok(Some(*open));
        }
        let Some(conversation) = entries::find(db, id)? else {
            return Ok(None);
        };
        let (members, changed) = facts(db, conversation.row)?;
        let open = Open {
            conversation,
            members,
            changed,
        };
        self.conversations.insert(id, open);
        Ok(Some(open))
    }

    /// A member of a conversation, also a former one.
    pub(crate) fn member(
        &mut self,
        db: &Connection,
        conversation: i64,
        user: UserId,
    ) -> Result<Option<Member>> {
        if let Some(member) = self.members.get(&(conversation, user)) {
            return Ok(Some(*member));
        }
        let member = find_member(db, conversation, user)?;
        if let Some(member) = member {
            self.members.insert((conversation, user), member);
        }
        Ok(member)
    }

    /// Changes a conversation that was asked for before.
    pub(crate) fn change(
        &mut self,
        id: ConversationId,
        stamp: Stamp,
        change: impl FnOnce(&mut Conversation),
    ) {
        let Some(open) = self.conversations.get_mut(&id) else {
            return debug_assert!(false, "it was asked for");
        };
        change(&mut open.conversation);
        open.changed = stamp;
        self.changed_conversations.push(id);
    }

    /// Changes a member that was asked for before. Without a stamp the member hears nothing of it.
    pub(crate) fn change_member(
        &mut self,
        key: (i64, UserId),
        stamp: Option<Stamp>,
        change: impl FnOnce(&mut Member),
    ) {
        let Some(member) = self.members.get_mut(&key) else {
            return debug_assert!(false, "it was asked for");
        };
        change(member);
        member.changed = stamp.unwrap_or(member.changed);
        self.changed_members.push(key);
    }

    /// Writes back, then forgets a conversation, which somebody else is about to look at or change.
    pub(crate) fn settle<'a>(
        &mut self,
        db: &'a Connection,
        statements: &mut WriteBack<'a>,
        id: ConversationId,
    ) -> Result<()> {
        self.write_back(db, statements)?;
        if let Some(open) = self.conversations.remove(&id) {
            let row = open.conversation.row;
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

    /// Writes back, then forgets everything.
    pub(crate) fn settle_all<'a>(
        &mut self,
        db: &'a Connection,
        statements: &mut WriteBack<'a>,
    ) -> Result<()> {
        self.write_back(db, statements)?;
        self.conversations.clear();
        self.members.clear();
        Ok(())
    }

    /// Writes all that changed, in the order in which it lies on the disk.
    pub(crate) fn write_back<'a>(
        &mut self,
        db: &'a Connection,
        statements: &mut WriteBack<'a>,
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

impl<'a> WriteBack<'a> {
    fn write_conversation(&mut self, db: &'a Connection, open: &Open) -> Result<()> {
        let statement = prepared(&mut self.conversation, db, entries::MOVE_END)?;
        let conversation = &open.conversation;
        statement.execute(params![
            conversation.row,
            int(conversation.newest.0),
            int(conversation.newest_time.0),
            int(conversation.messages),
            int(open.changed.0)
        ])?;
        Ok(())
    }

    fn write_member(
        &mut self,
        db: &'a Connection,
        (conversation, user): (i64, UserId),
        member: &Member,
    ) -> Result<()> {
        let statement = prepared(
            &mut self.member,
            db,
            "UPDATE members SET delivered = ?3, read = ?4, read_messages = ?5, own_after_read = ?6,
                 is_request = ?7, changed = ?8
             WHERE conversation = ?1 AND user = ?2",
        )?;
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

/// How many members a room has, and when the conversation last changed.
fn facts(db: &Connection, conversation: i64) -> Result<(u64, Stamp)> {
    db.prepare_cached(
        "SELECT ifnull(r.members, 0), c.changed
         FROM conversations c LEFT JOIN rooms r ON r.id = c.room WHERE c.id = ?1",
    )?
    .query_one([conversation], |row| {
        Ok((uint(row, 0)?, Stamp(uint(row, 1)?)))
    })
}

fn find_member(db: &Connection, conversation: i64, user: UserId) -> Result<Option<Member>> {
    db.prepare_cached(
        "SELECT m.delivered, m.read, m.read_messages, m.own_after_read, m.standing = 0,
             m.is_request, u.is_disabled OR u.is_removed, m.changed
         FROM members m JOIN users u ON u.id = m.user WHERE m.conversation = ?1 AND m.user = ?2",
    )?
    .query_one(params![conversation, int(user.0)], |row| {
        Ok(Member {
            delivered: Seq(uint(row, 0)?),
            read: Seq(uint(row, 1)?),
            read_messages: uint(row, 2)?,
            own_after_read: uint(row, 3)?,
            is_in: row.get(4)?,
            is_request: row.get(5)?,
            is_closed: row.get(6)?,
            changed: Stamp(uint(row, 7)?),
        })
    })
    .optional()
}
