//! Painter of frames: the bytes that turn the cells that a terminal shows into the next ones.
//!
//! Terminals disagree about the width of some clusters ([`has_agreed_width`]). What such a cluster does
//! to the cells around it depends on the terminal, so a row that has or had one is painted whole: it is
//! erased, then each of them is drawn from a position of its own, then all other text over what they
//! took too much. The row then looks the same after any change as after painting the whole screen.

#[cfg(test)]
mod tests;

use std::io;

use crossterm::cursor::MoveTo;
use crossterm::queue;
use crossterm::style::{Attribute, Print, SetAttribute, SetStyle};
use crossterm::terminal::{Clear, ClearType};
use ratatui::backend::{Backend as _, CrosstermBackend, IntoCrossterm as _};
use ratatui::buffer::{Buffer, Cell, CellWidth as _};
use ratatui::style::Style;

use crate::cells::{has_agreed_width, max_width};

/// Adds the bytes that change `shown` to `next`, which has the same area.
pub(super) fn paint(bytes: &mut Vec<u8>, shown: &Buffer, next: &Buffer) -> io::Result<()> {
    let is_doubtful = |buffer: &Buffer, y| row(buffer, y).iter().any(is_doubtful);
    let rows = next.area.top()..next.area.bottom();
    let is_whole: Vec<bool> = rows
        .clone()
        .map(|y| is_doubtful(shown, y) || is_doubtful(next, y))
        .collect();
    for y in rows.filter(|&y| is_whole[usize::from(y)] && row(shown, y) != row(next, y)) {
        paint_row(bytes, next, y)?;
    }
    let changed = shown.diff_iter(next);
    let changed = changed.filter(|(_, y, _)| !is_whole[usize::from(*y)]);
    CrosstermBackend::new(bytes).draw(changed)
}

fn row(buffer: &Buffer, y: u16) -> &[Cell] {
    let width = usize::from(buffer.area.width);
    let start = usize::from(y) * width;
    &buffer.content[start..start + width]
}

fn is_doubtful(cell: &Cell) -> bool {
    !has_agreed_width(cell.symbol())
}

/// The cells of a row with their columns, without those that a wide cell covers.
fn clusters(buffer: &Buffer, y: u16) -> impl Iterator<Item = (u16, &Cell)> {
    let mut next = 0;
    (0_u16..).zip(row(buffer, y)).filter(move |&(x, cell)| {
        let is_covered = x < next;
        if !is_covered {
            next = x.saturating_add(cell.cell_width().max(1));
        }
        !is_covered
    })
}

/// Erases a row and paints it.
fn paint_row(bytes: &mut Vec<u8>, next: &Buffer, y: u16) -> io::Result<()> {
    queue!(bytes, MoveTo(0, y), Clear(ClearType::CurrentLine))?;
    let mut style = Style::reset();
    for (x, cell) in clusters(next, y).filter(|(_, cell)| is_doubtful(cell)) {
        if cell.style() != style {
            style = cell.style();
            queue!(
                bytes,
                SetAttribute(Attribute::Reset),
                SetStyle(style.into_crossterm())
            )?;
        }
        // A terminal that takes fewer cells leaves blanks in the same style.
        let blanks = " ".repeat(cell.cell_width().into());
        queue!(bytes, MoveTo(x, y), Print(blanks), MoveTo(x, y))?;
        queue!(bytes, Print(symbol_at(next, x, cell)))?;
    }
    queue!(bytes, SetAttribute(Attribute::Reset))?;
    let is_blank = |cell: &Cell| *cell == Cell::EMPTY;
    let rest = clusters(next, y).filter(|(_, cell)| !is_doubtful(cell) && !is_blank(cell));
    CrosstermBackend::new(bytes).draw(rest.map(|(x, cell)| (x, y, cell)))
}

/// The symbol of a doubtful cell. One that might reach past the right edge, where terminals wrap, is
/// replaced.
fn symbol_at<'a>(buffer: &Buffer, x: u16, cell: &'a Cell) -> &'a str {
    let symbol = cell.symbol();
    if x.saturating_add(max_width(symbol)) <= buffer.area.width {
        return symbol;
    }
    let first = symbol.chars().next().map_or(0, char::len_utf8);
    let base = &symbol[..first];
    let is_alike = has_agreed_width(base) && base.cell_width() == cell.cell_width();
    if is_alike { base } else { "?" }
}
