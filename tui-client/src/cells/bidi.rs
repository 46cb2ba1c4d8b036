//! Visual order of text with right-to-left runs, by the Unicode Bidirectional Algorithm (UAX #9).
//!
//! The algorithm runs over a whole line of a text; each wrapped row of it is then put in order on its own (rules L1 and L2).

use std::ops::Range;

use recado_shared::text::is_forbidden;
use unicode_bidi::{BidiClass, BidiInfo, Level, bidi_class};

use super::{clusters, width_at};

/// Longest line that is looked at as a whole, in bytes, because it is for each of its rows. A row of a longer one is looked at
/// alone, in the direction of the line.
const MAX_LINE_LEN: usize = 2048;

/// A cluster at its place in the visual order of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Its first column in the row without reordering.
    pub from: usize,
    /// How many cells it takes, at least one.
    pub width: usize,
    /// Whether it runs from right to left, so that brackets are mirrored.
    pub is_rtl: bool,
}

/// The clusters of a row of `text`, which are its bytes `row`, in visual order. `None` if nothing in it runs from right to left.
pub fn visual_order(text: &str, row: Range<usize>) -> Option<Vec<Placed>> {
    let start = text[..row.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[row.end..]
        .find('\n')
        .map_or(text.len(), |at| row.end + at);
    let line = &text[start..end];
    // No character below it runs from right to left.
    if line.chars().all(|c| c < '\u{590}') || !line.chars().any(is_rtl) {
        return None;
    }
    let base = line.chars().find_map(|c| match bidi_class(c) {
        BidiClass::L => Some(Level::ltr()),
        BidiClass::R | BidiClass::AL => Some(Level::rtl()),
        _ => None,
    });
    let (line, row_in_line) = if line.len() <= MAX_LINE_LEN {
        (line, row.start - start..row.end - start)
    } else {
        (&text[row.clone()], 0..row.len())
    };
    let safe: String = line.chars().map(neutral).collect();
    let info = BidiInfo::new(&safe, base);
    let paragraph = info.paragraphs.first()?;
    let levels = info.reordered_levels(paragraph, row_in_line.clone());
    let (mut placed, mut of_clusters) = (Vec::new(), Vec::new());
    let mut column = 0;
    for cluster in clusters(&line[row_in_line.clone()]) {
        let width = width_at(&cluster, column);
        if width > 0 {
            let level = levels[row_in_line.start + cluster.at];
            of_clusters.push(level);
            placed.push(Placed {
                from: column,
                width,
                is_rtl: level.is_rtl(),
            });
        }
        column += width;
    }
    if of_clusters.iter().all(Level::is_ltr) {
        return None;
    }
    let order = BidiInfo::reorder_visual(&of_clusters);
    Some(order.into_iter().map(|at| placed[at]).collect())
}

/// The mirrored form of a bracket (rule L4, `BidiMirroring.txt`), for those that people type.
pub fn mirrored(symbol: &str) -> Option<&'static str> {
    Some(match symbol {
        "(" => ")",
        ")" => "(",
        "[" => "]",
        "]" => "[",
        "{" => "}",
        "}" => "{",
        "<" => ">",
        ">" => "<",
        "«" => "»",
        "»" => "«",
        "‹" => "›",
        "›" => "‹",
        "≤" => "≥",
        "≥" => "≤",
        _ => return None,
    })
}

fn is_rtl(c: char) -> bool {
    matches!(bidi_class(c), BidiClass::R | BidiClass::AL)
}

/// What stands for a character that must not change the order, in as many bytes: one that no text may contain, and separators of
/// paragraphs.
fn neutral(c: char) -> char {
    match c.len_utf8() {
        _ if !is_forbidden(c) && bidi_class(c) != BidiClass::B => c,
        1 => '?',
        2 => '\u{bf}',
        3 => char::REPLACEMENT_CHARACTER,
        _ => '\u{1f7e0}',
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{row, wrap};
    use super::*;

    /// A row as it is drawn.
    fn drawn(text: &str, range: Range<usize>) -> String {
        let logical = row(&text[range.clone()]);
        let Some(order) = visual_order(text, range) else {
            return logical;
        };
        let mut cells = Vec::new();
        for cluster in clusters(&logical).filter(|cluster| cluster.width > 0) {
            let from = cells.len();
            cells.resize(from + cluster.width, String::new());
            cells[from] = cluster.drawn.into_owned();
        }
        let mut out = String::new();
        for place in order {
            for cell in &cells[place.from..place.from + place.width] {
                let mirrored = mirrored(cell).filter(|_| place.is_rtl);
                out.push_str(mirrored.unwrap_or(cell));
            }
        }
        out
    }

    #[test]
    fn rows_are_drawn_in_visual_order() {
        for (text, expected) in [
            ("plain (text)", "plain (text)"),
            ("אבג", "גבא"),
            ("say אבג 12 now", "say 12 גבא now"),
            ("אבג abc 12", "abc 12 גבא"),
            ("אב (גד) הו", "וה (דג) בא"),
            ("مرحبا 2026!", "!2026 ابحرم"),
            ("ab\u{202e}cd אב", "ab\u{fffd}cd בא"),
            ("שָׁלוֹם", "םוֹלשָׁ"),
        ] {
            assert_eq!(drawn(text, 0..text.len()), expected, "{text}");
        }
    }

    #[test]
    fn each_wrapped_row_has_an_order_of_its_own() {
        let text = "אבג דהו abc זחט\nplain";
        let rows = wrap(text, 8).into_iter();
        let rows: Vec<_> = rows
            .map(|range| {
                let end = range.start + text[range.clone()].trim_end().len();
                drawn(text, range.start..end)
            })
            .collect();
        assert_eq!(rows, ["והד גבא", "טחז abc", "plain"]);
    }

    proptest! {
        #[test]
        fn every_cell_of_a_row_is_drawn_once(
            text in "(\\PC|[אבגدمر0-9 ()\n\t\u{200f}\u{202e}\u{2067}\u{2069}\u{301}👩🇯🇵]){0,40}",
            max in 1_usize..20,
        ) {
            for range in wrap(&text, max) {
                let Some(order) = visual_order(&text, range.clone()) else {
                    continue;
                };
                let mut cells: Vec<_> = order.iter().flat_map(|it| it.from..it.from + it.width).collect();
                cells.sort_unstable();
                let width = super::super::width(&text[range]);
                prop_assert_eq!(cells, (0..width).collect::<Vec<_>>());
            }
        }

        #[test]
        fn any_text_is_taken(text in any::<String>()) {
            let line = text.lines().next().unwrap_or_default();
            visual_order(&text, 0..line.len());
        }
    }
}
