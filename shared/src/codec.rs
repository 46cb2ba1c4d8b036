//! Bytes to frames and back: a length prefix of four bytes, big endian, then one postcard value.
//! No other module knows how a frame is encoded.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
pub use tokio_util::codec::LengthDelimitedCodec;
use tokio_util::codec::LengthDelimitedCodecError;

/// Why bytes are no frame.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// The declared length is above the limit. Nothing was allocated for it.
    #[error("a frame is longer than allowed")]
    TooLong,
    /// The payload is no value of the expected type, or holds values that break its rules.
    #[error("a frame is malformed: {0}")]
    Malformed(#[from] postcard::Error),
    /// The payload goes on after its value.
    #[error("a frame has {0} bytes left over")]
    Leftover(usize),
    /// The connection broke, or ended in the middle of a frame.
    #[error("the connection broke: {0}")]
    Io(std::io::Error),
}

/// Sorts what the framing layer reports: an excessive length apart from a broken connection.
impl From<std::io::Error> for CodecError {
    fn from(error: std::io::Error) -> Self {
        match error.get_ref() {
            Some(inner) if inner.is::<LengthDelimitedCodecError>() => Self::TooLong,
            _ => Self::Io(error),
        }
    }
}

/// The framing of both directions. A declared length above `max_frame_len` is refused before
/// anything is allocated for it.
pub fn framing(max_frame_len: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .length_field_type::<u32>()
        .max_frame_length(max_frame_len)
        .new_codec()
}

/// Encodes a frame's payload, without the length prefix.
///
/// # Errors
/// [`CodecError::Malformed`] if the value cannot be written as postcard, which no frame type of
/// this crate does.
pub fn encode<T: Serialize>(value: &T) -> Result<Bytes, CodecError> {
    Ok(postcard::to_stdvec(value)?.into())
}

/// Decodes a frame's payload, which must hold exactly one value.
///
/// # Errors
/// [`CodecError::Malformed`] or [`CodecError::Leftover`].
pub fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, CodecError> {
    let (value, rest) = postcard::take_from_bytes(payload)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(CodecError::Leftover(rest.len()))
    }
}
