//! The edits of a text at its cursor.

#![expect(missing_docs, reason = "the names are those of the key configuration")]

use serde::{Deserialize, Serialize};

/// What a key does to the text at the cursor: the emacs-like keys of GNU Readline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Edit {
    /// Insert a line end.
    NewLine,
    Left,
    Right,
    Up,
    Down,
    /// To the start of the word.
    WordLeft,
    /// To the end of the word.
    WordRight,
    /// To the start of the line.
    LineStart,
    /// To the end of the line.
    LineEnd,
    /// To the start of the text.
    TextStart,
    /// To the end of the text.
    TextEnd,
    /// Delete the grapheme before the cursor.
    DeleteLeft,
    /// Delete the grapheme at the cursor.
    DeleteRight,
    /// Cut to the start of the word.
    KillWordLeft,
    /// Cut to the end of the word.
    KillWordRight,
    /// Cut to the start of the line.
    KillToStart,
    /// Cut to the end of the line.
    KillToEnd,
    /// Insert what was cut last.
    Yank,
    /// Swap the graphemes around the cursor.
    Transpose,
    /// Take the last edit back.
    Undo,
    /// Do again what was taken back.
    Redo,
}
