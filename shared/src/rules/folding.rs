//! Edits, deletions and reactions, folded into the messages that they target.
//!
//! A [`Folding`] takes entries in any order and any number of times, and reaches the same state. The
//! client keeps the texts of edits (`E` is [`Version`]); an export only their places (`E` is `()`).

use std::collections::BTreeMap;

use crate::body::MessageBody;
use crate::content::{Content, Emoji, Entry, ErasedKind};
use crate::id::{Seq, Timestamp, UserId};

/// A text of a message, and when it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// When the server accepted the message or the edit.
    pub time: Timestamp,
    /// The text of the message from then on.
    pub body: MessageBody,
}

/// One kind of reaction to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionCount<'a> {
    /// The emoji of the reactions.
    pub emoji: &'a Emoji,
    /// The place of the first of these reactions that still holds.
    pub first: Seq,
    /// How many users react like this.
    pub count: usize,
    /// Whether the user is one of them.
    pub is_mine: bool,
}

/// One conversation's changes, one small row each, so that a million of them fit in memory.
#[derive(Clone, Debug)]
pub struct Folding<E = Version> {
    /// By the message and the edit.
    edits: BTreeMap<(Seq, Seq), E>,
    deletions: BTreeMap<Seq, Deletion>,
    /// By the message, the number of the emoji, and the user.
    reactions: BTreeMap<(Seq, u32, UserId), Reaction>,
    /// The emoji by their numbers.
    emoji: Vec<Emoji>,
    numbers: BTreeMap<Emoji, u32>,
    /// The place of the [`Content::AuthorRemoved`] of each removed user.
    removed_authors: BTreeMap<UserId, Seq>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Deletion {
    seq: Seq,
    author: UserId,
}

/// The last word of a user on one reaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reaction {
    seq: Seq,
    is_on: bool,
}

impl<E> Default for Folding<E> {
    fn default() -> Self {
        Self {
            edits: BTreeMap::new(),
            deletions: BTreeMap::new(),
            reactions: BTreeMap::new(),
            emoji: Vec::new(),
            numbers: BTreeMap::new(),
            removed_authors: BTreeMap::new(),
        }
    }
}

impl<E> Folding<E> {
    /// Applies an entry. `version` makes what is kept of an edit.
    pub fn apply(
        &mut self,
        seq: Seq,
        author: UserId,
        content: &Content,
        version: impl FnOnce(&MessageBody) -> E,
    ) {
        let Some(target) = content.target() else {
            if *content == Content::AuthorRemoved {
                let removed = self.removed_authors.entry(author).or_insert(seq);
                *removed = seq.max(*removed);
            }
            return;
        };
        if let Content::Deletion { .. } = content {
            let deletion = self.deletions.entry(target);
            let deletion = deletion.or_insert(Deletion { seq, author });
            if seq < deletion.seq {
                *deletion = Deletion { seq, author };
            }
            self.forget_changes(target);
            return;
        }
        if self.deletions.contains_key(&target) {
            return;
        }
        match content {
            Content::Edit { body, .. } => {
                self.edits.insert((target, seq), version(body));
            }
            Content::ReactionAdded { emoji, .. } => self.react(target, emoji, author, seq, true),
            Content::ReactionRemoved { emoji, .. } => self.react(target, emoji, author, seq, false),
            _ => {}
        }
    }

    fn react(&mut self, target: Seq, emoji: &Emoji, user: UserId, seq: Seq, is_on: bool) {
        let number = if let Some(&number) = self.numbers.get(emoji) {
            number
        } else {
            let number = u32::try_from(self.emoji.len()).unwrap_or(u32::MAX);
            self.emoji.push(emoji.clone());
            self.numbers.insert(emoji.clone(), number);
            number
        };
        let reaction = self.reactions.entry((target, number, user));
        let reaction = reaction.or_insert(Reaction { seq, is_on });
        if seq >= reaction.seq {
            *reaction = Reaction { seq, is_on };
        }
    }

    fn forget_changes(&mut self, target: Seq) {
        let edits = self.edits.extract_if(edits_of(target), |_, _| true);
        edits.for_each(drop);
        let reactions = self.reactions.extract_if(reactions_of(target), |_, _| true);
        reactions.for_each(drop);
    }

    /// How many changes are kept, for bounds.
    pub fn change_count(&self) -> usize {
        self.edits.len() + self.deletions.len() + self.reactions.len() + self.emoji.len()
    }

    /// Forgets the changes of the messages for which `keep` is false.
    pub fn retain(&mut self, keep: impl Fn(Seq) -> bool) {
        self.edits.retain(|(target, _), _| keep(*target));
        self.deletions.retain(|target, _| keep(*target));
        self.reactions.retain(|(target, _, _), _| keep(*target));
    }

    /// Forgets all entries after `newest`. Deleted messages stay so, because their texts are gone.
    pub fn truncate(&mut self, newest: Seq) {
        self.retain(|target| target <= newest);
        self.edits.retain(|(_, edit), _| *edit <= newest);
        self.reactions.retain(|_, reaction| reaction.seq <= newest);
        self.removed_authors.retain(|_, at| *at <= newest);
    }

    /// Whether a message was deleted or erased, or its author removed after it.
    pub fn is_deleted(&self, entry: &Entry) -> bool {
        let removed = self.removed_authors.get(&entry.author);
        entry.content == Content::Erased(ErasedKind::Message)
            || self.deletions.contains_key(&entry.seq)
            || removed.is_some_and(|at| entry.seq < *at)
    }

    /// The user who deleted a message; `None` if no deletion of it was applied.
    pub fn deleted_by(&self, message: Seq) -> Option<UserId> {
        let deletion = self.deletions.get(&message);
        deletion.map(|deletion| deletion.author)
    }

    /// The last edit of a message, with its place.
    pub fn last_edit(&self, message: Seq) -> Option<(Seq, &E)> {
        let last = self.edits.range(edits_of(message)).next_back();
        last.map(|((_, edit), version)| (*edit, version))
    }

    /// The reactions to a message in the order of their first user.
    pub fn reactions(&self, message: Seq, me: UserId) -> Vec<ReactionCount<'_>> {
        let mut counts: Vec<ReactionCount<'_>> = Vec::new();
        for (&(_, number, user), reaction) in self.reactions.range(reactions_of(message)) {
            let Some(emoji) = self.emoji(number).filter(|_| reaction.is_on) else {
                continue;
            };
            match counts.last_mut() {
                Some(last) if last.emoji == emoji => {
                    last.count += 1;
                    last.first = last.first.min(reaction.seq);
                    last.is_mine |= user == me;
                }
                _ => counts.push(ReactionCount {
                    emoji,
                    first: reaction.seq,
                    count: 1,
                    is_mine: user == me,
                }),
            }
        }
        counts.sort_by_key(|count| count.first);
        counts
    }

    /// The users who react to a message with this emoji, in the order of their ids.
    pub fn reacting(&self, message: Seq, emoji: &Emoji) -> impl Iterator<Item = UserId> {
        let number = self.numbers.get(emoji).copied();
        let of_emoji = number.map(|n| (message, n, UserId(0))..=(message, n, UserId(u64::MAX)));
        let all = of_emoji
            .into_iter()
            .flat_map(|range| self.reactions.range(range));
        let on = all.filter(|(_, reaction)| reaction.is_on);
        on.map(|((_, _, user), _)| *user)
    }

    /// Whether a user reacts to a message with this emoji.
    pub fn has_reaction(&self, message: Seq, emoji: &Emoji, user: UserId) -> bool {
        let number = self.numbers.get(emoji);
        let reaction = number.and_then(|&number| self.reactions.get(&(message, number, user)));
        reaction.is_some_and(|reaction| reaction.is_on)
    }

    fn emoji(&self, number: u32) -> Option<&Emoji> {
        self.emoji.get(usize::try_from(number).ok()?)
    }
}

impl Folding<Version> {
    /// Applies an entry, and keeps the text of an edit.
    pub fn apply_entry(&mut self, entry: &Entry) {
        let Entry { seq, author, .. } = *entry;
        self.apply(seq, author, &entry.content, |body| Version {
            time: entry.time,
            body: body.clone(),
        });
    }

    /// The text of a message after its last edit; empty if it was deleted.
    pub fn text<'a>(&'a self, entry: &'a Entry) -> &'a str {
        if self.is_deleted(entry) {
            return "";
        }
        let edit = self.last_edit(entry.seq).map(|(_, version)| &version.body);
        let body = edit.or_else(|| entry.content.body());
        body.map_or("", MessageBody::as_str)
    }

    /// All texts of a message with their times, the original first; none if it was deleted.
    pub fn versions<'a>(&'a self, entry: &'a Entry) -> Vec<(Timestamp, &'a str)> {
        if self.is_deleted(entry) {
            return Vec::new();
        }
        let original = entry.content.body().map(|body| (entry.time, body.as_str()));
        let edits = self.edits.range(edits_of(entry.seq));
        let edits = edits.map(|(_, version)| (version.time, version.body.as_str()));
        original.into_iter().chain(edits).collect()
    }
}

fn edits_of(message: Seq) -> std::ops::Range<(Seq, Seq)> {
    (message, Seq::ZERO)..(message.next(), Seq::ZERO)
}

fn reactions_of(message: Seq) -> std::ops::Range<(Seq, u32, UserId)> {
    (message, 0, UserId(0))..(message.next(), 0, UserId(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MessageId;

    const ALICE: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    fn text(text: &str) -> MessageBody {
        MessageBody::new(text).unwrap()
    }

    fn entry(seq: u64, author: UserId, content: Content) -> Entry {
        Entry {
            seq: Seq(seq),
            author,
            id: MessageId([0; 16]),
            time: Timestamp(seq),
            content,
        }
    }

    fn edit(seq: u64, body: &str) -> Entry {
        let (target, body) = (Seq(1), text(body));
        entry(seq, ALICE, Content::Edit { target, body })
    }

    fn reaction(seq: u64, author: UserId, emoji: &str, is_on: bool) -> Entry {
        let (target, emoji) = (Seq(1), Emoji::new(emoji).unwrap());
        let content = if is_on {
            Content::ReactionAdded { target, emoji }
        } else {
            Content::ReactionRemoved { target, emoji }
        };
        entry(seq, author, content)
    }

    fn message() -> Entry {
        entry(1, ALICE, Content::Message(text("first")))
    }

    fn fold<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Folding {
        let mut folding = Folding::default();
        for entry in entries {
            folding.apply_entry(entry);
        }
        folding
    }

    fn summary(folding: &Folding) -> (String, Vec<(String, usize, bool)>) {
        let counts = folding.reactions(Seq(1), ALICE).into_iter();
        let counts = counts.map(|it| (it.emoji.to_string(), it.count, it.is_mine));
        (folding.text(&message()).to_owned(), counts.collect())
    }

    #[test]
    fn any_order_and_repetition_give_the_same() {
        let log = [
            edit(2, "second"),
            reaction(3, BOB, "👍", true),
            reaction(4, ALICE, "❤️", true),
            edit(5, "third"),
            reaction(6, ALICE, "👍", true),
            reaction(7, ALICE, "❤️", false),
        ];
        let expected = ("third".to_owned(), vec![("👍".to_owned(), 2, true)]);
        assert_eq!(summary(&fold(&log)), expected);
        assert_eq!(summary(&fold(log.iter().rev().chain(&log))), expected);
        let folding = fold(&log);
        let message = message();
        let texts = folding.versions(&message);
        let times = [Timestamp(1), Timestamp(2), Timestamp(5)];
        assert_eq!(
            texts,
            times
                .into_iter()
                .zip(["first", "second", "third"])
                .collect::<Vec<_>>()
        );
        let thumb = Emoji::new("👍").unwrap();
        let users: Vec<_> = folding.reacting(Seq(1), &thumb).collect();
        assert_eq!(users, [ALICE, BOB]);
        assert!(folding.has_reaction(Seq(1), &thumb, BOB));
    }

    #[test]
    fn a_deletion_forgets_what_it_targets_in_any_order() {
        let deletion = |seq, author| entry(seq, author, Content::Deletion { target: Seq(1) });
        let log = [
            edit(2, "second"),
            reaction(3, BOB, "👍", true),
            deletion(4, BOB),
            deletion(5, ALICE),
        ];
        for folding in [fold(&log), fold(log.iter().rev())] {
            assert!(folding.is_deleted(&message()));
            assert_eq!(folding.deleted_by(Seq(1)), Some(BOB));
            assert_eq!(summary(&folding), (String::new(), vec![]));
            assert_eq!(folding.versions(&message()), []);
            assert!(!format!("{folding:?}").contains("second"));
        }
    }

    #[test]
    fn a_removed_author_leaves_tombstones_of_earlier_messages() {
        let folding = fold(&[entry(3, ALICE, Content::AuthorRemoved)]);
        assert!(folding.is_deleted(&message()));
        let later = entry(4, ALICE, Content::Message(text("later")));
        assert!(!folding.is_deleted(&later));
        let erased = entry(5, BOB, Content::Erased(ErasedKind::Message));
        assert!(folding.is_deleted(&erased));
    }

    #[test]
    fn a_truncated_log_forgets_later_changes() {
        let log = [
            edit(2, "second"),
            edit(3, "third"),
            reaction(4, BOB, "👍", true),
        ];
        let mut folding = fold(&log);
        folding.truncate(Seq(2));
        assert_eq!(summary(&folding), ("second".to_owned(), vec![]));
        folding.retain(|seq| seq > Seq(1));
        assert_eq!(folding.text(&message()), "first");
    }

    #[test]
    fn an_export_keeps_only_places() {
        let mut folding: Folding<()> = Folding::default();
        for entry in [edit(2, "second"), edit(3, "third")] {
            folding.apply(entry.seq, entry.author, &entry.content, |_| ());
        }
        assert_eq!(folding.last_edit(Seq(1)), Some((Seq(3), &())));
        assert_eq!(folding.change_count(), 2);
    }
}
