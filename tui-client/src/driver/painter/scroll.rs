//! Search for rows that moved, so that the terminal can move them. It moves whole rows: what is beside
//! the pane moves along and is painted again.

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use super::pen::Pen;

/// Fewer rows are not worth it.
const FEWEST_MOVED: usize = 3;

/// Rows of the screen that move together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shift {
    top: u16,
    /// The row after the last one.
    bottom: u16,
    /// Rows upwards; negative for downwards.
    by: i32,
}

impl Shift {
    /// The shift after which most rows of the pane are where they belong.
    pub(super) fn find(shown: &Buffer, next: &Buffer, pane: Rect) -> Option<Self> {
        let pane = pane.intersection(next.area);
        let height = i32::from(pane.height);
        let shifts = (1 - height..height).filter(|&by| by != 0);
        let moved = shifts.filter_map(|by| Self::of(shown, next, pane, by));
        let best = moved.max_by_key(|(count, shift)| (*count, -shift.by.abs()));
        best.map(|(_, shift)| shift)
    }

    /// How many rows of the pane this shift moves to where they belong, and the rows that hold them.
    fn of(shown: &Buffer, next: &Buffer, pane: Rect, by: i32) -> Option<(usize, Self)> {
        let (mut count, mut top, mut bottom) = (0, u16::MAX, 0);
        for y in pane.top()..pane.bottom() {
            let from = u16::try_from(i32::from(y) + by).ok();
            let Some(from) = from.filter(|from| (pane.top()..pane.bottom()).contains(from)) else {
                continue;
            };
            let after = part(next, pane, y);
            let is_blank = |cell: &Cell| cell.symbol() == " ";
            if part(shown, pane, from) == after && !after.iter().all(is_blank) {
                count += 1;
                (top, bottom) = (top.min(y.min(from)), bottom.max(y.max(from) + 1));
            }
        }
        (count >= FEWEST_MOVED).then_some((count, Self { top, bottom, by }))
    }

    /// Moves the rows on the screen. Returns what it then shows.
    pub(super) fn apply(self, pen: &mut Pen, shown: &Buffer) -> Buffer {
        pen.scroll(self.top, self.bottom, self.by);
        let mut moved = shown.clone();
        let width = usize::from(shown.area.width);
        let rows = usize::from(self.top) * width..usize::from(self.bottom) * width;
        let cells = &mut moved.content[rows];
        let by = usize::try_from(self.by.unsigned_abs()).unwrap_or(usize::MAX) * width;
        if self.by > 0 {
            cells.rotate_left(by);
            let kept = cells.len() - by;
            cells[kept..].fill(Cell::EMPTY);
        } else {
            cells.rotate_right(by);
            cells[..by].fill(Cell::EMPTY);
        }
        moved
    }
}

/// The cells of a row that lie in the pane.
fn part(buffer: &Buffer, pane: Rect, y: u16) -> &[Cell] {
    let start = buffer.index_of(pane.x, y);
    &buffer.content[start..start + usize::from(pane.width)]
}
