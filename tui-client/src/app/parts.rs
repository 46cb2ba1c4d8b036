//! The sub-cores that overlays and slash commands change, borrowed from the app for one event.
//! Composer completion and the open overlay stay with the app.

use super::chats::Chats;
use super::command::waiting::Commands;
use super::context::Context;
use super::intent::{Intent, Show};
use super::keymap::Keymap;
use super::memory::Memory;
use super::reader::Reader;
use super::session::Session;
use super::settings::Settings;

#[derive(Debug)]
pub(in crate::app) struct Parts<'a> {
    pub(in crate::app) chats: &'a mut Chats,
    pub(in crate::app) session: &'a mut Session,
    pub(in crate::app) commands: &'a mut Commands,
    pub(in crate::app) memory: &'a mut Memory,
    pub(in crate::app) keymap: &'a Keymap,
    pub(in crate::app) settings: &'a Settings,
    pub(in crate::app) cx: &'a mut Context,
}

impl Parts<'_> {
    pub(in crate::app) fn reader(&self) -> Reader<'_> {
        Reader {
            chats: self.chats,
            session: self.session,
            keymap: self.keymap,
            settings: self.settings,
            now: self.cx.now,
        }
    }

    pub(in crate::app) fn notify(&mut self, text: impl Into<String>) {
        self.cx.notice = Some(text.into());
    }

    /// Shows why something failed, if it did.
    pub(in crate::app) fn notify_failure(&mut self, result: Result<(), String>) {
        if let Err(why) = result {
            self.cx.notice = Some(why);
        }
    }

    /// Closes the open overlay. What follows acts on the panes at once.
    pub(in crate::app) fn close(&mut self) {
        self.cx.is_covered = false;
        self.cx.intents.push_back(Intent::Close);
    }

    pub(in crate::app) fn show(&mut self, show: Show) {
        self.cx.intents.push_back(Intent::Show(show));
    }
}
