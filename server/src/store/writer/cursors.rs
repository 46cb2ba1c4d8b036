//! Cursor updates: a cursor only moves forward, up to the newest entry.

use recado_shared::limits::MAX_MEMBERS_WITH_CURSORS;
use recado_shared::{CursorUpdate, MemberCursors, Seq, UserId};
use rusqlite::Result;

use super::batch::Batch;
use crate::store::tables::conversations::ConversationRow;
use crate::store::tables::entries;
use crate::store::tables::members::MemberRow;

impl Batch<'_> {
    /// Moves a member's cursors forward, no further than the newest entry; `None` if they are
    /// already there.
    pub(super) fn advance(
        &mut self,
        user: UserId,
        to: CursorUpdate,
    ) -> Result<Option<MemberCursors>> {
        let Some(conversation) = self.conversation(to.conversation)? else {
            return Ok(None);
        };
        let row = conversation.row;
        let member = self.member(row, user)?;
        let Some(old) = member.filter(|member| member.state.is_member()) else {
            return Ok(None);
        };
        let read = old.read.max(to.read.min(conversation.newest));
        let delivered = old
            .delivered
            .max(to.delivered.min(conversation.newest))
            .max(read);
        if (delivered, read) == (old.delivered, old.read) {
            return Ok(None);
        }
        let (own_after_read, read_messages) = if read == old.read {
            (old.own_after_read, old.read_messages)
        } else {
            self.counts_at(&conversation, user, &old, read)?
        };
        self.stamp.0 += 1;
        self.change_member((row, user), Some(self.stamp), |member| {
            member.delivered = delivered;
            member.read = read;
            member.own_after_read = own_after_read;
            member.read_messages = read_messages;
        })?;
        // In a larger room members do not see each other's cursors.
        if conversation.members <= MAX_MEMBERS_WITH_CURSORS as u64 {
            self.change_conversation(to.conversation, |_| {});
        }
        Ok(Some(MemberCursors {
            user,
            delivered,
            read,
        }))
    }

    /// The member's own messages after a new read cursor, and all messages up to it.
    fn counts_at(
        &self,
        conversation: &ConversationRow,
        user: UserId,
        old: &MemberRow,
        read: Seq,
    ) -> Result<(u64, u64)> {
        if read == conversation.newest {
            return Ok((0, conversation.messages));
        }
        // Most members of a large room have written nothing since.
        let own = if old.own_after_read == 0 {
            0
        } else {
            entries::own_between(self.db, conversation.row, user, old.read, read)?
        };
        let messages = if conversation.messages == conversation.newest.0 {
            read.0
        } else {
            entries::messages_at(self.db, conversation.row, read)?
        };
        Ok((old.own_after_read.saturating_sub(own), messages))
    }
}
