//! Glyphs in forms that the terminal draws as it should: ASCII for the signs and borders of this program, and replacements for
//! clusters that take more cells than there are.

use std::str::FromStr;

use ratatui::buffer::{Buffer, CellWidth as _};

use crate::cells::{MeasuredWidths, Probe, has_agreed_width};

/// What the user wants for signs and borders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SymbolChoice {
    /// ASCII where the locale is not UTF-8, or where the terminal draws the signs in two cells.
    #[default]
    Auto,
    Unicode,
    Ascii,
}

impl FromStr for SymbolChoice {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "auto" => Ok(Self::Auto),
            "unicode" => Ok(Self::Unicode),
            "ascii" => Ok(Self::Ascii),
            _ => Err(()),
        }
    }
}

/// The forms in use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Glyphs {
    is_ascii: bool,
    measured: Option<MeasuredWidths>,
}

impl Glyphs {
    /// The forms for a terminal; `measured` is `None` until it has answered.
    pub fn new(
        choice: SymbolChoice,
        is_utf8_locale: bool,
        measured: Option<MeasuredWidths>,
    ) -> Self {
        let is_wide = measured.is_some_and(|widths| widths.is_too_wide(Probe::Ambiguous));
        Self {
            is_ascii: match choice {
                SymbolChoice::Auto => !is_utf8_locale || is_wide,
                SymbolChoice::Unicode => false,
                SymbolChoice::Ascii => true,
            },
            measured,
        }
    }

    /// Replaces what the terminal would draw otherwise than it should. Each cell keeps its width.
    pub(super) fn apply(&self, buffer: &mut Buffer) {
        let is_too_wide = |probe| {
            let measured = self.measured.as_ref();
            measured.is_some_and(|widths| widths.is_too_wide(probe))
        };
        let lacks_utf8 = is_too_wide(Probe::Letter);
        let has_too_wide = Probe::ALL.into_iter().any(is_too_wide);
        if !self.is_ascii && !has_too_wide {
            return;
        }
        for cell in &mut buffer.content {
            let symbol = cell.symbol();
            if symbol.is_ascii() {
                continue;
            }
            let sign = self.is_ascii.then(|| ascii_sign(symbol)).flatten();
            if let Some(sign) = sign {
                cell.set_symbol(sign);
            } else if lacks_utf8 {
                cell.set_symbol("?");
            } else if Probe::of(symbol).is_some_and(is_too_wide) {
                let replaced = replacement(symbol);
                cell.set_symbol(&replaced);
            }
        }
    }
}

/// A form of a cluster that is not wider in any terminal: the letters of a flag, the letter under marks, or a question mark.
fn replacement(symbol: &str) -> String {
    let letter = |c: char| {
        let at = u32::from(c).checked_sub(0x1f1e6).filter(|at| *at < 26)?;
        char::from_u32(u32::from('A') + at)
    };
    let letters: Option<String> = symbol.chars().map(letter).collect();
    if let Some(letters) = letters {
        return letters;
    }
    let base: String = symbol.chars().take(1).collect();
    if has_agreed_width(&base) && base.cell_width() == symbol.cell_width() {
        base
    } else {
        "?".to_owned()
    }
}

/// The ASCII form of a sign or border of this program; `None` for other text.
fn ascii_sign(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "─" | "━" | "═" | "–" | "—" => "-",
        "│" | "┃" | "║" | "▏" => "|",
        "┌" | "┐" | "└" | "┘" | "├" | "┤" | "┬" | "┴" | "┼" | "╭" | "╮" | "╰" | "╯" | "★" => {
            "+"
        }
        "●" => "*",
        "◐" | "≈" => "~",
        "○" => "o",
        "·" | "…" | "◌" => ".",
        "✓" | "↓" => "v",
        "✗" | "×" => "x",
        "⊘" => "/",
        "✎" | "“" | "”" => "\"",
        "‘" | "’" => "'",
        "›" | "→" | "▸" => ">",
        "‹" | "←" => "<",
        "↑" => "^",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use ratatui::buffer::Cell;
    use ratatui::layout::Rect;
    use ratatui::style::Style;

    use super::*;

    fn drawn(glyphs: Glyphs, text: &str) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 1));
        buffer.set_string(0, 0, text, Style::new());
        let before: u16 = buffer
            .content
            .iter()
            .map(|cell| cell.symbol().cell_width())
            .sum();
        glyphs.apply(&mut buffer);
        let after: u16 = buffer
            .content
            .iter()
            .map(|cell| cell.symbol().cell_width())
            .sum();
        assert!(after <= before, "{text}");
        let cells = buffer.content.iter().map(Cell::symbol);
        cells.collect::<String>().trim_end().to_owned()
    }

    fn measured(of: impl Fn(Probe) -> u16) -> Option<MeasuredWidths> {
        MeasuredWidths::new(&Probe::ALL.map(of))
    }

    #[test]
    fn signs_and_borders_have_ascii_forms() {
        let ascii = Glyphs::new(SymbolChoice::Ascii, true, None);
        assert_eq!(drawn(ascii, "┌─┐│● bob é 日 ✓✓…"), "+-+|* bob é 日  vv.");
        let auto = |is_utf8, measured| Glyphs::new(SymbolChoice::Auto, is_utf8, measured);
        assert_eq!(drawn(auto(false, None), "│"), "|");
        assert_eq!(drawn(auto(true, None), "│"), "│");
        assert_eq!(drawn(auto(true, measured(|_| 1)), "│"), "│");
        assert_eq!(drawn(auto(true, measured(|_| 2)), "│"), "|");
        let unicode = Glyphs::new(SymbolChoice::Unicode, false, None);
        assert_eq!(drawn(unicode, "│"), "│");
    }

    #[test]
    fn what_takes_too_many_cells_is_replaced() {
        let wide = |probe: Probe, width: u16| {
            let widths = measured(|other| if other == probe { width } else { 1 });
            Glyphs::new(SymbolChoice::Auto, true, widths)
        };
        let text = "e\u{301} 🦀 🇯🇵 │";
        assert_eq!(drawn(wide(Probe::Combining, 2), text), "e 🦀  🇯🇵  │");
        assert_eq!(drawn(wide(Probe::Flag, 4), text), "e\u{301} 🦀  JP  │");
        assert_eq!(drawn(wide(Probe::Emoji, 4), text), "e\u{301} ?  🇯🇵  │");
        assert_eq!(drawn(wide(Probe::Letter, 2), text), "? ?  ?  ?");
        assert_eq!(drawn(wide(Probe::Emoji, 1), text), "e\u{301} 🦀  🇯🇵  │");
    }
}
