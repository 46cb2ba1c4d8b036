//! Focus of the terminal: whether the user can see the screen. The bell, and *read*, follow it.
//!
//! A terminal that reports its focus is believed. tmux is believed only if `focus-events` is on:
//! else it reports no more than that a client attached or detached. Then the driver asks tmux when
//! something arrives, and nothing counts as seen before the answer. Without reports outside tmux, a
//! minute without input means no focus.

use std::time::{Duration, Instant};

use recado_shared::Now;

use crate::app::effect::Effect;
use crate::app::event::PaneState;

/// How long after an input the user still counts as present, where nothing else is known.
pub(crate) const PRESENCE_AFTER_INPUT: Duration = Duration::from_mins(1);

/// Shortest time between two questions to tmux: each runs a program.
pub(crate) const QUESTION_INTERVAL: Duration = Duration::from_secs(1);

/// Where the knowledge comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    /// The terminal: its last report.
    Reports(bool),
    /// The time of the last input.
    Input,
    /// Answers of tmux. `None` until the answer about the newest arrival.
    Tmux(Option<bool>),
}

/// The question to tmux.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Question {
    /// None is needed before the next arrival.
    Idle,
    /// One is to be asked.
    Due,
    /// Its answer is awaited.
    Asked,
    /// The user did something since it was asked: the answer is about another time. Another
    /// question may follow it.
    Outdated { is_due: bool },
}

impl Question {
    /// Something arrived that is to be asked about.
    fn want(&mut self) {
        *self = match self {
            Self::Idle | Self::Due => Self::Due,
            Self::Asked => Self::Asked,
            Self::Outdated { .. } => Self::Outdated { is_due: true },
        };
    }

    /// The user answered it by what they did.
    fn settle(&mut self) {
        *self = match self {
            Self::Idle | Self::Due => Self::Idle,
            Self::Asked | Self::Outdated { .. } => Self::Outdated { is_due: false },
        };
    }

    /// Takes the answer over. Returns whether it is about the present.
    fn answer(&mut self) -> bool {
        let (next, is_present) = match self {
            Self::Idle | Self::Asked => (Self::Idle, true),
            Self::Due | Self::Outdated { is_due: true } => (Self::Due, false),
            Self::Outdated { is_due: false } => (Self::Idle, false),
        };
        *self = next;
        is_present
    }
}

/// Whether the terminal has the focus, and the question to tmux about it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
pub(crate) struct TerminalFocus {
    source: Source,
    /// Whether another program has the terminal, so that nothing is seen here.
    is_handed_over: bool,
    last_report: Option<bool>,
    question: Question,
    not_before: Option<Instant>,
    /// A message rings the bell if the answer is that the user cannot see it.
    has_silent_bell: bool,
    /// A message arrived, and the user has not been told which setting of tmux helps.
    wants_hint: bool,
    has_hinted: bool,
}

impl Default for TerminalFocus {
    fn default() -> Self {
        Self {
            source: Source::Input,
            is_handed_over: false,
            last_report: None,
            question: Question::Idle,
            not_before: None,
            has_silent_bell: false,
            wants_hint: false,
            has_hinted: false,
        }
    }
}

impl TerminalFocus {
    /// The focus of a program that starts. Inside tmux it may start in a window that is not shown.
    pub(crate) fn new(is_in_tmux: bool) -> Self {
        if !is_in_tmux {
            return Self::default();
        }
        Self {
            source: Source::Tmux(None),
            question: Question::Due,
            ..Self::default()
        }
    }

    /// Whether the user can see the terminal; false while that is not known.
    pub(crate) fn has_focus(&self, now: Now, last_input: Now) -> bool {
        !self.is_handed_over
            && match self.source {
                Source::Reports(has_focus) => has_focus,
                Source::Input => is_recent(now, last_input),
                Source::Tmux(is_visible) => is_visible == Some(true),
            }
    }

    /// The terminal reports its focus; outside tmux, its reports are the source from here on.
    /// Returns the bell that waited for this.
    pub(crate) fn report(&mut self, has_focus: bool) -> Option<Effect> {
        self.last_report = Some(has_focus);
        self.question.settle();
        self.source = match self.source {
            Source::Tmux(_) => Source::Tmux(Some(has_focus)),
            Source::Input | Source::Reports(_) => Source::Reports(has_focus),
        };
        self.take_bell(has_focus)
    }

    /// Another program gets the terminal, or gives it back.
    pub(crate) fn set_handed_over(&mut self, is_handed_over: bool) {
        self.is_handed_over = is_handed_over;
    }

    /// The user typed, clicked or pasted here.
    pub(crate) fn note_input(&mut self) {
        if let Source::Tmux(is_visible) = &mut self.source {
            *is_visible = Some(true);
            self.question.settle();
            self.has_silent_bell = false;
        }
    }

    /// Something arrived that the user has not seen.
    pub(crate) fn note_arrival(&mut self) {
        if let Source::Tmux(is_visible) = &mut self.source {
            *is_visible = None;
            self.question.want();
        }
    }

    /// A message arrived that rings if the user cannot see it.
    pub(crate) fn ring(&mut self, now: Now, last_input: Now) -> Option<Effect> {
        if matches!(self.source, Source::Tmux(None)) {
            self.has_silent_bell = true;
            self.wants_hint = !self.has_hinted;
            return None;
        }
        (!self.has_focus(now, last_input)).then_some(Effect::Bell)
    }

    /// The answer of tmux. Returns the bell that waited for it.
    pub(crate) fn answer(
        &mut self,
        state: PaneState,
        reports_focus: Option<bool>,
        now: Now,
        last_input: Now,
    ) -> Option<Effect> {
        let is_present = self.question.answer();
        if let (Some(true), Some(has_focus)) = (reports_focus, self.last_report) {
            self.source = Source::Reports(has_focus);
            self.question = Question::Idle;
            return self.take_bell(has_focus);
        }
        if !is_present {
            return None;
        }
        let Source::Tmux(is_visible) = &mut self.source else {
            return None;
        };
        let has_focus = match state {
            PaneState::Active => true,
            PaneState::Hidden => false,
            PaneState::Unknown => is_recent(now, last_input),
        };
        *is_visible = Some(has_focus);
        self.take_bell(has_focus)
    }

    /// Whether the user should be told once that tmux reports no focus.
    pub(crate) fn take_hint(&mut self) -> bool {
        let is_wanted = std::mem::take(&mut self.wants_hint);
        self.has_hinted |= is_wanted;
        is_wanted
    }

    /// Asks tmux, if it is time.
    pub(crate) fn ask(&mut self, now: Instant) -> Option<Effect> {
        let is_early = self.not_before.is_some_and(|at| now < at);
        if is_early || self.question != Question::Due {
            return None;
        }
        self.question = Question::Asked;
        self.not_before = Some(now + QUESTION_INTERVAL);
        Some(Effect::AskPane)
    }

    /// When to ask next; `None` if there is no question, or one without an answer.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.not_before.filter(|_| self.question == Question::Due)
    }

    fn take_bell(&mut self, has_focus: bool) -> Option<Effect> {
        let rings = std::mem::take(&mut self.has_silent_bell) && !has_focus;
        rings.then_some(Effect::Bell)
    }
}

fn is_recent(now: Now, last_input: Now) -> bool {
    now.instant < last_input.instant + PRESENCE_AFTER_INPUT
}
