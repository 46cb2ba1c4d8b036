//! Completion in the composer: opened while the user types, moved through, accepted and closed.

pub(super) mod completion;
mod editor;
pub(super) mod frequent;
mod recipient;
mod vi;

use std::ops::Range;

use recado_shared::ConversationId;

use self::completion::Completion;
use crate::app::App;
use crate::app::composer::vi::Vi;

/// The state of typing beside the texts themselves.
#[derive(Debug, Default)]
pub(super) struct InputState {
    /// Whether the next key is the second of two.
    pub(super) is_after_prefix: bool,
    vi: Vi,
    /// The conversation whose text is in the editor, which has the terminal.
    edited: Option<ConversationId>,
    /// The conversation that was left unasked for the open one, while the user wrote in it.
    moved_from: Option<ConversationId>,
}

impl App {
    /// Moves the chosen row. Returns whether there is a list.
    pub(super) fn step_completion(&mut self, steps: isize) -> bool {
        self.check_completion();
        if let Some(completion) = &mut self.completion {
            completion.step(steps);
        }
        self.completion.is_some()
    }

    /// Closes the list if its word is not at the cursor any more.
    pub(super) fn check_completion(&mut self) {
        let open = self.chats.navigation.open.filter(|_| self.is_writing());
        self.completion
            .take_if(|list| open != Some(list.conversation));
    }

    fn is_writing(&self) -> bool {
        !self.cx.is_covered && self.chats.navigation.selection.is_none()
    }

    /// Tab: accepts the chosen or first row, or opens the list. Returns whether there is one.
    pub(super) fn complete(&mut self) -> bool {
        if self.completion.is_none() && self.is_writing() {
            self.completion = Completion::at_cursor(&self.chats, &self.memory.frequent);
        }
        let Some(completion) = self.completion.take() else {
            return false;
        };
        if let Some(insert) = completion.best() {
            self.insert_completion(completion.word.clone(), insert);
        }
        true
    }

    /// Enter: accepts the chosen row, unless its text is written already. Returns whether it did.
    pub(super) fn accept_completion(&mut self) -> bool {
        self.check_completion();
        let Some(completion) = self.completion.take() else {
            return false;
        };
        let text = self.chats.opened().map_or("", |open| open.composer.text());
        let Some(insert) = completion.replacement(text) else {
            return false;
        };
        self.insert_completion(completion.word.clone(), insert);
        true
    }

    fn insert_completion(&mut self, word: Range<usize>, insert: &str) {
        self.memory.frequent.note(insert);
        if let Some(open) = self.chats.open_conversation() {
            open.composer.replace_word(word, insert);
        }
        self.note_edited();
    }

    /// Called after each change of the open conversation's composer.
    pub(super) fn note_edited(&mut self) {
        if let Some(id) = self.chats.navigation.open {
            self.chats.unsaved.drafts.insert(id);
            self.chats.drafts.changed.insert(id);
        }
        self.completion = Completion::at_cursor(&self.chats, &self.memory.frequent);
        self.session.hint_typing(&mut self.chats, &mut self.cx);
    }
}
