//! Places of searched words in a text, compared as the index does: without case and accents.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The last word may be the beginning of a longer one from this many letters on.
const MIN_PREFIX_CHARS: usize = 3;

/// A word of a text.
struct Token {
    bytes: Range<usize>,
    folded: String,
}

fn fold(word: &str) -> String {
    let bare = word.nfd().filter(|&c| !is_combining_mark(c));
    bare.flat_map(char::to_lowercase).collect()
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let is_inside = c.is_alphanumeric() || (start.is_some() && is_combining_mark(c));
        match (start, is_inside) {
            (None, true) => start = Some(at),
            (Some(from), false) => {
                start = None;
                tokens.push(Token {
                    folded: fold(&text[from..at]),
                    bytes: from..at,
                });
            }
            (None, false) | (Some(_), true) => {}
        }
    }
    tokens
}

/// The stretches of a text that match one of the words, ascending and apart.
pub(crate) fn matches(text: &str, words: &[String]) -> Vec<Range<usize>> {
    let tokens = tokens(text);
    let mut found: Vec<Range<usize>> = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let wanted = self::tokens(word);
        let Some((last, before)) = wanted.split_last() else {
            continue;
        };
        let is_beginning = at + 1 == words.len() && word.chars().count() >= MIN_PREFIX_CHARS;
        for window in tokens.windows(wanted.len()) {
            let (end, start) = (&window[before.len()], &window[..before.len()]);
            let is_end =
                end.folded == last.folded || (is_beginning && end.folded.starts_with(&last.folded));
            let is_start = start.iter().zip(before).all(|(a, b)| a.folded == b.folded);
            if is_end && is_start {
                found.push(window[0].bytes.start..end.bytes.end);
            }
        }
    }
    found.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start < last.end => last.end = last.end.max(range.end),
            Some(_) | None => apart.push(range),
        }
    }
    apart
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(text: &'a str, words: &[&str]) -> Vec<&'a str> {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        let ranges = matches(text, &words).into_iter();
        ranges.map(|range| &text[range]).collect()
    }

    #[test]
    fn words_are_found_as_the_index_finds_them() {
        let text = "Der Käse ist im Ka\u{308}sekeller, KASE!";
        assert_eq!(
            found(text, &["käse"]),
            ["Käse", "Ka\u{308}sekeller", "KASE"]
        );
        assert_eq!(found(text, &["kase", "im"]), ["Käse", "im", "KASE"]);
        assert_eq!(found(text, &["ka"]), Vec::<&str>::new());
        assert_eq!(found("recado.db is here", &["recado.d"]), ["recado.db"]);
        assert_eq!(found("see you, see me", &["see you"]), ["see you"]);
        assert_eq!(found("a b", &["👍", "\""]), Vec::<&str>::new());
        assert_eq!(found("", &["a"]), Vec::<&str>::new());
        assert_eq!(found("one two", &["one two", "two"]), ["one two"]);
    }
}
