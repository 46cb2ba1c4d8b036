//! Encoding of frames: a length prefix of four bytes, big endian, then one postcard value
//! (<https://postcard.jamesmunns.com/wire-format>). No other module knows it.

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
pub use tokio_util::codec::LengthDelimitedCodec;
use tokio_util::codec::LengthDelimitedCodecError;

use crate::io_reason::describe;

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
    #[error("the connection broke: {}", describe(.0))]
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

/// The framing of both directions. A longer frame is refused before anything is allocated for it.
pub fn framing(max_frame_len: usize) -> LengthDelimitedCodec {
    LengthDelimitedCodec::builder()
        .length_field_type::<u32>()
        .max_frame_length(max_frame_len)
        .new_codec()
}

/// Bytes of a length prefix.
pub const PREFIX_LEN: usize = 4;

/// The payload of the first frame, which follows its [`PREFIX_LEN`]; `None` until it is complete.
///
/// # Errors
/// [`CodecError::TooLong`] if the declared length is above `max_frame_len`.
pub fn first_frame(bytes: &[u8], max_frame_len: usize) -> Result<Option<&[u8]>, CodecError> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX_LEN>() else {
        return Ok(None);
    };
    match declared(*prefix) {
        len if len > max_frame_len => Err(CodecError::TooLong),
        len => Ok(rest.get(..len)),
    }
}

/// How many bytes the first frame lacks, as far as they tell.
pub fn missing(bytes: &[u8]) -> usize {
    match bytes.split_first_chunk::<PREFIX_LEN>() {
        Some((prefix, rest)) => declared(*prefix).saturating_sub(rest.len()),
        None => PREFIX_LEN - bytes.len(),
    }
}

/// Puts a frame's payload behind `bytes`, with its length prefix.
///
/// # Errors
/// [`CodecError::TooLong`] if the payload is above `max_frame_len`.
pub fn put_frame(
    payload: &[u8],
    max_frame_len: usize,
    bytes: &mut Vec<u8>,
) -> Result<(), CodecError> {
    match u32::try_from(payload.len()) {
        Ok(len) if payload.len() <= max_frame_len => {
            bytes.extend_from_slice(&len.to_be_bytes());
            bytes.extend_from_slice(payload);
            Ok(())
        }
        _ => Err(CodecError::TooLong),
    }
}

fn declared(prefix: [u8; PREFIX_LEN]) -> usize {
    usize::try_from(u32::from_be_bytes(prefix)).unwrap_or(usize::MAX)
}

/// Encodes a frame's payload, without the length prefix.
///
/// # Errors
/// [`CodecError::Malformed`], which no frame type of this crate causes.
#[inline]
pub fn encode<T: Serialize>(value: &T) -> Result<Bytes, CodecError> {
    Ok(postcard::to_stdvec(value)?.into())
}

/// Encodes a value behind what a buffer holds, as [`encode`] does.
///
/// # Errors
/// As [`encode`]; then the buffer is empty.
pub fn encode_into<T: Serialize>(value: &T, buffer: &mut Vec<u8>) -> Result<(), CodecError> {
    *buffer = postcard::to_extend(value, std::mem::take(buffer))?;
    Ok(())
}

/// Decodes a frame's payload, which must hold exactly one value.
///
/// # Errors
/// [`CodecError::Malformed`] or [`CodecError::Leftover`].
#[inline]
pub fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, CodecError> {
    let (value, rest) = postcard::take_from_bytes(payload)?;
    if rest.is_empty() {
        Ok(value)
    } else {
        Err(CodecError::Leftover(rest.len()))
    }
}

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use tokio_util::codec::Encoder as _;

    use super::*;

    #[test]
    fn frames_are_cut_as_the_framing_puts_them() {
        let mut framed = BytesMut::new();
        let mut put = Vec::new();
        for payload in [&b"first"[..], b"", b"third"] {
            framing(5)
                .encode(Bytes::copy_from_slice(payload), &mut framed)
                .unwrap();
            put_frame(payload, 5, &mut put).unwrap();
        }
        assert_eq!(put, framed);
        for payload in [&b"first"[..], b"", b"third"] {
            assert_eq!(first_frame(&put, 5).unwrap(), Some(payload));
            put.drain(..PREFIX_LEN + payload.len());
        }
        assert_eq!(first_frame(&put, 5).unwrap(), None);
    }

    #[test]
    fn a_part_of_a_frame_says_what_it_lacks() {
        let mut bytes = Vec::new();
        put_frame(b"whole", 5, &mut bytes).unwrap();
        let lacking = [4, 3, 2, 1, 5, 4, 3, 2, 1];
        for (len, lacks) in lacking.into_iter().enumerate() {
            assert_eq!(first_frame(&bytes[..len], 5).unwrap(), None);
            assert_eq!(missing(&bytes[..len]), lacks);
        }
        assert_eq!(missing(&bytes), 0);
    }

    #[test]
    fn a_length_above_the_limit_is_refused_both_ways() {
        let mut bytes = Vec::new();
        let refused = put_frame(b"longer", 5, &mut bytes);
        assert!(matches!(refused, Err(CodecError::TooLong)));
        assert_eq!(bytes, b"");
        bytes.extend_from_slice(&u32::MAX.to_be_bytes());
        assert!(matches!(first_frame(&bytes, 5), Err(CodecError::TooLong)));
    }
}
