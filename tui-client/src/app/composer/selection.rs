//! Selected text of a composer: what edits do to it.

use std::ops::Range;

use super::Composer;
use super::edit::{Edit, Motion};
use super::history::Step;
use super::kills::KillRing;

impl Composer {
    /// The selected bytes, from an anchor to the cursor or the other way around; `None` if there are none.
    pub fn selection(&self) -> Option<Range<usize>> {
        let anchor = self.anchor?;
        let range = anchor.min(self.cursor)..anchor.max(self.cursor);
        (!range.is_empty()).then_some(range)
    }

    /// The selected text; `None` if there is none.
    pub fn selected_text(&self) -> Option<&str> {
        self.selection().map(|range| &self.text[range])
    }

    /// Copies the selected text into the ring of cut texts, and returns it.
    pub(crate) fn copy_selection(&mut self, kills: &mut KillRing) -> Option<String> {
        let text = self.selected_text()?.to_owned();
        self.history.interrupt();
        self.killed = kills.push(&text);
        Some(text)
    }

    pub(super) fn extend(&mut self, motion: Motion, kills: &mut KillRing) -> bool {
        let anchor = self.anchor.take().unwrap_or(self.cursor);
        let has_moved = self.edit(motion.edit(), kills);
        self.anchor = Some(anchor);
        has_moved
    }

    pub(super) fn select_all(&mut self) -> bool {
        let has_moved = self.move_to(self.text.len());
        self.anchor = Some(0);
        has_moved
    }

    /// Carries out an edit that acts on the selected text rather than at the cursor. `None` if this one
    /// does not. Afterwards nothing is selected.
    pub(super) fn edit_selection(&mut self, edit: Edit, kills: &mut KillRing) -> Option<bool> {
        let range = self.selection()?;
        if matches!(edit, Edit::DeleteLeft | Edit::DeleteRight) {
            return Some(self.delete(range));
        }
        if edit.is_kill() {
            self.history.interrupt();
            return Some(self.kill(range, Step::KillRight, kills));
        }
        if edit == Edit::NewLine {
            let is_same = self.selected_text() == Some("\n") && self.cursor == range.end;
            return Some(self.insert("\n") && !is_same);
        }
        if edit == Edit::Yank {
            let text = kills.current();
            return Some(text.is_some_and(|text| self.yank_over(range, text)));
        }
        let end = if edit == Edit::Left {
            range.start
        } else {
            range.end
        };
        matches!(edit, Edit::Left | Edit::Right).then(|| self.move_to(end))
    }
}
