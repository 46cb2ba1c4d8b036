//! A model of the client's local store: changes are carried out in order, some time after they
//! were asked for; a crash loses a tail of those that were not yet carried out.

use std::collections::{BTreeMap, VecDeque};

use recado::app::screen::{ItemId, Place};
use recado::store::{Held, Load, Loaded, Pending, Save, Snapshot, StoredConversation};
use recado_shared::{ConversationId, Entry, Head, MessageId, PageRange, Seq, Timestamp, UserId};

/// Entries of each conversation that a start gives.
const WINDOW: usize = 12;

/// A conversation on disk.
#[derive(Debug)]
pub(crate) struct Stored {
    head: Head,
    pub(crate) held: Vec<Held>,
    pub(crate) entries: BTreeMap<Seq, Entry>,
    place: Place,
}

/// What is on the client's disk, and what is on its way there.
#[derive(Debug, Default)]
pub(crate) struct Local {
    disk: Snapshot,
    pub(crate) conversations: BTreeMap<ConversationId, Stored>,
    waiting: VecDeque<Save>,
}

impl Local {
    pub(crate) fn queue(&mut self, save: Save) {
        self.waiting.push_back(save);
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Carries out up to `most` changes. Returns the messages that the disk now promises to send.
    pub(crate) fn flush(&mut self, most: usize) -> Vec<MessageId> {
        let mut promised = Vec::new();
        for _ in 0..most {
            let Some(save) = self.waiting.pop_front() else {
                break;
            };
            if let Save::Queue(pending) = &save {
                promised.push(pending.id);
            }
            self.apply(save);
        }
        promised
    }

    /// The process is gone, and what was not carried out with it.
    pub(crate) fn crash(&mut self) {
        self.waiting.clear();
    }

    pub(crate) fn outbox(&self) -> &[Pending] {
        &self.disk.outbox
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let conversations = self.conversations.values().map(|stored| {
            let all = stored.entries.values().cloned();
            let entries: Vec<Entry> = match stored.place {
                Place::At {
                    item: ItemId::Entry(seq),
                    ..
                } => all.filter(|e| e.seq.0 + 3 > seq.0).take(WINDOW).collect(),
                Place::At { .. } | Place::Newest => {
                    let skipped = stored.entries.len().saturating_sub(WINDOW);
                    all.skip(skipped).collect()
                }
            };
            StoredConversation {
                head: stored.head.clone(),
                held: stored.held.clone(),
                place: stored.place,
                entries,
            }
        });
        Snapshot {
            conversations: conversations.collect(),
            ..self.disk.clone()
        }
    }

    /// Reads a stretch; whatever was asked before is carried out first.
    pub(crate) fn load(&self, load: Load) -> Loaded {
        let limit = usize::from(load.limit);
        let entries = self.conversations.get(&load.conversation).map(|stored| {
            let all = stored.entries.values().cloned();
            match load.range {
                PageRange::After(seq) => all.filter(|e| e.seq > seq).take(limit).collect(),
                PageRange::Before(seq) => {
                    let below: Vec<_> = all.filter(|e| e.seq < seq).collect();
                    below[below.len().saturating_sub(limit)..].to_vec()
                }
            }
        });
        Loaded {
            load,
            entries: entries.unwrap_or_default(),
            about: Vec::new(),
        }
    }

    fn stored(&mut self, conversation: ConversationId) -> &mut Stored {
        self.conversations
            .entry(conversation)
            .or_insert_with(|| Stored {
                head: Head {
                    conversation,
                    newest: Seq::ZERO,
                    newest_time: Timestamp(0),
                    unread: 0,
                    cursors: Vec::new(),
                    first: Seq(1),
                    room: None,
                    is_request: false,
                },
                held: Vec::new(),
                entries: BTreeMap::new(),
                place: Place::Newest,
            })
    }

    fn settle(&mut self, id: MessageId) {
        self.disk.outbox.retain(|pending| pending.id != id);
    }

    fn set_draft(&mut self, conversation: ConversationId, text: String) {
        self.disk.drafts.retain(|(id, _)| *id != conversation);
        if !text.is_empty() {
            self.disk.drafts.push((conversation, text));
        }
    }

    fn apply(&mut self, save: Save) {
        match save {
            Save::Me(me) => self.disk.me = Some(me),
            Save::Queue(pending) => {
                if pending.content.is_message() {
                    self.set_draft(pending.conversation, String::new());
                }
                self.disk.outbox.push(pending);
            }
            Save::SetPending { id, state } => {
                let found = self.disk.outbox.iter_mut().find(|p| p.id == id);
                if let Some(pending) = found {
                    pending.state = state;
                }
            }
            Save::TakeBack {
                id,
                conversation,
                draft,
            } => {
                self.settle(id);
                self.set_draft(conversation, draft);
            }
            Save::Entries {
                conversation,
                entries,
                held,
                settled,
            } => self.add_entries(conversation, entries, held, &settled),
            Save::Heads { heads, complete } => {
                for head in heads {
                    let conversation = head.conversation;
                    self.stored(conversation).head = head;
                }
                self.disk.since = complete.or(self.disk.since);
            }
            Save::Cursors {
                conversation,
                cursors,
            } => {
                let members = &mut self.stored(conversation).head.cursors;
                members.retain(|member| member.user != cursors.user);
                members.push(cursors);
            }
            Save::People(people) => {
                for person in people {
                    self.disk.people.retain(|known| known.user != person.user);
                    self.disk.people.push(person);
                }
            }
            Save::Settings { .. } | Save::UnsentSetting(_) | Save::SentSetting(_) => {}
            Save::Draft { conversation, text } => self.set_draft(conversation, text),
            Save::Place {
                conversation,
                place,
            } => self.stored(conversation).place = place,
            Save::Open(conversation) => self.disk.open = Some(conversation),
        }
    }

    fn add_entries(
        &mut self,
        conversation: ConversationId,
        entries: Vec<Entry>,
        held: Vec<Held>,
        settled: &[MessageId],
    ) {
        let me: Option<UserId> = self.disk.me.as_ref().map(|me| me.user);
        for id in settled {
            self.settle(*id);
        }
        for entry in &entries {
            if Some(entry.author) == me {
                self.settle(entry.id);
            }
        }
        let stored = self.stored(conversation);
        for entry in entries {
            stored.head.newest = stored.head.newest.max(entry.seq);
            stored.head.newest_time = stored.head.newest_time.max(entry.time);
            stored.entries.entry(entry.seq).or_insert(entry);
        }
        stored.held = held;
        let is_held = |seq: &Seq| {
            let holds = |run: &Held| run.first <= *seq && *seq <= run.last;
            stored.held.iter().any(holds)
        };
        assert!(
            stored.entries.keys().all(is_held),
            "an entry is stored that is not said to be held"
        );
    }
}
