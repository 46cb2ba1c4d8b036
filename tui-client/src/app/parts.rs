//! The sub-cores that overlays and slash commands change, borrowed from the app for one event.
//! Composer completion and the open overlay stay with the app.

use super::chats::Chats;
use super::command::{CommandResult, PendingRequests};
use super::context::Context;
use super::intent::{Intent, Show};
use super::memory::Memory;
use super::reader::Reader;
use super::session::Session;
use super::settings::Settings;

#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(super) chats: &'a mut Chats,
    pub(super) session: &'a mut Session,
    pub(super) pending_requests: &'a mut PendingRequests,
    pub(super) memory: &'a mut Memory,
    pub(super) settings: &'a Settings,
    pub(super) cx: &'a mut Context,
}

impl Parts<'_> {
    pub(super) fn reader(&self) -> Reader<'_> {
        Reader {
            chats: self.chats,
            session: self.session,
            settings: self.settings,
            now: self.cx.now,
        }
    }

    pub(super) fn notify(&mut self, text: impl Into<String>) {
        self.cx.notify(text);
    }

    pub(super) fn notify_failure(&mut self, result: CommandResult) {
        if let Err(why) = result {
            self.cx.notice = Some(why);
        }
    }

    /// Closes the open overlay. What follows acts on the panes at once.
    pub(super) fn close(&mut self) {
        self.cx.is_covered = false;
        self.cx.intents.push_back(Intent::Close);
    }

    pub(super) fn show(&mut self, show: Show) {
        self.cx.intents.push_back(Intent::Show(show));
    }
}
