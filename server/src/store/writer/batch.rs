//! The writes that are almost all of them, in the fewest statements: an entry that only appends
//! itself, and a cursor that moves. What they change of conversations and members stays in the
//! [`RowCache`] until the batch is done.

use recado_shared::limits::{MAX_MEMBERS_WITH_CURSORS, MAX_MESSAGES_BEFORE_ACCEPTANCE};
use recado_shared::{
    Content, ConversationId, CursorUpdate, Entry, MemberCursors, RequestError, Seq, Stamp, UserId,
};
use rusqlite::{Connection, Result};

use crate::store::tables::entries::{self, Conversation, Insert, NewEntry};
use crate::store::values::request::Appended;
use crate::store::writer::contact;
use crate::store::writer::content;
use crate::store::writer::row_cache::{Member, Open, RowCache, WriteBack};

type Outcome<T> = Result<std::result::Result<T, RequestError>>;

/// A transaction of the writer.
pub(crate) struct Batch<'a> {
    pub(crate) db: &'a Connection,
    /// The newest change.
    pub(crate) stamp: Stamp,
    rows: &'a mut RowCache,
    insert: Insert<'a>,
    write_back: WriteBack<'a>,
}

impl<'a> Batch<'a> {
    /// Begins inside a transaction.
    pub(crate) fn begin(db: &'a Connection, rows: &'a mut RowCache, stamp: Stamp) -> Result<Self> {
        rows.begin(db)?;
        Ok(Self {
            db,
            stamp,
            rows,
            insert: Insert::default(),
            write_back: WriteBack::default(),
        })
    }

    /// Writes what is left to write. Returns the newest change.
    pub(crate) fn finish(mut self) -> Result<Stamp> {
        self.rows.write_back(self.db, &mut self.write_back)?;
        Ok(self.stamp)
    }

    /// Makes way for something that looks at a conversation or its members, or changes them.
    pub(crate) fn settle(&mut self, id: ConversationId) -> Result<()> {
        self.rows.settle(self.db, &mut self.write_back, id)
    }

    /// Makes way for something that looks at any conversation or member or user, or changes it.
    pub(crate) fn settle_all(&mut self) -> Result<()> {
        self.rows.settle_all(self.db, &mut self.write_back)
    }

    /// Appends an entry if nothing follows from it but its place in the log; or finds it if its
    /// author appended it before. `None` says that it is for [`entries::append`].
    pub(crate) fn append(
        &mut self,
        new: &NewEntry<'_>,
    ) -> Result<Option<std::result::Result<Appended, RequestError>>> {
        if !is_plain(new.content) {
            return Ok(None);
        }
        let Some(open) = self.rows.conversation(self.db, new.conversation)? else {
            return Ok(None);
        };
        let row = open.conversation.row;
        let Some(author) = self.rows.member(self.db, row, new.author)? else {
            return Ok(None);
        };
        if open.conversation.is_empty() {
            return Ok(None);
        }
        if author.is_closed {
            return Ok(Some(Err(RequestError::Unavailable)));
        }
        let is_request = match self.check(&open.conversation, &author, new)? {
            Ok(is_request) => is_request,
            Err(error) => {
                let resent = entries::find_resent(self.db, row, new)?;
                return Ok(Some(resent.unwrap_or(Err(error))));
            }
        };
        let entry = entries::place(&open.conversation, new);
        let messages = open.conversation.messages + u64::from(entry.content.is_message());
        if !self.insert.entry(self.db, row, &entry, messages)? {
            let resent = entries::find_resent(self.db, row, new)?;
            return Ok(Some(resent.unwrap_or(Err(RequestError::IdReused))));
        }
        self.note(new.conversation, row, &entry, messages);
        Ok(Some(Ok(Appended {
            entry,
            is_new: true,
            is_request,
        })))
    }

    /// Says why an entry cannot stand in a log, or whether it asks to write to the other person.
    fn check(
        &mut self,
        conversation: &Conversation,
        author: &Member,
        new: &NewEntry<'_>,
    ) -> Outcome<bool> {
        let row = conversation.row;
        if let Err(error) = content::check(self.db, row, new.author, new.content, new.moderates)? {
            return Ok(Err(error));
        }
        if new.conversation.room().is_some() {
            let may = author.is_in.then_some(false);
            return Ok(may.ok_or(RequestError::NotAMember));
        }
        let peer = new.conversation.peer_of(new.author);
        let Some(peer) = peer.filter(|peer| *peer != new.author) else {
            return Ok(Ok(false));
        };
        let member = self.rows.member(self.db, row, peer)?;
        if !member.is_some_and(|peer| peer.is_request) {
            return Ok(Ok(false));
        }
        Ok(
            if contact::written(self.db, row, new.author)? < MAX_MESSAGES_BEFORE_ACCEPTANCE {
                Ok(true)
            } else {
                Err(RequestError::RequestPending)
            },
        )
    }

    /// Notes that an entry stands at the end of its log.
    fn note(&mut self, id: ConversationId, row: i64, entry: &Entry, messages: u64) {
        self.stamp.0 += 1;
        self.rows.change(id, self.stamp, |conversation| {
            conversation.newest = entry.seq;
            conversation.newest_time = entry.time;
            conversation.messages = messages;
        });
        if entry.content.is_message() {
            self.rows
                .change_member((row, entry.author), None, |author| {
                    author.own_after_read += 1;
                    // Whoever answers accepts that the other person writes.
                    author.is_request = false;
                });
        }
    }

    /// Moves a member's cursors forward, no further than the newest entry; `None` if they are
    /// there already, or if there is nothing.
    pub(crate) fn advance(
        &mut self,
        user: UserId,
        to: CursorUpdate,
    ) -> Result<Option<MemberCursors>> {
        let Some(open) = self.rows.conversation(self.db, to.conversation)? else {
            return Ok(None);
        };
        let row = open.conversation.row;
        let member = self.rows.member(self.db, row, user)?;
        let Some(old) = member.filter(|member| member.is_in) else {
            return Ok(None);
        };
        let newest = open.conversation.newest;
        let read = old.read.max(to.read.min(newest));
        let delivered = old.delivered.max(to.delivered.min(newest)).max(read);
        if (delivered, read) == (old.delivered, old.read) {
            return Ok(None);
        }
        let (own_after_read, read_messages) = if read == old.read {
            (old.own_after_read, old.read_messages)
        } else {
            self.counts_at(&open, user, &old, read)?
        };
        self.stamp.0 += 1;
        self.rows
            .change_member((row, user), Some(self.stamp), |member| {
                member.delivered = delivered;
                member.read = read;
                member.own_after_read = own_after_read;
                member.read_messages = read_messages;
            });
        // In a large room nobody else is told.
        if open.members <= MAX_MEMBERS_WITH_CURSORS as u64 {
            self.rows.change(to.conversation, self.stamp, |_| {});
        }
        Ok(Some(MemberCursors {
            user,
            delivered,
            read,
        }))
    }

    /// The member's own messages behind a place that their read cursor reaches, and the messages up
    /// to it.
    fn counts_at(&self, open: &Open, user: UserId, old: &Member, read: Seq) -> Result<(u64, u64)> {
        let conversation = &open.conversation;
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

/// Whether nothing follows from an entry but its place in the log.
fn is_plain(content: &Content) -> bool {
    match content {
        Content::Message(_)
        | Content::Reply { .. }
        | Content::Emote(_)
        | Content::Edit { .. }
        | Content::ReactionAdded { .. }
        | Content::ReactionRemoved { .. } => true,
        Content::Deletion { .. }
        | Content::Room(_)
        | Content::Erased(_)
        | Content::AuthorRemoved => false,
    }
}
