//! Short texts of one line, valid by construction: display names, topics, names of devices.

use std::fmt;

use serde::Deserialize;

use crate::limits::{MAX_DEVICE_NAME_CHARS, MAX_DISPLAY_NAME_CHARS, MAX_TOPIC_CHARS};
use crate::text::{checked_text, is_forbidden};

/// The reason that a text is not valid as a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// More characters than allowed.
    #[error("the text is too long: at most {most} characters are allowed")]
    TooLong {
        /// Characters that are allowed.
        most: usize,
    },
    /// A control character, a line end, a tab or a bidirectional override.
    #[error("the character U+{:04X} is not allowed: remove it", u32::from(*.0))]
    Character(char),
}

fn check(text: &str, most: usize) -> Result<Box<str>, LineError> {
    // A character has at most four bytes; this also bounds the work on hostile text.
    if text.len() > 8 * most {
        return Err(LineError::TooLong { most });
    }
    let text = text.trim();
    if text.is_empty() {
        return Err(LineError::Empty);
    }
    if let Some(c) = text
        .chars()
        .find(|&c| is_forbidden(c) || matches!(c, '\n' | '\t'))
    {
        return Err(LineError::Character(c));
    }
    if text.chars().count() > most {
        return Err(LineError::TooLong { most });
    }
    Ok(text.into())
}

macro_rules! line {
    ($(#[$doc:meta])* $name:ident, $most:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(Box<str>);

        impl $name {
            /// Checks a text; white space around it goes.
            ///
            /// # Errors
            /// [`LineError`] says what is wrong with it.
            pub fn new(text: &str) -> Result<Self, LineError> {
                check(text, $most).map(Self)
            }
        }

        checked_text!($name, LineError, |text: String| Self::new(&text));

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

line! {
    /// The name of a user to show: 1 to [`MAX_DISPLAY_NAME_CHARS`] characters. Not unique, so it is never
    /// shown without the unique name where the two could be mistaken.
    DisplayName, MAX_DISPLAY_NAME_CHARS
}
line! {
    /// What a room is about: 1 to [`MAX_TOPIC_CHARS`] characters.
    Topic, MAX_TOPIC_CHARS
}
line! {
    /// What its user calls a device: 1 to [`MAX_DEVICE_NAME_CHARS`] characters.
    DeviceName, MAX_DEVICE_NAME_CHARS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_trimmed_and_kept() {
        assert_eq!(
            Topic::new("  the 1.0 release ").unwrap().as_str(),
            "the 1.0 release"
        );
    }

    #[test]
    fn what_is_no_line_says_why() {
        assert_eq!(Topic::new(" \n "), Err(LineError::Empty));
        assert_eq!(Topic::new("a\nb"), Err(LineError::Character('\n')));
        assert_eq!(
            Topic::new("a\u{202e}b"),
            Err(LineError::Character('\u{202e}'))
        );
        let most = MAX_DISPLAY_NAME_CHARS;
        assert!(DisplayName::new(&"日".repeat(most)).is_ok());
        assert_eq!(
            DisplayName::new(&"日".repeat(most + 1)),
            Err(LineError::TooLong { most })
        );
    }
}
