//! The drawing library's backend, but for the order in which it writes emoji with a presentation
//! selector (U+FE0F).

use std::io::{self, Write};

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::{Cell, CellWidth as _};
use ratatui::layout::{Position, Size};

/// Writes the columns that such an emoji covers before the emoji itself.
///
/// Terminals do not agree on whether these have one column or two, so the library clears the second
/// one by writing it, and then takes the cursor to be where it is only in terminals that give them
/// one: what follows on the line lands a column off. Written before it, the second column is clear
/// in the first kind of terminal and covered in the second, and the cursor is moved after it in both.
#[derive(Debug)]
pub(super) struct CoveredFirst<W: Write>(CrosstermBackend<W>);

impl<W: Write> CoveredFirst<W> {
    pub(super) const fn new(writer: W) -> Self {
        Self(CrosstermBackend::new(writer))
    }
}

/// Whether the library may write the columns under this one after it.
fn is_selected_emoji(cell: &Cell) -> bool {
    cell.symbol().contains('\u{fe0f}')
}

/// The cells with those that an emoji covers before it.
fn reorder<'a>(cells: impl Iterator<Item = (u16, u16, &'a Cell)>) -> Vec<(u16, u16, &'a Cell)> {
    let mut ordered: Vec<(u16, u16, &Cell)> = Vec::new();
    let mut held: Option<(u16, u16, &Cell)> = None;
    for (x, y, cell) in cells {
        if let Some(emoji) = held {
            let end = emoji.0.saturating_add(emoji.2.cell_width());
            let is_covered = y == emoji.1 && x > emoji.0 && x < end;
            if !is_covered {
                ordered.push(emoji);
                held = None;
            }
        }
        if is_selected_emoji(cell) {
            ordered.extend(held.replace((x, y, cell)));
        } else {
            ordered.push((x, y, cell));
        }
    }
    ordered.extend(held);
    ordered
}

impl<W: Write> Backend for CoveredFirst<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.0.draw(reorder(content).into_iter())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.0.hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.0.show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.0.get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.0.set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.0.clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.0.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.0.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.0.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Backend::flush(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use ratatui::buffer::Buffer;

    use super::*;

    /// The cells of a terminal's line that showed `before` and is told what changed to `after`.
    fn redrawn(before: &str, after: &str) -> Vec<String> {
        let (before, after) = (Buffer::with_lines([before]), Buffer::with_lines([after]));
        let shown = before.content.iter().map(Cell::symbol);
        let mut bytes = shown.collect::<String>().into_bytes();
        let mut backend = CoveredFirst::new(&mut bytes);
        backend.draw(before.diff(&after).into_iter()).unwrap();
        let mut terminal = vt100::Parser::new(
            NonZeroU16::MIN,
            NonZeroU16::new(after.area.width).unwrap(),
            0,
        );
        terminal.process(&bytes);
        let cell = |column| terminal.screen().cell(0, column);
        let shown = (0..after.area.width).filter_map(cell);
        shown.map(|cell| cell.contents().to_owned()).collect()
    }

    #[test]
    fn what_follows_an_emoji_is_drawn_in_its_own_columns() {
        assert_eq!(
            redrawn("..........", "a☕️ いb..."),
            ["a", "☕️", "", " ", "い", "", "b", ".", ".", "."]
        );
        assert_eq!(redrawn("......", "❤️ b.."), ["❤️", "", " ", "b", ".", "."]);
    }
}
