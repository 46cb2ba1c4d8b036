//! The picker of reactions: recent emoji first, then those that a shortcode matches, each with the
//! users who reacted with it.

use std::collections::BTreeSet;

use recado_shared::{ConversationId, Emoji, Seq, UserId};

use super::fuzzy::fuzzy;
use super::list::List;
use super::switcher::insert;
use super::{ListMove, Overlay, hints};
use crate::app::composer::Composer;
use crate::app::screen::{ListView, SwitcherRow};
use crate::app::{Edit, Hint, KeyContext, Parts, Reader, screen};
use crate::strings;

/// The emoji that are offered first, chosen by the keys 1 to 6.
const QUICK: [&str; 6] = ["👍", "❤️", "😂", "🎉", "😮", "😢"];

/// Most rows that are shown; a longer list is searched.
const MAX_ROWS: usize = 100;

#[derive(Debug)]
struct PickerRow {
    emoji: Emoji,
    /// The key that chooses it, if any, the emoji and its shortcode.
    label: String,
    note: String,
    matched: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Picker {
    conversation: ConversationId,
    target: Seq,
    query: Composer,
    list: List<PickerRow>,
}

impl Picker {
    pub(super) fn new(conversation: ConversationId, target: Seq) -> Self {
        Self {
            conversation,
            target,
            query: Composer::default(),
            list: List::default(),
        }
    }

    /// The row that a digit stands for, while nothing is searched.
    fn quick(&self, text: &str) -> Option<usize> {
        let digit = text.parse::<usize>().ok()?;
        let is_quick = self.query.is_empty() && text.len() == 1;
        (is_quick && (1..=QUICK.len()).contains(&digit)).then(|| digit - 1)
    }

    fn search(&mut self, app: &Parts<'_>) {
        let query = self.query.text().trim();
        self.list = List::new(if query.is_empty() {
            self.first_rows(&app.memory.recent_emoji, &app.reader())
        } else {
            matching_rows(query)
        });
    }

    /// Recent and quick emoji, then other reactions that the message has.
    fn first_rows(&self, recent: &[Emoji], app: &Reader<'_>) -> Vec<PickerRow> {
        let quick = QUICK.iter().filter_map(|emoji| Emoji::new(emoji).ok());
        let mut emoji: Vec<Emoji> = recent.iter().cloned().chain(quick).collect();
        let mut seen = BTreeSet::new();
        emoji.retain(|emoji| seen.insert(emoji.clone()));
        emoji.truncate(QUICK.len());
        let conversation = app.chats.conversations.get(&self.conversation);
        let me = app.chats.user().unwrap_or(UserId(0));
        let there = conversation.map_or(Vec::new(), |c| c.folding.reactions(self.target, me));
        for reaction in there {
            if !emoji.contains(reaction.emoji) {
                emoji.push(reaction.emoji.clone());
            }
        }
        let rows = emoji.into_iter().take(MAX_ROWS).enumerate();
        rows.map(|(at, emoji)| {
            let label = label(emoji.as_str());
            PickerRow {
                label: if at < QUICK.len() {
                    format!("{} {label}", at + 1)
                } else {
                    label
                },
                note: self.reacting(&emoji, app),
                emoji,
                matched: Vec::new(),
            }
        })
        .collect()
    }

    /// The names of the users who reacted with an emoji, as far as they are known here.
    fn reacting(&self, emoji: &Emoji, app: &Reader<'_>) -> String {
        let conversation = app.chats.conversations.get(&self.conversation).into_iter();
        let users = conversation.flat_map(|c| c.folding.reacting(self.target, emoji));
        let name = |user| match app.chats.user() {
            Some(me) if me == user => strings::conversation::YOU,
            Some(_) | None => app.chats.contacts.label(user),
        };
        let names: Vec<_> = users.map(name).collect();
        match names.as_slice() {
            [first, second, rest @ ..] if rest.len() > 1 => {
                strings::overlays::and_more(first, second, rest.len())
            }
            all => all.join(", "),
        }
    }
}

impl Overlay for Picker {
    fn keys(&self) -> (KeyContext, Vec<Hint>) {
        (
            KeyContext::Switcher,
            hints(strings::hints::REACT, self.list.chosen().is_some()),
        )
    }

    fn view<'a>(&'a self, _app: &Reader<'a>) -> screen::Overlay<'a> {
        let row = |row: &'a PickerRow| SwitcherRow {
            label: &row.label,
            presence: None,
            unread: 0,
            key: row.note.clone(),
            matched: row.matched.clone(),
        };
        let (title, none) = (strings::overlays::REACT_TITLE, strings::overlays::NO_EMOJI);
        screen::Overlay::Switcher(ListView {
            query: Some(&self.query),
            ..self.list.view(title, none, row)
        })
    }

    fn step(&mut self, list_move: ListMove) {
        self.list.step(list_move);
    }

    fn opened(&mut self, app: &mut Parts<'_>) {
        self.search(app);
    }

    fn edit(&mut self, edit: Edit, app: &mut Parts<'_>) {
        self.query.edit(edit, &mut app.memory.kills);
        self.search(app);
    }

    /// Narrows the list, or chooses at once by a digit.
    fn insert(&mut self, text: &str, app: &mut Parts<'_>) {
        if let Some(index) = self.quick(text) {
            self.step(ListMove::To(index));
            return self.accept(app);
        }
        // The colons of a shortcode are not searched for.
        let text = text.trim_matches(':');
        if !insert(&mut self.query, text) {
            app.notify(strings::overlays::PASTE_NO_EMOJI);
        }
        self.search(app);
    }

    fn complete(&mut self, _app: &mut Parts<'_>) -> bool {
        self.step(ListMove::By(1));
        true
    }

    fn accept(&mut self, app: &mut Parts<'_>) {
        app.close();
        let Some(row) = self.list.chosen() else {
            return app.notify(strings::overlays::NO_EMOJI);
        };
        if app.chats.navigation.open != Some(self.conversation) {
            return;
        }
        let emoji = row.emoji.clone();
        app.memory.frequent.note(emoji.as_str());
        let recent = &mut app.memory.recent_emoji;
        recent.retain(|recent| *recent != emoji);
        recent.insert(0, emoji.clone());
        recent.truncate(QUICK.len());
        app.react(self.target, emoji);
        app.note_waiting(strings::errors::THE_REACTION);
    }
}

fn label(emoji: &str) -> String {
    let code = emojis::get(emoji).and_then(emojis::Emoji::shortcode);
    code.map_or_else(|| emoji.to_owned(), |code| format!("{emoji} :{code}:"))
}

fn matching_rows(query: &str) -> Vec<PickerRow> {
    let known = emojis::iter().flat_map(|emoji| {
        let labels = emoji.shortcodes();
        labels.map(move |code| (emoji.as_str(), format!("{} :{code}:", emoji.as_str())))
    });
    let known: Vec<_> = known.collect();
    let labels: Vec<_> = known.iter().map(|(_, label)| label.as_str()).collect();
    let row = |(index, matched): (usize, Vec<usize>)| {
        let (emoji, label) = &known[index];
        Some(PickerRow {
            emoji: Emoji::new(emoji).ok()?,
            label: label.clone(),
            note: String::new(),
            matched,
        })
    };
    let found = fuzzy(query, &labels).into_iter();
    found.take(MAX_ROWS).filter_map(row).collect()
}
