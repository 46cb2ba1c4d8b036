//! Catching up: everything that is new since it was last read, over all conversations. Unread
//! messages, mentions, replies and reactions to what the user wrote, the important ones first.
//!
//! What is not in memory is read from the local store, one stretch at a time, so that it works
//! without a link. Nothing is remembered for it: what lies after the read cursors is new.

mod view;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use recado_shared::{Content, ConversationId, Entry, Now, PageRange, Seq, Timestamp, UserId};

use crate::app::chats::attention::Urgency;
use crate::app::conversation::state::Conversation;
use crate::app::overlay::switcher::OverlayState;
use crate::app::view::screen::Attention;
use crate::app::{App, Effect};
use crate::store::{Load, Loaded};

/// Most conversations that are listed, the important ones. Further ones come as these are read.
const MAX_GROUPS: usize = 50;

/// Most lines of one conversation; the rest of it is counted.
const MAX_LINES: usize = 20;

/// Entries of one conversation that are read from the store, the oldest unread ones.
const MAX_READ: u16 = 200;

/// Most stretches that are read while the list is open.
const MAX_LOADS: usize = 3 * MAX_GROUPS;

/// Why a line is worth a look, the most important first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::app) enum Why {
    Called,
    Answered,
    Reacted,
    Said,
}

/// Something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) struct Line {
    pub(in crate::app) conversation: ConversationId,
    /// The entry.
    pub(in crate::app) seq: Seq,
    pub(in crate::app) why: Why,
    pub(in crate::app) author: UserId,
    pub(in crate::app) time: Timestamp,
    /// The message that is shown: the entry itself, or the one that it reacts to.
    pub(in crate::app) target: Seq,
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::app) enum Row {
    Heading(ConversationId),
    Line(Line),
    /// Unread messages of the conversation that have no line.
    More {
        conversation: ConversationId,
        count: u64,
        is_quiet: bool,
    },
}

impl Row {
    fn conversation(&self) -> ConversationId {
        match self {
            Self::Heading(conversation) | Self::More { conversation, .. } => *conversation,
            Self::Line(line) => line.conversation,
        }
    }

    const fn is_heading(&self) -> bool {
        matches!(self, Self::Heading(_))
    }
}

/// The open list.
#[derive(Debug, Default)]
pub(in crate::app) struct CatchUp {
    pub(in crate::app) rows: Vec<Row>,
    /// A row that is no heading, if there is one.
    pub(in crate::app) chosen: usize,
    /// Whether the person chose a row; until then it is the first one.
    has_chosen: bool,
    /// Entries that were read from the store for this.
    entries: BTreeMap<(ConversationId, Seq), Entry>,
    /// What was read or will be, in this order.
    asked: BTreeSet<(ConversationId, Seq, u16)>,
    waiting: VecDeque<Load>,
    loading: Option<Load>,
}

impl CatchUp {
    /// Whether something is still to be read.
    pub(in crate::app) fn is_loading(&self) -> bool {
        self.loading.is_some()
    }

    /// An entry of a conversation, from memory or from what was read for this.
    pub(in crate::app) fn entry<'a>(&'a self, of: &'a Conversation, seq: Seq) -> Option<&'a Entry> {
        let known = of.log.entry(seq).or_else(|| of.folding.original(seq));
        known.or_else(|| self.entries.get(&(of.id, seq)))
    }

    /// The entries after a place, ascending.
    fn after<'a>(&'a self, of: &'a Conversation, read: Seq) -> BTreeMap<Seq, &'a Entry> {
        let stored = self.entries.range((of.id, read.next())..);
        let stored = stored.take_while(|((id, _), _)| *id == of.id);
        let stored = stored.map(|((_, seq), entry)| (*seq, entry));
        let loaded = of.log.loaded().filter(|entry| entry.seq > read);
        stored
            .chain(loaded.map(|entry| (entry.seq, entry)))
            .collect()
    }

    /// Reads a stretch at a place, unless that was done before.
    fn want(&mut self, conversation: ConversationId, at: Seq, range: PageRange, limit: u16) {
        if self.asked.len() < MAX_LOADS && self.asked.insert((conversation, at, limit)) {
            self.waiting.push_back(Load {
                conversation,
                range,
                limit,
            });
        }
    }

    pub(in crate::app) fn choose(&mut self, index: usize) {
        self.has_chosen = true;
        self.put_choice(index);
    }

    fn put_choice(&mut self, index: usize) {
        let last = self.rows.len().saturating_sub(1);
        self.chosen = index.min(last);
        self.leave_heading(1);
    }

    pub(in crate::app) fn step(&mut self, steps: i32) {
        self.has_chosen = true;
        let last = self.rows.len().saturating_sub(1);
        let steps = isize::try_from(steps).unwrap_or(0);
        self.chosen = self.chosen.saturating_add_signed(steps).min(last);
        self.leave_heading(if steps < 0 { -1 } else { 1 });
    }

    /// Headings are passed over: a heading is always followed by a row of its conversation.
    fn leave_heading(&mut self, direction: isize) {
        if self.rows.get(self.chosen).is_some_and(Row::is_heading) {
            self.chosen = self.chosen.checked_add_signed(direction).unwrap_or(1);
        }
    }

    fn chosen(&self) -> Option<Row> {
        self.rows.get(self.chosen).copied()
    }

    /// Takes over rows. What was chosen stays so, or what follows it.
    fn set_rows(&mut self, rows: Vec<Row>) {
        let still = self.rows.iter().skip(self.chosen).find_map(|old| {
            let is_same = |row: &Row| match (row, old) {
                (Row::More { conversation, .. }, Row::More { .. }) => {
                    *conversation == old.conversation()
                }
                (row, old) => row == old,
            };
            rows.iter().position(is_same)
        });
        self.rows = rows;
        let chosen = still.unwrap_or(self.chosen);
        self.put_choice(if self.has_chosen { chosen } else { 0 });
    }
}

impl App {
    pub(in crate::app) fn toggle_catch_up(&mut self) {
        self.show_overlay(match self.overlay {
            Some(OverlayState::CatchUp(_)) => None,
            Some(_) | None => Some(OverlayState::CatchUp(CatchUp::default())),
        });
    }

    /// Makes the rows of the open list as things are now, and reads what is missing for them.
    pub(in crate::app) fn refresh_catch_up(&mut self, now: Now) {
        let Some(OverlayState::CatchUp(list)) = &mut self.overlay else {
            return;
        };
        let mut list = std::mem::take(list);
        let mut groups = Vec::new();
        for id in self.new_conversations(now).into_iter().take(MAX_GROUPS) {
            if let Some(conversation) = self.chats.conversations.get(&id) {
                self.want_unread(&mut list, conversation);
                let group = self.group(&mut list, conversation, now);
                groups.extend(group.map(|rows| (self.rank_of_group(id, &rows, now), rows)));
            }
        }
        groups.sort_by_key(|&(rank, _)| rank);
        list.set_rows(groups.into_iter().flat_map(|(_, rows)| rows).collect());
        if list.loading.is_none() {
            list.loading = list.waiting.pop_front();
            self.cx.effects.extend(list.loading.map(Effect::Load));
        }
        self.show_overlay(Some(OverlayState::CatchUp(list)));
    }

    /// The conversations in which something lies after the read cursor, the important ones first,
    /// then in the order of the contact list.
    fn new_conversations(&self, now: Now) -> Vec<ConversationId> {
        let listed = self.chats.contacts.order().iter().map(|&(id, _)| id);
        let is_new = |id: &ConversationId| {
            let conversation = self.chats.conversations.get(id);
            let has_new = conversation.is_some_and(|c| c.own.read < c.log.newest);
            has_new && !self.chats.is_blocked_in(*id)
        };
        let mut new: Vec<_> = listed.filter(is_new).collect();
        new.sort_by_cached_key(|id| {
            let urgency = self.chats.urgency(*id, now);
            (urgency.is_none(), urgency)
        });
        new
    }

    /// Where a conversation stands in the list: quiet ones last, before them those in which
    /// people only react.
    fn rank_of_group(
        &self,
        id: ConversationId,
        rows: &[Row],
        now: Now,
    ) -> (bool, bool, Option<Urgency>) {
        let is_quiet = rows
            .iter()
            .any(|row| matches!(row, Row::More { is_quiet: true, .. }));
        let urgency = self.chats.urgency(id, now);
        (is_quiet, urgency.is_none(), urgency)
    }

    /// Reads the unread entries of a conversation that the store has and memory has not.
    #[expect(clippy::unused_self, reason = "it belongs to the others")]
    fn want_unread(&self, list: &mut CatchUp, conversation: &Conversation) {
        let read = conversation.own.read;
        let held = conversation.log.held();
        let count = held.count_in(read.next(), conversation.log.newest);
        let here = list.after(conversation, read).len();
        if usize::try_from(count).is_ok_and(|count| here < count) && here < MAX_READ.into() {
            list.want(conversation.id, read, PageRange::After(read), MAX_READ);
        }
    }

    /// The rows of one conversation; `None` if there is nothing to see.
    fn group(&self, list: &mut CatchUp, conversation: &Conversation, now: Now) -> Option<Vec<Row>> {
        let id = conversation.id;
        let attention = self.chats.settings.attention(id, now.wall);
        let mut lines = match attention {
            Attention::Nothing => Vec::new(),
            Attention::All | Attention::Mentions => self.lines(list, conversation),
        };
        if attention == Attention::Mentions {
            lines.retain(|line| line.why != Why::Said);
        }
        lines.sort_by_key(|line| (line.why, line.seq));
        lines.truncate(MAX_LINES);
        let shown = lines.iter().filter(|line| line.why != Why::Reacted).count();
        let shown = u64::try_from(shown).unwrap_or(u64::MAX);
        let count = conversation.unread().saturating_sub(shown);
        let more = (count > 0).then_some(Row::More {
            conversation: id,
            count,
            is_quiet: attention == Attention::Nothing,
        });
        if lines.is_empty() && more.is_none() {
            return None;
        }
        let heading = [Row::Heading(id)].into_iter();
        let lines = lines.into_iter().map(Row::Line);
        Some(heading.chain(lines).chain(more).collect())
    }

    /// What is new in a conversation.
    fn lines(&self, list: &mut CatchUp, conversation: &Conversation) -> Vec<Line> {
        let id = conversation.id;
        let mut lines = Vec::new();
        let mut unknown = Vec::new();
        for (seq, entry) in list.after(conversation, conversation.own.read) {
            let is_hidden = self.chats.settings.is_blocked(entry.author);
            if entry.author == conversation.me() || is_hidden {
                continue;
            }
            let folding = &conversation.folding;
            let (why, target) = match &entry.content {
                Content::ReactionAdded { target, emoji } => {
                    let Some(original) = list.entry(conversation, *target) else {
                        unknown.push(*target);
                        continue;
                    };
                    let is_on = folding.has_reaction(*target, emoji, entry.author);
                    if original.author != conversation.me() || !is_on {
                        continue;
                    }
                    (Why::Reacted, *target)
                }
                Content::Message(_)
                | Content::Reply { .. }
                | Content::Emote(_)
                | Content::Edit { .. }
                | Content::Deletion { .. }
                | Content::ReactionRemoved { .. }
                | Content::Room(_)
                | Content::Erased(_)
                | Content::AuthorRemoved => {
                    if !entry.content.is_message() || folding.is_deleted(entry) {
                        continue;
                    }
                    let is_reply = matches!(entry.content, Content::Reply { .. });
                    match (conversation.calls.contains(seq), is_reply) {
                        (true, true) => (Why::Answered, seq),
                        (true, false) => (Why::Called, seq),
                        (false, _) => (Why::Said, seq),
                    }
                }
            };
            lines.push(Line {
                conversation: id,
                seq,
                why,
                author: entry.author,
                time: entry.time,
                target,
            });
        }
        for target in unknown {
            list.want(id, target, PageRange::Before(target.next()), 1);
        }
        lines
    }

    /// The local store read something, perhaps for the list.
    pub(in crate::app) fn note_for_catch_up(&mut self, loaded: &Loaded) {
        let Some(OverlayState::CatchUp(list)) = &mut self.overlay else {
            return;
        };
        if list.loading != Some(loaded.load) {
            return;
        }
        list.loading = None;
        let id = loaded.load.conversation;
        let entries = loaded.entries.iter();
        let keyed = entries.map(|entry| ((id, entry.seq), entry.clone()));
        list.entries.extend(keyed);
    }

    /// Goes to the chosen line; going back leads here from.
    pub(in crate::app) fn accept_catch_up(&mut self) {
        let Some(OverlayState::CatchUp(list)) = &self.overlay else {
            return;
        };
        let chosen = list.chosen();
        self.show_overlay(None);
        match chosen {
            Some(Row::Line(line)) => {
                self.chats
                    .jump_to_entry(line.conversation, line.target, &mut self.cx);
            }
            Some(Row::More { conversation, .. } | Row::Heading(conversation)) => {
                self.chats.jump_to(conversation, &mut self.cx);
                self.chats.scroll_first_unread(&mut self.cx);
            }
            None => {}
        }
    }

    /// The person has read everything up to the chosen line of its conversation.
    pub(in crate::app) fn mark_read(&mut self) {
        let Some(OverlayState::CatchUp(list)) = &self.overlay else {
            return;
        };
        match list.chosen() {
            Some(Row::Line(line)) => self.read_up_to(line.conversation, line.seq),
            Some(Row::More { conversation, .. } | Row::Heading(conversation)) => {
                self.read_up_to(conversation, Seq(u64::MAX));
            }
            None => self.cx.notice = Some("there is nothing to mark as read".to_owned()),
        }
    }

    /// The person has read everything that is listed.
    pub(in crate::app) fn mark_all_read(&mut self) {
        let Some(OverlayState::CatchUp(list)) = &self.overlay else {
            return;
        };
        let listed: BTreeSet<_> = list.rows.iter().map(Row::conversation).collect();
        for id in listed {
            self.read_up_to(id, Seq(u64::MAX));
        }
    }

    /// Takes a place as one that was seen. What of it is not here yet is read once it is.
    fn read_up_to(&mut self, id: ConversationId, seq: Seq) {
        if let Some(conversation) = self.chats.conversations.get_mut(&id) {
            conversation.see(seq);
            self.chats.dirty.insert(id);
            let is_here = conversation.log.held().count_in(
                conversation.own.read.next(),
                conversation.log.newest.min(seq),
            );
            let end = conversation.log.newest.min(seq);
            let places = end.0.saturating_sub(conversation.own.read.0);
            if is_here < places {
                let why = "what has not come from the server yet is read when it comes";
                self.cx.notice = Some(why.to_owned());
            }
        }
    }
}
