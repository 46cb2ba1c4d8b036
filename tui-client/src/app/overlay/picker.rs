//! The picker of reactions: emoji by shortcode, what was used lately first, and who reacts how.

use recado_shared::{ConversationId, Emoji, Seq, UserId};

use crate::app::App;
use crate::app::composer::Composer;
use crate::app::input::message_actions;
use crate::app::overlay::switcher::{self, OverlayState};
use crate::app::view::screen::{Overlay, SwitcherRow};

/// What is offered first: reached by the keys 1 to 6.
const QUICK: [&str; 6] = ["👍", "❤️", "😂", "🎉", "😮", "😢"];

/// Most rows that are shown; a longer list is searched.
const MAX_ROWS: usize = 100;

/// A row.
#[derive(Debug)]
pub(in crate::app) struct PickerRow {
    emoji: Emoji,
    /// The emoji with its shortcode, after the key that chooses it.
    pub(in crate::app) label: String,
    /// Who reacts so.
    pub(in crate::app) note: String,
    /// Byte offsets into the label of what matched.
    pub(in crate::app) matched: Vec<usize>,
}

/// The picker, open for one message.
#[derive(Debug)]
pub(in crate::app) struct Picker {
    conversation: ConversationId,
    target: Seq,
    pub(in crate::app) query: Composer,
    pub(in crate::app) rows: Vec<PickerRow>,
    pub(in crate::app) chosen: usize,
}

impl Picker {
    /// The picker as it is drawn: like the switcher.
    pub(in crate::app) fn view(&self) -> Overlay<'_> {
        let rows = self.rows.iter().map(|row| SwitcherRow {
            label: &row.label,
            presence: None,
            unread: 0,
            key: row.note.clone(),
            matched: row.matched.clone(),
        });
        Overlay::Switcher {
            title: "react",
            none: "No emoji of that name.",
            query: &self.query,
            rows: rows.collect(),
            chosen: self.chosen,
        }
    }

    pub(in crate::app) fn choose(&mut self, index: usize) {
        self.chosen = index.min(self.rows.len().saturating_sub(1));
    }

    pub(in crate::app) fn step(&mut self, steps: i32) {
        let steps = isize::try_from(steps).unwrap_or(0);
        self.choose(self.chosen.saturating_add_signed(steps));
    }

    /// The row that a digit stands for, while nothing is searched.
    fn quick(&self, text: &str) -> Option<usize> {
        let digit = text.parse::<usize>().ok()?;
        let is_quick = self.query.is_empty() && text.len() == 1;
        (is_quick && (1..=QUICK.len()).contains(&digit)).then(|| digit - 1)
    }
}

/// An emoji with its shortcode.
fn label(emoji: &str) -> String {
    let code = emojis::get(emoji).and_then(emojis::Emoji::shortcode);
    code.map_or_else(|| emoji.to_owned(), |code| format!("{emoji} :{code}:"))
}

impl App {
    /// Opens the picker for a message of the open conversation.
    pub(in crate::app) fn open_picker(&mut self, target: Seq) {
        let Some(conversation) = self.chats.nav.open else {
            return;
        };
        self.show_overlay(Some(OverlayState::Picker(Picker {
            conversation,
            target,
            query: Composer::default(),
            rows: Vec::new(),
            chosen: 0,
        })));
        self.search_picker();
    }

    /// What is typed narrows the list, or chooses at once.
    pub(in crate::app) fn type_in_picker(&mut self, text: &str) {
        let Some(OverlayState::Picker(picker)) = &mut self.overlay else {
            return;
        };
        if let Some(index) = picker.quick(text) {
            picker.choose(index);
            return self.accept_picker();
        }
        // The colons of a shortcode are not searched for.
        let text = text.trim_matches(':');
        if !switcher::insert(&mut picker.query, text) {
            self.cx.notice = Some("that is no emoji: close this first, then write".to_owned());
        }
        self.search_picker();
    }

    /// Finds what matches the query, best first.
    pub(in crate::app) fn search_picker(&mut self) {
        let Some(OverlayState::Picker(picker)) = &self.overlay else {
            return;
        };
        let query = picker.query.text().trim();
        let rows = if query.is_empty() {
            self.first_rows(picker)
        } else {
            let known = emojis::iter().flat_map(|emoji| {
                let labels = emoji.shortcodes();
                labels.map(move |code| (emoji.as_str(), format!("{} :{code}:", emoji.as_str())))
            });
            let known: Vec<_> = known.collect();
            let labels: Vec<_> = known.iter().map(|(_, label)| label.as_str()).collect();
            let found = switcher::fuzzy(query, &labels).into_iter();
            let row = |(index, matched): (usize, Vec<usize>)| {
                let (emoji, label) = &known[index];
                Some(PickerRow {
                    emoji: Emoji::new(emoji).ok()?,
                    label: label.clone(),
                    note: String::new(),
                    matched,
                })
            };
            found.take(MAX_ROWS).filter_map(row).collect()
        };
        if let Some(OverlayState::Picker(picker)) = &mut self.overlay {
            picker.rows = rows;
            picker.chosen = 0;
        }
    }

    /// The quick ones, those that were used lately first, then how people react already.
    fn first_rows(&self, picker: &Picker) -> Vec<PickerRow> {
        let quick = QUICK.iter().filter_map(|emoji| Emoji::new(emoji).ok());
        let mut emoji: Vec<Emoji> = self.recent_emoji.clone();
        emoji.extend(quick);
        let mut seen = std::collections::BTreeSet::new();
        emoji.retain(|emoji| seen.insert(emoji.clone()));
        emoji.truncate(QUICK.len());
        let conversation = self.chats.conversations.get(&picker.conversation);
        let me = self.chats.user().unwrap_or(UserId(0));
        let there = conversation.map_or(Vec::new(), |c| c.folding.reactions(picker.target, me));
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
                note: self.who_reacts(picker, &emoji),
                emoji,
                matched: Vec::new(),
            }
        })
        .collect()
    }

    /// The names of those who react so, as far as it is known here.
    fn who_reacts(&self, picker: &Picker, emoji: &Emoji) -> String {
        let Some(conversation) = self.chats.conversations.get(&picker.conversation) else {
            return String::new();
        };
        let me = self.chats.user();
        let users = conversation.folding.reacting(picker.target, emoji);
        let names: Vec<_> = users
            .map(|user| match me {
                Some(me) if me == user => "you",
                Some(_) | None => self.chats.contacts.label(user),
            })
            .collect();
        match names.as_slice() {
            [first, second, rest @ ..] if rest.len() > 1 => {
                format!("{first}, {second} and {} more", rest.len())
            }
            all => all.join(", "),
        }
    }

    /// Reacts with the chosen emoji, or takes the same reaction back.
    pub(in crate::app) fn accept_picker(&mut self) {
        let Some(OverlayState::Picker(mut picker)) = self.take_overlay() else {
            return;
        };
        if picker.chosen >= picker.rows.len() {
            self.cx.notice = Some("no emoji is called like that".to_owned());
            return;
        }
        let emoji = picker.rows.swap_remove(picker.chosen).emoji;
        if self.chats.nav.open != Some(picker.conversation) {
            return;
        }
        self.recent_emoji.retain(|recent| *recent != emoji);
        self.recent_emoji.insert(0, emoji.clone());
        self.recent_emoji.truncate(QUICK.len());
        message_actions::react(
            &mut self.chats,
            &mut self.session,
            picker.target,
            emoji,
            &mut self.cx,
        );
        self.note_waiting("the reaction");
    }
}
