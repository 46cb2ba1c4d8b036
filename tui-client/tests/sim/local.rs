//! The client's local store: the real one in memory. Changes are carried out in order, some time
//! after they were asked for; a crash loses a tail of those that were not yet carried out.

use std::collections::VecDeque;

use recado::store::{Engine, LoadedEntries, Pending, RolledBack, Snapshot, StoreRead, StoreWrite};
use recado_shared::{ConversationId, Entry, MessageId, PageRange, Seq};

/// What is on the client's disk, and what is on its way there.
#[derive(Debug)]
pub(crate) struct Local {
    disk: Engine,
    waiting: VecDeque<StoreWrite>,
    /// Entries that were carried out since this was last taken.
    stored: usize,
    /// Outcomes of rolling back that the app was not told yet.
    rolled_back: Vec<RolledBack>,
}

impl Default for Local {
    fn default() -> Self {
        Self {
            disk: Engine::in_memory().expect("there is memory"),
            waiting: VecDeque::new(),
            stored: 0,
            rolled_back: Vec::new(),
        }
    }
}

impl Local {
    pub(crate) fn queue(&mut self, save: StoreWrite) {
        self.waiting.push_back(save);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Carries out up to `most` changes in one commit. Returns what the disk now promises to send,
    /// and what it does not any more because the person was told why not.
    pub(crate) fn flush(&mut self, most: usize) -> Vec<(MessageId, bool)> {
        let most = most.min(self.waiting.len());
        let batch: Vec<StoreWrite> = self.waiting.drain(..most).collect();
        let outcomes = self.disk.save(&batch).expect("memory takes everything");
        self.rolled_back.extend(outcomes);
        let entries = batch.iter().map(|save| match save {
            StoreWrite::Entries { entries, .. } => entries.len(),
            _ => 0,
        });
        self.stored += entries.sum::<usize>();
        let promise = |save: &StoreWrite| match save {
            StoreWrite::Queue(pending) => Some((pending.id, true)),
            StoreWrite::TakeBack { id, .. } => Some((*id, false)),
            StoreWrite::Me(_)
            | StoreWrite::SetPending { .. }
            | StoreWrite::Command(_)
            | StoreWrite::Entries { .. }
            | StoreWrite::Forget { .. }
            | StoreWrite::Heads { .. }
            | StoreWrite::Cursors { .. }
            | StoreWrite::Users(_)
            | StoreWrite::Settings { .. }
            | StoreWrite::UnsentSetting(_)
            | StoreWrite::SentSetting(_)
            | StoreWrite::Draft { .. }
            | StoreWrite::Place { .. }
            | StoreWrite::Open(_)
            | StoreWrite::Epochs(_)
            | StoreWrite::RollBack(_)
            | StoreWrite::ForgetLog
            | StoreWrite::Reword(..)
            | StoreWrite::Announcement(..)
            | StoreWrite::AnnouncementsSeen
            | StoreWrite::Erasures { .. } => None,
        };
        batch.iter().filter_map(promise).collect()
    }

    /// Ends as the store's handle does: of what there is no time for, the cache is dropped.
    pub(crate) fn close(&mut self, in_time: usize) -> Vec<(MessageId, bool)> {
        let late = self.waiting.split_off(in_time.min(self.waiting.len()));
        self.waiting
            .extend(late.iter().filter_map(StoreWrite::without_cache));
        self.flush(usize::MAX)
    }

    /// How many entries were carried out since this was last asked.
    pub(crate) fn take_stored(&mut self) -> usize {
        std::mem::take(&mut self.stored)
    }

    /// The outcomes of rolling back since this was last asked.
    pub(crate) fn take_rolled_back(&mut self) -> Vec<RolledBack> {
        std::mem::take(&mut self.rolled_back)
    }

    /// The process is gone, and what was not carried out with it.
    pub(crate) fn crash(&mut self) {
        self.waiting.clear();
        self.stored = 0;
        self.rolled_back.clear();
    }

    pub(crate) fn outbox(&self) -> Vec<Pending> {
        self.snapshot().outbox
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.disk.snapshot().expect("memory gives everything")
    }

    /// Reads a stretch; whatever was asked before is carried out.
    pub(crate) fn load(&self, load: StoreRead) -> LoadedEntries {
        self.disk.load(load).expect("memory gives everything")
    }

    /// All entries of a log that are held.
    pub(crate) fn entries(&self, conversation: ConversationId) -> Vec<Entry> {
        let load = StoreRead {
            conversation,
            range: PageRange::After(Seq::ZERO),
            limit: u16::MAX,
        };
        self.load(load).entries
    }
}
