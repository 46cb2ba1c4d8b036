//! Texts of messages and drafts, valid by construction.

use std::fmt;

use serde::Deserialize;

use crate::limits::MAX_BODY_LEN;
use crate::text::{checked_text, first_forbidden};

/// The text of a message: 1 to [`MAX_BODY_LEN`] bytes, not only white space, no forbidden characters.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct MessageBody(Box<str>);

/// Unsent text: like a [`MessageBody`], but it may be empty or only white space.
#[derive(Clone, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct DraftText(Box<str>);

/// The reason that a text is not valid as a message or a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Nothing but white space.
    #[error("the message is empty")]
    Empty,
    /// More bytes than a body may have.
    #[error("the message is too long, {len} of at most {MAX_BODY_LEN} bytes: send it in parts")]
    TooLong {
        /// Its length in bytes of UTF-8.
        len: usize,
    },
    /// A control character or a bidirectional override.
    #[error("the message contains the control character U+{:04X} at byte {offset}: remove it", u32::from(*.found))]
    Forbidden {
        /// The first character that is forbidden.
        found: char,
        /// Its byte offset in the text.
        offset: usize,
    },
}

checked_text!(MessageBody, BodyError, Self::new);
checked_text!(DraftText, BodyError, Self::new);

impl MessageBody {
    /// Checks the text of a message.
    ///
    /// # Errors
    /// [`BodyError`] says what is wrong with it.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, BodyError> {
        let DraftText(text) = DraftText::new(text)?;
        if text.trim().is_empty() {
            return Err(BodyError::Empty);
        }
        Ok(Self(text))
    }
}

impl DraftText {
    /// Checks the text of a draft.
    ///
    /// # Errors
    /// [`BodyError`], except that it is empty.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, BodyError> {
        let text = text.into();
        if text.len() > MAX_BODY_LEN {
            return Err(BodyError::TooLong { len: text.len() });
        }
        match first_forbidden(&text) {
            Some((offset, found)) => Err(BodyError::Forbidden { found, offset }),
            None => Ok(Self(text)),
        }
    }
}

/// Messages are never logged, so the debug form shows only the length.
impl fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageBody({} bytes)", self.0.len())
    }
}

/// Drafts are never logged, too: only the length.
impl fmt::Debug for DraftText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DraftText({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_holds_text_with_lines_tabs_and_emoji() {
        let text = "two\nlines\tand 👩‍👩‍👧";
        assert_eq!(MessageBody::new(text).unwrap().as_str(), text);
    }

    #[test]
    fn a_body_refuses_what_it_must() {
        assert_eq!(MessageBody::new(" \n\t"), Err(BodyError::Empty));
        assert_eq!(
            MessageBody::new("x".repeat(MAX_BODY_LEN + 1)),
            Err(BodyError::TooLong {
                len: MAX_BODY_LEN + 1
            })
        );
        assert_eq!(
            MessageBody::new("a\u{1b}[2J"),
            Err(BodyError::Forbidden {
                found: '\u{1b}',
                offset: 1
            })
        );
        assert!(MessageBody::new("x".repeat(MAX_BODY_LEN)).is_ok());
    }

    #[test]
    fn the_debug_form_does_not_show_the_text() {
        assert_eq!(
            format!("{:?}", MessageBody::new("secret").unwrap()),
            "MessageBody(6 bytes)"
        );
    }
}
