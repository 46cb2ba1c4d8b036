//! The entries of a conversation that concern the user: mentions of the name, and replies.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::rules::mention::mentions;
use recado_shared::{Content, Entry, MessageBody, Seq, UserId};

/// Most unread entries of one conversation that are known to call the user. Further ones are
/// unread like any other.
pub(in crate::app) const MAX_CALLS: usize = 1_000;

/// Most own messages of one conversation that replies are known by. Beyond it the oldest ones go.
pub(in crate::app) const MAX_OWN: usize = 5_000;

/// Which entries of a conversation are meant for the user: those that call them by name, and
/// replies to what they wrote.
#[derive(Debug, Default)]
pub(in crate::app) struct Calls {
    pub(in crate::app) own: BTreeSet<Seq>,
    /// By whom.
    pub(in crate::app) calls: BTreeMap<Seq, UserId>,
}

impl Calls {
    /// Takes over entries, in any order and any number of times.
    pub(in crate::app) fn note<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry> + Clone,
        me: (UserId, &str),
        read: Seq,
    ) {
        self.calls.retain(|seq, _| *seq > read);
        for entry in entries.clone().filter(|entry| entry.author == me.0) {
            if entry.content.is_message() {
                self.own.insert(entry.seq);
                if self.own.len() > MAX_OWN {
                    self.own.pop_first();
                }
            }
        }
        for entry in entries.filter(|entry| entry.author != me.0) {
            if let Content::Deletion { target } = entry.content {
                self.calls.remove(&target);
            }
            let has_room = self.calls.len() < MAX_CALLS;
            if entry.seq > read && has_room && self.is_call(&entry.content, me.1) {
                self.calls.insert(entry.seq, entry.author);
            }
        }
    }

    pub(in crate::app) fn is_call(&self, content: &Content, name: &str) -> bool {
        let is_reply = content.reply_to().is_some_and(|to| self.own.contains(&to));
        let body = content.body().filter(|_| content.is_message());
        let body = body.map_or("", MessageBody::as_str);
        is_reply || !mentions(body, name).is_empty()
    }

    /// Whether the entry calls the user.
    pub(in crate::app) fn contains(&self, seq: Seq) -> bool {
        self.calls.contains_key(&seq)
    }

    /// Nothing after `newest` exists.
    pub(in crate::app) fn keep_up_to(&mut self, newest: Seq) {
        self.calls.split_off(&newest.next());
        self.own.split_off(&newest.next());
    }
}
