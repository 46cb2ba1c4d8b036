//! The vi keys, where the user chose them: which keys of the input box are commands.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::app::App;
use crate::app::action::{Edit, KeyContext};
use crate::app::composer::vi::ViMode;

impl App {
    /// The mode of the input box; `None` without vi keys.
    pub(in crate::app) fn vi_mode(&self) -> Option<ViMode> {
        self.settings.keymap.is_vi().then_some(self.input.vi.mode)
    }

    /// Takes a key that the mode gives a meaning. Returns whether it did.
    pub(in crate::app) fn take_vi_key(&mut self, key: KeyEvent) -> bool {
        let is_writing = self.context() == KeyContext::Composer && !self.input.is_after_prefix;
        let Some(mode) = self.vi_mode().filter(|_| is_writing) else {
            return false;
        };
        let is_plain = (key.modifiers - KeyModifiers::SHIFT).is_empty();
        if key.code == KeyCode::Esc && is_plain {
            let open = self.chats.open_conversation();
            return open.is_some_and(|open| self.input.vi.escape(&mut open.composer));
        }
        if mode == ViMode::Insert {
            return false;
        }
        if key.code == KeyCode::Char('r') && key.modifiers == KeyModifiers::CONTROL {
            self.edit(Edit::Redo);
            return true;
        }
        let c = if let KeyCode::Char(c) = key.code {
            Some(c)
        } else {
            (key.code == KeyCode::Backspace).then_some('h')
        };
        let open = self.chats.open_conversation();
        let (Some(c), Some(open)) = (c.filter(|_| is_plain), open) else {
            return false;
        };
        let before = open.composer.text().to_owned();
        let kills = &mut self.memory.kills;
        let edit = self.input.vi.command(c, &mut open.composer, kills);
        let has_changed = open.composer.text() != before;
        if let Some(edit) = edit {
            self.edit(edit);
        } else if has_changed {
            self.note_edited();
        }
        if self.input.vi.mode != ViMode::Insert {
            self.completion = None;
        }
        true
    }
}
