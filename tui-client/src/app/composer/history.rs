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
type State = (String, usize);

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

    pub(super) fn interrupt(&mut self) {
        self.last = None;
    }

    pub(super) fn record(&mut self, text: &str, cursor: usize, step: Step, inserted: &str) {
        let is_space = inserted.chars().all(char::is_whitespace);
        let starts_word = step == Step::Type && self.after_space && !is_space;
        if !self.continues(step) || starts_word {
            if self.past.len() == MAX_STEPS {
                self.past.remove(0);
            }
            self.past.push((text.to_owned(), cursor));
        }
        self.future.clear();
        self.last = Some(step);
        self.after_space = is_space;
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

fn swap(from: &mut Vec<State>, to: &mut Vec<State>, text: &mut String, cursor: &mut usize) -> bool {
    let Some((other_text, other_cursor)) = from.pop() else {
        return false;
    };
    let current = std::mem::replace(text, other_text);
    to.push((current, std::mem::replace(cursor, other_cursor)));
    true
}
