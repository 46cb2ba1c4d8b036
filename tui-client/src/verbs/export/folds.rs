//! Fate of the messages of a log, read before the messages are: which text is the last one,
//! who took which back, and who reacts how. It holds places and numbers, never a text.

use std::collections::BTreeMap;

use recado_shared::{Content, Emoji, Seq, UserId};

use crate::client::Event;

/// Most things that are kept: a few dozen bytes each.
pub(super) const MAX_KEPT: usize = 1_000_000;

/// What was done with the messages of one conversation.
#[derive(Debug, Default)]
pub(super) struct Folds {
    /// The place of the last edit by the message.
    edits: BTreeMap<Seq, Seq>,
    deletions: BTreeMap<Seq, UserId>,
    /// Since when who reacts how: by the message and the number of the emoji.
    reactions: BTreeMap<(Seq, u32, UserId), Seq>,
    emoji: Vec<Emoji>,
    numbers: BTreeMap<Emoji, u32>,
}

impl Folds {
    /// Takes over the next entry of the log. Returns whether there was room.
    #[must_use]
    pub(super) fn feed(&mut self, event: &Event) -> bool {
        match &event.content {
            Content::Edit { target, .. } => {
                self.edits.insert(*target, event.seq);
            }
            Content::Deletion { target } => {
                self.deletions.insert(*target, event.author);
                self.edits.remove(target);
                self.forget_reactions(*target);
            }
            Content::ReactionAdded { target, emoji } => {
                if !self.deletions.contains_key(target) {
                    let key = (*target, self.number(emoji), event.author);
                    self.reactions.entry(key).or_insert(event.seq);
                }
            }
            Content::ReactionRemoved { target, emoji } => {
                let number = self.number(emoji);
                self.reactions.remove(&(*target, number, event.author));
            }
            Content::Message(_)
            | Content::Reply { .. }
            | Content::Emote(_)
            | Content::Room(_)
            | Content::Erased(_)
            | Content::AuthorRemoved => {}
        }
        let kept = [
            self.edits.len(),
            self.deletions.len(),
            self.reactions.len(),
            self.emoji.len(),
        ];
        kept.iter().sum::<usize>() <= MAX_KEPT
    }

    fn number(&mut self, emoji: &Emoji) -> u32 {
        if let Some(&number) = self.numbers.get(emoji) {
            return number;
        }
        let number = u32::try_from(self.emoji.len()).unwrap_or(u32::MAX);
        self.emoji.push(emoji.clone());
        self.numbers.insert(emoji.clone(), number);
        number
    }

    fn forget_reactions(&mut self, target: Seq) {
        let all = (target, 0, UserId(0))..(target.next(), 0, UserId(0));
        let gone: Vec<_> = self.reactions.range(all).map(|(key, _)| *key).collect();
        for key in gone {
            self.reactions.remove(&key);
        }
    }

    /// The place of the last edit of a message.
    pub(super) fn last_edit(&self, message: Seq) -> Option<Seq> {
        self.edits.get(&message).copied()
    }

    /// Who took a message back.
    pub(super) fn deleted_by(&self, message: Seq) -> Option<UserId> {
        self.deletions.get(&message).copied()
    }

    /// The reactions to a message with how many react so, the first one first.
    pub(super) fn reactions(&self, message: Seq) -> Vec<(&Emoji, usize)> {
        let mut counted: Vec<(u32, Seq, usize)> = Vec::new();
        let all = (message, 0, UserId(0))..(message.next(), 0, UserId(0));
        for (&(_, number, _), &since) in self.reactions.range(all) {
            match counted.last_mut() {
                Some((last, first, count)) if *last == number => {
                    *first = since.min(*first);
                    *count += 1;
                }
                Some(_) | None => counted.push((number, since, 1)),
            }
        }
        counted.sort_by_key(|(_, first, _)| *first);
        let named = counted.into_iter().filter_map(|(number, _, count)| {
            let emoji = self.emoji.get(usize::try_from(number).ok()?)?;
            Some((emoji, count))
        });
        named.collect()
    }
}
