//! Who is called by name in a message.

use std::ops::Range;

/// Names that call everybody in a room.
const EVERYBODY: [&str; 2] = ["room", "all"];

/// The stretches of a body that call the person of this name, or everybody: `@name`, `@room` and
/// `@all` as whole words, without regard to case.
pub(in crate::app) fn mentions(body: &str, name: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let name = name.to_lowercase();
    for (at, _) in body.match_indices('@') {
        let is_inside = body[..at].chars().next_back().is_some_and(is_word);
        if is_inside {
            continue;
        }
        let rest = &body[at + 1..];
        let called = [name.as_str()].into_iter().chain(EVERYBODY);
        if let Some(len) = called.filter_map(|name| called_len(rest, name)).max() {
            found.push(at..at + 1 + len);
        }
    }
    found
}

/// How many bytes of the text a name takes at its beginning, if it stands there as a whole word.
fn called_len(text: &str, name: &str) -> Option<usize> {
    let mut wanted = name.chars();
    let mut len = 0;
    for c in text.chars() {
        if wanted.as_str().is_empty() {
            break;
        }
        for lower in c.to_lowercase() {
            if wanted.next() != Some(lower) {
                return None;
            }
        }
        len += c.len_utf8();
    }
    // A full stop after a name ends the sentence; one within a longer name goes on.
    let mut after = text[len..].chars();
    let goes_on = match after.next() {
        Some('.' | '-') => after.next().is_some_and(char::is_alphanumeric),
        Some(next) => is_word(next),
        None => false,
    };
    (!name.is_empty() && wanted.as_str().is_empty() && !goes_on).then_some(len)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn called<'a>(body: &'a str, name: &str) -> Vec<&'a str> {
        let ranges = mentions(body, name).into_iter();
        ranges.map(|range| &body[range]).collect()
    }

    #[test]
    fn whole_names_are_found_in_any_case() {
        assert_eq!(called("@alice: hi @ALICE.", "alice"), ["@alice", "@ALICE"]);
        assert_eq!(called("(@alice) @Zoë!", "zoë"), ["@Zoë"]);
        for body in [
            "@alices",
            "mail@alice",
            "@alice_2",
            "@alice-b",
            "alice",
            "@ alice",
            "@",
        ] {
            assert_eq!(called(body, "alice"), [""; 0], "{body:?}");
        }
        assert_eq!(called("@", ""), [""; 0]);
    }

    #[test]
    fn everybody_is_called_too() {
        assert_eq!(called("@room @All @roommate", "bob"), ["@room", "@All"]);
    }
}
