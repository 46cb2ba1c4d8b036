//! One conversation as the app knows it: its log, cursors, new-messages line, composer and place.
//!
//! It changes only itself; what follows for the link and the store is decided by its callers.

use std::collections::BTreeMap;
use std::time::Instant;

use recado_shared::rules::folding::Folding;
use recado_shared::{
    Content, ConversationId, Entry, Head, MemberCursors, Membership, PageRange, Seq, Timestamp,
    UserId,
};

use crate::app::composer::Composer;
use crate::app::conversation::log::{Log, OPEN_LOADED, UNOPENED_LOADED};
use crate::app::conversation::mentions::Mentions;
use crate::app::conversation::originals::{Originals, is_shown};
use crate::app::conversation::progress::Progress;
use crate::app::conversation::room::Room;
use crate::app::conversation::unread::Unread;
use crate::model::{ItemId, Place};
use crate::store::{LoadedEntries, StoredConversation};

/// Most changes of messages that are kept for one conversation. Beyond it those of messages that
/// are not loaded go: with a message, the store gives back its changes.
const MAX_FOLDED: usize = 5_000;

/// The line above the first message that was new when the person came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnreadMarker {
    /// The line is above the first entry of another user from here on.
    pub(crate) from: Seq,
    /// How many were new.
    pub(crate) count: u64,
}

/// What is done with the text in a composer.
#[derive(Debug, Default)]
pub(crate) enum Purpose {
    /// It becomes a message.
    #[default]
    New,
    /// It becomes a reply to this message.
    Reply(Seq),
    /// It becomes the text of this message.
    Edit {
        target: Seq,
        /// What was being written before, to go on with afterwards.
        kept: Box<Composer>,
    },
}

/// Direct conversation or room.
#[derive(Debug)]
pub(crate) enum Kind {
    /// With one person, who may be the user.
    Direct(UserId),
    /// With the members of a room.
    Room(Box<Room>),
}

#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    pub(super) me: UserId,
    pub(super) kind: Kind,
    /// Whether the other person asks to write to the user, who has not accepted that yet.
    pub(crate) is_request: bool,
    pub(crate) log: Log,
    pub(crate) folding: Folding,
    pub(crate) originals: Originals,
    pub(super) unread: Unread,
    /// Which entries are meant for the user.
    pub(crate) mentions: Mentions,
    /// The user's own progress here, ahead of what the server knows while offline.
    pub(crate) own: Progress,
    /// What the server said of the user's own progress.
    pub(crate) acked: Progress,
    /// What it has been told in this session.
    pub(crate) sent: Progress,
    /// How far the others have got: the other person, or the members of a room of at most `MAX_MEMBERS_WITH_CURSORS`.
    pub(super) others: BTreeMap<UserId, Progress>,
    /// The last place that was on the screen while the person was looking.
    pub(super) seen: Seq,
    /// The newest entry of another user: cursors that pass no such entry need not be sent.
    pub(super) last_of_others: Seq,
    /// Whether this program cannot know what the server knows of the own cursors.
    pub(crate) is_ack_unsure: bool,
    /// No page is asked for until the next session or head: the last answer made no sense.
    pub(crate) is_stalled: bool,
    pub(crate) unread_marker: Option<UnreadMarker>,
    /// Who is typing, and until when that is shown.
    pub(super) typing: BTreeMap<UserId, Instant>,
    /// When the own typing hint went out last.
    pub(crate) typing_sent: Option<Instant>,
    pub(crate) composer: Composer,
    /// What is done with the text in the composer.
    pub(crate) purpose: Purpose,
    pub(crate) place: Place,
}

impl Conversation {
    /// A conversation of which nothing is known, or `None` if `me` is no member.
    pub(crate) fn new(id: ConversationId, me: UserId) -> Option<Self> {
        let kind = match id {
            ConversationId::Direct(_) => Kind::Direct(id.peer_of(me)?),
            ConversationId::Room(room) => Kind::Room(Box::new(Room::new(room))),
        };
        Some(Self {
            id,
            me,
            kind,
            is_request: false,
            log: Log::default(),
            folding: Folding::default(),
            originals: Originals::default(),
            unread: Unread::default(),
            mentions: Mentions::default(),
            own: Progress::default(),
            acked: Progress::default(),
            sent: Progress::default(),
            others: BTreeMap::new(),
            seen: Seq::ZERO,
            last_of_others: Seq::ZERO,
            is_ack_unsure: false,
            is_stalled: false,
            unread_marker: None,
            typing: BTreeMap::new(),
            typing_sent: None,
            composer: Composer::default(),
            purpose: Purpose::default(),
            place: Place::default(),
        })
    }

    /// A conversation as the local store has it.
    pub(crate) fn from_stored(stored: StoredConversation, me: UserId) -> Option<Self> {
        let mut conversation = Self::new(stored.head.conversation, me)?;
        conversation.place = stored.place;
        conversation.set_progress(&stored.head.cursors);
        conversation.set_info(&stored.head);
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
        let loaded: Vec<Entry> = conversation.log.loaded().cloned().collect();
        conversation.fold(&loaded);
        Some(conversation)
    }

    /// The other person of a direct conversation.
    pub(crate) fn peer(&self) -> Option<UserId> {
        match self.kind {
            Kind::Direct(peer) => Some(peer),
            Kind::Room(_) => None,
        }
    }

    pub(crate) fn room(&self) -> Option<&Room> {
        match &self.kind {
            Kind::Direct(_) => None,
            Kind::Room(room) => Some(room),
        }
    }

    pub(super) fn room_mut(&mut self) -> Option<&mut Room> {
        match &mut self.kind {
            Kind::Direct(_) => None,
            Kind::Room(room) => Some(room),
        }
    }

    /// What the head says besides places: the info of a room, what is visible, who asks.
    fn set_info(&mut self, head: &Head) {
        self.is_request = head.is_request;
        self.log.first = head.first.max(Seq(1));
        if let (Some(room), Some(info)) = (self.room_mut(), &head.room) {
            room.set_info(info.clone(), head.newest);
        }
        // What the user may not see is neither missing nor unread.
        let hidden = self.log.first.prev();
        let passed = Progress {
            delivered: hidden,
            read: hidden,
        };
        self.acked.raise(passed);
    }

    /// Whether a user may be in the room: always true in a large one, whose members are unknown.
    pub(super) fn may_be_in(&self, user: UserId) -> bool {
        let is_large = self.room().is_some_and(|room| !room.has_cursors());
        is_large || self.others.contains_key(&user)
    }

    pub(crate) fn me(&self) -> UserId {
        self.me
    }

    /// The authors of what is loaded are known.
    fn learn_loaded(&mut self) {
        for entry in self.log.loaded() {
            self.unread.learn(entry, self.me, self.own.read);
        }
    }

    /// Entries became known by author without being loaded.
    pub(crate) fn learn(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.unread.learn(entry, self.me, self.own.read);
        }
    }

    /// A stretch of unread entries that the local store has and whose authors are not known.
    pub(crate) fn unlearned(&self) -> Option<PageRange> {
        let held = self.log.held();
        let first = self
            .unread
            .first_unknown(held, self.own.read, self.log.newest)?;
        Some(PageRange::After(first.prev()))
    }

    pub(crate) fn unread(&self) -> u64 {
        self.unread.count(self.own.read, self.log.newest)
    }

    /// The first unread place, if there is something unread.
    pub(crate) fn first_unread(&self) -> Option<Seq> {
        let first = self.unread.first(self.own.read, self.log.newest);
        first.filter(|_| self.unread() > 0)
    }

    /// Takes over entries that are ascending. Returns those that are new here.
    pub(crate) fn insert(&mut self, entries: Vec<Entry>) -> Vec<Entry> {
        let mut added = entries;
        added.retain(|entry| self.log.insert(entry));
        self.learn(&added);
        self.fold(&added);
        for entry in &added {
            if entry.author != self.me {
                self.last_of_others = self.last_of_others.max(entry.seq);
            }
        }
        added
    }

    /// Takes over what entries do to messages, and forgets the texts of those taken back.
    pub(crate) fn fold(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.folding.apply_entry(entry);
            let Entry { seq, author, .. } = *entry;
            if let Content::Deletion { target } = entry.content {
                self.log.erase(|entry| entry.seq == target);
                self.originals.retain(|entry| entry.seq != target);
            } else if entry.content == Content::AuthorRemoved {
                self.log.erase(|e| e.author == author && e.seq < seq);
                self.originals.retain(|entry| entry.author != author);
            }
        }
    }

    /// The local store read entries and what belongs to them.
    pub(crate) fn add_loaded(&mut self, loaded: LoadedEntries) {
        self.fold(&loaded.entries);
        self.fold(&loaded.about);
        for entry in &loaded.about {
            self.keep_original(entry.clone());
        }
        self.log.add_loaded(loaded);
        self.learn_loaded();
    }

    /// Keeps a message that a loaded one quotes.
    pub(crate) fn keep_original(&mut self, entry: Entry) {
        if entry.content.is_message() && !self.folding.is_deleted(&entry) {
            self.originals.insert(entry);
        }
    }

    /// The last place that is seen with an entry: those after it that are not shown by
    /// themselves are seen with it.
    pub(crate) fn shown_through(&self, seq: Seq) -> Seq {
        let mut last = seq;
        while let Some(entry) = self.log.entry(last.next())
            && !is_shown(&entry.content)
        {
            last = last.next();
        }
        last
    }

    /// The text that waits to be sent, whatever the composer is used for at the moment.
    pub(crate) fn draft(&self) -> &str {
        match &self.purpose {
            Purpose::New | Purpose::Reply(_) => self.composer.text(),
            Purpose::Edit { kept, .. } => kept.text(),
        }
    }

    /// Takes over where the server says that things stand. Returns whether entries had to go.
    pub(crate) fn set_head(&mut self, head: &Head) -> bool {
        let has_lost = self.log.set_head(head.newest, head.newest_time);
        if has_lost {
            let newest = self.log.newest;
            let own = [&mut self.own, &mut self.acked, &mut self.sent];
            for progress in own.into_iter().chain(self.others.values_mut()) {
                progress.keep_up_to(newest);
            }
            self.seen = self.seen.min(newest);
            self.last_of_others = self.last_of_others.min(newest);
            self.unread.keep_up_to(newest);
            self.folding.truncate(newest);
            self.originals.retain(|entry| entry.seq <= newest);
            self.mentions.keep_up_to(newest);
            self.unread_marker = None;
        }
        if self.is_ack_unsure {
            (self.acked, self.sent) = (Progress::default(), Progress::default());
            self.is_ack_unsure = false;
        }
        if self.room().is_some() {
            // Who is not in the room any more is not waited for.
            let is_there = |user: &UserId| head.cursors.iter().any(|c| c.user == *user);
            self.others.retain(|user, _| is_there(user));
        }
        self.set_progress(&head.cursors);
        self.set_info(head);
        self.is_stalled = false;
        let server_read = head
            .cursors
            .iter()
            .find(|member| member.user == self.me)
            .map_or(Seq::ZERO, |member| member.read)
            .max(self.log.first.prev());
        self.unread.set_base(server_read, head.newest, head.unread);
        if head.unread > 0 {
            self.last_of_others = self.last_of_others.max(self.acked.read.next());
        }
        self.follow_acked();
        has_lost
    }

    pub(crate) fn begin_session(&mut self) {
        self.log.begin_session();
        self.sent = self.acked;
        self.is_stalled = false;
    }

    /// Where this conversation stands, as stored.
    pub(crate) fn head(&self) -> Head {
        let cursors = |user, progress: Progress| MemberCursors {
            user,
            delivered: progress.delivered,
            read: progress.read,
        };
        let mut members = vec![cursors(self.me, self.own)];
        match self.kind {
            Kind::Direct(peer) if peer != self.me => {
                members.push(cursors(peer, self.progress_of(peer)));
            }
            Kind::Direct(_) => {}
            Kind::Room(_) => members.extend(self.others.iter().map(|(u, p)| cursors(*u, *p))),
        }
        members.sort_by_key(|member| member.user);
        Head {
            conversation: self.id,
            newest: self.log.newest,
            newest_time: self.log.newest_time,
            unread: self.unread(),
            cursors: members,
            first: self.log.first,
            room: self.room().and_then(|room| room.info.clone()),
            is_request: self.is_request,
        }
    }

    /// The next stretch to ask the server for: the newest gap, from its newer end.
    pub(crate) fn wanted_page(&self) -> Option<(PageRange, u64)> {
        if self.is_stalled || self.membership() == Membership::Invited {
            return None;
        }
        let gap = self.log.newest_gap(self.log.newest)?;
        Some((
            PageRange::Before(gap.last.next()),
            gap.last.0 + 1 - gap.first.0,
        ))
    }

    /// Unloads what is far away from where the person is or was.
    pub(crate) fn trim(&mut self, is_open: bool) {
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
        if self.folding.change_count() > MAX_FOLDED {
            let (log, originals) = (&self.log, &self.originals);
            let is_kept = |seq| log.entry(seq).or_else(|| originals.get(seq)).is_some();
            self.folding.retain(is_kept);
        }
    }

    /// Whether there is anything that people see as a conversation.
    fn has_entries(&self) -> bool {
        self.log.newest > Seq::ZERO
    }

    /// When it changed last, if it has entries; a room is always one that people see.
    pub(crate) fn last_change(&self) -> Option<Timestamp> {
        let is_seen = self.has_entries() || self.room().is_some();
        is_seen.then_some(self.log.newest_time)
    }
}
