//! The context of one event: its time and what it has led to so far. Sub-cores write to it, the
//! parent hands it out.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use recado_shared::{ClientFrame, Now};

use super::effect::Effect;
use super::intent::Intent;
use crate::store::{StoreRead, StoreWrite};

/// Passed down to every sub-core; owned by the [`App`](super::App).
#[derive(Debug)]
pub(super) struct Context {
    pub(super) now: Now,
    pub(super) effects: Vec<Effect>,
    /// For the app, which carries them out as soon as the call returns.
    pub(super) intents: VecDeque<Intent>,
    /// The text in the status line, until the next key.
    pub(super) notice: Option<String>,
    /// When the user did something last, or the program started.
    pub(super) last_input: Now,
    /// Whether an overlay covers the panes.
    pub(super) is_covered: bool,
}

impl Context {
    pub(super) fn new(now: Now, notice: Option<String>) -> Self {
        Self {
            now,
            effects: Vec::new(),
            intents: VecDeque::new(),
            notice,
            last_input: now,
            is_covered: false,
        }
    }

    pub(super) fn notify(&mut self, text: impl Into<String>) {
        self.notice = Some(text.into());
    }

    /// Starts a timer that is not running. Returns whether it has expired; the caller clears it.
    pub(super) fn start_or_check_timer(&self, due: &mut Option<Instant>, wait: Duration) -> bool {
        self.now.instant >= *due.get_or_insert(self.now.instant + wait)
    }

    pub(super) fn send(&mut self, frame: ClientFrame) {
        self.effects.push(Effect::Send(frame));
    }

    pub(super) fn save(&mut self, write: StoreWrite) {
        self.effects.push(Effect::Save(write));
    }

    pub(super) fn load(&mut self, read: StoreRead) {
        self.effects.push(Effect::Load(read));
    }
}
