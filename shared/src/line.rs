//! Short texts of one line, valid by construction: display names, topics, names of devices.

use std::fmt;

use serde::Deserialize;

use crate::limits::{MAX_DEVICE_NAME_CHARS, MAX_DISPLAY_NAME_CHARS, MAX_TOPIC_CHARS};
use crate::text::{checked_text, is_forbidden, is_visible};

/// The reason that a text is not valid as a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Nothing but white space.
    #[error("the text is empty")]
    Empty,
    /// Nothing but characters that no reader sees.
    #[error("nothing of the text is visible: use letters or digits")]
    Invisible,
    /// More characters than allowed.
    #[error("the text is too long. At most {most} characters are allowed")]
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
            /// Checks a new text; white space around it goes.
            ///
            /// # Errors
            /// [`LineError`] says what is wrong with it.
            pub fn new(text: &str) -> Result<Self, LineError> {
                let line = Self::stored(text)?;
                match line.visible() {
                    Some(_) => Ok(line),
                    None => Err(LineError::Invisible),
                }
            }

            /// Checks a text that was stored or sent before. It may be invisible, because older
            /// versions accepted that.
            ///
            /// # Errors
            /// [`LineError`], except that it is invisible.
            pub fn stored(text: &str) -> Result<Self, LineError> {
                check(text, $most).map(Self)
            }

            /// The text; `None` if nothing of it is visible.
            pub fn visible(&self) -> Option<&str> {
                Some(self.as_str()).filter(|text| is_visible(text))
            }
        }

        checked_text!($name, LineError, |text: String| Self::stored(&text));

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
    fn an_invisible_line_is_refused_and_still_decoded() {
        for text in [
            "\u{200b}",
            "\u{3164}\u{3164}",
            "\u{2800} \u{301}",
            "\u{fffe}",
        ] {
            assert_eq!(
                DisplayName::new(text),
                Err(LineError::Invisible),
                "{text:?}"
            );
            assert_eq!(Topic::new(text), Err(LineError::Invisible), "{text:?}");
            assert_eq!(DeviceName::new(text), Err(LineError::Invisible), "{text:?}");
            let stored = Topic::stored(text).unwrap();
            assert_eq!((stored.as_str(), stored.visible()), (text, None));
        }
        let stored = Topic::stored("tea\u{200b}").unwrap();
        assert_eq!(stored.visible(), Some("tea\u{200b}"));
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
