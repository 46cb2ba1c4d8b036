//! The entries of a conversation that concern the user: mentions of the name, and replies.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::rules::mention::mentions;
use recado_shared::{Content, Entry, MessageBody, Seq, UserId};

/// Most mentions that are kept for one conversation. Further ones are unread like any other.
const MAX_MENTIONS: usize = 1_000;

/// Most own messages of one conversation that replies are known by. Beyond it the oldest ones go.
const MAX_OWN: usize = 5_000;

/// Unread mentions of the user and replies to them, with their authors.
#[derive(Debug, Default)]
pub(crate) struct Mentions {
    pub(crate) own: BTreeSet<Seq>,
    pub(crate) unread: BTreeMap<Seq, UserId>,
}

impl Mentions {
    /// Takes over entries, in any order and any number of times. `is_taken` says whether another user
    /// has a name.
    pub(crate) fn note(
        &mut self,
        entries: &[Entry],
        me: (UserId, &str),
        read: Seq,
        is_taken: impl Fn(&str) -> bool,
    ) {
        while let Some(first) = self.unread.first_entry()
            && *first.key() <= read
        {
            first.remove();
        }
        for entry in entries.iter().filter(|entry| entry.author == me.0) {
            if entry.content.is_message() {
                self.own.insert(entry.seq);
                if self.own.len() > MAX_OWN {
                    self.own.pop_first();
                }
            }
        }
        for entry in entries.iter().filter(|entry| entry.author != me.0) {
            if let Content::Deletion { target } = entry.content {
                self.unread.remove(&target);
            }
            let has_room = self.unread.len() < MAX_MENTIONS;
            if entry.seq > read && has_room && self.concerns_user(&entry.content, me.1, &is_taken) {
                self.unread.insert(entry.seq, entry.author);
            }
        }
    }

    fn concerns_user(
        &self,
        content: &Content,
        name: &str,
        is_taken: impl Fn(&str) -> bool,
    ) -> bool {
        let is_reply = content.reply_to().is_some_and(|to| self.own.contains(&to));
        let body = content.body().filter(|_| content.is_message());
        let body = body.map_or("", MessageBody::as_str);
        is_reply || !mentions(body, name, is_taken).is_empty()
    }

    pub(super) fn keep_up_to(&mut self, newest: Seq) {
        self.unread.split_off(&newest.next());
        self.own.split_off(&newest.next());
    }
}
