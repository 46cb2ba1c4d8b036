//! One conversation as the app knows it: its log, cursors, new-messages line, composer and place.
//!
//! It changes only itself; what follows for the link and the store is decided by its callers.

use std::time::Instant;

use recado_shared::{
    ConversationId, Entry, Head, MemberCursors, PageRange, Seq, Timestamp, UserId,
};

use super::composer::Composer;
use super::log::{Log, OPEN_LOADED, UNOPENED_LOADED};
use super::screen::{ItemId, Place};
use super::unread::Unread;
use crate::store::StoredConversation;

/// How far a member has got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) delivered: Seq,
    pub(super) read: Seq,
}

impl Progress {
    pub(super) fn raise(&mut self, other: Self) {
        self.delivered = self.delivered.max(other.delivered);
        self.read = self.read.max(other.read);
    }

    fn keep_up_to(&mut self, newest: Seq) {
        self.delivered = self.delivered.min(newest);
        self.read = self.read.min(newest);
    }
}

impl From<MemberCursors> for Progress {
    fn from(cursors: MemberCursors) -> Self {
        Self {
            delivered: cursors.delivered,
            read: cursors.read,
        }
    }
}

/// The line above the first message that was new when the person came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NewLine {
    /// The line stands above the first entry of somebody else from here on.
    pub(super) from: Seq,
    /// How many were new.
    pub(super) count: u64,
}

/// A conversation.
#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: ConversationId,
    me: UserId,
    pub(super) peer: UserId,
    pub(super) log: Log,
    unread: Unread,
    /// The user's own progress here, ahead of what the server knows while offline.
    pub(super) own: Progress,
    /// What the server said of the user's own progress.
    pub(super) acked: Progress,
    /// What it has been told in this session.
    pub(super) sent: Progress,
    /// How far the other person has got.
    pub(super) theirs: Progress,
    /// The last place that was on the screen while the person was looking.
    seen: Seq,
    /// The newest entry of somebody else: cursors that pass no such entry need not be sent.
    last_of_others: Seq,
    /// Whether this program cannot know what the server knows of the own cursors.
    pub(super) is_ack_unsure: bool,
    /// No page is asked for until the next session or head: the last answer made no sense.
    pub(super) is_stalled: bool,
    pub(super) new_line: Option<NewLine>,
    pub(super) typing_until: Option<Instant>,
    /// When the own typing hint went out last.
    pub(super) typing_sent: Option<Instant>,
    pub(super) composer: Composer,
    pub(super) place: Place,
}

impl Conversation {
    /// A conversation of which nothing is known, or `None` if `me` is no member.
    pub(super) fn new(id: ConversationId, me: UserId) -> Option<Self> {
        Some(Self {
            id,
            me,
            peer: id.peer_of(me)?,
            log: Log::default(),
            unread: Unread::default(),
            own: Progress::default(),
            acked: Progress::default(),
            sent: Progress::default(),
            theirs: Progress::default(),
            seen: Seq::ZERO,
            last_of_others: Seq::ZERO,
            is_ack_unsure: false,
            is_stalled: false,
            new_line: None,
            typing_until: None,
            typing_sent: None,
            composer: Composer::default(),
            place: Place::default(),
        })
    }

    /// A conversation as the local store has it.
    pub(super) fn from_stored(stored: StoredConversation, me: UserId) -> Option<Self> {
        let mut conversation = Self::new(stored.head.conversation, me)?;
        conversation.place = stored.place;
        conversation.set_progress(&stored.head.cursors);
        conversation.own = conversation.acked;
        conversation.is_ack_unsure = true;
        let head = &stored.head;
        conversation
            .unread
            .set_base(conversation.own.read, head.newest, head.unread);
        conversation.log = Log::from_stored(stored);
        conversation.own.delivered = conversation.contiguous();
        conversation.last_of_others = conversation.log.held().last().unwrap_or(Seq::ZERO);
        conversation.learn_loaded();
        Some(conversation)
    }

    fn set_progress(&mut self, cursors: &[MemberCursors]) {
        for &member in cursors {
            if member.user == self.me {
                self.acked.raise(member.into());
            }
            if member.user == self.peer {
                self.theirs.raise(member.into());
            }
        }
    }

    /// The end of the run without a hole that goes on from the server's own delivered cursor.
    fn contiguous(&self) -> Seq {
        self.log.held().run_end(self.acked.delivered)
    }

    pub(super) fn me(&self) -> UserId {
        self.me
    }

    /// The authors of what is loaded are known.
    pub(super) fn learn_loaded(&mut self) {
        for entry in self.log.loaded() {
            self.unread.learn(entry, self.me, self.own.read);
        }
    }

    /// Entries became known by author without being loaded.
    pub(super) fn learn(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.unread.learn(entry, self.me, self.own.read);
        }
    }

    /// A stretch of unread entries that the local store has and whose authors are not known.
    pub(super) fn unlearned(&self) -> Option<PageRange> {
        let held = self.log.held();
        let first = self
            .unread
            .first_unknown(held, self.own.read, self.log.newest)?;
        Some(PageRange::After(first.prev()))
    }

    pub(super) fn unread(&self) -> u64 {
        self.unread.count(self.own.read, self.log.newest)
    }

    /// The first unread place, if there is something unread.
    pub(super) fn first_unread(&self) -> Option<Seq> {
        let first = self.unread.first(self.own.read, self.log.newest);
        first.filter(|_| self.unread() > 0)
    }

    /// Takes over entries that are ascending. Returns those that are new here.
    pub(super) fn insert(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut added = entries;
        added.retain(|entry| self.log.insert(entry));
        self.learn(&added);
        for entry in &added {
            if entry.author != self.me {
                self.last_of_others = self.last_of_others.max(entry.seq);
            }
        }
        added
    }

    /// Takes over where the server says that things stand. Returns whether entries had to go.
    pub(super) fn set_head(&mut self, head: &Head) -> bool {
        let has_lost = self.log.set_head(head.newest, head.newest_time);
        if has_lost {
            let newest = self.log.newest;
            for progress in [
                &mut self.own,
                &mut self.acked,
                &mut self.sent,
                &mut self.theirs,
            ] {
                progress.keep_up_to(newest);
            }
            self.seen = self.seen.min(newest);
            self.last_of_others = self.last_of_others.min(newest);
            self.unread.keep_up_to(newest);
            self.new_line = None;
        }
        if self.is_ack_unsure {
            (self.acked, self.sent) = (Progress::default(), Progress::default());
            self.is_ack_unsure = false;
        }
        self.set_progress(&head.cursors);
        self.is_stalled = false;
        let server_read = head
            .cursors
            .iter()
            .find(|member| member.user == self.me)
            .map_or(Seq::ZERO, |member| member.read);
        self.unread.set_base(server_read, head.newest, head.unread);
        if head.unread > 0 {
            self.last_of_others = self.last_of_others.max(self.acked.read.next());
        }
        self.follow_acked();
        has_lost
    }

    /// Takes over a member's cursors. Returns whether anything changed.
    pub(super) fn set_cursors(&mut self, cursors: MemberCursors) -> bool {
        let before = (self.own, self.acked, self.theirs);
        self.set_progress(&[cursors]);
        self.follow_acked();
        before != (self.own, self.acked, self.theirs)
    }

    fn follow_acked(&mut self) {
        self.sent.raise(self.acked);
        self.own.raise(self.acked);
        self.unread.advance(self.own.read);
    }

    /// The person looked at everything up to `seq`.
    pub(super) fn see(&mut self, seq: Seq) {
        self.seen = self.seen.max(seq.min(self.log.newest));
    }

    /// Moves the own cursors as far as they go. Returns whether the read cursor moved over an
    /// entry of somebody else.
    pub(super) fn move_cursors(&mut self) -> bool {
        self.own.delivered = self.own.delivered.max(self.contiguous());
        let read = self.seen.min(self.own.delivered);
        if read <= self.own.read {
            return false;
        }
        let unread = self.unread();
        let passes_others = self.own.read < self.last_of_others;
        self.own.read = read;
        self.unread.advance(read);
        passes_others || unread != self.unread()
    }

    /// Whether the server should hear of the own cursors.
    pub(super) fn is_ahead(&self) -> bool {
        let passes = |own: Seq, sent: Seq| own > sent && sent < self.last_of_others;
        passes(self.own.delivered, self.sent.delivered) || passes(self.own.read, self.sent.read)
    }

    pub(super) fn begin_session(&mut self) {
        self.log.begin_session();
        self.sent = self.acked;
        self.is_stalled = false;
    }

    /// Where this conversation stands, as stored.
    pub(super) fn head(&self) -> Head {
        let cursors = |user, progress: Progress| MemberCursors {
            user,
            delivered: progress.delivered,
            read: progress.read,
        };
        let mut members = vec![cursors(self.me, self.own)];
        if self.peer != self.me {
            members.push(cursors(self.peer, self.theirs));
        }
        members.sort_by_key(|member| member.user);
        Head {
            conversation: self.id,
            newest: self.log.newest,
            newest_time: self.log.newest_time,
            unread: self.unread(),
            cursors: members,
            first: Seq(1),
            room: None,
            is_request: false,
        }
    }

    /// The next stretch to ask the server for: the newest gap, from its newer end.
    pub(super) fn wanted_page(&self) -> Option<(PageRange, u64)> {
        if self.is_stalled {
            return None;
        }
        let gap = self.log.held().newest_gap(self.log.newest)?;
        Some((
            PageRange::Before(gap.last.next()),
            gap.last.0 + 1 - gap.first.0,
        ))
    }

    /// Unloads what is far away from where the person is or was.
    pub(super) fn trim(&mut self, is_open: bool) {
        let around = match self.place {
            Place::At {
                item: ItemId::Entry(seq),
                ..
            } => Some(seq),
            Place::At {
                item: ItemId::Pending(_),
                ..
            }
            | Place::Newest => None,
        };
        let most = if is_open {
            OPEN_LOADED
        } else {
            UNOPENED_LOADED
        };
        self.log.trim(most, around);
    }

    /// Whether there is anything that people see as a conversation.
    pub(super) fn has_entries(&self) -> bool {
        self.log.newest > Seq::ZERO
    }

    /// When it changed last, if it has entries.
    pub(super) fn last_change(&self) -> Option<Timestamp> {
        self.has_entries().then_some(self.log.newest_time)
    }
}
