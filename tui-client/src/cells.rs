//! Text in terminal cells: drawable clusters, their width, and wrapping of lines. Text may be
//! hostile: nothing that leaves this module to be drawn holds a control character.

mod agreement;

use std::ops::Range;

use ratatui::buffer::CellWidth as _;
use recado_shared::rules::link;
use recado_shared::text::is_forbidden;
use unicode_linebreak::linebreaks;
use unicode_segmentation::UnicodeSegmentation as _;

pub use self::agreement::{has_agreed_width, max_width};

/// Distance of tab stops, in cells.
const TAB: usize = 4;

/// Most characters of one cluster that are drawn: more are marks piled up to spoil a screen.
const MAX_CLUSTER_CHARS: usize = 8;

const ZERO_WIDTH_JOINER: char = '\u{200d}';
const EMOJI_PRESENTATION: char = '\u{fe0f}';
const SOFT_HYPHEN: char = '\u{ad}';

/// One grapheme cluster (UAX #29), made safe to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cluster<'a> {
    /// Byte offset in the text.
    pub at: usize,
    /// As it is in the text.
    pub source: &'a str,
    /// What to draw; a tab is left for [`row`] to expand.
    pub drawn: &'a str,
    /// How many cells that takes; of a tab, none.
    pub width: usize,
}

/// Splits text into clusters.
pub fn clusters(text: &str) -> impl Iterator<Item = Cluster<'_>> {
    text.grapheme_indices(true)
        .map(|(at, source)| cluster(at, source))
}

fn cluster(at: usize, source: &str) -> Cluster<'_> {
    let drawn = match source.as_bytes() {
        [b'\t' | b' '..=b'~'] => source,
        _ if source.chars().any(|c| is_forbidden(c) || c == '\n') => "\u{fffd}",
        _ => &source[..drawn_len(source)],
    };
    Cluster {
        at,
        source,
        drawn,
        width: match source {
            "\t" => 0,
            _ => drawn.cell_width().into(),
        },
    }
}

/// Terminals disagree about the width of joined emoji, skin tones and tag sequences, and a wrong
/// guess overwrites neighbours. So such a cluster is drawn by its first emoji alone.
fn drawn_len(source: &str) -> usize {
    let splits = |c: char| {
        c == ZERO_WIDTH_JOINER || matches!(c, '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0020}'..='\u{e007f}')
    };
    let mut chars = source.char_indices().skip(1).peekable();
    let first_is_wide = source[..chars.peek().map_or(source.len(), |&(at, _)| at)].cell_width()
        == 2
        || chars.peek().is_some_and(|&(_, c)| c == EMOJI_PRESENTATION);
    let end = |found: Option<(usize, char)>| found.map_or(source.len(), |(at, _)| at);
    let most = end(source.char_indices().nth(MAX_CLUSTER_CHARS));
    if first_is_wide {
        end(chars.find(|&(_, c)| splits(c))).min(most)
    } else {
        most
    }
}

/// How many cells a cluster takes from this column on.
fn width_at(cluster: &Cluster<'_>, column: usize) -> usize {
    match cluster.source {
        "\t" => TAB - column % TAB,
        _ => cluster.width,
    }
}

/// How many cells a row takes.
pub fn width(row: &str) -> usize {
    clusters(row).fold(0, |column, cluster| column + width_at(&cluster, column))
}

/// Makes a row of text safe to draw, tabs expanded.
pub fn row(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut column = 0;
    for cluster in clusters(text) {
        let width = width_at(&cluster, column);
        if cluster.source == "\t" {
            out.extend(std::iter::repeat_n(' ', width));
        } else {
            out.push_str(cluster.drawn);
        }
        column += width;
    }
    out
}

/// Makes text safe to draw on one line of at most `max` cells; what is left out is shown as `…`.
pub fn truncate(text: &str, max: usize) -> String {
    let line = row(&text.replace('\n', " "));
    if usize::from(line.cell_width()) <= max {
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
    if line.len() <= max && line.bytes().all(|b| matches!(b, b' '..=b'~')) {
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
        let hangs = matches!(cluster.source, " " | "\t");
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
    }

    #[test]
    fn joined_emoji_are_drawn_by_their_first() {
        assert_eq!(row("👨‍👩‍👧👍🏽❤️🇯🇵é"), "👨👍❤️🇯🇵é");
        assert_eq!(width("👨‍👩‍👧👍🏽❤️🇯🇵é"), 9);
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
