//! Text in terminal cells: drawable clusters, their width, and wrapping of lines. Text may be
//! hostile: nothing that leaves this module to be drawn holds a control character.

mod agreement;
mod bidi;
mod probe;

use std::borrow::Cow;
use std::ops::Range;

use ratatui::buffer::CellWidth as _;
use recado_shared::rules::link;
use recado_shared::text::{is_default_ignorable, is_forbidden, is_noncharacter};
use unicode_linebreak::linebreaks;
use unicode_normalization::char::is_combining_mark;
use unicode_segmentation::UnicodeSegmentation as _;

pub use self::agreement::{has_agreed_width, max_width};
pub use self::bidi::{Placed, mirrored, visual_order};
pub use self::probe::{MeasuredWidths, PROBE_ROW, Probe};

/// Distance of tab stops, in cells.
const TAB: usize = 4;

/// Most characters of one cluster that are drawn: more are marks piled up to spoil a screen.
const MAX_CLUSTER_CHARS: usize = 8;

const ZERO_WIDTH_JOINER: char = '\u{200d}';
const EMOJI_PRESENTATION: char = '\u{fe0f}';
const SOFT_HYPHEN: char = '\u{ad}';

/// One grapheme cluster (UAX #29) of what is visible of a text, made safe to draw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster<'a> {
    /// Byte offset in the text.
    pub at: usize,
    /// As it is in the text, with invisible characters that follow.
    pub source: &'a str,
    /// What to draw, which may be nothing; a tab is left for [`row`] to expand.
    pub drawn: Cow<'a, str>,
    /// How many cells that takes; of a tab, none.
    pub width: usize,
}

/// Splits text into clusters. Default-ignorable characters outside emoji are left out first: terminals
/// disagree on whether they take a cell, and some do not know that they are invisible.
pub fn clusters(text: &str) -> impl Iterator<Item = Cluster<'_>> {
    let is_ascii = text.is_ascii();
    let hidden = (!is_ascii && text.contains(is_hidden)).then_some(text);
    let plain = Plain {
        text: if hidden.is_some() { "" } else { text },
        at: 0,
    };
    plain.chain(hidden.into_iter().flat_map(visible_clusters))
}

/// The clusters of a text without hidden characters.
struct Plain<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Plain<'a> {
    type Item = Cluster<'a>;

    fn next(&mut self) -> Option<Cluster<'a>> {
        let (text, at) = (self.text, self.at);
        let rest = &text[at..];
        // No rule joins a printable ASCII character to an ASCII character after it.
        if let [b' '..=b'~'] | [b' '..=b'~', ..=0x7f, ..] = rest.as_bytes() {
            self.at += 1;
            let source = &rest[..1];
            return Some(Cluster {
                at,
                source,
                drawn: Cow::Borrowed(source),
                width: 1,
            });
        }
        // The rules look at nothing before the beginning of a cluster.
        let source = rest.graphemes(true).next()?;
        self.at += source.len();
        Some(cluster(at, source, Cow::Borrowed(source)))
    }
}

/// Whether each byte of a text is a character of one cell.
pub(crate) fn is_plain_ascii(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Whether a character is left out. Those that no text may contain are shown instead.
fn is_hidden(c: char) -> bool {
    is_default_ignorable(c) && !is_forbidden(c)
}

/// The clusters of a text with hidden characters.
fn visible_clusters(text: &str) -> Vec<Cluster<'_>> {
    let (visible, places) = visible(text);
    let mut starts = visible.grapheme_indices(true).peekable();
    let mut clusters = Vec::new();
    let mut start = 0;
    while let Some((_, drawn)) = starts.next() {
        let end = starts.peek().map_or(text.len(), |&(at, _)| places[at]);
        let drawn = Cow::Owned(drawn.to_owned());
        clusters.push(cluster(start, &text[start..end], drawn));
        start = end;
    }
    if clusters.is_empty() {
        clusters.push(cluster(0, text, Cow::Borrowed("")));
    }
    clusters
}

/// A text without hidden characters that are no part of an emoji, and the offset in the text of each
/// of its bytes.
fn visible(text: &str) -> (String, Vec<usize>) {
    let (mut visible, mut places) = (String::new(), Vec::new());
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let is_kept = match c {
            EMOJI_PRESENTATION => makes_wide(&visible),
            ZERO_WIDTH_JOINER => chars.peek().is_some_and(|&(_, next)| is_joinable(next)),
            c => !is_hidden(c),
        };
        if is_kept {
            visible.push(c);
            places.resize(visible.len(), at);
        }
    }
    (visible, places)
}

/// Whether the emoji presentation selector makes the last character of a text wider.
fn makes_wide(before: &str) -> bool {
    let last = before.chars().next_back().filter(|c| !c.is_control());
    last.is_some_and(|c| {
        let selected = [c, EMOJI_PRESENTATION].iter().collect::<String>();
        selected.cell_width() > c.to_string().cell_width()
    })
}

/// Whether a joiner before `c` may join it to an emoji (rule GB11 of UAX #29).
fn is_joinable(c: char) -> bool {
    let joined = ['👩', ZERO_WIDTH_JOINER, c].iter().collect::<String>();
    !is_hidden(c) && !is_combining_mark(c) && joined.graphemes(true).count() == 1
}

/// A cluster whose visible characters are `visible`. Marks without a letter to stand on are left out,
/// because a terminal would put them on what is beside them.
fn cluster<'a>(at: usize, source: &'a str, visible: Cow<'a, str>) -> Cluster<'a> {
    let first = visible.chars().next();
    let drawn = match visible.as_bytes() {
        [] | [b'\t' | b' '..=b'~'] => visible,
        _ if visible.contains(|c| is_forbidden(c) || is_noncharacter(c) || c == '\n') => {
            Cow::Borrowed("\u{fffd}")
        }
        _ if first.is_some_and(is_combining_mark) => Cow::Borrowed(""),
        // Terminals may take line and paragraph separators for line ends.
        _ if matches!(first, Some('\u{2028}' | '\u{2029}')) => Cow::Borrowed(" "),
        _ => {
            let len = drawn_len(&visible);
            match visible {
                Cow::Borrowed(text) => Cow::Borrowed(&text[..len]),
                Cow::Owned(text) => Cow::Owned(text[..len].to_owned()),
            }
        }
    };
    let width = match &*drawn {
        "\t" => 0,
        drawn => drawn.cell_width().into(),
    };
    // Such as signs around annotations, and the vowels of Hangul alone.
    let is_nothing = width == 0 && drawn != "\t";
    let drawn = if is_nothing { Cow::Borrowed("") } else { drawn };
    Cluster {
        at,
        source,
        drawn,
        width,
    }
}

/// Terminals disagree about the width of joined emoji and skin tones, and a wrong guess overwrites
/// neighbours. So such a cluster is drawn by its first emoji alone.
fn drawn_len(visible: &str) -> usize {
    let mut chars = visible.char_indices().skip(1).peekable();
    let first_is_wide = visible[..chars.peek().map_or(visible.len(), |&(at, _)| at)].cell_width()
        == 2
        || chars.peek().is_some_and(|&(_, c)| c == EMOJI_PRESENTATION);
    let splits = |c: char| {
        let is_skin_tone = matches!(c, '\u{1f3fb}'..='\u{1f3ff}');
        c == ZERO_WIDTH_JOINER || is_skin_tone && first_is_wide
    };
    let end = |found: Option<(usize, char)>| found.map_or(visible.len(), |(at, _)| at);
    let most = end(visible.char_indices().nth(MAX_CLUSTER_CHARS));
    end(chars.find(|&(_, c)| splits(c))).min(most)
}

/// How many cells a cluster takes from this column on.
fn width_at(cluster: &Cluster<'_>, column: usize) -> usize {
    match &*cluster.drawn {
        "\t" => TAB - column % TAB,
        _ => cluster.width,
    }
}

/// How many cells a row takes.
pub fn width(row: &str) -> usize {
    if is_plain_ascii(row) {
        return row.len();
    }
    clusters(row).fold(0, |column, cluster| column + width_at(&cluster, column))
}

/// Makes a row of text safe to draw, tabs expanded.
pub fn row(text: &str) -> String {
    if is_plain_ascii(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for cluster in clusters(text) {
        let width = width_at(&cluster, column);
        if cluster.drawn == "\t" {
            out.extend(std::iter::repeat_n(' ', width));
        } else {
            out.push_str(&cluster.drawn);
        }
        column += width;
    }
    out
}

/// Leaves out the clusters of a safe row that start in its first columns. Returns the columns that they
/// take, and the rest.
pub fn skip_columns(row: &str, columns: usize) -> (usize, &str) {
    let mut skipped = 0;
    let first = clusters(row).find(|cluster| {
        let is_skipped = skipped < columns;
        skipped += if is_skipped { cluster.width } else { 0 };
        !is_skipped
    });
    (skipped, first.map_or("", |cluster| &row[cluster.at..]))
}

/// Makes text safe to draw on one line of at most `max` cells; what is left out is shown as `…`.
pub fn truncate(text: &str, max: usize) -> String {
    if text.len() <= max && is_plain_ascii(text) {
        return text.to_owned();
    }
    let line = row(&text.replace('\n', " "));
    if width(&line) <= max {
        return line;
    }
    let mut column = 0;
    let kept = clusters(&line)
        .take_while(|cluster| {
            column += cluster.width;
            column < max
        })
        .last()
        .map_or(0, |cluster| cluster.at + cluster.source.len());
    let mut out = line[..kept].to_owned();
    if max > 0 {
        out.push('…');
    }
    out
}

/// The byte ranges of the rows of `text` at a width of `max` cells: at least one, without line
/// ends. Rows break where UAX #14 allows, but not after hyphens nor between the scheme and the host of an
/// address, so that compound words and addresses stay whole; else between clusters. Spaces at the end of a row hang.
pub fn wrap(text: &str, max: usize) -> Vec<Range<usize>> {
    let mut rows = Vec::new();
    let mut start = 0;
    for line in text.split('\n') {
        wrap_line(line, start, max.max(1), &mut rows);
        start += line.len() + 1;
    }
    rows
}

fn wrap_line(line: &str, offset: usize, max: usize, rows: &mut Vec<Range<usize>>) {
    if line.len() <= max && is_plain_ascii(line) {
        rows.push(offset..offset + line.len());
        return;
    }
    let is_kept =
        |at: usize| line[..at].ends_with(['-', SOFT_HYPHEN]) || link::is_after_scheme(&line[..at]);
    let mut breaks = linebreaks(line)
        .map(|(at, _)| at)
        .filter(|&at| !is_kept(at))
        .peekable();
    let (mut start, mut column, mut break_at) = (0, 0, 0);
    for cluster in clusters(line) {
        while let Some(at) = breaks.next_if(|&at| at <= cluster.at) {
            // A break may lie within a cluster: a space takes the joiner behind it.
            if at == cluster.at {
                break_at = at;
            }
        }
        let hangs = matches!(&*cluster.drawn, " " | "\t");
        while !hangs && cluster.at > start && column + cluster.width > max {
            let end = if break_at > start {
                break_at
            } else {
                cluster.at
            };
            rows.push(offset + start..offset + end);
            start = end;
            column = width(&line[start..cluster.at]);
        }
        column += width_at(&cluster, column);
    }
    rows.push(offset + start..offset + line.len());
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ratatui::buffer::Buffer;
    use ratatui::layout::Rect;
    use ratatui::style::Style;
    use recado_shared::text::is_visible;

    use super::*;

    fn wrapped(text: &str, max: usize) -> Vec<&str> {
        wrap(text, max).into_iter().map(|row| &text[row]).collect()
    }

    #[test]
    fn rows_break_after_words_and_spaces_hang() {
        assert_eq!(
            wrapped("then let us ship", 8),
            ["then let ", "us ship"],
            "a space at the end takes no room"
        );
        assert_eq!(wrapped("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrapped("a\n\nb", 4), ["a", "", "b"]);
        assert_eq!(wrapped("", 4), [""]);
    }

    #[test]
    fn wide_text_breaks_without_spaces_and_never_overflows() {
        assert_eq!(wrapped("日本語日本語", 5), ["日本", "語日", "本語"]);
        assert_eq!(wrapped("a日日", 4), ["a日", "日"]);
        assert_eq!(wrapped("日", 1), ["日"], "wider than the row: still drawn");
    }

    #[test]
    fn a_scheme_is_not_left_alone_at_the_end_of_a_row() {
        assert_eq!(
            wrapped("see https://host.example/a/b", 14),
            ["see ", "https://host.e", "xample/a/b"]
        );
        assert_eq!(wrapped("ab https://host", 12), ["ab ", "https://host"]);
        assert_eq!(
            wrapped("https://host", 8),
            ["https://", "host"],
            "no other place"
        );
    }

    #[test]
    fn rows_do_not_break_within_a_cluster() {
        assert_eq!(wrapped(" \u{200d}日a", 1), [" \u{200d}", "日", "a"]);
        assert_eq!(wrapped("a\u{200b}\u{301}b", 1), ["a\u{200b}\u{301}", "b"]);
    }

    #[test]
    fn joined_emoji_are_drawn_by_their_first() {
        assert_eq!(row("👨‍👩‍👧👍🏽❤️🇯🇵é"), "👨👍❤️🇯🇵é");
        assert_eq!(width("👨‍👩‍👧👍🏽❤️🇯🇵é"), 9);
    }

    #[test]
    fn default_ignorable_characters_are_left_out_except_in_emoji() {
        for (text, drawn) in [
            ("a\u{200b}b\u{200e}c\u{ad}\u{feff}", "abc"),
            ("\u{3164}\u{115f}\u{2060}", ""),
            ("e\u{34f}\u{301}", "e\u{301}"),
            ("क\u{94d}\u{200d}ष", "क\u{94d}ष"),
            ("a\u{200d}👩 a\u{fe0f}", "a👩 a"),
            ("\u{200b}\tb", "    b"),
            (
                "❤\u{fe0f} ☕\u{fe0f} 👩\u{200d}🔬 ⛹🏽\u{200d}♂\u{fe0f}",
                "❤\u{fe0f} ☕ 👩 ⛹🏽",
            ),
            ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("🏴\u{e0067}\u{e0062}\u{e007f}", "🏴"),
            ("🇯\u{200b}🇵", "🇯🇵"),
            ("\u{301}a", "a"),
            ("a\u{fffe}b\u{2028}c", "a\u{fffd}b c"),
        ] {
            assert_eq!(row(text), drawn, "{text:?}");
            let sources: String = clusters(text).map(|cluster| cluster.source).collect();
            assert_eq!(sources, text);
        }
    }

    #[test]
    fn visible_characters_take_cells_and_others_leave_them_blank() {
        let is_blank = |c: char| {
            c.is_whitespace()
                || matches!(
                    c,
                    '\u{fffd}' | '\u{2800}' | '\u{1d159}' | '\u{fff9}'..='\u{fffc}'
                )
        };
        let is_wrong = |c: &char| {
            let text = c.to_string();
            if is_visible(&text) {
                width(&text) == 0
            } else {
                !row(&text).chars().all(is_blank)
            }
        };
        let wrong: Vec<char> = ('\0'..=char::MAX).filter(is_wrong).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }

    #[test]
    fn columns_are_skipped_by_whole_clusters() {
        assert_eq!(skip_columns("abc", 2), (2, "c"));
        assert_eq!(skip_columns("日本c", 1), (2, "本c"));
        assert_eq!(skip_columns("日本", 9), (4, ""));
        assert_eq!(skip_columns("日本", 0), (0, "日本"));
    }

    proptest! {
        #[test]
        fn a_row_takes_the_cells_that_it_is_said_to(text in "(\\PC|[a-z\u{200b}-\u{200f}\u{fe0f}\u{301}🇦-🇿👩♂🏽ก-ู]){0,12}") {
            let area = Rect::new(0, 0, 60, 1);
            let (end, _) = Buffer::empty(area).set_stringn(0, 0, row(&text), 60, Style::new());
            prop_assert_eq!(usize::from(end), width(&text));
            prop_assert_eq!(row(&row(&text)), row(&text));
        }
    }

    proptest! {
        #[test]
        fn clusters_are_those_of_the_whole_text(text in "([ -~\t\n\r]|\\PC|[\u{300}-\u{310}🇦-🇿👩♂🏽ᄀ-ᇿक-्\u{200d}\u{fe0f}]){0,12}") {
            let sources: Vec<_> = Plain { text: &text, at: 0 }.map(|cluster| cluster.source).collect();
            prop_assert_eq!(sources, text.graphemes(true).collect::<Vec<_>>());
        }
    }

    #[test]
    fn piled_up_marks_are_cut() {
        let piled = format!("a{}", "\u{301}".repeat(1000));
        assert_eq!(row(&piled).chars().count(), MAX_CLUSTER_CHARS);
        assert_eq!(width(&piled), 1);
    }

    #[test]
    fn hostile_text_is_neutralised() {
        assert_eq!(
            row("a\u{1b}[2J\r\nb\u{202e}c"),
            "a\u{fffd}[2J\u{fffd}b\u{fffd}c"
        );
    }

    #[test]
    fn tabs_go_to_stops() {
        assert_eq!(row("a\tb"), "a   b");
        assert_eq!(width("a\tb"), 5);
    }

    #[test]
    fn truncation_says_that_it_truncates() {
        assert_eq!(truncate("carol", 5), "carol");
        assert_eq!(truncate("carolina", 5), "caro…");
        assert_eq!(truncate("日本語", 4), "日…");
        assert_eq!(truncate("日本語", 5), "日本…");
        assert_eq!(truncate("ab", 0), "");
    }
}
