//! Pool of buffers per thread. A connection takes a buffer to read or write, and puts it back before
//! it waits, so that an idle connection holds none.

use std::cell::Cell;

/// Capacity of a pooled buffer: more than the longest TLS record, 2^14 + 256 bytes after a header of 5
/// (RFC 8446, section 5.2).
pub(crate) const BUFFER_LEN: usize = 16 * 1024 + 512;

const MAX_POOLED: usize = 4;

thread_local! {
    static BUFFERS: Cell<Vec<Vec<u8>>> = const { Cell::new(Vec::new()) };
}

pub(crate) fn take() -> Vec<u8> {
    let mut buffers = BUFFERS.take();
    let buffer = buffers.pop();
    BUFFERS.set(buffers);
    buffer.unwrap_or_else(|| Vec::with_capacity(BUFFER_LEN))
}

/// Puts a buffer back and drops its content. A buffer of another capacity is freed.
pub(crate) fn put_back(mut buffer: Vec<u8>) {
    if buffer.capacity() != BUFFER_LEN {
        return;
    }
    buffer.clear();
    let mut buffers = BUFFERS.take();
    if buffers.len() < MAX_POOLED {
        buffers.push(buffer);
    }
    BUFFERS.set(buffers);
}

/// Drops the first `consumed` bytes and puts the buffer back. The rest moves to memory of its exact size.
pub(crate) fn shrink(buffer: &mut Vec<u8>, consumed: usize) {
    if consumed == 0 && buffer.capacity() == buffer.len() {
        return;
    }
    let rest = buffer.get(consumed..).unwrap_or_default().to_vec();
    put_back(std::mem::replace(buffer, rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_reused_and_empty() {
        let mut buffer = take();
        buffer.extend_from_slice(b"left over");
        let place = buffer.as_ptr();
        put_back(buffer);
        let buffer = take();
        assert_eq!((buffer.as_ptr(), buffer.as_slice()), (place, &b""[..]));
    }

    #[test]
    fn the_rest_has_memory_of_its_exact_size() {
        let mut buffer = take();
        buffer.extend_from_slice(b"taken, left");
        shrink(&mut buffer, 7);
        assert_eq!((buffer.as_slice(), buffer.capacity()), (&b"left"[..], 4));
        let place = buffer.as_ptr();
        shrink(&mut buffer, 0);
        assert_eq!(buffer.as_ptr(), place, "it is not copied again");
        shrink(&mut buffer, 4);
        assert_eq!(buffer.capacity(), 0);
    }

    #[test]
    fn a_buffer_that_has_grown_is_freed() {
        let mut buffer = take();
        buffer.reserve(2 * BUFFER_LEN);
        put_back(buffer);
        assert_eq!(take().capacity(), BUFFER_LEN);
    }
}
