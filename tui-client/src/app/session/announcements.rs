//! Announcements of the operator that the user has not opened yet.

use std::collections::VecDeque;

use recado_shared::Timestamp;

use crate::strings;

/// Most announcements that are kept. Beyond it the oldest is dropped.
const MAX_ANNOUNCEMENTS: usize = 20;

#[derive(Debug, Default)]
pub(crate) struct Announcements {
    unseen: VecDeque<(Timestamp, String)>,
    /// The line about the newest one, for as long as it is not seen.
    line: Option<String>,
    /// The key that opens them; empty without one.
    key: String,
}

impl Announcements {
    pub(crate) fn new(key: String) -> Self {
        Self {
            key,
            ..Self::default()
        }
    }

    pub(crate) fn line(&self) -> Option<&str> {
        self.line.as_deref()
    }

    pub(super) fn add(&mut self, time: Timestamp, text: &str) {
        if self.unseen.len() >= MAX_ANNOUNCEMENTS {
            self.unseen.pop_front();
        }
        self.line = Some(strings::status::announcement(text, &self.key));
        self.unseen.push_back((time, text.to_owned()));
    }

    /// Takes all that are not seen yet, the newest first: they count as seen from here on.
    pub(crate) fn take(&mut self) -> Vec<(Timestamp, String)> {
        self.line = None;
        self.unseen.drain(..).rev().collect()
    }
}
