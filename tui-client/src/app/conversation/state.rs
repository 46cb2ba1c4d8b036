//! One conversation as the app knows it: its log, cursors, unread marker, composer and place.

use std::collections::BTreeMap;
use std::time::Instant;

use recado_shared::rules::folding::Folding;
use recado_shared::{
    Content, ContentClass, ConversationId, Entry, Head, Membership, MessageId, PageRange, Seq,
    Timestamp, UserId,
};

use super::log::{Log, OPEN_LOADED, UNOPENED_LOADED};
use super::mentions::Mentions;
use super::progress::Progress;
use super::room::Room;
use super::unread::Unread;
use crate::app::composer::Composer;
use crate::model::Place;
use crate::store::{LoadedEntries, LostTail, StoredConversation};

/// Most changes of messages that are kept for one conversation. Beyond it those of messages that
/// are not loaded go: with a message, the store gives back its changes.
const MAX_FOLDED: usize = 5_000;

/// The same for a conversation that is not open.
const UNOPENED_FOLDED: usize = 500;

/// Most quoted messages that are kept outside of the log. Beyond it the oldest ones go.
const MAX_ORIGINALS: usize = 1_000;

/// The line above the first message that was new when the user came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UnreadMarker {
    /// The marker is above the first entry of another user from here on.
    pub(crate) from: Seq,
    pub(crate) count: u64,
}

/// What is done with the text in a composer.
#[derive(Debug, Default)]
pub(crate) enum Purpose {
    #[default]
    New,
    Reply(Seq),
    Edit {
        target: Seq,
        /// What was being written before, to go on with afterwards.
        kept: Box<Composer>,
    },
}

#[derive(Debug)]
pub(crate) struct Conversation {
    pub(crate) id: ConversationId,
    pub(crate) me: UserId,
    /// `None` for a direct conversation.
    pub(super) room: Option<Box<Room>>,
    /// Whether the other person asks to write to the user, who has not accepted that yet.
    pub(crate) is_request: bool,
    pub(crate) log: Log,
    pub(crate) folding: Folding,
    /// Messages outside of the loaded log that loaded replies quote.
    pub(crate) originals: BTreeMap<Seq, Entry>,
    pub(super) unread: Unread,
    pub(crate) mentions: Mentions,
    /// The user's own progress here, ahead of what the server knows while offline.
    pub(crate) own: Progress,
    /// What the server said of the user's own progress.
    pub(crate) acked: Progress,
    /// What it has been told in this session.
    pub(crate) sent: Progress,
    /// How far the others have got: the other person, or the members of a room of at most
    /// `MAX_MEMBERS_WITH_CURSORS`.
    pub(super) others: BTreeMap<UserId, Progress>,
    /// The last place that was on the screen while the person was looking.
    pub(super) seen: Seq,
    /// The newest entry of another user: cursors that pass no such entry need not be sent.
    pub(super) last_of_others: Seq,
    /// The newest entry that erased others, which a server that lost it has with their texts again.
    last_erasing: Seq,
    /// What the server lost of the log when its data was put back.
    pub(crate) lost: Option<LostTail>,
    /// Whether this program cannot know what the server knows of the own cursors.
    pub(crate) is_ack_unsure: bool,
    /// No page is asked for until the next session or head: the last answer made no sense.
    pub(crate) is_stalled: bool,
    /// Answers to page requests, in a row, that filled nothing.
    pub(crate) failed_pages: u8,
    pub(crate) unread_marker: Option<UnreadMarker>,
    pub(crate) typing_sent: Option<Instant>,
    pub(crate) composer: Composer,
    pub(crate) purpose: Purpose,
    pub(crate) place: Place,
    /// Where a jump leads that no frame has shown yet.
    pub(crate) jumped_to: Option<Seq>,
    /// The last place that a jump found missing: its page comes before others.
    pub(crate) awaited: Option<Seq>,
}

impl Conversation {
    /// A conversation of which nothing is known, or `None` if `me` is no member.
    pub(crate) fn new(id: ConversationId, me: UserId) -> Option<Self> {
        let room = id.room().map(|room| Box::new(Room::new(room)));
        if room.is_none() {
            id.peer_of(me)?;
        }
        Some(Self {
            id,
            me,
            room,
            is_request: false,
            log: Log::default(),
            folding: Folding::default(),
            originals: BTreeMap::new(),
            unread: Unread::default(),
            mentions: Mentions::default(),
            own: Progress::default(),
            acked: Progress::default(),
            sent: Progress::default(),
            others: BTreeMap::new(),
            seen: Seq::ZERO,
            last_of_others: Seq::ZERO,
            last_erasing: Seq::ZERO,
            lost: None,
            is_ack_unsure: false,
            is_stalled: false,
            failed_pages: 0,
            unread_marker: None,
            typing_sent: None,
            composer: Composer::default(),
            purpose: Purpose::default(),
            place: Place::default(),
            jumped_to: None,
            awaited: None,
        })
    }

    pub(crate) fn from_stored(stored: StoredConversation, me: UserId) -> Option<Self> {
        let mut conversation = Self::new(stored.head.conversation, me)?;
        conversation.place = stored.place;
        conversation.set_progress(&stored.head.cursors);
        conversation.set_info(&stored.head);
        conversation.own = conversation.acked;
        conversation.is_ack_unsure = true;
        conversation.last_erasing = stored.last_erasing;
        let (newest, unread) = (stored.head.newest, stored.head.unread);
        conversation
            .unread
            .set_base(conversation.own.read, newest, unread);
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
        self.id.peer_of(self.me)
    }

    pub(crate) fn room(&self) -> Option<&Room> {
        self.room.as_deref()
    }

    /// What the head says besides places: the info of a room, what is visible, who asks.
    fn set_info(&mut self, head: &Head) {
        self.is_request = head.is_request;
        self.log.first = head.first.max(Seq(1));
        if let (Some(room), Some(info)) = (&mut self.room, &head.room) {
            room.set_info(info.clone(), head.newest);
        }
        // What the user may not see is neither missing nor unread.
        self.acked = self.acked.max(Progress::at(self.log.first.prev()));
    }

    /// Whether a user may be in the room: always true in a large one, whose members are unknown.
    pub(super) fn may_be_in(&self, user: UserId) -> bool {
        let is_large = self.room().is_some_and(|room| !room.has_cursors());
        is_large || self.others.contains_key(&user)
    }

    fn learn_loaded(&mut self) {
        self.unread.learn(self.log.loaded(), self.me, self.own.read);
    }

    /// Takes over the authors of entries that may not be loaded.
    pub(crate) fn learn(&mut self, entries: &[Entry]) {
        self.unread.learn(entries, self.me, self.own.read);
    }

    /// A stretch of unread entries that the local store has and whose authors are not known.
    pub(crate) fn unlearned(&self) -> Option<PageRange> {
        let (log, read) = (&self.log, self.own.read);
        let first = self.unread.first_unknown(log.held(), read, log.newest)?;
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
    pub(crate) fn insert(&mut self, mut entries: Vec<Entry>) -> Vec<Entry> {
        entries.retain(|entry| self.log.insert(entry));
        self.learn(&entries);
        self.fold(&entries);
        for entry in entries.iter().filter(|entry| entry.author != self.me) {
            self.last_of_others = self.last_of_others.max(entry.seq);
        }
        entries
    }

    /// Takes over what entries do to messages, and forgets the texts of those taken back.
    pub(crate) fn fold(&mut self, entries: &[Entry]) {
        for entry in entries {
            self.folding.apply_entry(entry);
            let Entry { seq, author, .. } = *entry;
            if entry.content.erases() {
                self.last_erasing = self.last_erasing.max(seq);
            }
            if let Content::Deletion { target } = entry.content {
                self.log.erase(|entry| entry.seq == target);
                self.originals.remove(&target);
            } else if entry.content == Content::AuthorRemoved {
                self.log.erase(|e| e.author == author && e.seq < seq);
                self.originals.retain(|_, entry| entry.author != author);
            }
        }
    }

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
            self.originals.insert(entry.seq, entry);
            if self.originals.len() > MAX_ORIGINALS {
                self.originals.pop_first();
            }
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

    /// The composer of [`draft`](Self::draft).
    pub(crate) fn draft_composer(&mut self) -> &mut Composer {
        match &mut self.purpose {
            Purpose::New | Purpose::Reply(_) => &mut self.composer,
            Purpose::Edit { kept, .. } => kept,
        }
    }

    /// Ends a reply or an edit. The draft from before an edit returns, and undo brings the edited
    /// text back. Returns whether there was something to end.
    pub(crate) fn drop_purpose(&mut self) -> bool {
        match std::mem::take(&mut self.purpose) {
            Purpose::New => return false,
            Purpose::Reply(_) => {}
            Purpose::Edit { kept, .. } => {
                let edited = std::mem::replace(&mut self.composer, *kept);
                self.composer.keep_for_undo(edited.text());
            }
        }
        true
    }

    /// Takes over where the server says that things stand. Returns whether entries had to go.
    pub(crate) fn set_head(&mut self, head: &Head) -> bool {
        let has_lost = self.log.set_head(head.newest, head.newest_time);
        if has_lost {
            self.drop_after(self.log.newest, self.log.newest);
        }
        if self.is_ack_unsure {
            (self.acked, self.sent) = (Progress::default(), Progress::default());
            self.is_ack_unsure = false;
        }
        if self.room.is_some() {
            // Who is not in the room any more is not waited for.
            let is_there = |user: &UserId| head.cursors.iter().any(|c| c.user == *user);
            self.others.retain(|user, _| is_there(user));
        }
        self.set_progress(&head.cursors);
        self.set_info(head);
        self.is_stalled = false;
        let own = head.cursors.iter().find(|member| member.user == self.me);
        let server_read = own
            .map_or(Seq::ZERO, |own| own.read)
            .max(self.log.first.prev());
        self.unread.set_base(server_read, head.newest, head.unread);
        if head.unread > 0 {
            self.last_of_others = self.last_of_others.max(self.acked.read.next());
        }
        self.follow_acked();
        has_lost
    }

    /// Drops what follows the last place where this log and that of the server agree. Returns up to
    /// where entries are still held if some had to go: all of them if one that is lost erased others.
    pub(crate) fn roll_back(&mut self, agreed: Seq) -> Option<Seq> {
        let keep = if self.last_erasing > agreed {
            Seq::ZERO
        } else {
            agreed
        };
        let has_lost = self.log.roll_back(agreed, keep);
        if has_lost {
            self.drop_after(agreed, keep);
            self.last_erasing = Seq::ZERO;
            let is_lost = |seq: Seq| seq > agreed;
            self.place = self.place_within(agreed);
            self.jumped_to = self.jumped_to.filter(|seq| !is_lost(*seq));
            self.awaited = self.awaited.filter(|seq| !is_lost(*seq));
            if matches!(self.purpose, Purpose::Reply(to) | Purpose::Edit { target: to, .. } if is_lost(to))
            {
                self.drop_purpose();
            }
        }
        has_lost.then_some(keep)
    }

    fn place_within(&self, last: Seq) -> Place {
        match self.place.entry() {
            Some(seq) if seq > last => Place::Newest,
            _ => self.place,
        }
    }

    /// Drops what was derived from entries that are not held any more; cursors stop at `newest`.
    fn drop_after(&mut self, newest: Seq, held: Seq) {
        let own = [&mut self.own, &mut self.acked, &mut self.sent];
        for progress in own.into_iter().chain(self.others.values_mut()) {
            *progress = progress.min(Progress::at(newest));
        }
        self.seen = self.seen.min(newest);
        self.last_of_others = self.last_of_others.min(newest);
        self.unread.keep_up_to(held);
        self.folding.truncate(held);
        self.originals.split_off(&held.next());
        self.mentions.keep_up_to(held);
        self.unread_marker = None;
    }

    /// Whether a loaded entry has this id.
    pub(crate) fn has_loaded(&self, id: MessageId) -> bool {
        self.log.loaded().any(|entry| entry.id == id)
    }

    pub(crate) fn begin_session(&mut self) {
        self.log.session_newest = Seq::ZERO;
        self.sent = self.acked;
        self.is_stalled = false;
    }

    /// Where this conversation stands, as stored.
    pub(crate) fn head(&self) -> Head {
        let mut members = vec![self.cursors_of(self.me)];
        match self.peer() {
            Some(peer) if peer != self.me => members.push(self.cursors_of(peer)),
            Some(_) => {}
            None => members.extend(self.others.keys().map(|user| self.cursors_of(*user))),
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

    /// The next stretch to ask the server for, and how much is missing from there: where a jump leads,
    /// else the newest gap, from its newer end.
    pub(crate) fn wanted_page(&self) -> Option<(PageRange, u64)> {
        if self.is_stalled || self.membership() == Membership::Invited {
            return None;
        }
        if let Some(gap) = self.awaited.and_then(|seq| self.log.gap_from(seq)) {
            let missing = gap.last.0 + 1 - gap.first.0;
            return Some((PageRange::After(gap.first.prev()), missing));
        }
        let gap = self.log.newest_gap(self.log.newest)?;
        let missing = gap.last.0 + 1 - gap.first.0;
        Some((PageRange::Before(gap.last.next()), missing))
    }

    /// Unloads what is far away from where the person is or was.
    pub(crate) fn trim(&mut self, is_open: bool) {
        let (loaded, folded) = if is_open {
            (OPEN_LOADED, MAX_FOLDED)
        } else {
            (UNOPENED_LOADED, UNOPENED_FOLDED)
        };
        self.log.trim(loaded, self.jumped_to.or(self.place.entry()));
        if self.folding.change_count() > folded {
            let (log, originals) = (&self.log, &self.originals);
            let is_kept = |seq| log.entry(seq).or_else(|| originals.get(&seq)).is_some();
            self.folding.retain(is_kept);
        }
    }

    /// When it changed last; `None` for a direct conversation without an entry.
    pub(crate) fn last_change(&self) -> Option<Timestamp> {
        let is_listed = self.log.newest > Seq::ZERO || self.room.is_some();
        is_listed.then_some(self.log.newest_time)
    }

    /// Whether a user may be shown as typing here.
    pub(crate) fn may_type(&self, user: UserId) -> bool {
        user != self.me && self.peer().is_none_or(|peer| user == peer)
    }
}

/// Whether an entry is shown by itself rather than with the message that it changes.
pub(crate) const fn is_shown(content: &Content) -> bool {
    content.is_message() || matches!(content.class(), ContentClass::Room(_))
}
