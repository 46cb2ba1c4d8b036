//! Delivery state of each conversation for one reader, pure: each entry once, in the order of its
//! conversation, through reconnects and gaps. Its owner reports what arrived, and requests the
//! pages that it names.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use recado_shared::epoch::{Agreement, compare};
use recado_shared::{
    AgreedPage, Continuity, ConversationId, Entry, Epoch, EpochsFrame, Head, LogId, Membership,
    PageRange, ProtocolVersion, Seq, Stamp, SyncPoint, Timestamp, Welcome,
};

use super::token::{ResumeToken, SETTLED_AFTER, log_part, newest_epochs};
use crate::net::KnownState;

/// The last entry of a conversation that was delivered to the reader or passed over.
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

/// Entries sent by this client that are remembered; older ones may be delivered.
const MAX_OWN: usize = 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PageRequest {
    pub(super) conversation: ConversationId,
    pub(super) range: PageRange,
}

/// Whether the places are known to be of the server's history. Until they are, nothing is delivered.
#[derive(Debug, Default)]
enum HistoryCheck {
    /// The server has not named its epochs yet.
    Unknown,
    /// It has not said yet how far all logs agree.
    Comparing(BTreeMap<ConversationId, Seq>),
    #[default]
    Settled,
}

/// What is to be done after the server has named its epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EpochsOutcome {
    GoOn,
    /// The `Hello` did not name the epochs of the places, as these came from a token: open the
    /// session again, with a `Hello` that does.
    Reopen,
}

/// Grows with the conversations of one user; at most [`MAX_WAITING`] entries and one page wait.
#[derive(Debug, Default)]
pub(super) struct Feed {
    log: Option<LogId>,
    stamp: Option<Stamp>,
    /// The history that the places are of.
    epochs: Vec<Epoch>,
    history: HistoryCheck,
    places: BTreeMap<ConversationId, Place>,
    /// Conversations of which something is missing.
    behind: BTreeSet<ConversationId>,
    /// Conversations whose place is looked for backwards from here, by time.
    seeking: BTreeMap<ConversationId, Seq>,
    /// Live entries that arrived before the head that says where their conversation stands.
    early: BTreeMap<ConversationId, Seq>,
    waiting: VecDeque<(ConversationId, Entry)>,
    /// Entries that this client sent and that are still to be passed over.
    own: VecDeque<(ConversationId, Seq)>,
    /// The same of earlier sessions, which the server may have lost.
    earlier_own: VecDeque<(ConversationId, Seq)>,
    /// Whether all heads have arrived once, so that another conversation is new.
    are_known: bool,
    resume: Option<ResumeToken>,
    /// Everything accepted up to here was delivered, in conversations without a newer place.
    settled: Timestamp,
    newest: Timestamp,
}

impl Feed {
    /// Continues where an earlier reader stopped. Returns whether it read the same log.
    pub(super) fn resume(&mut self, token: ResumeToken) -> bool {
        let is_same = self.log.is_none_or(|log| token.log == log_part(log));
        self.epochs.clone_from(&token.epochs);
        self.settled = token.time;
        self.resume = Some(token);
        is_same
    }

    /// Begins a session, and forgets another log. Returns whether the token is of this one.
    pub(super) fn opened(&mut self, welcome: &Welcome) -> bool {
        let &Welcome { log, now, .. } = welcome;
        if self.log.is_some_and(|known| known != log) {
            *self = Self::default();
        }
        self.log = Some(log);
        self.newest = self.newest.max(now);
        self.earlier_own.append(&mut self.own);
        let excess = self.earlier_own.len().saturating_sub(MAX_OWN);
        self.earlier_own.drain(..excess);
        self.history = if welcome.version >= ProtocolVersion::V4 {
            HistoryCheck::Unknown
        } else {
            HistoryCheck::Settled
        };
        if self.resume.is_none() && !self.are_known {
            self.settled = Timestamp(now.0.saturating_sub(SETTLED_AFTER));
        }
        let resume = self.resume.as_ref();
        resume.is_none_or(|token| token.log == log_part(log))
    }

    /// What the next `Hello` says of the places.
    pub(super) fn known_state(&self) -> KnownState {
        let stamp = self.log.zip(self.stamp);
        KnownState {
            since: stamp.map(|(log, stamp)| SyncPoint { log, stamp }),
            epochs: self.epochs.clone(),
        }
    }

    /// Takes the epochs of the server, the first frame of each session.
    pub(super) fn on_epochs(&mut self, frame: EpochsFrame) -> EpochsOutcome {
        let is_named = frame.continuity != Continuity::Same;
        let is_known = matches!(compare(&frame.epochs, &self.epochs), Agreement::Full);
        if !is_named && !is_known && !self.epochs.is_empty() {
            return EpochsOutcome::Reopen;
        }
        self.epochs = frame.epochs;
        self.history = match frame.continuity {
            Continuity::Same => HistoryCheck::Settled,
            Continuity::Compared => HistoryCheck::Comparing(BTreeMap::new()),
            Continuity::Unknown => {
                self.look_for_places_by_time();
                HistoryCheck::Settled
            }
        };
        EpochsOutcome::GoOn
    }

    /// Nothing but time can tell what of another history was delivered.
    fn look_for_places_by_time(&mut self) {
        let Some(log) = self.log else { return };
        self.places.clear();
        self.behind.clear();
        self.seeking.clear();
        self.earlier_own.clear();
        self.are_known = false;
        self.resume = Some(ResumeToken {
            log: log_part(log),
            time: self.settled,
            epochs: Vec::new(),
            places: BTreeMap::new(),
        });
    }

    /// Takes how far the server's history and that of the places agree. Returns how many entries
    /// that were delivered are not on the server any more, once all is said.
    pub(super) fn on_agreed(&mut self, page: AgreedPage) -> u64 {
        let HistoryCheck::Comparing(agreed) = &mut self.history else {
            return 0;
        };
        agreed.extend(page.places);
        if !page.is_last {
            return 0;
        }
        let agreed = std::mem::take(agreed);
        self.history = HistoryCheck::Settled;
        let agreed = |conversation: &ConversationId| {
            let seq = agreed.get(conversation);
            seq.copied().unwrap_or_default()
        };
        self.waiting.retain(|(at, entry)| entry.seq <= agreed(at));
        self.earlier_own.retain(|(at, seq)| *seq <= agreed(at));
        let mut lost = 0;
        for (conversation, place) in &mut self.places {
            let seq = place.seq.min(agreed(conversation));
            lost += place.seq.0 - seq.0;
            place.seq = seq;
        }
        if let Some(token) = &mut self.resume {
            for (conversation, seq) in &mut token.places {
                *seq = (*seq).min(agreed(conversation));
            }
        }
        lost
    }

    /// Whether whatever is accepted from here on will be delivered.
    pub(super) fn are_known(&self) -> bool {
        self.are_known
    }

    pub(super) fn on_entry(&mut self, conversation: ConversationId, entry: Entry) {
        if !self.is_settled() && self.is_placed(conversation) {
            // Its place may be one of another history.
            self.behind.insert(conversation);
            return;
        }
        if !self.are_known && self.resume.is_some() && !self.is_placed(conversation) {
            let early = self.early.entry(conversation).or_insert(Seq::ZERO);
            *early = (*early).max(entry.seq);
            return;
        }
        // Before the heads are known, the first entry to arrive is where delivery starts; in a
        // room that the user joined later, too.
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

    /// Notes that an entry of this client was accepted: it is not delivered.
    pub(super) fn sent(&mut self, conversation: ConversationId, seq: Seq, time: Timestamp) {
        let is_next =
            self.places.contains_key(&conversation) && self.last(conversation).next() == seq;
        if is_next && self.waiting.is_empty() && self.is_settled() {
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
        let entry = (conversation, seq);
        self.own.contains(&entry) || self.earlier_own.contains(&entry)
    }

    /// Starts a room, which the user has just joined, after this place.
    pub(super) fn joined(&mut self, conversation: ConversationId, seq: Seq, time: Timestamp) {
        let place = self.places.entry(conversation).or_insert(START);
        if place.seq < seq {
            *place = Place { seq, time };
        }
        self.behind.remove(&conversation);
    }

    /// Takes the head of a conversation; `own_read` is the user's own read cursor in it.
    pub(super) fn on_head(&mut self, head: &Head, own_read: Seq) {
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
        let Some(token) = &self.resume else {
            self.places.insert(conversation, newest);
            return;
        };
        let early = self.early.remove(&conversation).unwrap_or(Seq::ZERO);
        if let Some(&seq) = token.places.get(&conversation) {
            let seq = seq.max(head.first.prev());
            // It stays named in later tokens.
            let time = Timestamp(token.time.0.saturating_add(1));
            self.places.insert(conversation, Place { seq, time });
            if early > seq {
                self.behind.insert(conversation);
            }
        } else if newest.time <= token.time && early <= newest.seq {
            self.places.insert(conversation, newest);
        } else {
            let from = newest.seq.max(early).next();
            self.seeking.insert(conversation, from);
        }
    }

    pub(super) fn on_complete(&mut self, stamp: Stamp) {
        self.stamp = Some(stamp);
        if !self.are_known {
            self.are_known = true;
            self.resume = None;
            // They began meanwhile: nothing of them was delivered.
            let early = std::mem::take(&mut self.early);
            self.behind.extend(early.into_keys());
        }
    }

    /// The page to request before the next frame is awaited. `None` while entries wait.
    pub(super) fn page_request(&self) -> Option<PageRequest> {
        if !self.waiting.is_empty() || !self.is_settled() {
            return None;
        }
        let seeking = self.seeking.iter();
        let seeking = seeking.map(|(&at, &before)| (at, PageRange::Before(before)));
        let behind = self.behind.iter();
        let behind = behind.map(|&at| (at, PageRange::After(self.last(at))));
        let (conversation, range) = seeking.chain(behind).next()?;
        Some(PageRequest {
            conversation,
            range,
        })
    }

    pub(super) fn on_page(&mut self, request: PageRequest, entries: Vec<Entry>, newest: Seq) {
        let conversation = request.conversation;
        match request.range {
            PageRange::Before(_) => self.seek(conversation, &entries),
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

    fn seek(&mut self, conversation: ConversationId, entries: &[Entry]) {
        let settled = self.settled;
        let known = entries.iter().rev().find(|entry| entry.time <= settled);
        let seq = match (known, entries.first()) {
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
        self.places.insert(conversation, Place { seq, ..START });
        self.behind.insert(conversation);
    }

    /// Passes over a conversation whose page the server refused, until more of it arrives.
    pub(super) fn skip(&mut self, conversation: ConversationId) {
        self.seeking.remove(&conversation);
        self.behind.remove(&conversation);
        self.places.entry(conversation).or_insert(START);
    }

    pub(super) fn front(&self) -> Option<&(ConversationId, Entry)> {
        self.waiting.front()
    }

    /// Removes the next entry, which the reader takes or passes over.
    pub(super) fn pop(&mut self) -> Option<(ConversationId, Entry)> {
        let (conversation, entry) = self.waiting.pop_front()?;
        let passed = (conversation, entry.seq);
        self.own.retain(|&own| own != passed);
        self.earlier_own.retain(|&own| own != passed);
        let place = Place {
            seq: entry.seq,
            time: entry.time,
        };
        self.places.insert(conversation, place);
        self.newest = self.newest.max(entry.time);
        let is_caught_up = self.waiting.is_empty() && self.page_request().is_none();
        if self.are_known && is_caught_up {
            let settled = Timestamp(self.newest.0.saturating_sub(SETTLED_AFTER));
            self.settled = self.settled.max(settled);
        }
        Some((conversation, entry))
    }

    pub(super) fn token(&self) -> Option<ResumeToken> {
        let settled = self.settled;
        let newer = self.places.iter().filter(|(_, place)| place.time > settled);
        Some(ResumeToken {
            log: log_part(self.log?),
            time: settled,
            epochs: newest_epochs(&self.epochs),
            places: newer.map(|(&at, place)| (at, place.seq)).collect(),
        })
    }

    const fn is_settled(&self) -> bool {
        matches!(self.history, HistoryCheck::Settled)
    }

    fn is_placed(&self, conversation: ConversationId) -> bool {
        self.places.contains_key(&conversation) || self.seeking.contains_key(&conversation)
    }

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
