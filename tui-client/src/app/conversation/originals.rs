//! Messages outside of the loaded log that loaded replies quote.

use std::collections::BTreeMap;

use recado_shared::{Content, ContentClass, Entry, Seq};

/// Beyond it the oldest ones go.
const MAX_ORIGINALS: usize = 1_000;

#[derive(Debug, Default)]
pub(crate) struct Originals(BTreeMap<Seq, Entry>);

impl Originals {
    pub(super) fn insert(&mut self, entry: Entry) {
        self.0.insert(entry.seq, entry);
        if self.0.len() > MAX_ORIGINALS {
            self.0.pop_first();
        }
    }

    pub(crate) fn get(&self, seq: Seq) -> Option<&Entry> {
        self.0.get(&seq)
    }

    pub(super) fn retain(&mut self, keep: impl Fn(&Entry) -> bool) {
        self.0.retain(|_, entry| keep(entry));
    }
}

/// Whether an entry is shown by itself rather than with the message that it changes.
pub(crate) const fn is_shown(content: &Content) -> bool {
    content.is_message() || matches!(content.class(), ContentClass::Room(_))
}
