//! Links in message bodies: addresses with one of the usual schemes.
//!
//! A link ends before white space, quotation marks, CJK punctuation, invisible characters and a closing
//! bracket that it did not open. Punctuation at its end belongs to the sentence around it.

use std::ops::Range;

use unicode_normalization::char::is_combining_mark;

use crate::text::is_default_ignorable;
use crate::text::is_forbidden;

/// Beginnings of links, in lower case. Others, such as `javascript:`, make no link.
const BEGINNINGS: [&str; 9] = [
    "https://",
    "http://",
    "mailto:",
    "ssh://",
    "recado://",
    "sftp://",
    "ftp://",
    "git://",
    "ircs://",
];

const BRACKETS: [(char, char); 3] = [('(', ')'), ('[', ']'), ('{', '}')];

/// The byte ranges of the links in a text, ascending.
pub fn links(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for (colon, _) in text.match_indices(':') {
        let is_inside = found.last().is_some_and(|link| colon < link.end);
        if !is_inside && let Some((start, beginning)) = beginning(text, colon) {
            let len = len(text, start, beginning);
            if is_whole(&text[start..start + len], beginning) {
                found.push(start..start + len);
            }
        }
    }
    found
}

/// Whether a row of a text may not end here: between the scheme of an address and its host.
pub fn is_after_scheme(before: &str) -> bool {
    let scheme = before.strip_suffix("://");
    scheme.is_some_and(|scheme| scheme.ends_with(|c: char| c.is_ascii_alphanumeric()))
}

/// The start of the link whose scheme ends with this colon, and its beginning in lower case.
fn beginning(text: &str, colon: usize) -> Option<(usize, &'static str)> {
    BEGINNINGS.into_iter().find_map(|beginning| {
        let start = colon.checked_sub(beginning.find(':')?)?;
        let written = text.as_bytes().get(start..start + beginning.len())?;
        let before = text.as_bytes()[..start].last();
        let is_whole = before.is_none_or(|byte| !byte.is_ascii_alphanumeric());
        (is_whole && written.eq_ignore_ascii_case(beginning.as_bytes()))
            .then_some((start, beginning))
    })
}

/// The length in bytes of the link that starts here.
fn len(text: &str, start: usize, beginning: &str) -> usize {
    let link = &text[start..];
    let is_quoted = text[..start].ends_with('\'');
    let mut open = Vec::new();
    let mut end = beginning.len();
    for (at, c) in link.char_indices().skip(beginning.len()) {
        let rest = &link[at + c.len_utf8()..];
        let starts_another = matches!(c, ',' | ';' | '|') && starts_link(rest);
        if never_in_link(c) || (c == '\'' && is_quoted) || starts_another {
            break;
        }
        let opens = BRACKETS.iter().find(|(opening, _)| *opening == c);
        let closes = BRACKETS.iter().any(|(_, closing)| *closing == c);
        if let Some((_, closing)) = opens {
            open.push(*closing);
        } else if closes && open.pop() != Some(c) {
            break;
        }
        if closes || may_end_link(c) {
            end = at + c.len_utf8();
        }
    }
    end
}

fn starts_link(text: &str) -> bool {
    let colon = text.find(':');
    colon.is_some_and(|colon| beginning(text, colon).is_some_and(|(start, _)| start == 0))
}

fn is_whole(link: &str, beginning: &str) -> bool {
    let address = &link[beginning.len()..];
    let has_host = address.starts_with(|c: char| c.is_alphanumeric() || c == '[')
        && address.contains(char::is_alphanumeric);
    has_host && (beginning.ends_with('/') || address.contains('@'))
}

fn never_in_link(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || is_forbidden(c)
        || is_default_ignorable(c)
        || is_cjk_punctuation(c)
        || "<>\"`\\^“”„«»‹›…".contains(c)
}

/// Symbols and punctuation of the blocks for Chinese, Japanese and Korean, and full-width forms.
const fn is_cjk_punctuation(c: char) -> bool {
    matches!(
        c,
        '\u{3000}'..='\u{3004}'
            | '\u{3008}'..='\u{3020}'
            | '\u{3030}'
            | '\u{303d}'
            | '\u{30fb}'
            | '\u{fe10}'..='\u{fe1f}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff01}'..='\u{ff0f}'
            | '\u{ff1a}'..='\u{ff20}'
            | '\u{ff3b}'..='\u{ff40}'
            | '\u{ff5b}'..='\u{ff65}'
    )
}

fn may_end_link(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || "/-_=&#%+@$~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        links(text).into_iter().map(|link| &text[link]).collect()
    }

    #[test]
    fn a_link_ends_where_its_sentence_goes_on() {
        for (text, expected) in [
            (
                "see (https://a.example/b?c=1), or",
                "https://a.example/b?c=1",
            ),
            (
                "https://x.example/Rust_(programming_language)",
                "https://x.example/Rust_(programming_language)",
            ),
            (
                "(see https://x.example/Rust_(lang))",
                "https://x.example/Rust_(lang)",
            ),
            (
                "[text](https://x.example/a_(b)).",
                "https://x.example/a_(b)",
            ),
            ("https://x.example/a[1]{2}!", "https://x.example/a[1]{2}"),
            ("https://x.example/(", "https://x.example/"),
            ("https://x.example/([)]", "https://x.example/"),
            ("看https://x.example/中文。好", "https://x.example/中文"),
            ("（https://x.example/a）", "https://x.example/a"),
            ("https://x.example/a，b", "https://x.example/a"),
            ("「https://x.example/a」", "https://x.example/a"),
            ("“https://x.example”", "https://x.example"),
            ("'https://x.example','b'", "https://x.example"),
            ("‘https://x.example’", "https://x.example"),
            ("https://x.example/it's.", "https://x.example/it's"),
            ("**https://x.example**", "https://x.example"),
            ("<https://x.example/>", "https://x.example/"),
            ("https://x.example/?!...", "https://x.example/"),
            ("https://x.example/काफी।", "https://x.example/काफी"),
            ("https://x.example/a؟", "https://x.example/a"),
            ("https://x.example👍", "https://x.example"),
            ("https://x.example/a…", "https://x.example/a"),
            ("https://x.example/#a=b&c=", "https://x.example/#a=b&c="),
        ] {
            assert_eq!(found(text), [expected], "{text}");
        }
    }

    #[test]
    fn the_usual_schemes_count_in_any_case() {
        for link in [
            "HTTPS://X.example/",
            "http://[::1]:8080/",
            "MailTo:a@b.example",
            "mailto:a@b.example?subject=x",
            "ssh://user@host:22",
            "recado://192.0.2.7:7322/#abc_DEF-1",
            "https://user:pass@x.example/",
            "https://例え.jp/パス",
            "sftp://x.example",
            "git://x.example/y.git",
        ] {
            assert_eq!(found(&format!("so {link}, yes")), [link]);
        }
        for text in [
            "javascript:alert(1)",
            "javascript://x.example",
            "data:text/html,x",
            "file:///etc/passwd",
            "xhttps://x.example",
            "https:// x",
            "https://",
            "https:///x",
            "mailto:none",
            "mailto:",
            "https",
            "a: b",
            "::",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn all_links_are_found_and_nested_ones_once() {
        assert_eq!(
            found("http://a.example https://b.example\nmailto:c@d.example"),
            [
                "http://a.example",
                "https://b.example",
                "mailto:c@d.example"
            ]
        );
        assert_eq!(
            found("http://a.example,http://b.example"),
            ["http://a.example", "http://b.example"]
        );
        let archived = "https://web.example/2020/https://old.example/";
        assert_eq!(found(archived), [archived]);
    }

    #[test]
    fn invisible_characters_end_a_link() {
        for c in [
            '\u{200b}',
            '\u{200d}',
            '\u{202e}',
            '\u{2066}',
            '\u{200f}',
            '\u{ad}',
            '\u{feff}',
            '\u{3164}',
            '\u{e0041}',
            '\u{1b}',
        ] {
            assert_eq!(
                found(&format!("https://x.example{c}/a")),
                ["https://x.example"],
                "{c:?}"
            );
        }
    }

    #[test]
    fn a_scheme_and_its_host_stay_together() {
        assert!(is_after_scheme("see https://"));
        for before in ["https:/", "https:", "://", "a //", ""] {
            assert!(!is_after_scheme(before), "{before}");
        }
    }
}
