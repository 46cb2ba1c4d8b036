//! Notification rules for unread entries: mentions, the bell, and the next conversation to go to.
//! Notification levels, mutes and blocks are honoured here.

use recado_shared::{ConversationId, Entry, NotificationLevel, Now, PageRange, Seq, UserId};

use super::unread_totals::notable;
use crate::app::{Chats, Context, Conversation};
use crate::store::StoreRead;
use crate::strings;

/// Most entries that are read again to find what they reply to.
const MAX_STRETCH: u16 = 200;

/// Where to go first among what is unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Urgency {
    /// A mention of the user, or a reply to them.
    Mentioned,
    Direct,
    Room,
    Request,
}

impl Chats {
    /// Reads from the local store the messages that new entries reply to and that are not in
    /// memory: they may be the user's, and are quoted.
    pub(crate) fn look_for_originals(
        &mut self,
        id: ConversationId,
        added: &[Entry],
        cx: &mut Context,
    ) {
        let Some(conversation) = self.conversations.get(&id) else {
            return;
        };
        let is_unknown = |to: Seq| {
            let is_here = conversation.log.entry(to).is_some()
                || added.binary_search_by_key(&to, |entry| entry.seq).is_ok();
            let is_kept = conversation.originals.contains_key(&to);
            conversation.log.held().contains(to) && !is_here && !is_kept
        };
        let unread = added
            .iter()
            .filter(|entry| entry.seq > conversation.own.read);
        let mut unsure = unread.filter(|entry| entry.content.reply_to().is_some_and(is_unknown));
        let Some(first) = unsure.next().map(|entry| entry.seq) else {
            return;
        };
        // The store gives back, with a stretch, what replies in it are about.
        let last = unsure.last().map_or(first, |entry| entry.seq);
        cx.load(StoreRead {
            conversation: id,
            range: PageRange::After(first.prev()),
            limit: u16::try_from(last.0 + 1 - first.0).map_or(MAX_STRETCH, |n| n.min(MAX_STRETCH)),
        });
    }

    /// How many unread entries mention the user or reply to them.
    pub(crate) fn mentions_in(&self, conversation: &Conversation) -> u64 {
        let unread = conversation.own.read.next()..;
        let calls = conversation.mentions.unread.range(unread);
        let heard = calls.filter(|(_, by)| !self.settings.is_blocked(**by));
        u64::try_from(heard.count()).unwrap_or(u64::MAX)
    }

    pub(crate) fn rings(&self, id: ConversationId, entry: (Seq, UserId), now: Now) -> bool {
        let (seq, author) = entry;
        let calls = |c: &Conversation| c.mentions.unread.contains_key(&seq);
        let is_heard = match self.settings.notification_level(id, now.wall) {
            NotificationLevel::All => true,
            NotificationLevel::Mentions => self.conversations.get(&id).is_some_and(calls),
            NotificationLevel::Nothing => false,
        };
        is_heard && !self.settings.is_blocked(author)
    }

    /// How much what is unread in a conversation matters; `None` if not at all.
    pub(crate) fn urgency(&self, id: ConversationId, now: Now) -> Option<Urgency> {
        let conversation = self.conversations.get(&id)?;
        let level = self.settings.notification_level(id, now.wall);
        let is_blocked = self.is_blocked_in(id);
        if conversation.unread() == 0 || level == NotificationLevel::Nothing || is_blocked {
            return None;
        }
        if conversation.is_request {
            return Some(Urgency::Request);
        }
        if self.mentions_in(conversation) > 0 {
            return Some(Urgency::Mentioned);
        }
        let class = match conversation.peer() {
            Some(_) => Urgency::Direct,
            None => Urgency::Room,
        };
        (level == NotificationLevel::All).then_some(class)
    }

    fn next_unread(&self, now: Now) -> Option<ConversationId> {
        let listed = self.contacts.order.ids();
        let others = listed.filter(|&id| self.navigation.open != Some(id));
        let urgent = others.filter_map(|id| Some((self.urgency(id, now)?, id)));
        let next = urgent.min_by_key(|&(urgency, _)| urgency);
        next.map(|(_, id)| id)
    }

    fn is_open_unread(&self) -> bool {
        self.opened().is_some_and(|open| open.unread() > 0)
    }

    /// Whether [`open_next_unread`](Self::open_next_unread) leads anywhere.
    pub(crate) fn has_next_unread(&self) -> bool {
        self.is_open_unread() || self.totals.elsewhere(self.navigation.open) > 0
    }

    /// Opens the unread conversation that matters most, of several the one in which something
    /// happened last.
    pub(crate) fn open_next_unread(&mut self, cx: &mut Context) {
        if let Some(id) = self.next_unread(cx.now) {
            self.jump_to(id, cx);
        } else if self.is_open_unread() {
            self.scroll_first_unread(cx);
        } else if self.conversations.values().any(|c| c.unread() > 0) {
            cx.notice = Some(strings::status::ONLY_MUTED_UNREAD.to_owned());
        } else {
            cx.notice = Some(strings::status::NOTHING_UNREAD.to_owned());
        }
    }

    /// Whether a message is folded into a line because its author is blocked: in rooms, where
    /// the others answer it. What was said with the person alone stays to be read.
    pub(crate) fn is_hidden(&self, conversation: &Conversation, entry: &Entry) -> bool {
        let is_blocked = self.settings.is_blocked(entry.author);
        is_blocked && conversation.room().is_some() && !conversation.folding.is_deleted(entry)
    }

    /// Counts every listed conversation.
    pub(super) fn count_all_notable(&mut self, now: Now) {
        self.totals.clear();
        for id in self.contacts.order.ids().collect::<Vec<_>>() {
            self.count_notable(id, now);
        }
    }

    /// Counts one conversation again.
    pub(super) fn count_notable(&mut self, id: ConversationId, now: Now) {
        let count = self.notable_in(id, now);
        self.totals.set(id, count);
    }

    /// How many unread messages of a conversation notify the user; none where it is not listed.
    pub(in crate::app) fn notable_in(&self, id: ConversationId, now: Now) -> u64 {
        let conversation = self.conversations.get(&id);
        let listed = conversation.filter(|_| self.contacts.order.contains(id));
        listed.map_or(0, |conversation| {
            let level = self.settings.notification_level(id, now.wall);
            let mentions = || self.mentions_in(conversation);
            notable(
                conversation.unread(),
                mentions,
                level,
                self.is_blocked_in(id),
            )
        })
    }
}
