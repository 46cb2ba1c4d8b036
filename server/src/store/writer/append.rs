//! The append path: every entry goes to the end of its log through the row cache. Plain appends, whose
//! only effect is their place in the log, take the fast path: no statement but the insert.

use recado_shared::limits::{MAX_MESSAGES_BEFORE_ACCEPTANCE, MAX_OPEN_INVITATIONS};
use recado_shared::rules::membership::EventContext;
use recado_shared::rules::permission;
use recado_shared::{
    Content, ContentClass, ConversationId, Entry, Limit, RequestError, RoomEvent, RoomId, Seq,
    UserId,
};
use rusqlite::Error;

use super::batch::Batch;
use crate::store::tables::conversations::ConversationRow;
use crate::store::tables::members::MemberRow;
use crate::store::tables::{conversations, entries, members, settings, users};
use crate::store::values::{Failure, NewEntry, StoredEntry, ensure};

impl Batch<'_> {
    /// Appends an entry of a user whose account is open, or finds it if the user appended it before. The
    /// permissions are those that hold now: the relay checked them before earlier requests of the queue were
    /// committed.
    pub(crate) fn append(&mut self, new: &NewEntry) -> Result<StoredEntry, Failure> {
        let (conversation, author) = self.rows_of(new)?;
        let is_closed = match author {
            Some(author) => author.is_closed,
            None => users::is_closed(self.db, new.author)?,
        };
        ensure(!is_closed, RequestError::Unavailable)?;
        let is_linked = self.is_linked(new.author, new.by)?;
        ensure(is_linked, RequestError::Unavailable)?;
        // Rows count from one.
        let row = conversation.map_or(0, |conversation| conversation.row);
        let is_first = conversation.is_none_or(|conversation| conversation.newest == Seq::ZERO);
        let is_plain = !is_first && author.is_some() && is_plain(&new.content);
        if !is_plain && let Some(entry) = self.find_resent(row, new)? {
            return Ok(StoredEntry::resent(entry));
        }
        match self.append_new(new, conversation, author, is_first) {
            // A plain append is seldom a resend, and changes nothing before it is refused.
            Err(Failure::Rejected(error)) if is_plain => {
                let resent = self.find_resent(row, new)?.ok_or(error)?;
                Ok(StoredEntry::resent(resent))
            }
            result => result,
        }
    }

    /// The conversation and the author's membership, if they exist.
    fn rows_of(
        &mut self,
        new: &NewEntry,
    ) -> rusqlite::Result<(Option<ConversationRow>, Option<MemberRow>)> {
        let conversation = self.conversation(new.conversation)?;
        let member = match &conversation {
            Some(conversation) => self.member(conversation.row, new.author)?,
            None => None,
        };
        Ok((conversation, member))
    }

    fn append_new(
        &mut self,
        new: &NewEntry,
        conversation: Option<ConversationRow>,
        author: Option<MemberRow>,
        is_first: bool,
    ) -> Result<StoredEntry, Failure> {
        let (conversation, author) = match conversation {
            Some(conversation) => (conversation, author),
            None => self.create_direct(new)?,
        };
        let is_request = match new.conversation {
            ConversationId::Direct(_) => {
                self.check_target(conversation.row, new, false)?;
                self.check_request(&conversation, new, is_first)?
            }
            ConversationId::Room(room) => {
                self.check_and_apply(room, &conversation, author, new)?;
                false
            }
        };
        let entry = Entry {
            seq: conversation.newest.next(),
            author: new.author,
            id: new.id,
            time: conversation.next_time(new.time),
            content: new.content.clone(),
        };
        let is_new = self.push(new.conversation, &conversation, &entry)?;
        ensure(is_new, RequestError::IdReused)?;
        if let Content::Deletion { target } = &new.content {
            entries::erase(self.db, conversation.row, *target)?;
            self.has_erased = true;
        }
        Ok(StoredEntry {
            entry,
            is_new,
            is_request,
        })
    }

    /// Puts an entry at the end of its log. Returns false, and changes nothing, if its author used
    /// the id before.
    pub(super) fn push(
        &mut self,
        id: ConversationId,
        conversation: &ConversationRow,
        entry: &Entry,
    ) -> rusqlite::Result<bool> {
        let is_message = entry.content.is_message();
        let messages = conversation.messages + u64::from(is_message);
        if !self
            .insert
            .insert(self.db, conversation.row, entry, messages)?
        {
            return Ok(false);
        }
        self.stamp.0 += 1;
        self.change_conversation(id, |conversation| {
            conversation.newest = entry.seq;
            conversation.newest_time = entry.time;
            conversation.messages = messages;
        });
        if is_message {
            let key = (conversation.row, entry.author);
            self.change_member(key, None, |author| {
                author.own_after_read += 1;
                // An answer accepts the messages of the peer.
                author.is_request = false;
            })?;
        }
        Ok(true)
    }

    fn find_resent(&self, row: i64, new: &NewEntry) -> Result<Option<Entry>, Failure> {
        let Some((found, entry)) = entries::find(self.db, new.author, new.id)? else {
            return Ok(None);
        };
        let is_same = found == row && entries::is_same(&entry.content, &new.content);
        ensure(is_same, RequestError::IdReused)?;
        Ok(Some(entry))
    }

    /// Rejects one open invitation too many to a user who wants to be asked first, by one whose messages
    /// that user has not accepted.
    fn check_invitations(&mut self, user: UserId, inviter: UserId) -> Result<(), Failure> {
        if !settings::wants_requests(self.db, user)? {
            return Ok(());
        }
        let direct = self.conversation(ConversationId::direct(user, inviter))?;
        let member = match direct.filter(|direct| direct.newest != Seq::ZERO) {
            Some(direct) => self.member(direct.row, user)?,
            None => None,
        };
        let is_contact = member.is_some_and(|member| !member.is_request);
        let open = members::invitations_by(self.db, user, inviter)?;
        ensure(
            is_contact || open < MAX_OPEN_INVITATIONS,
            RequestError::Limit(Limit::Invitations),
        )
    }

    /// Checks an append to a room, and applies its event.
    fn check_and_apply(
        &mut self,
        room: RoomId,
        conversation: &ConversationRow,
        author: Option<MemberRow>,
        new: &NewEntry,
    ) -> Result<(), Failure> {
        let Content::Room(event) = &new.content else {
            // A closed room has no members.
            let context = EventContext {
                author: author.map(|author| author.state),
                ..EventContext::default()
            };
            let grant = permission::room_append(&context, &new.content, new.time)?;
            return self.check_target(conversation.row, new, grant.moderates);
        };
        let context = self.event_context(room, conversation, new.author, event)?;
        permission::room_append(&context, &new.content, new.time)?;
        if let RoomEvent::Invited(user) = event {
            let accepts = self.accepts_from(*user, new.author)?;
            ensure(accepts, RequestError::NotAccepting)?;
            self.check_invitations(*user, new.author)?;
        }
        self.apply_event(room, conversation, new.author, event, &context)
    }

    /// Whether messages and invitations of `from` may reach `user`.
    fn accepts_from(&self, user: UserId, from: UserId) -> rusqlite::Result<bool> {
        Ok(user == from
            || !(users::is_closed(self.db, user)? || settings::blocks_user(self.db, user, from)?))
    }

    /// Adds a direct conversation for its first entry. A rejected append must not create it.
    fn create_direct(
        &mut self,
        new: &NewEntry,
    ) -> Result<(ConversationRow, Option<MemberRow>), Failure> {
        let pair = new.conversation.pair().ok_or(RequestError::UnknownRoom)?;
        let peer = new.conversation.peer_of(new.author);
        let peer = peer.ok_or(RequestError::NotAMember)?;
        for user in pair.members() {
            ensure(users::exists(self.db, user)?, RequestError::UnknownUser)?;
        }
        permission::direct_append(self.accepts_from(peer, new.author)?, &new.content)?;
        ensure(
            target_of(&new.content).is_none(),
            RequestError::NoSuchMessage,
        )?;
        conversations::create(self.db, new.conversation)?;
        let (conversation, author) = self.rows_of(new)?;
        Ok((conversation.ok_or(Error::QueryReturnedNoRows)?, author))
    }

    /// Rejects a reply, an edit, a deletion or a reaction whose target does not allow it.
    fn check_target(&self, row: i64, new: &NewEntry, moderates: bool) -> Result<(), Failure> {
        let Some(target) = target_of(&new.content) else {
            return Ok(());
        };
        let author =
            entries::author_of_message(self.db, row, target)?.ok_or(RequestError::NoSuchMessage)?;
        let is_own = author == new.author;
        match new.content {
            Content::Edit { .. } => ensure(is_own, RequestError::NotTheAuthor),
            Content::Deletion { .. } => ensure(is_own || moderates, RequestError::DeleteNotAllowed),
            _ => Ok(()),
        }
    }

    /// Checks an append to a direct conversation. Returns whether it belongs to a message request that the peer
    /// has not accepted. The first entry makes the request if the peer wants to be asked; until the peer
    /// accepts or answers, the author may append only a few entries, and deletions.
    fn check_request(
        &mut self,
        conversation: &ConversationRow,
        new: &NewEntry,
        is_first: bool,
    ) -> Result<bool, Failure> {
        let peer = new.conversation.peer_of(new.author);
        let Some(peer) = peer.filter(|peer| *peer != new.author) else {
            permission::direct_append(true, &new.content)?;
            return Ok(false);
        };
        let row = conversation.row;
        let member = self.peer(row, peer, new.author)?;
        let accepts = member.is_some_and(|peer| !peer.is_closed && peer.blocks != Some(true));
        permission::direct_append(accepts, &new.content)?;
        if is_first {
            let asks = settings::wants_requests(self.db, peer)?;
            if asks && member.is_some() {
                self.change_member((row, peer), None, |peer| peer.is_request = true)?;
            }
            return Ok(asks);
        }
        if !member.is_some_and(|peer| peer.is_request) {
            return Ok(false);
        }
        let is_allowed = matches!(new.content, Content::Deletion { .. })
            || entries::count_of(self.db, row, new.author)? < MAX_MESSAGES_BEFORE_ACCEPTANCE;
        ensure(is_allowed, RequestError::RequestPending)?;
        Ok(true)
    }
}

fn target_of(content: &Content) -> Option<Seq> {
    content.reply_to().or_else(|| content.target())
}

/// Whether the only effect of an entry is its place in the log.
fn is_plain(content: &Content) -> bool {
    match content.class() {
        ContentClass::Message => true,
        ContentClass::Change(_) => !matches!(content, Content::Deletion { .. }),
        ContentClass::Room(_) | ContentClass::Erasure => false,
    }
}
