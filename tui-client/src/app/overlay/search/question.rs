//! Parser of the search query: words, phrases in quotes, and fields such as `from:bob`.

use crate::strings;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    From,
    In,
    Before,
    After,
}

impl Field {
    const ALL: [Self; 4] = [Self::From, Self::In, Self::Before, Self::After];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::In => "in",
            Self::Before => "before",
            Self::After => "after",
        }
    }

    /// Its possible values, in words.
    const fn takes(self) -> &'static str {
        match self {
            Self::From => strings::overlays::FROM_TAKES,
            Self::In => strings::overlays::IN_TAKES,
            Self::Before => strings::overlays::BEFORE_TAKES,
            Self::After => strings::overlays::AFTER_TAKES,
        }
    }

    /// The field that a piece begins with, and what stands behind it.
    pub(crate) fn of(piece: &str) -> Option<(Self, &str)> {
        let (name, value) = piece.split_once(':')?;
        let is_it = |field: &Self| field.name().eq_ignore_ascii_case(name);
        Some((Self::ALL.into_iter().find(is_it)?, value))
    }
}

/// What is asked, names and days as they are written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Question<'a> {
    pub(crate) words: Vec<&'a str>,
    pub(crate) from: Option<&'a str>,
    pub(crate) place: Option<&'a str>,
    pub(crate) before: Option<&'a str>,
    pub(crate) after: Option<&'a str>,
}

impl Question<'_> {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// The next piece of a text and what follows it; whether it stood in quotes.
fn piece(text: &str) -> Option<(&str, bool, &str)> {
    let text = text.trim_start();
    if let Some(phrase) = text.strip_prefix('"') {
        // The second quote may still be to come.
        let (phrase, rest) = phrase.split_once('"').unwrap_or((phrase, ""));
        return Some((phrase, true, rest));
    }
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (!word.is_empty()).then_some((word, false, rest))
}

/// Parses a query. The error says what to write instead.
pub(crate) fn read(text: &str) -> Result<Question<'_>, String> {
    let mut question = Question::default();
    let mut rest = text;
    while let Some((piece, is_quoted, after)) = piece(rest) {
        rest = after;
        let field = Field::of(piece).filter(|_| !is_quoted);
        let Some((field, value)) = field else {
            if !piece.trim().is_empty() {
                question.words.push(piece);
            }
            continue;
        };
        if value.is_empty() {
            return Err(strings::overlays::write_field(field.takes()));
        }
        let kept = match field {
            Field::From => &mut question.from,
            Field::In => &mut question.place,
            Field::Before => &mut question.before,
            Field::After => &mut question.after,
        };
        if kept.replace(value).is_some() {
            return Err(strings::overlays::field_twice(field.name()));
        }
    }
    Ok(question)
}

pub(crate) fn wrong(field: Field, what: &str) -> String {
    strings::overlays::wrong_value(what, field.takes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_phrases_and_fields_are_told_apart() {
        let question = read(" build  From:bob in:#team \"see you\" http://x after:7d").unwrap();
        assert_eq!(
            question,
            Question {
                words: vec!["build", "see you", "http://x"],
                from: Some("bob"),
                place: Some("#team"),
                before: None,
                after: Some("7d"),
            }
        );
        assert_eq!(read("\"from:bob\"").unwrap().words, ["from:bob"]);
        assert_eq!(read("\"half a phr").unwrap().words, ["half a phr"]);
        assert!(read("  \"\" ").unwrap().is_empty());
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(read("x from:").unwrap_err(), "Type from:NAME or from:me");
        assert_eq!(
            read("in:a in:b").unwrap_err(),
            "in: is given twice. Remove one"
        );
    }
}
