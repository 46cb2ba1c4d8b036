//! The unread overview: what is after the read cursors of all conversations, the important first.
//! Entries that are not in memory come from the local store, one page at a time.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

use recado_shared::{Content, ConversationId, Entry, PageRange, Seq, Timestamp, UserId};

use super::list::List;
use super::{ListMove, Overlay};
use crate::app::conversation::state::Conversation;
use crate::app::intent::Show;
use crate::app::screen::{Notable, NotificationLevel, UnreadRow};
use crate::app::{Action, Hint, KeyContext, Parts, Reader, screen};
use crate::store::{LoadedEntries, StoreRead};
use crate::strings;

/// Most conversations that are listed, the important ones. Further ones come as these are read.
const MAX_GROUPS: usize = 50;

/// Most lines of one conversation; the rest of it is counted.
const MAX_LINES: usize = 20;

/// Entries of one conversation that are read from the store, the oldest unread ones.
const MAX_READ: u16 = 200;

/// Most stretches that are read while the list is open.
const MAX_LOADS: usize = 3 * MAX_GROUPS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    seq: Seq,
    why: Notable,
    author: UserId,
    time: Timestamp,
    /// The message that is shown: the entry itself, or the one that it reacts to.
    target: Seq,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Row {
    conversation: ConversationId,
    kind: RowKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowKind {
    Heading,
    Line(Line),
    /// Unread messages of the conversation that have no line.
    More {
        count: u64,
        is_quiet: bool,
    },
}

impl Row {
    fn is_heading(&self) -> bool {
        self.kind == RowKind::Heading
    }

    const fn is_quiet(&self) -> bool {
        matches!(self.kind, RowKind::More { is_quiet: true, .. })
    }

    /// The entry of a line, else the last one of the conversation.
    const fn last(&self) -> Seq {
        match self.kind {
            RowKind::Line(line) => line.seq,
            RowKind::Heading | RowKind::More { .. } => Seq(u64::MAX),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct UnreadOverview {
    /// The chosen row is no heading, if there is another one.
    list: List<Row>,
    /// Whether the user chose a row; until then it is the first one.
    is_picked: bool,
    entries: BTreeMap<(ConversationId, Seq), Entry>,
    /// What was read or will be, in this order.
    asked: BTreeSet<(ConversationId, Seq, u16)>,
    waiting: VecDeque<StoreRead>,
    loading: Option<StoreRead>,
}

impl UnreadOverview {
    /// An entry of a conversation, from memory or from what was read for this.
    fn entry<'a>(&'a self, of: &'a Conversation, seq: Seq) -> Option<&'a Entry> {
        let known = of.log.entry(seq).or_else(|| of.originals.get(&seq));
        known.or_else(|| self.entries.get(&(of.id, seq)))
    }

    fn entries_after<'a>(&'a self, of: &'a Conversation, read: Seq) -> BTreeMap<Seq, &'a Entry> {
        let stored = self.entries.range((of.id, read.next())..);
        let stored = stored.take_while(|((id, _), _)| *id == of.id);
        let stored = stored.map(|((_, seq), entry)| (*seq, entry));
        let loaded = of.log.loaded().filter(|entry| entry.seq > read);
        let loaded = loaded.map(|entry| (entry.seq, entry));
        stored.chain(loaded).collect()
    }

    /// Reads a stretch at a place, unless that was done before.
    fn request_page(
        &mut self,
        conversation: ConversationId,
        at: Seq,
        range: PageRange,
        limit: u16,
    ) {
        if self.asked.len() < MAX_LOADS && self.asked.insert((conversation, at, limit)) {
            self.waiting.push_back(StoreRead {
                conversation,
                range,
                limit,
            });
        }
    }

    /// Chooses a row; instead of a heading the next row in this direction. A heading is always
    /// followed by a row of its conversation.
    fn choose(&mut self, list_move: ListMove, direction: isize) {
        self.list.step(list_move);
        if self.list.chosen().is_some_and(Row::is_heading) {
            let next = self.list.index.checked_add_signed(direction);
            self.list.step(ListMove::To(next.unwrap_or(1)));
        }
    }

    /// Takes over rows. What was chosen stays so, or what follows it.
    fn set_rows(&mut self, rows: Vec<Row>) {
        let still = self.list.rows.iter().skip(self.list.index).find_map(|old| {
            let is_more = |row: &Row| matches!(row.kind, RowKind::More { .. });
            let is_same = |row: &Row| {
                row == old || (row.conversation == old.conversation && is_more(row) && is_more(old))
            };
            rows.iter().position(is_same)
        });
        let chosen = still.unwrap_or(self.list.index);
        self.list.rows = rows;
        self.choose(ListMove::To(if self.is_picked { chosen } else { 0 }), 1);
    }

    /// The conversations in which something lies after the read cursor, the important ones first,
    /// then in the order of the contact list.
    fn new_conversations(app: &Reader<'_>) -> Vec<ConversationId> {
        let listed = app.chats.contacts.order.ids();
        let is_new = |id: &ConversationId| {
            let conversation = app.chats.conversations.get(id);
            let has_new = conversation.is_some_and(|c| c.own.read < c.log.newest);
            has_new && !app.chats.is_blocked_in(*id)
        };
        let mut new: Vec<_> = listed.filter(is_new).collect();
        new.sort_by_cached_key(|id| {
            let urgency = app.chats.urgency(*id, app.now);
            (urgency.is_none(), urgency)
        });
        new
    }

    /// Reads the unread entries of a conversation that the store has and memory has not.
    fn request_unread(&mut self, conversation: &Conversation) {
        let read = conversation.own.read;
        let held = conversation.log.held();
        let count = held.count_in(read.next(), conversation.log.newest);
        let here = self.entries_after(conversation, read).len();
        if usize::try_from(count).is_ok_and(|count| here < count) && here < MAX_READ.into() {
            self.request_page(conversation.id, read, PageRange::After(read), MAX_READ);
        }
    }

    /// The rows of one conversation; `None` if there is nothing to see.
    fn group(&mut self, conversation: &Conversation, app: &Reader<'_>) -> Option<Vec<Row>> {
        let settings = &app.chats.settings;
        let level = settings.notification_level(conversation.id, app.now.wall);
        let mut lines = match level {
            NotificationLevel::Nothing => Vec::new(),
            NotificationLevel::All | NotificationLevel::Mentions => self.lines(conversation, app),
        };
        if level == NotificationLevel::Mentions {
            lines.retain(|line| line.why != Notable::Message);
        }
        lines.sort_by_key(|line| (line.why, line.seq));
        lines.truncate(MAX_LINES);
        let messages = lines.iter().filter(|line| line.why != Notable::Reaction);
        let shown = messages.count();
        let shown = u64::try_from(shown).unwrap_or(u64::MAX);
        let count = conversation.unread().saturating_sub(shown);
        let is_quiet = level == NotificationLevel::Nothing;
        let more = (count > 0).then_some(RowKind::More { count, is_quiet });
        if lines.is_empty() && more.is_none() {
            return None;
        }
        let lines = lines.into_iter().map(RowKind::Line);
        let kinds = [RowKind::Heading].into_iter().chain(lines).chain(more);
        let conversation = conversation.id;
        Some(kinds.map(|kind| Row { conversation, kind }).collect())
    }

    fn lines(&mut self, conversation: &Conversation, app: &Reader<'_>) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut unknown = Vec::new();
        for (seq, entry) in self.entries_after(conversation, conversation.own.read) {
            let is_hidden = app.chats.settings.is_blocked(entry.author);
            if entry.author == conversation.me || is_hidden {
                continue;
            }
            let folding = &conversation.folding;
            let (why, target) = if let Content::ReactionAdded { target, emoji } = &entry.content {
                let Some(original) = self.entry(conversation, *target) else {
                    unknown.push(*target);
                    continue;
                };
                let is_on = folding.has_reaction(*target, emoji, entry.author);
                if original.author != conversation.me || !is_on {
                    continue;
                }
                (Notable::Reaction, *target)
            } else {
                if !entry.content.is_message() || folding.is_deleted(entry) {
                    continue;
                }
                let is_reply = matches!(entry.content, Content::Reply { .. });
                match (conversation.mentions.unread.contains_key(&seq), is_reply) {
                    (true, true) => (Notable::Reply, seq),
                    (true, false) => (Notable::Mention, seq),
                    (false, _) => (Notable::Message, seq),
                }
            };
            lines.push(Line {
                seq,
                why,
                author: entry.author,
                time: entry.time,
                target,
            });
        }
        for target in unknown {
            self.request_page(conversation.id, target, PageRange::Before(target.next()), 1);
        }
        lines
    }

    fn line_view<'a>(
        &'a self,
        conversation: Option<&'a Conversation>,
        line: Line,
        app: &Reader<'a>,
    ) -> UnreadRow<'a> {
        let entry = |seq| conversation.and_then(|of| self.entry(of, seq));
        let text = conversation.zip(entry(line.target));
        let text = text.map_or("", |(of, entry)| {
            strings::conversation::shown(of.folding.text(entry))
        });
        let text = match entry(line.seq).map(|entry| &entry.content) {
            Some(Content::ReactionAdded { emoji, .. }) => Cow::Owned(format!("{emoji} {text}")),
            Some(_) | None => Cow::Borrowed(text),
        };
        UnreadRow::Line {
            why: line.why,
            author: app.chats.name_of(line.author),
            time: line.time,
            text,
        }
    }

    /// Takes a place as one that was seen. What of it is not here yet is read once it is.
    fn read_up_to(id: ConversationId, seq: Seq, app: &mut Parts<'_>) {
        if let Some(conversation) = app.chats.conversations.get_mut(&id) {
            conversation.see(seq);
            app.chats.dirty.insert(id);
            let (read, log) = (conversation.own.read, &conversation.log);
            let end = log.newest.min(seq);
            if log.held().count_in(read.next(), end) < end.0.saturating_sub(read.0) {
                app.notify(strings::overlays::READ_WHEN_LOADED);
            }
        }
    }
}

impl Overlay for UnreadOverview {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        let mut hints = vec![
            (Action::Submit, strings::hints::OPEN),
            (Action::MarkRead, strings::hints::READ_TO_HERE),
            (Action::MarkAllRead, strings::hints::ALL_READ),
        ];
        hints.retain(|_| self.list.chosen().is_some());
        hints.push((Action::Cancel, strings::hints::CLOSE));
        (KeyContext::UnreadOverview, hints)
    }

    fn view<'a>(&'a self, app: &Reader<'a>) -> screen::Overlay<'a> {
        let row = |row: &Row| {
            let conversation = app.chats.conversations.get(&row.conversation);
            match row.kind {
                RowKind::Heading => UnreadRow::Conversation {
                    title: app.chats.title(row.conversation),
                    unread: conversation.map_or(0, Conversation::unread),
                },
                RowKind::Line(line) => self.line_view(conversation, line, app),
                RowKind::More { count, is_quiet } => UnreadRow::More { count, is_quiet },
            }
        };
        let note = match self.loading {
            Some(_) => strings::overlays::LOADING,
            None => strings::overlays::NOTHING_NEW,
        };
        screen::Overlay::UnreadOverview(self.list.view(strings::overlays::UNREAD_TITLE, note, row))
    }

    fn step(&mut self, list_move: ListMove) {
        self.is_picked = true;
        let is_up = matches!(list_move, ListMove::By(rows) if rows < 0);
        self.choose(list_move, if is_up { -1 } else { 1 });
    }

    fn toggle(&self) -> Option<Show> {
        Some(Show::UnreadOverview)
    }

    fn accept(&mut self, app: &mut Parts<'_>) {
        app.close();
        let Some(row) = self.list.chosen() else {
            return;
        };
        if let RowKind::Line(line) = row.kind {
            let (id, target) = (row.conversation, line.target);
            app.chats.jump_to_entry(id, target, app.cx);
        } else {
            app.chats.jump_to(row.conversation, app.cx);
            app.chats.scroll_first_unread(app.cx);
        }
    }

    fn act(&mut self, action: Action, app: &mut Parts<'_>) {
        if action == Action::MarkRead {
            match self.list.chosen() {
                Some(row) => Self::read_up_to(row.conversation, row.last(), app),
                None => app.notify(strings::overlays::NOTHING_TO_MARK),
            }
        } else if action == Action::MarkAllRead {
            let listed: BTreeSet<_> = self.list.rows.iter().map(|row| row.conversation).collect();
            for id in listed {
                Self::read_up_to(id, Seq(u64::MAX), app);
            }
        }
    }

    fn refresh(&mut self, app: &mut Parts<'_>) {
        let reader = app.reader();
        let new = Self::new_conversations(&reader).into_iter();
        let new = new.take(MAX_GROUPS);
        let mut groups = Vec::new();
        for conversation in new.filter_map(|id| reader.chats.conversations.get(&id)) {
            self.request_unread(conversation);
            groups.extend(self.group(conversation, &reader));
        }
        // Quiet ones last; the others stay in the order of their importance.
        groups.sort_by_key(|rows| rows.last().is_some_and(Row::is_quiet));
        self.set_rows(groups.into_iter().flatten().collect());
        if self.loading.is_none() {
            self.loading = self.waiting.pop_front();
            if let Some(load) = self.loading {
                app.cx.load(load);
            }
        }
    }

    fn loaded(&mut self, loaded: &LoadedEntries) {
        if self.loading != Some(loaded.read) {
            return;
        }
        self.loading = None;
        let id = loaded.read.conversation;
        let entries = loaded.entries.iter();
        let keyed = entries.map(|entry| ((id, entry.seq), entry.clone()));
        self.entries.extend(keyed);
    }
}
