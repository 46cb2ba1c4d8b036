//! Frames from the server. Whatever comes twice, late or in another order changes nothing that
//! it should not; what makes no sense is ignored.

use recado_shared::limits::TYPING_SHOWN_FOR;
use recado_shared::{
    Answer, Content, ConversationId, Entry, Head, HeadsPage, MemberCursors, Now, Presence,
    RequestError, RequestNumber, Seq, ServerFrame, SyncPoint, UserId, UserProfile,
};

use crate::app::chats::names::authors;
use crate::app::conversation::state::Conversation;
use crate::app::session::requests::Asked;
use crate::app::view::screen::ItemId;
use crate::app::{App, Effect};
use crate::store::{Loaded, Save};

/// The largest place that is believed, far beyond what any log reaches.
const MAX_SEQ: Seq = Seq(1 << 48);

impl App {
    pub(in crate::app) fn on_frame(&mut self, frame: ServerFrame, now: Now) {
        match frame {
            ServerFrame::Answer { number, result } => self.on_answer(number, result, now),
            ServerFrame::Heads(page) => self.on_heads(page),
            ServerFrame::Entry {
                conversation,
                entry,
            } => self.on_entry(conversation, entry, now),
            ServerFrame::Cursors {
                conversation,
                cursors,
            } => self.on_cursors(conversation, cursors),
            ServerFrame::Presence { user, presence } => self.on_presence(user, presence),
            ServerFrame::Typing { conversation, user } => self.on_typing(conversation, user, now),
            ServerFrame::User(person) => self.on_person(person),
            ServerFrame::Notice(notice) => self.cx.notice = Some(notice.to_string()),
            ServerFrame::Close(farewell) => self.cx.notice = Some(farewell.to_string()),
            ServerFrame::Announcement(text) => {
                self.cx.notice = Some(format!("announcement: {}", text.as_str()));
            }
            ServerFrame::Setting { setting, stamp } => self.on_setting(setting, stamp),
            // Heads come as well, and those say all of the conversations.
            ServerFrame::Behind => self.chats.settings.pull_again(),
            // The rest is the network task's.
            ServerFrame::Welcome(_)
            | ServerFrame::Refused(_)
            | ServerFrame::Ping(_)
            | ServerFrame::Pong(_) => {}
        }
    }

    fn on_answer(&mut self, number: RequestNumber, result: Result<Answer, RequestError>, now: Now) {
        let Some(asked) = self.session.requests.take(number) else {
            return;
        };
        match (asked, result) {
            (Asked::Command, result) => self.on_command_answer(number, result, now),
            (Asked::Append(id), Ok(Answer::Accepted { seq, time })) if is_plausible(seq) => {
                self.on_accepted(id, seq, time);
            }
            (Asked::Append(id), Err(error)) => self.on_append_refused(id, error, now),
            (Asked::Page(id, range), Ok(Answer::Page { entries, newest })) => {
                self.on_page(id, range, entries, newest);
            }
            (Asked::Page(id, _), _) => self.on_page_refused(id),
            (Asked::Users, Ok(Answer::Users { people, more })) => self.on_people(people, more),
            (Asked::Names, Ok(Answer::Users { people, .. })) => self.take_people(people),
            (Asked::Set(setting), result) => self.on_set(&setting, &result, now),
            (Asked::Settings, result) => self.on_settings(result, now),
            // An append that is answered by something else is sent again by the next session.
            (Asked::Append(_) | Asked::Users | Asked::Names, _) => {}
        }
    }

    fn on_heads(&mut self, page: HeadsPage) {
        self.take_people(page.people);
        let mut heads = Vec::new();
        for head in page.heads {
            if let Some(stored) = self.on_head(&head) {
                heads.push(stored);
            }
        }
        let log = self.chats.me.as_ref().map(|me| me.log);
        let complete = page
            .complete
            .zip(log)
            .map(|(stamp, log)| SyncPoint { log, stamp });
        if !heads.is_empty() || complete.is_some() {
            self.save(Save::Heads { heads, complete });
        }
        if complete.is_some() {
            self.session.since = complete;
            self.session.link.set_synced();
            self.repeat_cursors();
        }
        self.chats.contacts.mark_stale();
    }

    /// Takes over where one conversation stands. Returns it as it is to be stored.
    fn on_head(&mut self, head: &Head) -> Option<Head> {
        if head.newest > MAX_SEQ || !head.cursors.iter().all(are_plausible) {
            return None;
        }
        let id = head.conversation;
        let conversation = self.conversation_or_new(id)?;
        let before = conversation.unread();
        let has_lost = conversation.set_head(head);
        conversation.move_cursors();
        let stored = conversation.head();
        let runs = conversation.log.held().to_held();
        if has_lost {
            self.chats.nav.forget_item(id);
            self.chats.counting.doubt(id);
            self.save(Save::Entries {
                conversation: id,
                entries: Vec::new(),
                held: runs,
                settled: Vec::new(),
            });
        }
        self.note_unread(id, before);
        Some(stored)
    }

    fn on_entry(&mut self, id: ConversationId, entry: Entry, now: Now) {
        let Some(me) = self.user() else {
            return;
        };
        let (seq, author) = (entry.seq, entry.author);
        let is_message = entry.content.is_message();
        if !self.take_entries(id, vec![entry]) || author == me {
            return;
        }
        if let Some(conversation) = self.chats.conversations.get_mut(&id) {
            conversation.stop_typing(author);
        }
        let may_ring = is_message && !self.chats.nav.has_focus && self.settings.bell;
        if may_ring && self.rings(id, (seq, author), now) {
            self.cx.effects.push(Effect::Bell);
        }
    }

    /// Takes over entries, in memory and in the store. Returns whether any was new.
    pub(in crate::app) fn take_entries(
        &mut self,
        id: ConversationId,
        mut entries: Vec<Entry>,
    ) -> bool {
        let Some(me) = self.user() else {
            return false;
        };
        let may_write = |author: UserId| id.room().is_some() || id.peer_of(author).is_some();
        entries.retain(|entry| is_plausible(entry.seq) && may_write(entry.author));
        if entries.is_empty() || self.conversation_or_new(id).is_none() {
            return false;
        }
        let settled = self.settle(id, me, &entries);
        let is_open = self.chats.nav.open == Some(id);
        let Some(conversation) = self.chats.conversations.get_mut(&id) else {
            return false;
        };
        let before = conversation.unread();
        let added = conversation.insert(entries);
        let is_new = !added.is_empty();
        if !is_new && settled.is_empty() {
            return false;
        }
        let mut has_facts = false;
        for entry in &added {
            if let Content::Room(event) = &entry.content {
                has_facts |= conversation.follow_room(entry, event);
            }
            // Writing to somebody takes their request to write.
            let is_answer = entry.author == me && entry.content.is_message();
            has_facts |= is_answer && std::mem::take(&mut conversation.is_request);
        }
        conversation.trim(is_open);
        let held = conversation.log.held().to_held();
        if has_facts || conversation.unread() != before {
            // Before the entries, so that a crash in between leaves a gap and no wrong count.
            self.save_head(id);
        }
        self.meet_authors(id, &added);
        self.note_calls(id, &added);
        self.save(Save::Entries {
            conversation: id,
            entries: added.clone(),
            held,
            settled,
        });
        self.look_for_originals(id, &added);
        self.note_unread(id, before);
        self.finish_jump(id);
        self.chats.contacts.mark_stale();
        is_new
    }

    fn on_cursors(&mut self, id: ConversationId, cursors: MemberCursors) {
        let Some(conversation) = self.chats.conversations.get_mut(&id) else {
            return;
        };
        let before = conversation.unread();
        if !are_plausible(&cursors) || !conversation.set_cursors(cursors) {
            return;
        }
        self.chats.dirty.insert(id);
        if conversation.unread() == before {
            let cursors = own_first(conversation, cursors);
            self.save(Save::Cursors {
                conversation: id,
                cursors,
            });
        } else {
            self.save_head(id);
        }
    }

    fn on_presence(&mut self, user: UserId, presence: Presence) {
        self.chats.contacts.set_presence(user, presence);
        let Some(me) = self.user().filter(|_| presence == Presence::Offline) else {
            return;
        };
        if let Some(left) = self
            .chats
            .conversations
            .get_mut(&ConversationId::direct(me, user))
        {
            left.stop_typing(user);
        }
    }

    fn on_typing(&mut self, id: ConversationId, user: UserId, now: Now) {
        if let Some(conversation) = self.chats.conversations.get_mut(&id) {
            conversation.set_typing(user, now.instant + TYPING_SHOWN_FOR);
            if id.room().is_some() {
                self.meet(user);
            }
        }
    }

    fn on_person(&mut self, person: UserProfile) {
        self.take_people(vec![person]);
    }

    /// The local store read something.
    pub(in crate::app) fn on_loaded(&mut self, loaded: Loaded) {
        let id = loaded.load.conversation;
        let is_open = self.chats.nav.open == Some(id);
        let Some(conversation) = self.chats.conversations.get_mut(&id) else {
            return;
        };
        let before = conversation.unread();
        self.chats.counting.answered(&loaded, conversation);
        let people: Vec<_> = authors(&loaded.entries)
            .chain(authors(&loaded.about))
            .collect();
        let (about, entries) = (loaded.about.clone(), loaded.entries.clone());
        self.note_for_catch_up(&loaded);
        let Some(conversation) = self.chats.conversations.get_mut(&id) else {
            return;
        };
        conversation.add_loaded(loaded);
        conversation.trim(is_open);
        if conversation.unread() != before {
            self.save_head(id);
        }
        if id.room().is_some() {
            for user in people {
                self.meet(user);
            }
        }
        self.note_calls(id, &about);
        self.note_calls(id, &entries);
        self.finish_jump(id);
    }

    /// An own message got its place: what pointed at it in the outbox points at the entry.
    pub(in crate::app) fn follow_settled(&mut self, id: ConversationId, entry: &Entry) {
        if self.chats.nav.open == Some(id)
            && self.chats.nav.selection == Some(ItemId::Pending(entry.id))
        {
            self.chats.nav.selection = Some(ItemId::Entry(entry.seq));
        }
    }
}

fn is_plausible(seq: Seq) -> bool {
    seq > Seq::ZERO && seq <= MAX_SEQ
}

fn are_plausible(cursors: &MemberCursors) -> bool {
    cursors.delivered.max(cursors.read) <= MAX_SEQ
}

/// A member's cursors as stored: the user's own are never behind what is known here.
fn own_first(conversation: &Conversation, cursors: MemberCursors) -> MemberCursors {
    let progress = conversation.progress_of(cursors.user);
    MemberCursors {
        user: cursors.user,
        delivered: progress.delivered,
        read: progress.read,
    }
}
