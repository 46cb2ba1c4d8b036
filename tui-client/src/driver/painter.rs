//! Painter of frames: the bytes that turn the cells that a terminal shows into the next ones.
//!
//! Terminals disagree about the width of some clusters ([`has_agreed_width`]). What such a cluster does
//! to the cells around it depends on the terminal, so a row that has or had one is painted whole: it is
//! erased, then each of them is drawn from a position of its own, then all other text over what they
//! took too much. The row then looks the same after any change as after painting the whole screen.

mod pen;
mod scroll;
#[cfg(test)]
mod tests;

use ratatui::buffer::{Buffer, Cell, CellWidth as _};
use ratatui::layout::Rect;
use ratatui::style::Color;

use self::pen::Pen;
use self::scroll::Shift;
use crate::cells::{has_agreed_width, max_width};

/// A frame of fewer bytes is not worth a search for rows that moved.
const SCROLL_FROM: usize = 300;

/// Draws what changes `shown` to `next`, which has the same area. Rows of `pane` may be moved by the
/// terminal, with all that is beside them; an empty one forbids it.
pub(super) fn paint(shown: &Buffer, next: &Buffer, pane: Rect) -> Pen {
    let mut pen = Pen::default();
    paint_rows(&mut pen, shown, next);
    if pen.len() < SCROLL_FROM {
        return pen;
    }
    let Some(shift) = Shift::find(shown, next, pane) else {
        return pen;
    };
    let mut scrolled = Pen::default();
    let shown = shift.apply(&mut scrolled, shown);
    paint_rows(&mut scrolled, &shown, next);
    if scrolled.len() < pen.len() {
        scrolled
    } else {
        pen
    }
}

fn paint_rows(pen: &mut Pen, shown: &Buffer, next: &Buffer) {
    for y in next.area.top()..next.area.bottom() {
        let (before, after) = (row(shown, y), row(next, y));
        if before.iter().zip(after).all(|(old, new)| is_same(old, new)) {
            continue;
        }
        if before.iter().chain(after).any(is_doubtful) {
            paint_whole(pen, next, y);
        } else {
            paint_changed(pen, before, after, y);
        }
    }
}

fn row(buffer: &Buffer, y: u16) -> &[Cell] {
    let width = usize::from(buffer.area.width);
    let start = usize::from(y) * width;
    &buffer.content[start..start + width]
}

fn is_doubtful(cell: &Cell) -> bool {
    !has_agreed_width(cell.symbol())
}

/// Whether erasing leaves this cell: no colour of its own is seen.
fn is_blank(cell: &Cell) -> bool {
    cell.bg == Color::Reset
        && cell.modifier.is_empty()
        && matches!(cell.symbol().as_bytes(), [b' '])
}

/// Whether two cells look alike. Most hold one byte, whose comparison is far cheaper than that of texts.
fn is_same(old: &Cell, new: &Cell) -> bool {
    let has_same_symbol = match (old.symbol().as_bytes(), new.symbol().as_bytes()) {
        ([old], [new]) => old == new,
        (old, new) => old == new,
    };
    has_same_symbol
        && old.bg == new.bg
        && old.modifier == new.modifier
        && (old.fg == new.fg || is_blank(new))
}

/// The cells that a cell takes, at least one.
fn cells_of(cell: &Cell) -> usize {
    match cell.symbol().len() {
        1 => 1,
        _ => cell.cell_width().max(1).into(),
    }
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

/// Paints the cells of a row that changed. All have agreed widths.
fn paint_changed(pen: &mut Pen, before: &[Cell], after: &[Cell], y: u16) {
    let mut x = 0;
    // Up to there, what the terminal shows is not what `before` says: a part of a wide cell is gone.
    let mut spoiled = 0;
    while let Some(cell) = after.get(x) {
        let width = cells_of(cell);
        let is_changed = x < spoiled || !is_same(&before[x], cell);
        if is_changed {
            let end = after.len().min(x + width);
            let old = before[x..end].iter().zip(x..);
            let reach = old.map(|(old, x)| x + cells_of(old)).max();
            spoiled = spoiled.max(reach.unwrap_or(0));
            if is_blank(cell) {
                x = erase(pen, before, after, (x, y), &mut spoiled);
                continue;
            }
            pen.go_on_to((x, y), after);
            pen.draw(cell, width);
        }
        x += width;
    }
}

/// Erases the blank cells from a changed one to the last changed one, or to the end of the row. Returns
/// the column after them.
fn erase(
    pen: &mut Pen,
    before: &[Cell],
    after: &[Cell],
    (start, y): (usize, u16),
    spoiled: &mut usize,
) -> usize {
    let mut end = start;
    let mut x = start;
    while x < after.len() && is_blank(&after[x]) {
        if x < *spoiled || !is_blank(&before[x]) {
            *spoiled = (x + cells_of(&before[x])).max(*spoiled);
            end = x + 1;
        }
        x += 1;
    }
    pen.go_on_to((start, y), after);
    pen.erase(end - start, x == after.len());
    end
}

/// Erases a row and paints it.
fn paint_whole(pen: &mut Pen, next: &Buffer, y: u16) {
    pen.erase_row(y);
    for (x, cell) in clusters(next, y).filter(|(_, cell)| is_doubtful(cell)) {
        pen.draw_doubtful((x, y), cell, symbol_at(next, x, cell));
    }
    let cells = row(next, y);
    for (x, cell) in clusters(next, y) {
        if !is_doubtful(cell) && !is_blank(cell) {
            pen.move_to((x.into(), y));
            pen.draw(cell, cells_of(&cells[usize::from(x)]));
        }
    }
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
