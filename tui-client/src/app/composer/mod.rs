//! The input box: text, cursor and edits, by grapheme (UAX #29).
//!
//! Its owner shows it: a conversation or the switcher. It knows the width at which it
//! was last drawn, because "up" means the row above, and draws nothing itself.

pub(super) mod edit;
mod history;
pub(super) mod kills;
pub(super) mod markup;
mod selection;
#[cfg(test)]
mod tests;
pub mod vi;
mod words;

use std::cell::Cell;
use std::ops::Range;

use recado_shared::limits::MAX_BODY_LEN;
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation as _};

use self::edit::Edit;
use self::history::{History, Step};
use self::kills::KillRing;
use self::words::Case;
use crate::cells;

/// Longest text in bytes: what several messages could hold, so that a long paste can be cut up
/// by its author rather than lost.
pub const MAX_LEN: usize = 4 * MAX_BODY_LEN;

/// Width before the first layout.
const DEFAULT_WIDTH: u16 = 80;

/// Unsent text and the cursor in it.
#[derive(Clone, Debug)]
pub struct Composer {
    text: String,
    /// A byte offset, always on a grapheme boundary.
    cursor: usize,
    /// The other end of the selected text, on a grapheme boundary.
    anchor: Option<usize>,
    /// The number in the kill ring of what was cut here last.
    killed: u64,
    /// What was just yanked, if nothing happened since.
    yanked: Option<Range<usize>>,
    history: History,
    /// The width of the last layout: "up" means the row that is drawn above.
    width: Cell<u16>,
    /// The column that "up" and "down" aim at, through rows that are shorter.
    sticky_column: Option<usize>,
}

/// The rows of a composer and the cursor in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Byte ranges of the text.
    pub rows: Vec<Range<usize>>,
    /// The row in which the cursor stands.
    pub row: usize,
    /// The column in which it stands, in cells.
    pub column: usize,
}

impl Default for Composer {
    fn default() -> Self {
        Self::with_text("")
    }
}

impl Composer {
    /// A composer that holds `text`, the cursor at its end.
    pub fn with_text(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            cursor: text.len(),
            anchor: None,
            killed: 0,
            yanked: None,
            history: History::default(),
            width: Cell::new(DEFAULT_WIDTH),
            sticky_column: None,
        }
    }

    /// The whole text, with its line breaks.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The cursor as a byte offset.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Inserts text at the cursor or over the selected text, made fit to send: what is typed, or a whole paste. Returns
    /// whether all of it found room below [`MAX_LEN`]; the rest is left out.
    pub fn insert(&mut self, text: &str) -> bool {
        let text = recado_shared::text::sanitise_input(text);
        let over = self.selection().unwrap_or(self.cursor..self.cursor);
        let kept = fitting(&text, MAX_LEN.saturating_sub(self.text.len() - over.len()));
        if kept > 0 {
            let is_typed = text.graphemes(true).nth(1).is_none();
            let step = if is_typed { Step::Type } else { Step::Other };
            self.replace(over, &text[..kept], step);
        }
        kept == text.len()
    }

    /// Replaces the whole text, which can be undone. Returns whether all of the new one fits below
    /// [`MAX_LEN`]; the rest is left out.
    pub fn set_text(&mut self, text: &str) -> bool {
        let text = recado_shared::text::sanitise_input(text);
        let kept = fitting(&text, MAX_LEN);
        self.replace(0..self.text.len(), &text[..kept], Step::Other);
        kept == text.len()
    }

    /// Replaces a part of the text, such as a word that is completed, if there is room for it.
    pub fn replace_word(&mut self, word: Range<usize>, with: &str) {
        let has_room = self.text.len() - word.len() + with.len() <= MAX_LEN;
        if has_room && self.text.get(word.clone()).is_some() {
            self.replace(word, with, Step::Other);
        }
    }

    /// Carries out an edit. Returns whether anything changed, so that a caller knows whether
    /// "up" in the first row is free for something else.
    pub(crate) fn edit(&mut self, edit: Edit, kills: &mut KillRing) -> bool {
        if let Some(has_changed) = self.edit_selection(edit, kills) {
            self.anchor = None;
            return has_changed;
        }
        if !matches!(edit, Edit::Extend(_)) {
            self.anchor = None;
        }
        let (text, at) = (&self.text, self.cursor);
        match edit {
            Edit::Extend(motion) => self.extend(motion, kills),
            Edit::SelectAll => self.select_all(),
            Edit::NewLine => self.insert("\n"),
            Edit::Left => self.move_to(self.previous(self.cursor)),
            Edit::Right => self.move_to(self.next(self.cursor)),
            Edit::Up => self.move_row(-1),
            Edit::Down => self.move_row(1),
            Edit::WordLeft => self.move_to(words::start_before(text, at)),
            Edit::WordRight => self.move_to(words::end_after(text, at)),
            Edit::LineStart => self.move_to(self.line_start()),
            Edit::LineEnd => self.move_to(self.line_end()),
            Edit::TextStart => self.move_to(0),
            Edit::TextEnd => self.move_to(self.text.len()),
            Edit::DeleteLeft => self.delete(self.previous(self.cursor)..self.cursor),
            Edit::DeleteRight => self.delete(self.cursor..self.next(self.cursor)),
            Edit::KillWordLeft => self.kill_left(words::start_before(text, at), kills),
            Edit::UnixWordRubout => self.kill_left(words::blank_before(text, at), kills),
            Edit::KillWordRight => self.kill_right(words::end_after(text, at), kills),
            Edit::KillToStart => self.kill_left(0, kills),
            Edit::KillToEnd => self.kill_right(self.line_end(), kills),
            Edit::Yank => self.yank(kills),
            Edit::YankPop => self.yank_pop(kills),
            Edit::Transpose => self.transpose(),
            Edit::TransposeWords => self.transpose_words(),
            Edit::Upcase => self.change_case(Case::Upper),
            Edit::Downcase => self.change_case(Case::Lower),
            Edit::Capitalise => self.change_case(Case::Capital),
            Edit::Undo => self.undo(),
            Edit::Redo => self.redo(),
        }
    }

    /// Empties the composer and returns what it held. Undo leads beyond it only to texts that were
    /// kept (`keep_for_undo`).
    pub fn take(&mut self) -> String {
        (self.cursor, self.anchor) = (0, None);
        self.sticky_column = None;
        self.yanked = None;
        self.history.forget_typed();
        std::mem::take(&mut self.text)
    }

    /// Keeps a text, such as a command that failed, where undo brings it back.
    pub(crate) fn keep_for_undo(&mut self, text: &str) {
        if !text.is_empty() && text != self.text {
            self.history.keep(text);
        }
    }

    /// Tells the width in cells at which rows are counted, as [`layout`](Self::layout) does.
    pub fn set_width(&mut self, width: u16) {
        self.width.set(width);
    }

    /// Lays the text out at a width in cells. The last column is kept free for the cursor.
    pub fn layout(&self, width: u16) -> Layout {
        self.width.set(width);
        let wrap_at = usize::from(width.max(2)) - 1;
        let rows = cells::wrap(&self.text, wrap_at);
        let row = rows.partition_point(|row| row.start <= self.cursor) - 1;
        let column = cells::width(&self.text[rows[row].start..self.cursor]);
        Layout {
            row,
            column: column.min(wrap_at),
            rows,
        }
    }

    fn move_to(&mut self, at: usize) -> bool {
        self.sticky_column = None;
        self.yanked = None;
        self.history.interrupt();
        let moved = at != self.cursor;
        self.cursor = at;
        moved
    }

    fn move_row(&mut self, by: isize) -> bool {
        let layout = self.layout(self.width.get());
        let target = layout
            .row
            .checked_add_signed(by)
            .and_then(|row| layout.rows.get(row).cloned().map(|range| (row, range)));
        let Some((row, range)) = target else {
            return false;
        };
        let column = self.sticky_column.unwrap_or(layout.column);
        // The end of a row that wraps is the start of the next one.
        let wraps = layout
            .rows
            .get(row + 1)
            .is_some_and(|next| next.start == range.end);
        let at = offset_of_column(&self.text[range.clone()], column) + range.start;
        let at = if wraps && at == range.end {
            self.previous(at)
        } else {
            at
        };
        self.move_to(at);
        self.sticky_column = Some(column);
        true
    }

    fn delete(&mut self, range: Range<usize>) -> bool {
        if range.is_empty() {
            return false;
        }
        self.replace(range, "", Step::Delete);
        true
    }

    fn kill_left(&mut self, start: usize, kills: &mut KillRing) -> bool {
        self.kill(start..self.cursor, Step::KillLeft, kills)
    }

    fn kill_right(&mut self, end: usize, kills: &mut KillRing) -> bool {
        self.kill(self.cursor..end, Step::KillRight, kills)
    }

    /// Cuts a range. Cuts that follow each other, in either direction, are one in the ring.
    fn kill(&mut self, range: Range<usize>, step: Step, kills: &mut KillRing) -> bool {
        if range.is_empty() {
            return false;
        }
        let cut = &self.text[range.clone()];
        let joined = kills.extensible(self.killed);
        match joined.filter(|_| self.history.follows_kill()) {
            Some(earlier) if step == Step::KillLeft => earlier.insert_str(0, cut),
            Some(earlier) => earlier.push_str(cut),
            None => self.killed = kills.push(cut),
        }
        self.replace(range, "", step);
        true
    }

    fn yank(&mut self, kills: &KillRing) -> bool {
        let at = self.cursor..self.cursor;
        kills.current().is_some_and(|text| self.yank_over(at, text))
    }

    /// Takes the text of a yank that was just made for the one that was cut before it.
    fn yank_pop(&mut self, kills: &mut KillRing) -> bool {
        let Some(yanked) = self.yanked.clone() else {
            return false;
        };
        kills
            .rotate()
            .is_some_and(|text| self.yank_over(yanked, text))
    }

    fn yank_over(&mut self, range: Range<usize>, text: &str) -> bool {
        let room = MAX_LEN.saturating_sub(self.text.len() - range.len());
        if text.len() > room || text == &self.text[range.clone()] {
            return false;
        }
        let start = range.start;
        self.replace(range, text, Step::Other);
        self.yanked = Some(start..start + text.len());
        true
    }

    fn transpose(&mut self) -> bool {
        let right_end = if self.cursor == self.line_end() {
            self.cursor
        } else {
            self.next(self.cursor)
        };
        let middle = self.previous(right_end);
        let left = self.previous(middle);
        if left == middle || left < self.line_start() || middle < self.line_start() {
            return false;
        }
        let swapped = format!(
            "{}{}",
            &self.text[middle..right_end],
            &self.text[left..middle]
        );
        // Equal clusters, and those that are split anew by the swap, such as three equal flag letters.
        if swapped == self.text[left..right_end] {
            return false;
        }
        self.replace(left..right_end, &swapped, Step::Other);
        true
    }

    fn transpose_words(&mut self) -> bool {
        let transposed = words::transposed(&self.text, self.cursor);
        transposed.is_some_and(|(range, text)| self.rewrite(range, &text))
    }

    fn change_case(&mut self, case: Case) -> bool {
        let range = self.cursor..words::end_after(&self.text, self.cursor);
        let text = words::with_case(&self.text[range.clone()], case);
        self.rewrite(range, &text)
    }

    /// Replaces a range by a text that may be the same, and moves behind it.
    fn rewrite(&mut self, range: Range<usize>, with: &str) -> bool {
        if with == &self.text[range.clone()] {
            return self.move_to(range.end);
        }
        let has_room = self.text.len() - range.len() + with.len() <= MAX_LEN;
        if has_room {
            self.replace(range, with, Step::Other);
        }
        has_room
    }

    fn undo(&mut self) -> bool {
        self.yanked = None;
        self.sticky_column = None;
        self.history.undo(&mut self.text, &mut self.cursor)
    }

    fn redo(&mut self) -> bool {
        self.yanked = None;
        self.sticky_column = None;
        self.history.redo(&mut self.text, &mut self.cursor)
    }

    /// Every change of the text goes through here, so that it can be taken back.
    fn replace(&mut self, range: Range<usize>, with: &str, step: Step) {
        self.history.record(&self.text, self.cursor, step, with);
        let end = range.start + with.len();
        self.text.replace_range(range, with);
        self.sticky_column = None;
        self.yanked = None;
        self.anchor = None;
        // What was inserted or joined may have become part of a longer cluster.
        self.cursor = if is_boundary(&self.text, end) {
            end
        } else {
            self.next(end)
        };
    }

    fn previous(&self, at: usize) -> usize {
        GraphemeCursor::new(at, self.text.len(), true)
            .prev_boundary(&self.text, 0)
            .ok()
            .flatten()
            .unwrap_or(0)
    }

    fn next(&self, at: usize) -> usize {
        GraphemeCursor::new(at, self.text.len(), true)
            .next_boundary(&self.text, 0)
            .ok()
            .flatten()
            .unwrap_or(self.text.len())
    }

    fn line_start(&self) -> usize {
        self.text[..self.cursor].rfind('\n').map_or(0, |at| at + 1)
    }

    fn line_end(&self) -> usize {
        self.text[self.cursor..]
            .find('\n')
            .map_or(self.text.len(), |at| self.cursor + at)
    }
}

fn is_boundary(text: &str, at: usize) -> bool {
    GraphemeCursor::new(at, text.len(), true)
        .is_boundary(text, 0)
        .unwrap_or(true)
}

/// The length of the longest start of a text, in whole clusters, of at most `room` bytes.
fn fitting(text: &str, room: usize) -> usize {
    let ends = text
        .grapheme_indices(true)
        .map(|(at, cluster)| at + cluster.len());
    ends.take_while(|&end| end <= room).last().unwrap_or(0)
}

/// The byte offset of the last cluster that starts at or before a column.
fn offset_of_column(row: &str, column: usize) -> usize {
    row.grapheme_indices(true)
        .map(|(at, _)| at)
        .chain([row.len()])
        .take_while(|&at| cells::width(&row[..at]) <= column)
        .last()
        .unwrap_or(0)
}
