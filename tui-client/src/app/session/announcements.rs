//! Announcements of the operator that the user has not opened yet.

use std::collections::VecDeque;

use recado_shared::Timestamp;

use crate::app::Context;
use crate::store::{MAX_ANNOUNCEMENTS, StoreWrite};
use crate::strings;

#[derive(Debug, Default)]
pub(crate) struct Announcements {
    unseen: VecDeque<(Timestamp, String)>,
    /// The line about the newest one, for as long as it is not seen.
    line: Option<String>,
    /// The key that opens them; empty without one.
    key: String,
}

impl Announcements {
    /// Those that were stored, oldest first.
    pub(crate) fn new(key: String, stored: Vec<(Timestamp, String)>) -> Self {
        let newest = stored.last();
        Self {
            line: newest.map(|(_, text)| strings::status::announcement(text, &key)),
            unseen: stored.into(),
            key,
        }
    }

    pub(crate) fn line(&self) -> Option<&str> {
        self.line.as_deref()
    }

    pub(super) fn add(&mut self, text: &str, cx: &mut Context) {
        let time = cx.now.wall;
        cx.save(StoreWrite::Announcement(time, text.to_owned()));
        if self.unseen.len() >= MAX_ANNOUNCEMENTS {
            self.unseen.pop_front();
        }
        self.line = Some(strings::status::announcement(text, &self.key));
        self.unseen.push_back((time, text.to_owned()));
    }

    /// Takes all that are not seen yet, the newest first: they count as seen from here on.
    pub(crate) fn take(&mut self, cx: &mut Context) -> Vec<(Timestamp, String)> {
        if !self.unseen.is_empty() {
            cx.save(StoreWrite::AnnouncementsSeen);
        }
        self.line = None;
        self.unseen.drain(..).rev().collect()
    }
}
