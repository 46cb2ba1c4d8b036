//! Backend of the drawing library: collects the bytes of a frame, and writes emoji with a presentation
//! selector (U+FE0F) in an order that every terminal shows alike.

use std::io;

use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::{Cell, CellWidth as _};
use ratatui::layout::{Position, Size};

/// The bytes of a frame. They are sent in one write, although the library flushes in between.
///
/// The columns that an emoji covers are written before it. Terminals do not agree on whether it has
/// one column or two, so the library clears the second one by writing it, and then takes the cursor to
/// be where it is only in terminals that give it one: what follows on the line lands a column off.
/// Written before it, the second column is clear in the first kind of terminal and covered in the
/// second, and the cursor is moved after it in both.
#[derive(Debug, Default)]
pub(super) struct FrameBytes(pub(super) Vec<u8>);

impl FrameBytes {
    fn writer(&mut self) -> CrosstermBackend<&mut Vec<u8>> {
        CrosstermBackend::new(&mut self.0)
    }
}

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

impl Backend for FrameBytes {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        self.writer().draw(reorder(content).into_iter())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.writer().hide_cursor()
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.writer().show_cursor()
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        self.writer().get_cursor_position()
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.writer().set_cursor_position(position)
    }

    fn clear(&mut self) -> io::Result<()> {
        self.writer().clear()
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.writer().clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        CrosstermBackend::new(io::sink()).size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.writer().window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
        let mut backend = FrameBytes(shown.collect::<String>().into_bytes());
        backend.draw(before.diff(&after).into_iter()).unwrap();
        let mut terminal = vt100::Parser::new(
            NonZeroU16::MIN,
            NonZeroU16::new(after.area.width).unwrap(),
            0,
        );
        terminal.process(&backend.0);
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
