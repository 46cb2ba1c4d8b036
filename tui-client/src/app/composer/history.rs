//! Undo and redo: whole earlier texts, few enough to stay small.

/// Most steps that can be taken back; the oldest goes first.
const MAX_STEPS: usize = 64;

/// What kind of change a step is. Steps of a kind that follow each other are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Type,
    Delete,
    /// Cut towards the start.
    KillLeft,
    /// Cut towards the end.
    KillRight,
    /// Anything else; never joined.
    Other,
}

#[derive(Clone, Debug)]
struct State {
    text: String,
    cursor: usize,
}

/// Earlier states, and later ones while walking back.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    past: Vec<State>,
    future: Vec<State>,
    last: Option<Step>,
    /// Whether the last character typed was a space: the next word is a step of its own.
    after_space: bool,
}

impl History {
    /// Whether a step of this kind would continue the one before.
    pub(super) fn continues(&self, step: Step) -> bool {
        step != Step::Other && self.last == Some(step)
    }

    /// Ends the step that is going on, as a movement does.
    pub(super) fn interrupt(&mut self) {
        self.last = None;
    }

    /// Notes the state before a change.
    pub(super) fn record(&mut self, text: &str, cursor: usize, step: Step, inserted: &str) {
        let is_space = inserted.chars().all(char::is_whitespace);
        let starts_word = step == Step::Type && self.after_space && !is_space;
        if !self.continues(step) || starts_word {
            if self.past.len() == MAX_STEPS {
                self.past.remove(0);
            }
            self.past.push(State {
                text: text.to_owned(),
                cursor,
            });
        }
        self.future.clear();
        self.last = Some(step);
        self.after_space = is_space;
    }

    /// Goes back one step. Returns whether there was one.
    pub(super) fn undo(&mut self, text: &mut String, cursor: &mut usize) -> bool {
        self.last = None;
        swap(&mut self.past, &mut self.future, text, cursor)
    }

    /// Goes on one step again. Returns whether there was one.
    pub(super) fn redo(&mut self, text: &mut String, cursor: &mut usize) -> bool {
        self.last = None;
        swap(&mut self.future, &mut self.past, text, cursor)
    }
}

fn swap(from: &mut Vec<State>, to: &mut Vec<State>, text: &mut String, cursor: &mut usize) -> bool {
    let Some(state) = from.pop() else {
        return false;
    };
    to.push(State {
        text: std::mem::replace(text, state.text),
        cursor: std::mem::replace(cursor, state.cursor),
    });
    true
}
