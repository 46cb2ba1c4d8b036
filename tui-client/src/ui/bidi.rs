//! Right-to-left text on the screen: rows that are drawn are put into visual order, cell by cell, with their styles.

use std::ops::Range;
use std::str::FromStr;

use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;

use crate::cells::{mirrored, visual_order};

/// Who puts right-to-left text into visual order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BidiChoice {
    /// This program, except in terminals that are known to do it themselves.
    #[default]
    Auto,
    Recado,
    Terminal,
    /// Text is drawn in the order in which it is typed.
    Off,
}

impl FromStr for BidiChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "recado" => Ok(Self::Recado),
            "terminal" => Ok(Self::Terminal),
            "off" => Ok(Self::Off),
            _ => Err(()),
        }
    }
}

impl BidiChoice {
    /// Whether this program reorders, in a terminal whose environment has these variables. VTE, Konsole, mlterm and Terminal of
    /// macOS reorder by themselves.
    pub fn reorders(self, variable: impl Fn(&str) -> Option<String>) -> bool {
        let has = |name| variable(name).is_some_and(|value| !value.is_empty());
        match self {
            Self::Recado => true,
            Self::Terminal | Self::Off => false,
            Self::Auto => {
                let is_apple = variable("TERM_PROGRAM").is_some_and(|it| it == "Apple_Terminal");
                !is_apple
                    && !["VTE_VERSION", "KONSOLE_VERSION", "MLTERM"]
                        .into_iter()
                        .any(has)
            }
        }
    }
}

/// Puts the cells of a row into visual order. It starts at the left of `area` and shows the bytes `row` of `text`; cells behind
/// them stay.
pub(super) fn reorder(buffer: &mut Buffer, area: Rect, text: &str, row: Range<usize>) {
    let Some(order) = visual_order(text, row) else {
        return;
    };
    let width: usize = order.iter().map(|place| place.width).sum();
    if width > area.width.into() || area.is_empty() {
        return;
    }
    let first = buffer.index_of(area.x, area.y);
    let cells: Vec<Cell> = buffer.content[first..first + width].to_vec();
    let mut to = first;
    for place in order {
        for cell in &cells[place.from..place.from + place.width] {
            let target = &mut buffer.content[to];
            *target = cell.clone();
            if let Some(symbol) = mirrored(cell.symbol()).filter(|_| place.is_rtl) {
                target.set_symbol(symbol);
            }
            to += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::{Modifier, Style};

    use super::*;

    #[test]
    fn cells_move_with_their_styles() {
        let text = "a בג (日)";
        let area = Rect::new(1, 0, 12, 1);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 13, 1));
        buffer.set_string(1, 0, text, Style::new());
        let bold = Style::new().add_modifier(Modifier::BOLD);
        buffer.set_style(Rect::new(3, 0, 1, 1), bold);
        reorder(&mut buffer, area, text, 0..text.len());
        let drawn: String = buffer.content.iter().map(Cell::symbol).collect();
        assert_eq!(
            drawn, " a גב (日 )   ",
            "behind a wide cell is a covered one"
        );
        assert_eq!(buffer[(4, 0)].symbol(), "ב");
        assert_eq!(buffer[(4, 0)].modifier, Modifier::BOLD);
        assert_eq!(buffer[(3, 0)].modifier, Modifier::empty());
    }

    #[test]
    fn terminals_that_reorder_are_left_to_it() {
        let with = |choice: BidiChoice, name: &'static str, value: &'static str| {
            choice.reorders(move |asked| (asked == name).then(|| value.to_owned()))
        };
        assert!(with(BidiChoice::Auto, "TERM_PROGRAM", "WezTerm"));
        assert!(!with(BidiChoice::Auto, "TERM_PROGRAM", "Apple_Terminal"));
        assert!(!with(BidiChoice::Auto, "VTE_VERSION", "7600"));
        assert!(with(BidiChoice::Recado, "VTE_VERSION", "7600"));
        assert!(!with(BidiChoice::Off, "TERM", "xterm"));
    }
}
