//! Frames of the baseline relay: the length of the payload, the number of the destination, both of four
//! bytes and big endian, and the payload. The first four bytes of a connection are its own number.

use bytes::{Buf as _, BufMut as _, BytesMut};

/// The destination of all connections but the sender's.
pub(crate) const ALL: u32 = u32::MAX;

/// Bytes before the payload.
pub(crate) const HEADER: usize = 8;

/// The end of the first frame, if all of it is there. A header starts with the length of the payload.
pub(crate) fn whole_frame(bytes: &[u8], header: usize) -> Option<usize> {
    let length = bytes.get(..4).map(|mut length| length.get_u32())?;
    let end = header.checked_add(usize::try_from(length).ok()?)?;
    (bytes.len() >= end).then_some(end)
}

pub(crate) fn put_frame(bytes: &mut BytesMut, to: u32, payload: &[u8]) {
    bytes.put_u32(u32::try_from(payload.len()).unwrap_or(u32::MAX));
    bytes.put_u32(to);
    bytes.put_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_whole_once_all_of_it_is_there() {
        let mut bytes = BytesMut::new();
        put_frame(&mut bytes, 7, b"hello");
        let end = HEADER + 5;
        assert_eq!(bytes.len(), end);
        for length in 0..end {
            assert_eq!(whole_frame(&bytes[..length], HEADER), None, "{length}");
        }
        assert_eq!(whole_frame(&bytes, HEADER), Some(end));
        assert_eq!(&bytes[4..HEADER], &7_u32.to_be_bytes());
        put_frame(&mut bytes, 8, b"");
        assert_eq!(whole_frame(&bytes, HEADER), Some(end));
        assert_eq!(whole_frame(&bytes[end..], HEADER), Some(HEADER));
    }

    #[test]
    fn a_frame_longer_than_anything_is_never_whole() {
        assert_eq!(whole_frame(&[0xff; 64], HEADER), None);
        assert_eq!(whole_frame(&[0xff; 64], 4), None);
    }
}
