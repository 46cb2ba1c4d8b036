//! Order and pace of the pages that fill the gaps of all logs: what the user sees first, then the
//! tails of all conversations, then everything older, a page of each conversation in turn.
//!
//! The pace is that of the local store. Pages wait in memory until they are on the disk, so only
//! as many are asked for as it may take. A store that is nearly full takes only what the user looks at, and
//! tails.

use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

use recado_shared::limits::MAX_PAGE_ENTRIES;
use recado_shared::{ConversationId, PageRange, Seq};

use crate::app::{Chats, Conversation};
use crate::store::Stored;

/// Most pages that are on their way at a time.
const MAX_PAGES: usize = 4;

/// Most entries that are on their way from the server to the disk: two transactions of the store.
const MAX_UNSTORED: usize = 16_000;

/// Newest entries of a conversation that are pulled before older ones of others: a large screen.
pub(crate) const TAIL: u64 = 50;

/// Share of the store's limit, in percent, from which on nothing older is pulled unless the user looks at it.
/// What is removed beyond the limit is not pulled again.
const FULL_PERCENT: u64 = 90;

/// The conversations that may have gaps, and the entries that wait for the disk.
#[derive(Debug)]
pub(crate) struct Backfill {
    /// Those of which the tail may be missing.
    tails: BTreeSet<ConversationId>,
    /// Those that have their tail, and may lack older entries.
    older: BTreeSet<ConversationId>,
    /// The last one of which an older page was asked for.
    last: Option<ConversationId>,
    /// Entries that were saved and are not on the disk.
    unstored: usize,
    /// Bytes of the store as last reported, and its limit.
    store_bytes: u64,
    store_limit: u64,
}

/// The newest gap of a conversation, as far as one page fills it.
pub(super) struct Wanted {
    pub(super) range: PageRange,
    pub(super) limit: u16,
    is_tail: bool,
}

impl Backfill {
    pub(crate) fn new(store_limit: u64) -> Self {
        Self {
            tails: BTreeSet::new(),
            older: BTreeSet::new(),
            last: None,
            unstored: 0,
            store_bytes: 0,
            store_limit,
        }
    }

    /// Notes that a gap may have come into a conversation.
    pub(super) fn note(&mut self, id: ConversationId) {
        self.tails.insert(id);
    }

    pub(super) fn note_saved(&mut self, entries: usize) {
        self.unstored += entries;
    }

    /// Whether another page may be asked for beside those that are on their way.
    fn has_room(&self, pages: usize) -> bool {
        let coming = pages * usize::from(MAX_PAGE_ENTRIES);
        self.unstored + coming < MAX_UNSTORED
    }

    pub(super) fn note_stored(&mut self, stored: Stored) {
        self.unstored = self.unstored.saturating_sub(stored.entries);
        self.store_bytes = stored.bytes;
    }

    pub(super) fn is_over_limit(&self) -> bool {
        self.store_bytes > self.store_limit
    }

    fn is_store_full(&self) -> bool {
        self.store_bytes > self.store_limit / 100 * FULL_PERCENT
    }

    /// The next page, and its conversation. `busy` are those of which one is on its way.
    pub(super) fn next(
        &mut self,
        chats: &Chats,
        busy: &[ConversationId],
    ) -> Option<(ConversationId, Wanted)> {
        let seen = chats.navigation.open.filter(|open| !busy.contains(open));
        if let Some(open) = seen.filter(|open| chats.awaits_page(*open))
            && let Some(wanted) = wanted(chats, open)
        {
            return Some((open, wanted));
        }
        if busy.len() >= MAX_PAGES || !self.has_room(busy.len()) {
            return None;
        }
        let tail = self.next_tail(chats, busy);
        if tail.is_some() || self.is_store_full() {
            return tail;
        }
        self.next_older(chats, busy)
    }

    fn next_tail(
        &mut self,
        chats: &Chats,
        busy: &[ConversationId],
    ) -> Option<(ConversationId, Wanted)> {
        // As the list has them, the open one first. Few tails are missing at a time, but for a first
        // sync.
        let is_free = |id: &ConversationId| !busy.contains(id);
        let mut order: Vec<_> = self.tails.iter().copied().filter(is_free).collect();
        order.sort_by_cached_key(|id| {
            let index = chats.contacts.order.index_of(*id);
            (chats.navigation.open != Some(*id), index.is_none(), index)
        });
        for id in order {
            match wanted(chats, id) {
                Some(wanted) if wanted.is_tail => return Some((id, wanted)),
                Some(_) => {
                    self.tails.remove(&id);
                    self.older.insert(id);
                }
                None => {
                    self.tails.remove(&id);
                }
            }
        }
        None
    }

    fn next_older(
        &mut self,
        chats: &Chats,
        busy: &[ConversationId],
    ) -> Option<(ConversationId, Wanted)> {
        for _ in 0..self.older.len() {
            let after = self.last.map_or(Unbounded, Excluded);
            let next = self.older.range((after, Unbounded)).next();
            let id = *next.or_else(|| self.older.first())?;
            self.last = Some(id);
            if busy.contains(&id) {
                continue;
            }
            match wanted(chats, id) {
                Some(wanted) => return Some((id, wanted)),
                None => {
                    self.older.remove(&id);
                }
            }
        }
        None
    }
}

fn wanted(chats: &Chats, id: ConversationId) -> Option<Wanted> {
    let conversation = chats.conversations.get(&id)?;
    let (range, missing) = conversation.wanted_page()?;
    let tail_start = conversation.log.newest.0.saturating_sub(TAIL);
    let of_tail = match range {
        PageRange::Before(seq) => seq.prev().0.saturating_sub(tail_start),
        PageRange::After(_) => 0,
    };
    let wanted = if of_tail > 0 {
        missing.min(of_tail)
    } else {
        missing
    };
    let limit = u16::try_from(wanted).map_or(MAX_PAGE_ENTRIES, |n| n.min(MAX_PAGE_ENTRIES));
    Some(Wanted {
        range,
        limit,
        is_tail: of_tail > 0,
    })
}

impl Chats {
    /// Whether the user looks at a gap of the open conversation, or jumps into one.
    fn awaits_page(&self, open: ConversationId) -> bool {
        let has_tail = self
            .conversations
            .get(&open)
            .is_some_and(Conversation::has_tail);
        !has_tail || self.wants_older(open) || self.navigation.jump.is_some()
    }
}

impl Conversation {
    fn has_tail(&self) -> bool {
        let last = self.log.newest;
        let first = Seq(last.0.saturating_sub(TAIL)).next().max(self.log.first);
        self.log.held().count_in(first, last) == (last.0 + 1).saturating_sub(first.0)
    }
}
