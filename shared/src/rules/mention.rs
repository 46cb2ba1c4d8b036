//! Mentions of users by name in message bodies.

use std::ops::Range;

/// Names that mention every member of a room.
const EVERYONE: [&str; 2] = ["room", "all"];

/// The byte ranges of `@name`, `@room` and `@all` in a body, as whole words in any case.
pub fn mentions(body: &str, name: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let name = name.to_lowercase();
    for (at, _) in body.match_indices('@') {
        let is_inside_word = body[..at].chars().next_back().is_some_and(is_word);
        if is_inside_word {
            continue;
        }
        let rest = &body[at + 1..];
        let names = [name.as_str()].into_iter().chain(EVERYONE);
        if let Some(len) = names.filter_map(|name| prefix_len(rest, name)).max() {
            found.push(at..at + 1 + len);
        }
    }
    found
}

/// The bytes that a name takes at the start of a text, if it is a whole word there.
fn prefix_len(text: &str, name: &str) -> Option<usize> {
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
    // A full stop after a name ends the sentence; inside a longer name it goes on.
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

    fn found<'a>(body: &'a str, name: &str) -> Vec<&'a str> {
        let ranges = mentions(body, name).into_iter();
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
            "me@alice.example",
            "alice",
            "@ alice",
            "@",
        ] {
            assert_eq!(found(body, "alice"), [""; 0], "{body:?}");
        }
        assert_eq!(found("@alicea @alice", "Alice"), ["@alice"]);
        assert_eq!(found("@", ""), [""; 0]);
    }

    #[test]
    fn everyone_is_mentioned_too() {
        assert_eq!(found("@room @All @roommate", "bob"), ["@room", "@All"]);
    }
}
