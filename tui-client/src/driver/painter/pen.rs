//! Writer of a frame: cells, cursor moves and styles in as few bytes as their order allows.

use std::fmt::Write as _;

use ratatui::buffer::{Cell, CellWidth as _};
use ratatui::layout::Position;
use ratatui::style::{Color, Modifier};

/// Unchanged cells that are drawn again, because a move over them takes as many bytes.
const MOST_REDRAWN: usize = 4;

/// Blanks that take as many bytes as the sequence that erases them.
const FEWEST_ERASED: usize = 5;

/// The bytes of a frame, and what they leave behind in the terminal.
#[derive(Debug, Default)]
pub(in crate::driver) struct Pen {
    out: String,
    /// Column and row of the cursor. `None` where it depends on the terminal.
    at: Option<(usize, u16)>,
    style: CellStyle,
}

/// The look of a cell. The client gives underlines no colour of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct CellStyle {
    fg: Color,
    bg: Color,
    modifier: Modifier,
}

/// The parameters of SGR that set a modifier and remove it (ECMA-48, section 8.3.117).
const MODIFIERS: [(Modifier, u8, u8); 9] = [
    (Modifier::BOLD, 1, 22),
    (Modifier::DIM, 2, 22),
    (Modifier::ITALIC, 3, 23),
    (Modifier::UNDERLINED, 4, 24),
    (Modifier::SLOW_BLINK, 5, 25),
    (Modifier::RAPID_BLINK, 6, 25),
    (Modifier::REVERSED, 7, 27),
    (Modifier::HIDDEN, 8, 28),
    (Modifier::CROSSED_OUT, 9, 29),
];

impl Pen {
    pub(in crate::driver) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Ends the frame with the cursor at a cell, and the style of the start. Returns its bytes.
    pub(in crate::driver) fn finish(mut self, cursor: Option<Position>) -> String {
        self.reset_style();
        if let Some(Position { x, y }) = cursor {
            self.move_to((x.into(), y));
        }
        self.out
    }

    pub(super) fn len(&self) -> usize {
        self.out.len()
    }

    pub(super) fn move_to(&mut self, (x, y): (usize, u16)) {
        let to = Some((x, y));
        if self.at == to {
            return;
        }
        let (column, line) = (x + 1, y + 1);
        let moved = match self.at {
            Some((from, row)) if row == y && from < x => match x - from {
                1 => write!(self.out, "\x1b[C"),
                by => write!(self.out, "\x1b[{by}C"),
            },
            Some((_, row)) if row == y => write!(self.out, "\x1b[{column}G"),
            Some((from, _)) if from == x => write!(self.out, "\x1b[{line}d"),
            _ if x == 0 => write!(self.out, "\x1b[{line}H"),
            _ => write!(self.out, "\x1b[{line};{column}H"),
        };
        moved.expect("a string takes all text");
        self.at = to;
    }

    /// Moves on in a row of `cells`. A few of them that lie between are drawn again if they look like
    /// the text before them.
    pub(super) fn go_on_to(&mut self, (x, y): (usize, u16), cells: &[Cell]) {
        if let Some((from, row)) = self.at
            && row == y
            && from < x
            && x - from <= MOST_REDRAWN
        {
            let between = &cells[from..x];
            let is_alike =
                |cell: &Cell| cell.symbol().len() == 1 && CellStyle::of(cell) == self.style;
            if between.iter().all(is_alike) {
                self.out.extend(between.iter().map(Cell::symbol));
                self.at = Some((x, y));
                return;
            }
        }
        self.move_to((x, y));
    }

    /// Draws a cell of agreed width at the cursor.
    pub(super) fn draw(&mut self, cell: &Cell, width: usize) {
        self.set_style(CellStyle::of(cell));
        self.out.push_str(cell.symbol());
        self.at = self.at.map(|(x, y)| (x + width, y));
    }

    /// Draws a symbol whose width depends on the terminal.
    pub(super) fn draw_doubtful(&mut self, (x, y): (u16, u16), cell: &Cell, symbol: &str) {
        self.set_style(CellStyle::of(cell));
        self.move_to((x.into(), y));
        // A terminal that takes fewer cells leaves blanks in the same style.
        for _ in 0..cell.cell_width() {
            self.out.push(' ');
        }
        self.at = None;
        self.move_to((x.into(), y));
        self.out.push_str(symbol);
        self.at = None;
    }

    /// Erases cells from the cursor on; `is_rest` if nothing is behind them in their row.
    pub(super) fn erase(&mut self, count: usize, is_rest: bool) {
        self.reset_style();
        if count < FEWEST_ERASED && !is_rest {
            self.out.extend(std::iter::repeat_n(' ', count));
            self.at = self.at.map(|(x, y)| (x + count, y));
        } else if is_rest {
            self.out.push_str("\x1b[K");
        } else {
            write!(self.out, "\x1b[{count}X").expect("a string takes all text");
        }
    }

    pub(super) fn erase_row(&mut self, y: u16) {
        self.reset_style();
        self.move_to((0, y));
        self.out.push_str("\x1b[2K");
    }

    /// Moves the rows of a region up, or down if `by` is negative. What comes in is blank.
    pub(super) fn scroll(&mut self, top: u16, bottom: u16, by: i32) {
        self.reset_style();
        let (first, last) = (top + 1, bottom);
        let (count, action) = (by.unsigned_abs(), if by > 0 { 'M' } else { 'L' });
        // Deleting and inserting lines is older than scrolling, and known to every terminal. Setting the
        // region moves the cursor.
        write!(
            self.out,
            "\x1b[{first};{last}r\x1b[{first}H\x1b[{count}{action}\x1b[r"
        )
        .expect("a string takes all text");
        self.at = None;
    }

    fn reset_style(&mut self) {
        self.set_style(CellStyle::default());
    }

    fn set_style(&mut self, style: CellStyle) {
        if style == self.style {
            return;
        }
        if style == CellStyle::default() {
            self.out.push_str("\x1b[m");
        } else {
            let (changes, anew) = (style.changes(self.style), style.anew());
            self.out.push_str("\x1b[");
            self.out.push_str(if changes.len() <= anew.len() {
                &changes
            } else {
                &anew
            });
            self.out.push('m');
        }
        self.style = style;
    }
}

impl CellStyle {
    fn of(cell: &Cell) -> Self {
        Self {
            fg: cell.fg,
            bg: cell.bg,
            modifier: cell.modifier,
        }
    }

    /// The parameters of SGR after a reset.
    fn anew(self) -> String {
        let mut parameters = "0".to_owned();
        self.add_to(&mut parameters, Self::default(), self.modifier);
        parameters
    }

    /// The parameters of SGR after another style.
    fn changes(self, before: Self) -> String {
        let mut parameters = String::new();
        let (mut added, removed) = (
            self.modifier - before.modifier,
            before.modifier - self.modifier,
        );
        for (modifier, _, off) in MODIFIERS {
            if removed.contains(modifier) {
                add(&mut parameters, off);
                // Bold and dim end together, and so do both ways to blink.
                let ended = MODIFIERS.into_iter().filter(|(_, _, other)| *other == off);
                added |= ended.fold(Modifier::empty(), |all, (it, _, _)| all | it) & self.modifier;
            }
        }
        self.add_to(&mut parameters, before, added);
        parameters
    }

    fn add_to(self, parameters: &mut String, before: Self, added: Modifier) {
        for (modifier, on, _) in MODIFIERS {
            if added.contains(modifier) {
                add(parameters, on);
            }
        }
        if self.fg != before.fg {
            add_colour(parameters, self.fg, 30);
        }
        if self.bg != before.bg {
            add_colour(parameters, self.bg, 40);
        }
    }
}

fn add(parameters: &mut String, parameter: u8) {
    let separator = if parameters.is_empty() { "" } else { ";" };
    write!(parameters, "{separator}{parameter}").expect("a string takes all text");
}

/// Adds the parameters of a colour. `base` is that of black: 30 for text, 40 for the background.
fn add_colour(parameters: &mut String, colour: Color, base: u8) {
    let indexed = |index: u8| match index {
        0..8 => (base + index, None),
        8..16 => (base + 60 - 8 + index, None),
        16.. => (base + 8, Some(index)),
    };
    let (first, index) = match colour {
        Color::Reset => (base + 9, None),
        Color::Black => indexed(0),
        Color::Red => indexed(1),
        Color::Green => indexed(2),
        Color::Yellow => indexed(3),
        Color::Blue => indexed(4),
        Color::Magenta => indexed(5),
        Color::Cyan => indexed(6),
        Color::Gray => indexed(7),
        Color::DarkGray => indexed(8),
        Color::LightRed => indexed(9),
        Color::LightGreen => indexed(10),
        Color::LightYellow => indexed(11),
        Color::LightBlue => indexed(12),
        Color::LightMagenta => indexed(13),
        Color::LightCyan => indexed(14),
        Color::White => indexed(15),
        Color::Indexed(index) => indexed(index),
        Color::Rgb(red, green, blue) => {
            for parameter in [base + 8, 2, red, green, blue] {
                add(parameters, parameter);
            }
            return;
        }
    };
    add(parameters, first);
    if let Some(index) = index {
        add(parameters, 5);
        add(parameters, index);
    }
}
