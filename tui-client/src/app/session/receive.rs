//! Frames from the server. Whatever comes twice, late or in another order changes nothing that
//! it should not; what makes no sense is ignored.

use recado_shared::{
    Answer, Content, ConversationId, Entry, Head, HeadsPage, MemberCursors, Membership,
    RequestError, RequestNumber, Seq, ServerFrame, SyncPoint, UserId,
};

use super::link::State;
use super::requests::{CommandAnswer, RequestKind};
use crate::app::{Chats, Context, Session};
use crate::store::StoreWrite;
use crate::strings;

/// The largest place that is believed, far beyond what any log reaches.
const MAX_SEQ: Seq = Seq(1 << 48);

fn is_plausible(seq: Seq) -> bool {
    seq > Seq::ZERO && seq <= MAX_SEQ
}

fn are_plausible(cursors: &MemberCursors) -> bool {
    cursors.delivered.max(cursors.read) <= MAX_SEQ
}

impl Session {
    pub(super) fn on_frame(
        &mut self,
        chats: &mut Chats,
        frame: ServerFrame,
        cx: &mut Context,
    ) -> Option<CommandAnswer> {
        match frame {
            ServerFrame::Answer { number, result } => {
                return self.on_answer(chats, number, result, cx);
            }
            ServerFrame::Heads(page) => self.on_heads(chats, page, cx),
            ServerFrame::Entry {
                conversation,
                entry,
            } if !self.history.is_settled() => Self::note_entry(chats, conversation, &entry),
            ServerFrame::Entry {
                conversation,
                entry,
            } => self.on_entry(chats, conversation, entry, cx),
            ServerFrame::Epochs(frame) => self.on_epochs(chats, frame, cx),
            ServerFrame::Agreed(page) => self.on_agreed(chats, page, cx),
            ServerFrame::Cursors {
                conversation,
                cursors,
            } if are_plausible(&cursors) => chats.on_cursors(conversation, cursors, cx),
            ServerFrame::Presence { user, presence } => chats.on_presence(user, presence),
            ServerFrame::Typing { conversation, user } => chats.on_typing(conversation, user, cx),
            ServerFrame::User(person) => {
                self.directory.confirm(person.user);
                chats.unmark_removed(person.user, cx);
                chats.take_people(vec![person], cx);
            }
            ServerFrame::UserRemoved(user) => chats.mark_removed(user, cx),
            ServerFrame::Notice(notice) => cx.notice = Some(notice.to_string()),
            ServerFrame::Close(reason) => cx.notice = Some(reason.to_string()),
            ServerFrame::Announcement(text) => {
                self.announcements.add(text.as_str(), cx);
            }
            ServerFrame::Setting { setting, stamp } => chats.on_setting(setting, stamp, cx),
            // Heads come as well, and those say all of the conversations.
            ServerFrame::Behind => chats.settings.is_pull_wanted = true,
            // Cursors beyond any log are not believed; the rest is the network task's.
            ServerFrame::Cursors { .. }
            | ServerFrame::Welcome(_)
            | ServerFrame::Refused(_)
            | ServerFrame::Ping(_)
            | ServerFrame::Pong(_) => {}
        }
        None
    }

    fn on_answer(
        &mut self,
        chats: &mut Chats,
        number: RequestNumber,
        result: Result<Answer, RequestError>,
        cx: &mut Context,
    ) -> Option<CommandAnswer> {
        let asked = self.requests.take(number)?;
        match (asked, result) {
            (RequestKind::Command, result) => return Some((number, result)),
            (RequestKind::Append(id), Ok(Answer::Accepted { seq, time })) if is_plausible(seq) => {
                self.on_accepted(chats, id, seq, time, cx);
            }
            (RequestKind::Append(id), Err(error)) => self.on_append_refused(chats, id, error, cx),
            (RequestKind::Page(id, range), Ok(Answer::Page { entries, newest })) => {
                self.on_page(chats, id, range, entries, newest, cx);
            }
            (RequestKind::Page(id, _), Err(error)) => {
                Self::on_page_failed(chats, id, &error.to_string(), cx);
            }
            (RequestKind::Page(id, _), Ok(_)) => {
                Self::on_page_failed(chats, id, strings::errors::WRONG_PAGE, cx);
            }
            (RequestKind::Users, Ok(Answer::Users { people, more })) => {
                self.on_people(chats, people, more, cx);
            }
            (RequestKind::Contact(user), Ok(Answer::Users { people, .. })) => {
                self.on_contact(chats, user, people, cx);
            }
            (RequestKind::Missing, Ok(Answer::Users { people, .. })) => {
                Self::on_missing(chats, people, cx);
            }
            (RequestKind::Names, Ok(Answer::Users { people, .. })) => chats.take_people(people, cx),
            (RequestKind::Set(setting), result) => chats.on_set(&setting, &result, cx),
            (RequestKind::Settings, result) => chats.on_settings(result, cx),
            (RequestKind::Invitations, Ok(Answer::Invitations(invitations))) => {
                Self::on_invitations(chats, invitations, cx);
            }
            // An append that is answered by something else is sent again by the next session.
            (
                RequestKind::Append(_)
                | RequestKind::Users
                | RequestKind::Contact(_)
                | RequestKind::Missing
                | RequestKind::Names
                | RequestKind::Invitations,
                _,
            ) => {}
        }
        None
    }

    fn on_heads(&mut self, chats: &mut Chats, page: HeadsPage, cx: &mut Context) {
        chats.take_people(page.people, cx);
        let heads = page.heads.iter();
        let heads: Vec<_> = heads
            .filter_map(|head| self.on_head(chats, head, cx))
            .collect();
        let log = chats.me.as_ref().map(|me| me.log);
        let complete = page.complete.zip(log);
        let complete = complete.map(|(stamp, log)| SyncPoint { log, stamp });
        if !heads.is_empty() || complete.is_some() {
            cx.save(StoreWrite::Heads { heads, complete });
        }
        if complete.is_some() {
            self.since = complete;
            self.history.on_complete(cx);
            self.link.state = State::Synced;
            chats.repeat_cursors();
        }
    }

    /// Takes over where one conversation stands. Returns it as it is to be stored.
    fn on_head(&mut self, chats: &mut Chats, head: &Head, cx: &mut Context) -> Option<Head> {
        if head.newest > MAX_SEQ || !head.cursors.iter().all(are_plausible) {
            return None;
        }
        let id = head.conversation;
        let room = head.room.as_ref();
        if room.is_some_and(|room| room.membership == Membership::Invited) {
            self.directory.has_new_invitations = true;
        }
        let conversation = chats.conversation_or_new(id)?;
        let before = conversation.unread();
        let has_lost = conversation.set_head(head);
        conversation.move_cursors();
        let stored = conversation.head();
        let runs = conversation.log.held().to_held();
        if has_lost {
            chats.navigation.forget_item(id);
            chats.counting.mark_uncertain(id);
            cx.save(StoreWrite::Entries {
                conversation: id,
                entries: Vec::new(),
                held: runs,
                settled: Vec::new(),
            });
        }
        self.note_unread(chats, id, before, cx);
        Some(stored)
    }

    fn on_entry(&mut self, chats: &mut Chats, id: ConversationId, entry: Entry, cx: &mut Context) {
        let Some(me) = chats.user() else {
            return;
        };
        let (seq, author) = (entry.seq, entry.author);
        let is_message = entry.content.is_message();
        if !self.take_entries(chats, id, vec![entry], cx) || author == me {
            return;
        }
        chats.typing.remove(id, author);
        if is_message && self.has_bell && chats.rings(id, (seq, author), cx.now) {
            let bell = chats.navigation.focus.ring(cx.now, cx.last_input);
            cx.effects.extend(bell);
        }
    }

    /// Takes over entries, in memory and in the store. Returns whether any was new.
    pub(crate) fn take_entries(
        &mut self,
        chats: &mut Chats,
        id: ConversationId,
        mut entries: Vec<Entry>,
        cx: &mut Context,
    ) -> bool {
        let Some(me) = chats.user() else {
            return false;
        };
        let may_write = |author: UserId| id.room().is_some() || id.peer_of(author).is_some();
        entries.retain(|entry| is_plausible(entry.seq) && may_write(entry.author));
        if entries.is_empty() || chats.conversation_or_new(id).is_none() {
            return false;
        }
        let settled = self.dequeue_accepted(chats, id, me, &entries, cx);
        let is_open = chats.navigation.open == Some(id);
        let Some(conversation) = chats.conversations.get_mut(&id) else {
            return false;
        };
        let before = conversation.unread();
        let added = conversation.insert(entries);
        let is_new = !added.is_empty();
        if added.iter().any(|entry| entry.author != me) {
            chats.navigation.focus.note_arrival();
        }
        if !is_new && settled.is_empty() {
            return false;
        }
        let mut has_new_info = false;
        for entry in &added {
            if let Content::Room(event) = &entry.content {
                has_new_info |= conversation.follow_room(entry, event);
            }
            // A message to a user accepts their message request.
            let is_answer = entry.author == me && entry.content.is_message();
            has_new_info |= is_answer && std::mem::take(&mut conversation.is_request);
        }
        conversation.trim(is_open);
        let held = conversation.log.held().to_held();
        if has_new_info || conversation.unread() != before {
            // Before the entries, so that a crash in between leaves a gap and no wrong count.
            chats.save_head(id, cx);
        }
        chats.note_entries(id, &added, cx);
        self.backfill.note_saved(added.len());
        cx.save(StoreWrite::Entries {
            conversation: id,
            entries: added.clone(),
            held,
            settled,
        });
        chats.look_for_originals(id, &added, cx);
        self.note_unread(chats, id, before, cx);
        chats.finish_jump(id, cx);
        is_new
    }
}
