//! Delivery state of each conversation for one reader: each entry once, in the
//! order of its conversation, through reconnects and holes. Knows no socket: it is told what
//! arrived, and says what to ask for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use recado_shared::{
    ConversationId, Entry, Head, LogId, Membership, PageRange, Seq, Stamp, SyncPoint, Timestamp,
};

use super::token::{After, SETTLED_AFTER, log_part};

/// The last entry of a conversation that was given out or passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    seq: Seq,
    time: Timestamp,
}

const START: Place = Place {
    seq: Seq::ZERO,
    time: Timestamp(0),
};

/// Entries that may wait before more of them are left for a page.
const MAX_WAITING: usize = 256;

/// Entries sent by this client that are remembered; older ones may be given out.
const MAX_OWN: usize = 1024;

/// A stretch of a log to ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) conversation: ConversationId,
    pub(super) range: PageRange,
}

/// What was given out, and what waits. The maps grow with the conversations of one user; of
/// entries at most [`MAX_WAITING`] and one page wait.
#[derive(Debug, Default)]
pub(super) struct Feed {
    log: Option<LogId>,
    stamp: Option<Stamp>,
    places: BTreeMap<ConversationId, Place>,
    /// Conversations of which something is missing.
    behind: BTreeSet<ConversationId>,
    /// Conversations whose place is looked for backwards from here, by time.
    seeking: BTreeMap<ConversationId, Seq>,
    /// Live entries that arrived before the head that says where their conversation stands.
    early: BTreeMap<ConversationId, Seq>,
    waiting: VecDeque<(ConversationId, Entry)>,
    /// What this client sent and has not passed yet.
    own: VecDeque<(ConversationId, Seq)>,
    /// Whether all conversations that were there at the start are known, so that another one is
    /// new.
    are_known: bool,
    resume: Option<After>,
    /// Everything that was accepted up to here was given out, where nothing newer was.
    settled: Timestamp,
    newest: Timestamp,
}

impl Feed {
    /// Begins where an earlier reader stopped. Says whether that was a reader of the same data.
    pub(super) fn resume(&mut self, after: After) -> bool {
        let is_same = self.log.is_none_or(|log| after.log == log_part(log));
        self.settled = after.time;
        self.resume = Some(after);
        is_same
    }

    /// A session is open. Says whether its data fits what was given out so far; places of other
    /// data have nothing to do with it and are forgotten.
    pub(super) fn opened(&mut self, log: LogId, now: Timestamp) -> bool {
        if self.log.is_some_and(|known| known != log) {
            *self = Self::default();
        }
        self.log = Some(log);
        self.newest = self.newest.max(now);
        if self.resume.is_none() && !self.are_known {
            self.settled = Timestamp(now.0.saturating_sub(SETTLED_AFTER));
        }
        let resume = self.resume.as_ref();
        resume.is_none_or(|after| after.log == log_part(log))
    }

    /// The sync point of the next hello.
    pub(super) fn since(&self) -> Option<SyncPoint> {
        Some(SyncPoint {
            log: self.log?,
            stamp: self.stamp?,
        })
    }

    /// Whether whatever is accepted from here on is given out.
    pub(super) fn are_known(&self) -> bool {
        self.are_known
    }

    /// An entry arrived live.
    pub(super) fn arrived(&mut self, conversation: ConversationId, entry: Entry) {
        if !self.are_known && self.resume.is_some() && !self.is_placed(conversation) {
            let early = self.early.entry(conversation).or_insert(Seq::ZERO);
            *early = (*early).max(entry.seq);
            return;
        }
        // Before the heads are known, the first entry to arrive is where giving out starts; in a
        // room that the user came into later, too.
        if (!self.are_known || conversation.room().is_some()) && !self.is_placed(conversation) {
            let seq = entry.seq.prev();
            self.places.insert(conversation, Place { seq, ..START });
        }
        let last = self.last(conversation);
        let is_next = entry.seq == last.next()
            && !self.seeking.contains_key(&conversation)
            && self.waiting.len() < MAX_WAITING;
        if is_next && !self.behind.contains(&conversation) {
            self.waiting.push_back((conversation, entry));
        } else if entry.seq > last {
            self.behind.insert(conversation);
        }
    }

    /// An entry that this client sent was accepted: it is not given out.
    pub(super) fn sent(&mut self, conversation: ConversationId, seq: Seq, time: Timestamp) {
        let is_next =
            self.places.contains_key(&conversation) && self.last(conversation).next() == seq;
        if is_next && self.waiting.is_empty() {
            self.places.insert(conversation, Place { seq, time });
            return;
        }
        if self.own.len() >= MAX_OWN {
            self.own.pop_front();
        }
        self.own.push_back((conversation, seq));
    }

    /// Whether the next entry was sent by this client, as far as that is remembered.
    pub(super) fn is_own(&self, conversation: ConversationId, seq: Seq) -> bool {
        self.own.contains(&(conversation, seq))
    }

    /// Begins to give out a room after this place, which the user has just come into.
    pub(super) fn entered(&mut self, conversation: ConversationId, seq: Seq, time: Timestamp) {
        let place = self.places.entry(conversation).or_insert(START);
        *place = if place.seq < seq {
            Place { seq, time }
        } else {
            *place
        };
        self.behind.remove(&conversation);
    }

    /// Where a conversation stands; `own_read` is the user's own read cursor in it.
    pub(super) fn head(&mut self, head: &Head, own_read: Seq) {
        let conversation = head.conversation;
        let newest = Place {
            seq: head.newest,
            time: head.newest_time,
        };
        let membership = head.room.as_ref().map(|room| room.membership);
        if membership.is_some_and(|membership| membership == Membership::Invited) {
            return;
        }
        if !self.is_placed(conversation) {
            if !self.are_known {
                self.place_first(head, newest);
            } else if membership == Some(Membership::Member) {
                let seq = own_read.max(head.first.prev());
                self.places.insert(conversation, Place { seq, ..START });
            } else if membership.is_some() {
                self.places.insert(conversation, newest);
            }
        }
        if self.last(conversation) < newest.seq && !self.seeking.contains_key(&conversation) {
            self.behind.insert(conversation);
        }
    }

    fn place_first(&mut self, head: &Head, newest: Place) {
        let conversation = head.conversation;
        let Some(after) = &self.resume else {
            self.places.insert(conversation, newest);
            return;
        };
        let early = self.early.remove(&conversation).unwrap_or(Seq::ZERO);
        if let Some(&seq) = after.places.get(&conversation) {
            let seq = seq.max(head.first.prev());
            // It stays named in later tokens.
            let time = Timestamp(after.time.0.saturating_add(1));
            self.places.insert(conversation, Place { seq, time });
            if early > seq {
                self.behind.insert(conversation);
            }
        } else if newest.time <= after.time && early <= newest.seq {
            self.places.insert(conversation, newest);
        } else {
            let from = newest.seq.max(early).next();
            self.seeking.insert(conversation, from);
        }
    }

    /// All heads have been told.
    pub(super) fn complete(&mut self, stamp: Stamp) {
        self.stamp = Some(stamp);
        if !self.are_known {
            self.are_known = true;
            self.resume = None;
            // They began meanwhile: nothing of them was given out.
            let early = std::mem::take(&mut self.early);
            self.behind.extend(early.into_keys());
        }
    }

    /// What to ask for before anything else is waited for. Nothing while entries wait.
    pub(super) fn wanted(&self) -> Option<Wanted> {
        if !self.waiting.is_empty() {
            return None;
        }
        if let Some((&conversation, &before)) = self.seeking.first_key_value() {
            let range = PageRange::Before(before);
            return Some(Wanted {
                conversation,
                range,
            });
        }
        let &conversation = self.behind.first()?;
        let range = PageRange::After(self.last(conversation));
        Some(Wanted {
            conversation,
            range,
        })
    }

    /// What was asked for, with the newest place of the conversation.
    pub(super) fn page(&mut self, asked: Wanted, entries: Vec<Entry>, newest: Seq) {
        let conversation = asked.conversation;
        match asked.range {
            PageRange::Before(_) => self.sought(conversation, &entries),
            PageRange::After(last) => {
                let end = entries.last().map(|entry| entry.seq);
                if end.is_none_or(|end| end >= newest || end <= last) {
                    self.behind.remove(&conversation);
                }
                let new = entries.into_iter().filter(|entry| entry.seq > last);
                let new = new.map(|entry| (conversation, entry));
                self.waiting.extend(new);
            }
        }
    }

    fn sought(&mut self, conversation: ConversationId, entries: &[Entry]) {
        let settled = self.settled;
        let known = entries.iter().rev().find(|entry| entry.time <= settled);
        let found = match (known, entries.first()) {
            (Some(entry), _) => entry.seq,
            (None, Some(first)) if first.seq > Seq(1) => {
                self.seeking.insert(conversation, first.seq);
                return;
            }
            // Its beginning, or the first place that the user may see: what stands before it is
            // never given.
            (None, _) => Seq::ZERO,
        };
        self.seeking.remove(&conversation);
        let place = Place {
            seq: found,
            ..START
        };
        self.places.insert(conversation, place);
        self.behind.insert(conversation);
    }

    /// What was asked for cannot be had: the conversation is passed over until it says more.
    pub(super) fn refused(&mut self, asked: Wanted) {
        self.seeking.remove(&asked.conversation);
        self.behind.remove(&asked.conversation);
        self.places.entry(asked.conversation).or_insert(START);
    }

    /// The next entry, which stays.
    pub(super) fn front(&self) -> Option<&(ConversationId, Entry)> {
        self.waiting.front()
    }

    /// Gives the next entry out.
    pub(super) fn pop(&mut self) -> Option<(ConversationId, Entry)> {
        let (conversation, entry) = self.waiting.pop_front()?;
        let passed = (conversation, entry.seq);
        self.own.retain(|&own| own != passed);
        let place = Place {
            seq: entry.seq,
            time: entry.time,
        };
        self.places.insert(conversation, place);
        self.newest = self.newest.max(entry.time);
        let is_caught_up = self.waiting.is_empty() && self.wanted().is_none();
        if self.are_known && is_caught_up {
            let settled = Timestamp(self.newest.0.saturating_sub(SETTLED_AFTER));
            self.settled = self.settled.max(settled);
        }
        Some((conversation, entry))
    }

    /// Where a reader that stops now would go on.
    pub(super) fn after(&self) -> Option<After> {
        let settled = self.settled;
        let newer = self.places.iter().filter(|(_, place)| place.time > settled);
        Some(After {
            log: log_part(self.log?),
            time: settled,
            places: newer.map(|(&at, place)| (at, place.seq)).collect(),
        })
    }

    fn is_placed(&self, conversation: ConversationId) -> bool {
        self.places.contains_key(&conversation) || self.seeking.contains_key(&conversation)
    }

    /// The last entry that was given out or waits.
    fn last(&self, conversation: ConversationId) -> Seq {
        let is_here = |&&(at, _): &&(ConversationId, Entry)| at == conversation;
        if let Some((_, entry)) = self.waiting.iter().rev().find(is_here) {
            return entry.seq;
        }
        let place = self.places.get(&conversation);
        place.map_or(Seq::ZERO, |place| place.seq)
    }
}

#[cfg(test)]
mod tests;
