//! User names, valid by construction, and the keys by which look-alikes are told apart.
//!
//! Rules: Unicode Technical Standard #39, "Unicode Security Mechanisms".

use std::fmt;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;
use unicode_security::{
    GeneralSecurityProfile as _, RestrictionLevel, RestrictionLevelDetection as _, skeleton,
};

use crate::limits::{MAX_NAME_CHARS, MAX_NAME_LEN};
use crate::text::{checked_text, error_texts};

/// The unique name of a user: 1 to [`MAX_NAME_CHARS`] letters and digits of one writing system,
/// with `-`, `_` and `.` between them, in normalisation form KC (UAX #15).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct UserName(Box<str>);

/// Names that share a key look alike or differ only in case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameKey(Box<str>);

error_texts! {
    /// The reason that a text is not a [`UserName`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
    pub enum NameError {
        Empty => "the name is empty. Use at least one letter or digit",
        TooLong => "the name is too long. At most {MAX_NAME_CHARS} characters are allowed",
        /// The character is none of these, or UTS #39 reserves it.
        Character(char) => "names may contain letters, digits, '-', '_' and '.', but not {0:?}",
        Edge => "a name must start and end with a letter or digit",
        MixedScripts => "the name mixes writing systems. Use the letters of one",
    }
}

impl UserName {
    /// Normalises a text to form KC and checks it.
    ///
    /// # Errors
    /// [`NameError`] says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, NameError> {
        if text.len() > 4 * MAX_NAME_LEN {
            return Err(NameError::TooLong);
        }
        let name: String = text.nfkc().collect();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if let Some(c) = name.chars().find(|&c| !is_name_char(c)) {
            return Err(NameError::Character(c));
        }
        let is_inner = |c: Option<char>| c.is_some_and(|c| matches!(c, '-' | '_' | '.'));
        let starts_with_mark = name.chars().next().is_some_and(is_combining_mark);
        if is_inner(name.chars().next()) || is_inner(name.chars().last()) || starts_with_mark {
            return Err(NameError::Edge);
        }
        if name.chars().count() > MAX_NAME_CHARS {
            return Err(NameError::TooLong);
        }
        if name.as_str().detect_restriction_level() > RestrictionLevel::HighlyRestrictive {
            return Err(NameError::MixedScripts);
        }
        Ok(Self(name.into()))
    }

    /// The name without regard to case, for prefix search and ordering.
    pub fn folded(&self) -> String {
        fold(&self.0)
    }

    /// The one or two keys under which it must be unique: as written ("aIice"), and in lower case.
    pub fn keys(&self) -> Vec<NameKey> {
        keys_of(&self.0)
    }
}

/// The keys of a text that looks like a name, without what surrounds its letters and digits.
pub fn keys_like(text: &str) -> Vec<NameKey> {
    keys_of(text.trim_matches(|c: char| !c.is_alphanumeric()))
}

fn keys_of(text: &str) -> Vec<NameKey> {
    let key = |text: &str| NameKey(fold(&skeleton(text).collect::<String>()).into());
    let mut keys = vec![key(text), key(&fold(text))];
    keys.sort();
    keys.dedup();
    keys
}

/// Folds a text as names are, for search. It goes to lower case by way of the upper one, which
/// letters share that have no lower case in common: σ and ς, ss and ß.
pub fn fold(text: &str) -> String {
    let lower = text.nfkc().flat_map(char::to_lowercase);
    let upper = lower.flat_map(char::to_uppercase);
    upper.flat_map(char::to_lowercase).nfkc().collect()
}

pub(crate) fn is_name_char(c: char) -> bool {
    matches!(c, '-' | '_' | '.')
        || (c.identifier_allowed() && (c.is_alphanumeric() || is_combining_mark(c)))
}

impl NameKey {
    /// The key as stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

checked_text!(UserName, NameError, |text: String| Self::new(&text));

impl std::str::FromStr for UserName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::is_default_ignorable;

    fn name(text: &str) -> UserName {
        UserName::new(text).unwrap()
    }

    #[test]
    fn a_text_that_looks_like_a_name_shares_a_key_with_it() {
        let alice = UserName::new("alice").unwrap().keys();
        let is_like = |text: &str| keys_like(text).iter().any(|key| alice.contains(key));
        for text in [
            "alice",
            "ALICE",
            "aIice",
            "@alice",
            "«alice»",
            "  ａｌｉｃｅ  ",
            "al\u{200b}ice",
            "alic\u{200d}e",
            "a\u{ad}lice",
            "a\u{fe0f}lice",
            "a\u{34f}lice\u{e0061}",
        ] {
            assert!(is_like(text), "{text}");
        }
        for text in ["", "🐇", "alice cooper", "malice"] {
            assert!(!is_like(text), "{text}");
        }
    }

    #[test]
    fn letters_of_any_one_writing_system_are_names() {
        for text in [
            "alice",
            "Zoë",
            "user-1",
            "a.b_c",
            "Дмитрий",
            "ひろし",
            "देवी",
            "7of9",
        ] {
            assert_eq!(name(text).as_str(), text);
        }
    }

    #[test]
    fn what_is_no_name_says_why() {
        let error = |text: &str| UserName::new(text).unwrap_err();
        assert_eq!(error(""), NameError::Empty);
        assert_eq!(error("a b"), NameError::Character(' '));
        assert_eq!(error("a\u{1b}"), NameError::Character('\u{1b}'));
        assert_eq!(error("bob\u{202e}"), NameError::Character('\u{202e}'));
        assert_eq!(error("🦀"), NameError::Character('🦀'));
        assert_eq!(error("-a"), NameError::Edge);
        assert_eq!(error("a."), NameError::Edge);
        assert_eq!(error(&"x".repeat(33)), NameError::TooLong);
        assert_eq!(error("p\u{430}ul"), NameError::MixedScripts);
    }

    #[test]
    fn a_name_holds_no_invisible_character() {
        for c in ('\0'..=char::MAX).filter(|c| !crate::text::is_visible(&c.to_string())) {
            assert!(UserName::new(&c.to_string()).is_err(), "{c:?}");
            let inner = UserName::new(&format!("a{c}b"));
            let is_mark = is_combining_mark(c) && !is_default_ignorable(c);
            assert!(inner.is_err() || is_mark, "{c:?}: {inner:?}");
        }
    }

    #[test]
    fn a_decomposed_name_is_the_same_name() {
        assert_eq!(name("Zoe\u{308}"), name("Zoë"));
    }

    #[test]
    fn case_never_tells_two_names_apart() {
        let cased = |c: &char| c.is_alphabetic() && is_name_char(*c);
        for c in ('\0'..=char::MAX).filter(cased) {
            let folded = fold(&c.to_string());
            for other in [c.to_uppercase().to_string(), c.to_lowercase().to_string()] {
                assert_eq!(fold(&other), folded, "{c:?} and {other:?}");
            }
            assert_eq!(fold(&folded), folded, "{c:?}");
        }
        assert_eq!(name("ΟΔΟΣ").folded(), name("οδος").folded());
        assert_eq!(name("STRASSE").folded(), name("straße").folded());
    }

    #[test]
    fn look_alikes_share_a_key_and_other_names_do_not() {
        let alike = |a: &str, b: &str| {
            let b = name(b).keys();
            name(a).keys().iter().any(|key| b.contains(key))
        };
        for (a, b) in [
            ("alice", "ALICE"),
            ("alice", "aIice"),
            ("alice", "a1ice"),
            ("mark", "rnark"),
            ("bob", "b0b"),
            ("pope", "роре"),
        ] {
            assert!(alike(a, b), "{a} and {b} look alike");
        }
        for (a, b) in [("alice", "alicia"), ("bob", "rob"), ("zoe", "zoë")] {
            assert!(!alike(a, b), "{a} and {b} do not look alike");
        }
    }
}
