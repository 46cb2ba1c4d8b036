//! The text of a message, valid by construction.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

use crate::limits::MAX_BODY_LEN;
use crate::text::first_forbidden;

/// What a person wrote: 1 to [`MAX_BODY_LEN`] bytes of UTF-8, not only white space, without
/// [forbidden](crate::text::is_forbidden) characters.
#[derive(Clone, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct MessageBody(Box<str>);

/// Why a text is no [`MessageBody`].
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

impl MessageBody {
    /// Checks a text.
    ///
    /// # Errors
    /// [`BodyError`] says what is wrong with it.
    pub fn new(text: impl Into<Box<str>>) -> Result<Self, BodyError> {
        let text = text.into();
        if text.len() > MAX_BODY_LEN {
            return Err(BodyError::TooLong { len: text.len() });
        }
        if let Some((offset, found)) = first_forbidden(&text) {
            return Err(BodyError::Forbidden { found, offset });
        }
        if text.trim().is_empty() {
            return Err(BodyError::Empty);
        }
        Ok(Self(text))
    }

    /// The text, without forbidden characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Bodies are never logged, so their debug form shows only their length.
impl fmt::Debug for MessageBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageBody({} bytes)", self.0.len())
    }
}

/// Without a copy: each is stored and sent to many.
impl Serialize for MessageBody {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl From<MessageBody> for String {
    fn from(body: MessageBody) -> Self {
        body.0.into()
    }
}

impl TryFrom<String> for MessageBody {
    type Error = BodyError;

    fn try_from(text: String) -> Result<Self, BodyError> {
        Self::new(text)
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
