//! The context of one event: its time and what it has led to so far. Sub-cores write to it, the
//! parent hands it out.

use std::collections::VecDeque;

use recado_shared::{ClientFrame, Now};

use super::effect::Effect;
use super::intent::Intent;
use crate::store::{Load, Save};

/// Passed down to every sub-core; owned by the [`App`](super::App).
#[derive(Debug)]
pub(in crate::app) struct Context {
    pub(in crate::app) now: Now,
    /// In order; taken at the end of the event.
    pub(in crate::app) effects: Vec<Effect>,
    /// Wishes for the app; taken as soon as the call returns.
    pub(in crate::app) intents: VecDeque<Intent>,
    /// The text in the status line, until the next key.
    pub(in crate::app) notice: Option<String>,
    /// When the user did something last, or the program started.
    pub(in crate::app) last_input: Now,
    /// Whether an overlay covers the panes.
    pub(in crate::app) is_covered: bool,
}

impl Context {
    pub(in crate::app) fn new(now: Now, notice: Option<String>) -> Self {
        Self {
            now,
            effects: Vec::new(),
            intents: VecDeque::new(),
            notice,
            last_input: now,
            is_covered: false,
        }
    }

    pub(in crate::app) fn send(&mut self, frame: ClientFrame) {
        self.effects.push(Effect::Send(frame));
    }

    pub(in crate::app) fn save(&mut self, save: Save) {
        self.effects.push(Effect::Save(save));
    }

    pub(in crate::app) fn load(&mut self, load: Load) {
        self.effects.push(Effect::Load(load));
    }
}
