//! What became of messages: the entries that edit, delete and react to them, folded into them.
//!
//! It takes entries in any order and any number of times, and gives the same.

use std::collections::BTreeMap;

use recado_shared::{Content, Emoji, Entry, ErasedKind, MessageBody, Seq, Timestamp, UserId};

/// Most messages of one conversation about which something is kept. Beyond it those that are not
/// loaded go: with the message, the store gives back what belongs to it.
const MAX_FOLDED: usize = 5_000;

/// Most messages that are kept because a reply quotes them. Beyond it the oldest ones go.
const MAX_ORIGINALS: usize = 1_000;

/// What became of one message.
#[derive(Debug, Default)]
struct Fold {
    /// The later texts by the place of the edit.
    edits: BTreeMap<Seq, (Timestamp, MessageBody)>,
    is_deleted: bool,
    /// Who reacts how: the place of what was said last, and whether it adds.
    reactions: BTreeMap<(Emoji, UserId), (Seq, bool)>,
}

/// What became of the messages of one conversation.
#[derive(Debug, Default)]
pub(in crate::app) struct Folding {
    folds: BTreeMap<Seq, Fold>,
    /// Messages outside of the window to which others reply.
    originals: BTreeMap<Seq, Entry>,
    /// Authors who were removed, with the place from which on they are.
    removed: BTreeMap<UserId, Seq>,
}

/// One kind of reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::app) struct Counted<'a> {
    pub(in crate::app) emoji: &'a Emoji,
    /// When the first of them came.
    first: Seq,
    pub(in crate::app) count: usize,
    pub(in crate::app) is_mine: bool,
}

impl Folding {
    /// Takes over an entry. Returns the message whose text is to be forgotten, if it says so.
    pub(in crate::app) fn feed(&mut self, entry: &Entry) -> Option<Seq> {
        match &entry.content {
            Content::Edit { target, body } => {
                let fold = self.folds.entry(*target).or_default();
                if !fold.is_deleted {
                    fold.edits.insert(entry.seq, (entry.time, body.clone()));
                }
                None
            }
            Content::Deletion { target } => {
                let fold = self.folds.entry(*target).or_default();
                fold.is_deleted = true;
                fold.edits.clear();
                fold.reactions.clear();
                self.originals.remove(target);
                Some(*target)
            }
            Content::ReactionAdded { target, emoji } => {
                self.react(entry, *target, emoji, true);
                None
            }
            Content::ReactionRemoved { target, emoji } => {
                self.react(entry, *target, emoji, false);
                None
            }
            Content::AuthorRemoved => {
                self.removed.insert(entry.author, entry.seq);
                self.originals
                    .retain(|_, original| original.author != entry.author);
                None
            }
            Content::Message(_)
            | Content::Reply { .. }
            | Content::Emote(_)
            | Content::Room(_)
            | Content::Erased(_) => None,
        }
    }

    fn react(&mut self, entry: &Entry, target: Seq, emoji: &Emoji, is_on: bool) {
        let fold = self.folds.entry(target).or_default();
        if fold.is_deleted {
            return;
        }
        let key = (emoji.clone(), entry.author);
        let said = fold.reactions.entry(key).or_insert((entry.seq, is_on));
        if entry.seq >= said.0 {
            *said = (entry.seq, is_on);
        }
    }

    /// Keeps a message that a loaded one replies to.
    pub(in crate::app) fn keep_original(&mut self, entry: Entry) {
        if entry.content.is_message() && !self.is_deleted(&entry) {
            self.originals.insert(entry.seq, entry);
            if self.originals.len() > MAX_ORIGINALS {
                self.originals.pop_first();
            }
        }
    }

    pub(in crate::app) fn original(&self, seq: Seq) -> Option<&Entry> {
        self.originals.get(&seq)
    }

    /// Forgets what belongs to messages that are not loaded, once there is too much.
    pub(in crate::app) fn trim(&mut self, is_loaded: impl Fn(Seq) -> bool) {
        if self.folds.len() > MAX_FOLDED {
            let originals = &self.originals;
            self.folds
                .retain(|seq, _| is_loaded(*seq) || originals.contains_key(seq));
        }
    }

    /// Nothing after `newest` exists.
    pub(in crate::app) fn keep_up_to(&mut self, newest: Seq) {
        self.folds.split_off(&newest.next());
        self.originals.split_off(&newest.next());
        self.removed.retain(|_, at| *at <= newest);
        for fold in self.folds.values_mut() {
            fold.edits.split_off(&newest.next());
            fold.reactions.retain(|_, (at, _)| *at <= newest);
        }
    }

    /// Whether a message was taken back, or its author removed.
    pub(in crate::app) fn is_deleted(&self, entry: &Entry) -> bool {
        matches!(entry.content, Content::Erased(ErasedKind::Message))
            || self.folds.get(&entry.seq).is_some_and(|f| f.is_deleted)
            || self
                .removed
                .get(&entry.author)
                .is_some_and(|at| entry.seq < *at)
    }

    pub(in crate::app) fn is_edited(&self, entry: &Entry) -> bool {
        let fold = self.folds.get(&entry.seq);
        fold.is_some_and(|fold| !fold.edits.is_empty())
    }

    /// A message as it reads now; empty if it was taken back.
    pub(in crate::app) fn text<'a>(&'a self, entry: &'a Entry) -> &'a str {
        if self.is_deleted(entry) {
            return "";
        }
        let edits = self.folds.get(&entry.seq).map(|fold| &fold.edits);
        let latest = edits.and_then(|edits| edits.values().next_back());
        let latest = latest.map(|(_, body)| body);
        let body = latest.or_else(|| entry.content.body());
        body.map_or("", MessageBody::as_str)
    }

    /// All texts of a message, the first one first, each with its time.
    pub(in crate::app) fn versions<'a>(&'a self, entry: &'a Entry) -> Vec<(Timestamp, &'a str)> {
        if self.is_deleted(entry) {
            return Vec::new();
        }
        let first = entry.content.body().map(|body| (entry.time, body.as_str()));
        let fold = self.folds.get(&entry.seq);
        let edits = fold.into_iter().flat_map(|fold| fold.edits.values());
        let later = edits.map(|(time, body)| (*time, body.as_str()));
        first.into_iter().chain(later).collect()
    }

    /// The reactions to a message, the first one first.
    pub(in crate::app) fn reactions(&self, seq: Seq, me: UserId) -> Vec<Counted<'_>> {
        let mut counted: Vec<Counted<'_>> = Vec::new();
        let Some(fold) = self.folds.get(&seq) else {
            return counted;
        };
        for ((emoji, user), (at, is_on)) in &fold.reactions {
            if !is_on {
                continue;
            }
            let is_mine = *user == me;
            match counted.last_mut() {
                Some(last) if last.emoji == emoji => {
                    last.count += 1;
                    last.first = last.first.min(*at);
                    last.is_mine |= is_mine;
                }
                Some(_) | None => counted.push(Counted {
                    emoji,
                    first: *at,
                    count: 1,
                    is_mine,
                }),
            }
        }
        counted.sort_by_key(|reaction| reaction.first);
        counted
    }

    /// Who reacts so to a message.
    pub(in crate::app) fn reacting<'a>(
        &'a self,
        seq: Seq,
        emoji: &'a Emoji,
    ) -> impl Iterator<Item = UserId> + 'a {
        let fold = self.folds.get(&seq).into_iter();
        let all = fold.flat_map(|fold| &fold.reactions);
        all.filter(move |((of, _), (_, is_on))| of == emoji && *is_on)
            .map(|((_, user), _)| *user)
    }

    /// Whether a user reacts so to a message.
    pub(in crate::app) fn has_reaction(&self, seq: Seq, emoji: &Emoji, user: UserId) -> bool {
        let fold = self.folds.get(&seq);
        let said = fold.and_then(|fold| fold.reactions.get(&(emoji.clone(), user)));
        said.is_some_and(|(_, is_on)| *is_on)
    }
}

/// Whether an entry is shown by itself rather than with the message that it changes.
pub(in crate::app) const fn is_shown(content: &Content) -> bool {
    content.is_message() || matches!(content, Content::Room(_))
}
