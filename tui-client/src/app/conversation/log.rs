//! One conversation's log: the entries that the local store holds, and the window of them that
//! is loaded.
//!
//! Everything held within the window is loaded. It asks for nothing itself: it only says which
//! stretch of the local store it would like next.

use std::collections::{BTreeMap, btree_map};

use recado_shared::{Content, ConversationId, Entry, PageRange, Seq, Timestamp};

use super::ranges::Ranges;
use crate::store::{HeldRange, LoadedEntries, StoreRead, StoredConversation};

/// Most entries that an unopened conversation keeps loaded: a screen, until more are read.
pub(crate) const UNOPENED_LOADED: usize = 50;

/// Most entries that the open conversation keeps loaded.
pub(crate) const OPEN_LOADED: usize = 5_000;

/// Entries above one that is gone to.
pub(crate) const CONTEXT: u64 = 50;

/// Entries that one load asks for.
pub(crate) const LOAD_LIMIT: u16 = 200;

#[derive(Debug)]
pub(crate) struct Log {
    /// The newest place that is known to exist.
    pub(crate) newest: Seq,
    /// When the newest entry was accepted.
    pub(crate) newest_time: Timestamp,
    /// The first place that the user may see: nothing before it is missing.
    pub(crate) first: Seq,
    /// The newest place seen in this session: an older head is late, not from a lost future.
    pub(super) session_newest: Seq,
    held: Ranges,
    entries: BTreeMap<Seq, Entry>,
    /// The first place of the window.
    from: Seq,
    /// The last place of the window; `None` while it follows what arrives.
    to: Option<Seq>,
    loading: Option<StoreRead>,
    /// The window after the answer to `loading`. Until then the window stays as it is.
    next: Option<NextWindow>,
}

/// A window that waits for its page of the local store.
#[derive(Debug)]
struct NextWindow {
    from: Seq,
    to: Option<Seq>,
    /// What arrives for it meanwhile.
    entries: BTreeMap<Seq, Entry>,
}

impl NextWindow {
    fn new(from: Seq, to: Option<Seq>) -> Self {
        Self {
            from,
            to,
            entries: BTreeMap::new(),
        }
    }

    fn contains(&self, seq: Seq) -> bool {
        seq >= self.from && self.to.is_none_or(|to| seq <= to)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    Entry(&'a Entry),
    Gap(HeldRange),
}

impl Default for Log {
    fn default() -> Self {
        Self {
            newest: Seq::ZERO,
            newest_time: Timestamp(0),
            first: Seq(1),
            session_newest: Seq::ZERO,
            held: Ranges::default(),
            entries: BTreeMap::new(),
            from: Seq(1),
            to: None,
            loading: None,
            next: None,
        }
    }
}

impl Log {
    pub(crate) fn from_stored(stored: StoredConversation) -> Self {
        let StoredConversation { head, entries, .. } = stored;
        let held = Ranges::from_held(&stored.held);
        let held_last = held.last().unwrap_or(Seq::ZERO);
        let last = entries.last().map(|entry| entry.seq);
        Self {
            newest: head.newest.max(held_last),
            newest_time: head.newest_time,
            first: head.first.max(Seq(1)),
            from: entries.first().map_or(held_last.next(), |entry| entry.seq),
            to: last.filter(|&last| last < held_last),
            entries: entries
                .into_iter()
                .map(|entry| (entry.seq, entry))
                .collect(),
            held,
            ..Self::default()
        }
    }

    /// Takes over an entry. Returns whether it was not held before.
    pub(crate) fn insert(&mut self, entry: &Entry) -> bool {
        self.session_newest = self.session_newest.max(entry.seq);
        if entry.seq > self.newest {
            self.newest = entry.seq;
            self.newest_time = self.newest_time.max(entry.time);
        }
        if self.held.contains(entry.seq) {
            return false;
        }
        self.held.insert(entry.seq, entry.seq);
        if self.is_in_window(entry.seq) {
            self.entries.insert(entry.seq, entry.clone());
        }
        if let Some(next) = self.next.as_mut().filter(|next| next.contains(entry.seq)) {
            next.entries.insert(entry.seq, entry.clone());
        }
        true
    }

    /// Makes room in the window for a page that ends right before it.
    pub(crate) fn extend_down_to(&mut self, page: &[Entry]) {
        if let (Some(first), Some(last)) = (page.first(), page.last())
            && last.seq.next() >= self.from
        {
            self.from = self.from.min(first.seq);
        }
    }

    /// Takes over where the server says that the log ends. Returns whether entries had to go
    /// because they come from a future that the server has lost.
    pub(crate) fn set_head(&mut self, newest: Seq, time: Timestamp) -> bool {
        let end = newest.max(self.session_newest);
        let known = self.newest.max(self.held.last().unwrap_or(Seq::ZERO));
        if newest >= self.newest {
            self.newest_time = time;
        }
        self.newest = end;
        if known <= end {
            return false;
        }
        self.newest_time = time;
        self.drop_after(end);
        true
    }

    /// Takes over up to where the log agrees with that of the server, of which `keep` says what stays
    /// held. Returns whether entries had to go.
    pub(super) fn roll_back(&mut self, agreed: Seq, keep: Seq) -> bool {
        let has_lost = self.held.last().is_some_and(|last| last > agreed);
        self.newest = self.newest.min(agreed).max(self.session_newest);
        if has_lost {
            self.drop_after(keep);
        }
        has_lost
    }

    fn drop_after(&mut self, last: Seq) {
        self.held.keep_up_to(last);
        self.entries.split_off(&last.next());
        self.from = self.from.min(last.next());
        self.to = self.to.filter(|&to| to < last);
        (self.loading, self.next) = (None, None);
    }

    /// Notes that an entry exists, which is not taken over yet.
    pub(crate) fn note(&mut self, entry: &Entry) {
        self.session_newest = self.session_newest.max(entry.seq);
        self.newest = self.newest.max(entry.seq);
    }

    /// The last place of the oldest `most` entries that are held and lie before the window; `None` if
    /// there is no such entry.
    pub(crate) fn oldest_unloaded(&self, most: u64) -> Option<Seq> {
        let next = self.next.as_ref().map_or(self.from, |next| next.from);
        self.held.nth(most, self.from.min(next).prev())
    }

    /// How many entries are held before the window.
    pub(crate) fn unloaded_count(&self) -> u64 {
        self.held.count_in(Seq(1), self.from.prev())
    }

    /// Removes everything up to a place before the window.
    pub(crate) fn forget_up_to(&mut self, last: Seq) {
        self.held.keep_after(last);
    }

    pub(crate) fn held(&self) -> &Ranges {
        &self.held
    }

    pub(crate) fn window_start(&self) -> Seq {
        self.from
    }

    fn is_in_window(&self, seq: Seq) -> bool {
        seq >= self.from && self.to.is_none_or(|to| seq <= to)
    }

    pub(super) fn erase(&mut self, is_meant: impl Fn(&Entry) -> bool) {
        let next = self
            .next
            .iter_mut()
            .flat_map(|next| next.entries.values_mut());
        let entries = self.entries.values_mut().chain(next);
        for entry in entries.filter(|entry| is_meant(entry)) {
            if let Some(erased) = entry.content.erased() {
                entry.content = Content::Erased(erased);
            }
        }
    }

    pub(crate) fn entry(&self, seq: Seq) -> Option<&Entry> {
        self.entries.get(&seq)
    }

    pub(crate) fn loaded(&self) -> btree_map::Values<'_, Seq, Entry> {
        self.entries.values()
    }

    pub(crate) fn last_loaded(&self) -> Option<Seq> {
        self.entries.keys().next_back().copied()
    }

    pub(crate) fn follows_newest(&self) -> bool {
        self.to.is_none()
    }

    /// The window from old to new: entries, and the gaps between and after them.
    pub(crate) fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let visible = self.first;
        let gap =
            |first: Seq, last: Seq| (first <= last).then_some(Part::Gap(HeldRange { first, last }));
        let mut expected = self.from.max(visible);
        let end = self.to.unwrap_or(self.newest);
        let last = self.last_loaded().map_or(self.from, Seq::next).max(visible);
        let parts = self.entries.values().flat_map(move |entry| {
            let gap = gap(expected, entry.seq.prev());
            expected = entry.seq.next().max(visible);
            gap.into_iter().chain([Part::Entry(entry)])
        });
        parts.chain(gap(last, end))
    }

    /// The first part of the window that reaches to `seq`: its first place, and whether it is a gap.
    pub(crate) fn part_at(&self, seq: Seq) -> Option<(Seq, bool)> {
        self.parts().find_map(|part| match part {
            Part::Entry(entry) => (entry.seq >= seq).then_some((entry.seq, false)),
            Part::Gap(gap) => (gap.last >= seq).then_some((gap.first, true)),
        })
    }

    /// The first loaded message from a place on, if no gap lies between; else the place.
    pub(crate) fn message_from(&self, seq: Seq) -> Seq {
        let parts = self.parts().skip_while(|part| match part {
            Part::Entry(entry) => entry.seq < seq,
            Part::Gap(gap) => gap.last < seq,
        });
        let entries = parts.map_while(|part| match part {
            Part::Entry(entry) => Some(entry),
            Part::Gap(_) => None,
        });
        let mut messages = entries.filter(|entry| entry.content.is_message());
        messages.next().map_or(seq, |entry| entry.seq)
    }

    /// Whether the window reaches down to where the log begins for the user.
    pub(crate) fn is_complete(&self) -> bool {
        self.from <= self.first
            || (!self.held.contains(self.from.prev())
                && self.newest_gap(self.from.prev()).is_none())
    }

    /// The missing stretch nearest to `newest`, as far as the user may see it.
    pub(super) fn newest_gap(&self, newest: Seq) -> Option<HeldRange> {
        let HeldRange { first, last } = self.held.newest_gap(newest)?;
        let first = first.max(self.first);
        (first <= last).then_some(HeldRange { first, last })
    }

    /// What may be missing from a little before a place on; `None` if the place is held.
    pub(super) fn gap_from(&self, seq: Seq) -> Option<HeldRange> {
        let is_missing = seq <= self.newest && !self.held.contains(seq);
        let gap = self.newest_gap(seq).filter(|_| is_missing)?;
        let first = gap.first.max(Seq(seq.0.saturating_sub(CONTEXT)));
        let last = self.newest;
        Some(HeldRange { first, last })
    }

    /// What to read from the local store next, where the person looks at the oldest or newest
    /// part of the window. One load is under way at a time.
    pub(crate) fn wanted(
        &mut self,
        id: ConversationId,
        at_oldest: bool,
        at_newest: bool,
    ) -> Option<StoreRead> {
        if self.loading.is_some() {
            return None;
        }
        let range =
            if (at_oldest || self.entries.is_empty()) && self.held.contains(self.from.prev()) {
                PageRange::Before(self.from)
            } else if let (Some(to), true) = (self.to, at_newest) {
                PageRange::After(to)
            } else if let Some(hole) = self.hole() {
                hole
            } else {
                if at_oldest && self.from > self.first {
                    // The gap below becomes part of the window, so that it can be seen.
                    let below = self.newest_gap(self.from.prev());
                    self.from = below.map_or(self.from, |gap| gap.first);
                }
                return None;
            };
        Some(self.load(id, range))
    }

    fn load(&mut self, conversation: ConversationId, range: PageRange) -> StoreRead {
        let load = StoreRead {
            conversation,
            range,
            limit: LOAD_LIMIT,
        };
        self.loading = Some(load);
        load
    }

    /// A stretch of the window that is held but not loaded: the store gave less than it has.
    fn hole(&self) -> Option<PageRange> {
        let end = self.to.unwrap_or(self.newest);
        let held = self.held.count_in(self.from, end);
        if usize::try_from(held).is_ok_and(|held| held == self.entries.len()) {
            return None;
        }
        self.parts().find_map(|part| match part {
            Part::Gap(gap) if self.held.contains(gap.last) => {
                Some(PageRange::Before(gap.last.next()))
            }
            Part::Gap(gap) if self.held.contains(gap.first) => {
                Some(PageRange::After(gap.first.prev()))
            }
            Part::Gap(_) | Part::Entry(_) => None,
        })
    }

    /// Takes over what the local store read, unless the window has moved away meanwhile.
    pub(crate) fn add_loaded(&mut self, loaded: LoadedEntries) {
        if self.loading != Some(loaded.read) {
            return;
        }
        self.loading = None;
        if let Some(next) = self.next.take() {
            (self.from, self.to, self.entries) = (next.from, next.to, next.entries);
        }
        let ends = (loaded.entries.first(), loaded.entries.last());
        match (loaded.read.range, ends) {
            (PageRange::Before(seq), (Some(first), _)) if seq == self.from => {
                self.from = first.seq;
            }
            (PageRange::After(seq), (_, last)) if Some(seq) == self.to => {
                let is_full = loaded.entries.len() >= usize::from(loaded.read.limit);
                self.to = last.filter(|_| is_full).map(|last| last.seq);
            }
            (PageRange::Before(_) | PageRange::After(_), _) => {}
        }
        for entry in loaded.entries {
            if self.is_in_window(entry.seq) && self.held.contains(entry.seq) {
                self.entries.insert(entry.seq, entry);
            }
        }
    }

    /// Moves the window to the newest held entries, unless it is there.
    pub(crate) fn go_to_newest(&mut self, id: ConversationId) -> Option<StoreRead> {
        if self.to.is_none() {
            self.stay();
            return None;
        }
        let from = self.held.last().unwrap_or(Seq::ZERO).next();
        self.next = Some(NextWindow::new(from, None));
        Some(self.load(id, PageRange::Before(from)))
    }

    /// Moves the window so that it starts at most `before` entries above `seq`, unless that is
    /// in it.
    pub(crate) fn go_to(&mut self, id: ConversationId, seq: Seq, before: u64) -> Option<StoreRead> {
        if self.is_in_window(seq) {
            self.stay();
            return None;
        }
        let from = Seq(seq.0.saturating_sub(before)).max(self.first).min(seq);
        self.next = Some(NextWindow::new(from, Some(from.prev())));
        Some(self.load(id, PageRange::After(from.prev())))
    }

    /// Whether the window moves once the store has answered.
    pub(crate) fn is_moving(&self) -> bool {
        self.next.is_some()
    }

    /// Gives up a move that waits for the store.
    pub(crate) fn stay(&mut self) {
        if self.next.take().is_some() {
            self.loading = None;
        }
    }

    /// Unloads entries beyond `most`: those farthest from `around`, or the oldest.
    pub(crate) fn trim(&mut self, most: usize, around: Option<Seq>) {
        let mut excess = self.entries.len().saturating_sub(most);
        if excess == 0 {
            return;
        }
        if let Some(around) = around {
            let above = self.entries.range(around..).count();
            for _ in 0..above.saturating_sub(most / 2).min(excess) {
                self.entries.pop_last();
                excess -= 1;
                self.to = self.last_loaded().or(Some(self.from.prev()));
            }
        }
        for _ in 0..excess {
            self.entries.pop_first();
        }
        if let Some(&first) = self.entries.keys().next()
            && excess > 0
        {
            self.from = first;
        }
    }
}
