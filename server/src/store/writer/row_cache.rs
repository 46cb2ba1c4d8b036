//! Row cache of the writer: the rows of conversations and members in use, read once, and written once
//! for each batch however often they changed in it.
//!
//! It is a write-back cache, so other SQL must not read or change these rows while the cache holds
//! them: [`Batch::flush_and_evict`] and [`Batch::flush_and_evict_all`] come first.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::{ConversationId, DeviceKey, Stamp, UserId};
use rusqlite::{Connection, Error, Result};

use super::batch::Batch;
use crate::store::tables::conversations::{self, ConversationRow};
use crate::store::tables::members::{self, MemberRow};
use crate::store::tables::{devices, settings};

/// Most rows that stay from batch to batch: 3 MiB. Within a batch there are more, by at most three for
/// each of its requests. A device counts as a row.
pub(crate) const MAX_CACHED_ROWS: usize = 32_768;

#[derive(Debug)]
pub(crate) struct RowCache {
    capacity: usize,
    conversations: BTreeMap<ConversationId, ConversationRow>,
    members: BTreeMap<(i64, UserId), MemberRow>,
    /// Devices that are linked to their users.
    devices: BTreeSet<(UserId, DeviceKey)>,
    /// Keys of unwritten rows, once for each change.
    changed_conversations: Vec<ConversationId>,
    changed_members: Vec<(i64, UserId)>,
    /// `PRAGMA data_version` (<https://sqlite.org/pragma.html#pragma_data_version>): changes when
    /// another connection commits.
    version: Option<i64>,
}

impl RowCache {
    /// A cache that starts each batch with at most `capacity` rows, or with none.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            capacity,
            conversations: BTreeMap::new(),
            members: BTreeMap::new(),
            devices: BTreeSet::new(),
            changed_conversations: Vec::new(),
            changed_members: Vec::new(),
            version: None,
        }
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::with_capacity(self.capacity);
    }

    /// Starts a batch, inside its transaction. Drops all rows if another connection has committed.
    pub(crate) fn begin(&mut self, db: &Connection) -> Result<()> {
        let version = db
            .prepare_cached("PRAGMA data_version")?
            .query_one([], |row| row.get(0))?;
        let kept = self.conversations.len() + self.members.len() + self.devices.len();
        if self.version != Some(version) || kept > self.capacity {
            self.clear();
            self.version = Some(version);
        }
        Ok(())
    }
}

impl Batch<'_> {
    pub(crate) fn conversation(&mut self, id: ConversationId) -> Result<Option<ConversationRow>> {
        if let Some(conversation) = self.rows.conversations.get(&id) {
            return Ok(Some(*conversation));
        }
        let found = conversations::find(self.db, id)?;
        self.rows.conversations.extend(found.map(|row| (id, row)));
        Ok(found)
    }

    pub(crate) fn member(&mut self, conversation: i64, user: UserId) -> Result<Option<MemberRow>> {
        let key = (conversation, user);
        if let Some(member) = self.rows.members.get(&key) {
            return Ok(Some(*member));
        }
        let found = members::find(self.db, conversation, user)?;
        self.rows.members.extend(found.map(|row| (key, row)));
        Ok(found)
    }

    /// The row of a member of a direct conversation, with whether the member blocks the peer.
    pub(crate) fn peer(
        &mut self,
        conversation: i64,
        user: UserId,
        peer: UserId,
    ) -> Result<Option<MemberRow>> {
        let Some(member) = self.member(conversation, user)? else {
            return Ok(None);
        };
        if member.blocks.is_some() {
            return Ok(Some(member));
        }
        let blocks = Some(settings::blocks_user(self.db, user, peer)?);
        let member = MemberRow { blocks, ..member };
        self.rows.members.insert((conversation, user), member);
        Ok(Some(member))
    }

    /// Whether a device is linked to a user, and not revoked.
    pub(crate) fn is_linked(&mut self, user: UserId, device: DeviceKey) -> Result<bool> {
        let key = (user, device);
        if self.rows.devices.contains(&key) {
            return Ok(true);
        }
        let is_linked = devices::is_own(self.db, user, device)?;
        if is_linked {
            self.rows.devices.insert(key);
        }
        Ok(is_linked)
    }

    /// Comes before a device is revoked.
    pub(crate) fn evict_device(&mut self, user: UserId, device: DeviceKey) {
        self.rows.devices.remove(&(user, device));
    }

    /// Changes a conversation that the cache holds, at the present stamp.
    pub(crate) fn change_conversation(
        &mut self,
        id: ConversationId,
        change: impl FnOnce(&mut ConversationRow),
    ) {
        let Some(conversation) = self.rows.conversations.get_mut(&id) else {
            return debug_assert!(false, "the cache holds it");
        };
        change(conversation);
        conversation.changed = self.stamp;
        self.rows.changed_conversations.push(id);
    }

    /// Changes a member that the cache holds. Without a stamp the member gets no new head. Fails if the
    /// row of the member is missing, which only damage explains.
    pub(crate) fn change_member(
        &mut self,
        key: (i64, UserId),
        stamp: Option<Stamp>,
        change: impl FnOnce(&mut MemberRow),
    ) -> Result<()> {
        let member = self.rows.members.get_mut(&key);
        let member = member.ok_or(Error::QueryReturnedNoRows)?;
        change(member);
        member.changed = stamp.unwrap_or(member.changed);
        self.rows.changed_members.push(key);
        Ok(())
    }

    /// Comes before SQL that reads or changes the rows of one conversation.
    pub(crate) fn flush_and_evict(&mut self, id: ConversationId) -> Result<()> {
        self.flush()?;
        if let Some(conversation) = self.rows.conversations.remove(&id) {
            let row = conversation.row;
            let members = (row, UserId(0))..=(row, UserId(u64::MAX));
            self.rows
                .members
                .extract_if(members, |_, _| true)
                .for_each(drop);
        }
        Ok(())
    }

    /// Comes before SQL that reads or changes the rows of any conversation or user.
    pub(crate) fn flush_and_evict_all(&mut self) -> Result<()> {
        self.flush()?;
        self.rows.conversations.clear();
        self.rows.members.clear();
        self.rows.devices.clear();
        Ok(())
    }

    /// Writes all changed rows, in the order of their tables on the disk.
    pub(super) fn flush(&mut self) -> Result<()> {
        let rows = &mut *self.rows;
        rows.changed_members.sort_unstable();
        rows.changed_members.dedup();
        for key in rows.changed_members.drain(..) {
            if let Some(member) = rows.members.get(&key) {
                members::update(self.db, &mut self.update_member, key, member)?;
            }
        }
        rows.changed_conversations.sort_unstable();
        rows.changed_conversations.dedup();
        for id in rows.changed_conversations.drain(..) {
            if let Some(conversation) = rows.conversations.get(&id) {
                conversations::update(self.db, &mut self.update_conversation, conversation)?;
            }
        }
        Ok(())
    }
}
