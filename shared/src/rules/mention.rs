//! Mentions of users by name in message bodies.
//!
//! `@name`, `@room` and `@all` count wherever an address or a link does not hold them, in code too, because
//! a body has no markup. The user's own name counts without `@` at the start of a body, before a colon or comma.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::link::links;
use crate::limits::{MAX_NAME_CHARS, MAX_NAME_LEN};
use crate::name::{fold, is_name_char};
use crate::script::{is_unspaced, pieces};

/// Names that mention every member of a room.
const EVERYONE: [&str; 2] = ["room", "all"];

/// The sign before a name, and its full-width form.
const SIGNS: [char; 2] = ['@', '＠'];

/// Marks between the name at the start of a body and what is said to its user.
const ADDRESSING: [char; 6] = [':', ',', '：', '，', '、', '،'];

/// The byte ranges in a body that mention the user of this name, compared as names are. `is_taken` says
/// whether another user has a name: where letters follow without a space, the longest name counts.
pub fn mentions(body: &str, name: &str, is_taken: impl Fn(&str) -> bool) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = addressed(body, name).into_iter().collect();
    let mut links_and_name = None;
    for (at, sign) in body.match_indices(SIGNS) {
        if !may_begin(&body[..at]) {
            continue;
        }
        let (links, name) = links_and_name.get_or_insert_with(|| (links(body), fold(name)));
        if links.iter().any(|link| link.contains(&at)) {
            continue;
        }
        let start = at + sign.len();
        let run = name_run(&body[start..]);
        let names = [name.as_str()].into_iter().chain(EVERYONE);
        if let Some(len) = names.filter_map(|name| len_of(run, name, &is_taken)).max() {
            found.push(at..start + len);
        }
    }
    found
}

/// The offset of the sign and the beginning of the name in which a text ends, if a mention is written there.
pub fn unfinished(text: &str) -> Option<(usize, &str)> {
    let at = text.rfind(SIGNS)?;
    let name = &text[at..].trim_start_matches(SIGNS);
    let is_mention = may_begin(&text[..at]) && name_run(name).len() == name.len();
    is_mention.then_some((at, name))
}

/// The user's own name at the start of a body, such as `alice: hi`.
fn addressed(body: &str, name: &str) -> Option<Range<usize>> {
    let head = &body[..body.floor_char_boundary(4 * MAX_NAME_LEN)];
    let end = head.find(ADDRESSING)?;
    let mut after = head[end..].chars();
    let is_wide = after.next().is_some_and(|mark| !mark.is_ascii());
    // No time of day, path or address.
    let goes_on = |c: char| c.is_ascii_digit() || matches!(c, ':' | '/' | '\\');
    let is_addressed = is_wide || !after.next().is_some_and(goes_on);
    let is_name = || !name.is_empty() && fold(&body[..end]) == fold(name);
    (is_addressed && name_run(&body[..end]).len() == end && is_name()).then_some(0..end)
}

/// Whether a mention may follow this text: not within a word, a mail address or a path. Scripts
/// without spaces have no end of a word to see.
fn may_begin(before: &str) -> bool {
    let is_in_word = |c: char| (c.is_alphanumeric() || c == '_') && !is_unspaced(c);
    let last = last_letter(before);
    let word = before
        .rsplit(char::is_whitespace)
        .next()
        .unwrap_or_default();
    let is_in_path = word.ends_with('/') && word.contains('.');
    !last.is_some_and(is_in_word) && !is_in_path
}

/// The last character of a text without its marks.
fn last_letter(text: &str) -> Option<char> {
    text.chars().rev().find(|&c| !is_combining_mark(c))
}

/// The start of a text that may be a name, in any of the forms that normalise to one.
fn name_run(text: &str) -> &str {
    let mut end = 0;
    for (at, piece) in pieces(text) {
        let mut ends = piece.char_indices().map(|(at, c)| at + c.len_utf8());
        let in_name = |end: &usize| piece[..*end].nfkc().all(is_name_char);
        let len = ends.rfind(in_name).unwrap_or(0);
        end = at + len;
        if len < piece.len() {
            break;
        }
    }
    &text[..end]
}

/// The bytes that a folded name takes at the start of a run, if it is whole there.
fn len_of(run: &str, name: &str, is_taken: impl Fn(&str) -> bool) -> Option<usize> {
    let mut folded = String::new();
    let mut written = pieces(run).take(2 * MAX_NAME_CHARS);
    let len = written.find_map(|(at, piece)| {
        folded.push_str(&fold(piece));
        (folded == name).then_some(at + piece.len())
    })?;
    let rest = run[len..].trim_start_matches(['.', '-', '_']);
    let Some(next) = rest.chars().next() else {
        // No name ends with one of these marks.
        return Some(len);
    };
    let marks = run.len() - len - rest.len();
    let last = last_letter(&run[..len]);
    let may_end = match marks {
        0 => is_unspaced(next) || last.is_some_and(is_unspaced),
        // One of them joins the parts of a name, more are a dash or an ellipsis.
        1 => false,
        _ => true,
    };
    let longer = pieces(run).map(|(at, piece)| at + piece.len());
    let mut longer = longer.filter(|&end| end > len).take(MAX_NAME_CHARS);
    (may_end && !longer.any(|end| is_taken(&run[..end]))).then_some(len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(body: &'a str, name: &str) -> Vec<&'a str> {
        let ranges = mentions(body, name, |_| false).into_iter();
        ranges.map(|range| &body[range]).collect()
    }

    #[test]
    fn whole_names_are_found_in_any_case() {
        assert_eq!(found("@alice: hi @ALICE.", "alice"), ["@alice", "@ALICE"]);
        assert_eq!(found("(@alice) @Zoë!", "zoë"), ["@Zoë"]);
        for body in [
            "@alices",
            "mail@alice",
            "@alice_2",
            "@alice-b",
            "@alice.x",
            "@alice_bob",
            "me@alice.example",
            "zoë@alice",
            "zoe\u{308}@alice",
            "x.example/@alice/1",
            "alice",
            "@ alice",
            "@",
        ] {
            assert_eq!(found(body, "alice"), [""; 0], "{body:?}");
        }
        assert_eq!(found("@alicea @alice", "Alice"), ["@alice"]);
        assert_eq!(found("@", ""), [""; 0]);
        assert_eq!(found(": hi", ""), [""; 0]);
    }

    #[test]
    fn a_character_that_no_name_has_ends_it_in_every_script() {
        for body in [
            "@alice's",
            "@alice’s",
            "@alice。",
            "（@alice）",
            "@alice、",
            "@alice!",
            "@alice/@bob",
            "@bob/@alice",
            "@alice-",
            "@alice...",
            "@alice_ x",
            "@alice...but",
            "@alice--so",
            "@alice👍",
            "@alice\u{200b}x",
            "@alice؟",
            "@alice।",
            "`@alice`",
            "你好@alice你好",
            "@alice님",
            "*@alice*",
            "@@alice",
            "@alice\u{fe0f}",
            "@alice\u{20e3}",
        ] {
            assert_eq!(found(body, "alice"), ["@alice"], "{body:?}");
        }
        for (body, name, expected) in [
            ("@爸爸。", "爸爸", "@爸爸"),
            ("@田中さん、", "田中", "@田中"),
            ("@田中san", "田中", "@田中"),
            ("@Ζωή;", "ζωή", "@Ζωή"),
            ("@علي، ", "علي", "@علي"),
            ("@राम।", "राम", "@राम"),
            ("@สมชายครับ", "สมชาย", "@สมชาย"),
            ("@STRASSE!", "straße", "@STRASSE"),
            ("@ΟΔΟΣ", "οδος", "@ΟΔΟΣ"),
        ] {
            assert_eq!(found(body, name), [expected], "{body:?}");
        }
    }

    #[test]
    fn decomposed_and_full_width_forms_count() {
        assert_eq!(found("@Zoe\u{308}, hi", "zoë"), ["@Zoe\u{308}"]);
        assert_eq!(found("@zoe\u{308}", "zoe"), [""; 0]);
        assert_eq!(found("＠ａｌｉｃｅ！", "alice"), ["＠ａｌｉｃｅ"]);
        assert_eq!(found("@ｶﾞﾙ", "ガル"), ["@ｶﾞﾙ"]);
        assert_eq!(
            found("@\u{1112}\u{1161}\u{11ab}", "한"),
            ["@\u{1112}\u{1161}\u{11ab}"]
        );
        assert_eq!(found("@ﬁn", "fin"), ["@ﬁn"]);
    }

    #[test]
    fn a_mention_is_not_in_a_link() {
        for body in [
            "https://social.example/@zoë/1",
            "HTTPS://x.example/@zoë",
            "https://x.example/?q=(@zoë)",
        ] {
            assert_eq!(found(body, "zoë"), [""; 0], "{body}");
        }
        assert_eq!(found("https://x.example/a @zoë", "zoë"), ["@zoë"]);
        assert_eq!(found("https://x.example。@zoë", "zoë"), ["@zoë"]);
    }

    #[test]
    fn the_longest_name_counts_where_no_space_ends_it() {
        let found = |body: &str, name: &str| {
            let taken = ["anna", "小明明", "田中さん", "a..b"];
            mentions(body, name, |name| taken.contains(&name)).len()
        };
        assert_eq!((found("@anna", "ann"), found("@anna", "anna")), (0, 1));
        assert_eq!(
            (found("@小明明你好", "小明"), found("@小明你好", "小明")),
            (0, 1)
        );
        assert_eq!(
            (found("@田中さん", "田中"), found("@田中様", "田中")),
            (0, 1)
        );
        assert_eq!(found("@a..b", "a"), 0);
    }

    #[test]
    fn everyone_is_mentioned_too() {
        assert_eq!(found("@room @All @roommate", "bob"), ["@room", "@All"]);
        assert_eq!(found("＠ａｌｌ @all皆さん", "bob"), ["＠ａｌｌ", "@all"]);
    }

    #[test]
    fn an_own_name_at_the_start_is_addressed() {
        for (body, expected) in [
            ("alice: hi", "alice"),
            ("Alice, hi", "Alice"),
            ("ALICE:hi", "ALICE"),
            ("alice,", "alice"),
            ("alice：你好", "alice"),
            ("alice、hi", "alice"),
            ("ａｌｉｃｅ: hi", "ａｌｉｃｅ"),
        ] {
            assert_eq!(found(body, "alice"), [expected], "{body}");
        }
        for body in [
            " alice: hi",
            "hi alice: you",
            "bob, alice: hi",
            "alice:30",
            "alice::new",
            "alice:/x",
            "alices: hi",
            "alice hi",
            "alice; hi",
            "room: hi",
            "all, hi",
            "",
        ] {
            assert_eq!(found(body, "alice"), [""; 0], "{body}");
        }
        assert_eq!(found("https://x.example", "https"), [""; 0]);
        assert_eq!(found("alice: @alice", "alice"), ["alice", "@alice"]);
    }

    #[test]
    fn an_unfinished_mention_begins_where_a_whole_one_may() {
        for (text, expected) in [
            ("hi @al", Some((3, "al"))),
            ("（@", Some((3, ""))),
            ("你好@爸", Some((6, "爸"))),
            ("＠zo", Some((0, "zo"))),
            ("mail@home", None),
            ("@al ", None),
            ("@al!", None),
            ("none", None),
        ] {
            assert_eq!(unfinished(text), expected, "{text}");
        }
    }
}
