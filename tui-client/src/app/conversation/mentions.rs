//! The entries of a conversation that concern the user: mentions of the name, and replies.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::rules::mention::mentions;
use recado_shared::{Content, Entry, MessageBody, Seq, UserId};

/// Most unread entries of one conversation that are known to call the user. Further ones are
/// unread like any other.
pub(in crate::app) const MAX_MENTIONS: usize = 1_000;

/// Most own messages of one conversation that replies are known by. Beyond it the oldest ones go.
pub(in crate::app) const MAX_OWN: usize = 5_000;

/// Which entries of a conversation are meant for the user: those that call them by name, and
/// replies to what they wrote.
#[derive(Debug, Default)]
pub(in crate::app) struct Mentions {
    pub(in crate::app) own: BTreeSet<Seq>,
    /// By whom.
    pub(in crate::app) unread: BTreeMap<Seq, UserId>,
}

impl Mentions {
    /// Takes over entries, in any order and any number of times.
    pub(in crate::app) fn note<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a Entry> + Clone,
        me: (UserId, &str),
        read: Seq,
    ) {
        self.unread.retain(|seq, _| *seq > read);
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
                self.unread.remove(&target);
            }
            let has_room = self.unread.len() < MAX_MENTIONS;
            if entry.seq > read && has_room && self.concerns_user(&entry.content, me.1) {
                self.unread.insert(entry.seq, entry.author);
            }
        }
    }

    pub(in crate::app) fn concerns_user(&self, content: &Content, name: &str) -> bool {
        let is_reply = content.reply_to().is_some_and(|to| self.own.contains(&to));
        let body = content.body().filter(|_| content.is_message());
        let body = body.map_or("", MessageBody::as_str);
        is_reply || !mentions(body, name).is_empty()
    }

    /// Whether the entry calls the user.
    pub(in crate::app) fn contains(&self, seq: Seq) -> bool {
        self.unread.contains_key(&seq)
    }

    /// Nothing after `newest` exists.
    pub(in crate::app) fn keep_up_to(&mut self, newest: Seq) {
        self.unread.split_off(&newest.next());
        self.own.split_off(&newest.next());
    }
}
