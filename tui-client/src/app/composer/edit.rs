//! The edits of a text at its cursor.

use strum::Display;

/// An edit at the cursor; the default keys follow GNU Readline. A killed text can be yanked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Display)]
#[strum(serialize_all = "kebab-case")]
#[cfg_attr(test, derive(strum::EnumIter))]
pub enum Edit {
    NewLine,
    Left,
    Right,
    Up,
    Down,
    WordLeft,
    WordRight,
    LineStart,
    LineEnd,
    TextStart,
    TextEnd,
    DeleteLeft,
    DeleteRight,
    /// Cuts a word of letters and digits (`backward-kill-word`).
    KillWordLeft,
    /// Cuts up to white space.
    UnixWordRubout,
    KillWordRight,
    /// Cuts all that stands before the cursor, in all lines (`unix-line-discard`).
    KillToStart,
    KillToEnd,
    Yank,
    /// Right after a yank: the text that was cut before the yanked one.
    YankPop,
    Transpose,
    TransposeWords,
    Upcase,
    Downcase,
    Capitalise,
    Undo,
    Redo,
}
