//! Undo and redo: whole earlier texts, few enough to stay small.

/// Most steps that can be taken back; the oldest goes first.
const MAX_STEPS: usize = 64;

/// What kind of change a step is. Steps of a kind that follow each other are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Type,
    Delete,
    KillLeft,
    KillRight,
    /// Anything else; never joined.
    Other,
}

/// A text and the cursor in it.
#[derive(Clone, Debug)]
struct State {
    text: String,
    cursor: usize,
    /// Whether it survives [`History::forget_typed`]: it was never in the composer as it is.
    is_kept: bool,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    past: Vec<State>,
    future: Vec<State>,
    last: Option<Step>,
    /// Whether the last character typed was a space: the next word is a step of its own.
    after_space: bool,
}

impl History {
    pub(super) fn continues(&self, step: Step) -> bool {
        step != Step::Other && self.last == Some(step)
    }

    pub(super) fn follows_kill(&self) -> bool {
        matches!(self.last, Some(Step::KillLeft | Step::KillRight))
    }

    pub(super) fn interrupt(&mut self) {
        self.last = None;
    }

    pub(super) fn record(&mut self, text: &str, cursor: usize, step: Step, inserted: &str) {
        let is_space = inserted.chars().all(char::is_whitespace);
        let starts_word = step == Step::Type && self.after_space && !is_space;
        if !self.continues(step) || starts_word {
            self.push(text, cursor, false);
        }
        self.future.clear();
        self.last = Some(step);
        self.after_space = is_space;
    }

    fn push(&mut self, text: &str, cursor: usize, is_kept: bool) {
        if self.past.len() == MAX_STEPS {
            self.past.remove(0);
        }
        self.past.push(State {
            text: text.to_owned(),
            cursor,
            is_kept,
        });
    }

    /// Makes a text the one that the next undo leads to.
    pub(super) fn keep(&mut self, text: &str) {
        self.last = None;
        self.push(text, text.len(), true);
    }

    /// Forgets all steps but the kept texts.
    pub(super) fn forget_typed(&mut self) {
        self.past.retain(|state| state.is_kept);
        self.future.clear();
        self.last = None;
        self.after_space = false;
    }

    pub(super) fn undo(&mut self, text: &mut String, cursor: &mut usize) -> bool {
        self.last = None;
        swap(&mut self.past, &mut self.future, text, cursor)
    }

    pub(super) fn redo(&mut self, text: &mut String, cursor: &mut usize) -> bool {
        self.last = None;
        swap(&mut self.future, &mut self.past, text, cursor)
    }
}

/// Takes the next step that shows: a selection may have been replaced by the same text.
fn swap(from: &mut Vec<State>, to: &mut Vec<State>, text: &mut String, cursor: &mut usize) -> bool {
    let other = loop {
        let Some(other) = from.pop() else {
            return false;
        };
        if (&other.text, other.cursor) != (&*text, *cursor) {
            break other;
        }
    };
    to.push(State {
        text: std::mem::replace(text, other.text),
        cursor: std::mem::replace(cursor, other.cursor),
        is_kept: false,
    });
    true
}
