//! Unread counts of conversations whose unread entries are held but not loaded: their authors are
//! read from the local store, one stretch at a time.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::ConversationId;

use crate::app::conversation::log::LOAD_LIMIT;
use crate::app::{Context, Conversation};
use crate::store::{LoadedEntries, StoreRead};

#[derive(Debug, Default)]
pub(crate) struct Counting {
    /// The conversations whose count may be wrong.
    uncertain: BTreeSet<ConversationId>,
    load: Option<StoreRead>,
}

impl Counting {
    /// Notes that the authors of entries that are held there may not be known.
    pub(crate) fn mark_uncertain(&mut self, id: ConversationId) {
        self.uncertain.insert(id);
    }

    /// Takes over the authors of entries, if this asked for them.
    pub(crate) fn on_loaded(&mut self, loaded: &LoadedEntries, conversation: &mut Conversation) {
        if self.load != Some(loaded.read) {
            return;
        }
        self.load = None;
        conversation.learn(&loaded.entries);
        // A store that lacks what it should have is not asked again.
        if conversation.unlearned() == Some(loaded.read.range) {
            self.uncertain.remove(&conversation.id);
        }
    }

    /// Reads the next stretch whose authors are not known, if there is one.
    pub(crate) fn count_next(
        &mut self,
        conversations: &BTreeMap<ConversationId, Conversation>,
        cx: &mut Context,
    ) {
        while self.load.is_none() {
            let Some(&id) = self.uncertain.first() else {
                return;
            };
            let conversation = conversations.get(&id);
            let Some(range) = conversation.and_then(Conversation::unlearned) else {
                self.uncertain.remove(&id);
                continue;
            };
            let load = StoreRead {
                conversation: id,
                range,
                limit: LOAD_LIMIT,
            };
            self.load = Some(load);
            cx.load(load);
        }
    }
}
