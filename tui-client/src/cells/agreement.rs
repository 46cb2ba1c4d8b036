//! Characters whose width all terminals agree on, and bounds for the others.
//!
//! Terminals take widths from tables of different ages, or count per character where others count per
//! cluster. The characters listed here had one width from `wcwidth` of 2007 on
//! (<https://www.cl.cam.ac.uk/~mgk25/ucs/wcwidth.c>) to East Asian Width (UAX #11) of today. Ambiguous
//! ones are narrow in it: a terminal that is set to draw them wide cannot draw borders either.

use ratatui::buffer::CellWidth as _;

/// Whether all terminals give what is drawn in a cell the same width. A cluster of several characters
/// has none: even a letter with an accent takes two cells in some.
pub fn has_agreed_width(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    let (first, second) = (chars.next(), chars.next());
    second.is_none() && first.is_some_and(|c| is_narrow(c) || is_wide(c))
}

/// The most cells that a terminal may take for a cluster.
pub fn max_width(symbol: &str) -> u16 {
    let width = |c: char| if is_narrow(c) { 1 } else { 2 };
    let widths = symbol.chars().map(width);
    widths.fold(0, u16::saturating_add).max(symbol.cell_width())
}

const fn is_narrow(c: char) -> bool {
    matches!(c,
        ' '..='~'
        // Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic, without their combining marks.
        | '\u{a0}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{48a}'..='\u{58a}'
        | '\u{5d0}'..='\u{5ea}' | '\u{620}'..='\u{64a}' | '\u{660}'..='\u{66f}' | '\u{671}'..='\u{6d3}'
        // Devanagari, Thai and Georgian letters.
        | '\u{904}'..='\u{939}' | '\u{e01}'..='\u{e30}' | '\u{e3f}'..='\u{e46}' | '\u{10a0}'..='\u{10ff}'
        // More Latin and Greek, punctuation, currencies.
        | '\u{1e00}'..='\u{1fff}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{203b}' | '\u{20a0}'..='\u{20bf}'
        // Arrows that are no emoji, mathematics, boxes, and the signs of this program.
        | '\u{2190}'..='\u{2193}' | '\u{2200}'..='\u{22ff}' | '\u{2500}'..='\u{259f}'
        | '●' | '○' | '◌' | '◐' | '★' | '☆' | '✎' | '✓' | '✗'
        // Half-width katakana, without their sound marks.
        | '\u{ff61}'..='\u{ff9d}')
}

const fn is_wide(c: char) -> bool {
    matches!(c,
        // Punctuation, kana, bopomofo, Hangul and ideographs, without combining marks and the filler.
        '\u{3000}'..='\u{3029}' | '\u{3030}'..='\u{303e}' | '\u{3041}'..='\u{3096}' | '\u{309b}'..='\u{30ff}'
        | '\u{3105}'..='\u{312d}' | '\u{3131}'..='\u{3163}' | '\u{3165}'..='\u{318e}' | '\u{3190}'..='\u{31ba}'
        | '\u{31f0}'..='\u{321e}' | '\u{3220}'..='\u{3247}' | '\u{3250}'..='\u{32fe}' | '\u{3300}'..='\u{4db5}'
        | '\u{4e00}'..='\u{a48c}' | '\u{ac00}'..='\u{d7a3}' | '\u{f900}'..='\u{faff}'
        | '\u{ff01}'..='\u{ff60}' | '\u{ffe0}'..='\u{ffe6}')
}

#[cfg(test)]
mod tests {
    use unicode_normalization::char::is_combining_mark;

    use super::*;

    #[test]
    fn the_drawing_library_agrees_with_the_agreed_widths() {
        for c in (' '..=char::MAX).filter(|&c| is_narrow(c) || is_wide(c)) {
            let width = if is_wide(c) { 2 } else { 1 };
            assert_eq!(c.to_string().cell_width(), width, "U+{:04X}", u32::from(c));
            assert!(!is_combining_mark(c), "U+{:04X}", u32::from(c));
        }
    }

    #[test]
    fn doubtful_clusters_have_no_agreed_width() {
        for symbol in ["a", "é", "ж", "日", "ﾊ", "│", "✓", "한"] {
            assert!(has_agreed_width(symbol), "{symbol}");
        }
        for symbol in [
            "e\u{301}",
            "ทำ",
            "क्ष",
            "ﾊﾟ",
            "🦀",
            "☕",
            "❤\u{fe0f}",
            "🇯🇵",
            "🇯",
        ] {
            assert!(!has_agreed_width(symbol), "{symbol}");
        }
    }
}
