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
    /// Moves the cursor and selects what lies between.
    #[strum(to_string = "select-{0}")]
    Extend(Motion),
    SelectAll,
}

impl Edit {
    /// Whether it cuts what a yank brings back.
    pub(super) const fn is_kill(self) -> bool {
        matches!(
            self,
            Self::KillWordLeft
                | Self::UnixWordRubout
                | Self::KillWordRight
                | Self::KillToStart
                | Self::KillToEnd
        )
    }
}

/// A move of the cursor that extends the selected text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Display)]
#[strum(serialize_all = "kebab-case")]
pub enum Motion {
    #[default]
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
}

impl Motion {
    /// The edit that moves the cursor so.
    pub(super) const fn edit(self) -> Edit {
        match self {
            Self::Left => Edit::Left,
            Self::Right => Edit::Right,
            Self::Up => Edit::Up,
            Self::Down => Edit::Down,
            Self::WordLeft => Edit::WordLeft,
            Self::WordRight => Edit::WordRight,
            Self::LineStart => Edit::LineStart,
            Self::LineEnd => Edit::LineEnd,
            Self::TextStart => Edit::TextStart,
            Self::TextEnd => Edit::TextEnd,
        }
    }
}
