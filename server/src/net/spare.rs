//! Buffers that a thread lends to whoever reads or writes at the moment, so that a connection that
//! rests has none.

use std::cell::Cell;

/// Bytes that a lent buffer has room for.
pub(crate) const LEN: usize = 16 * 1024 + 512;

/// Most buffers that a thread keeps.
const KEPT: usize = 4;

thread_local! {
    static BUFFERS: Cell<Vec<Vec<u8>>> = const { Cell::new(Vec::new()) };
}

/// Lends an empty buffer.
pub(crate) fn lend() -> Vec<u8> {
    let mut buffers = BUFFERS.take();
    let buffer = buffers.pop();
    BUFFERS.set(buffers);
    buffer.unwrap_or_else(|| Vec::with_capacity(LEN))
}

/// Takes a buffer back, without what is in it. One that has grown is given up.
pub(crate) fn give_back(mut buffer: Vec<u8>) {
    if buffer.capacity() != LEN {
        return;
    }
    buffer.clear();
    let mut buffers = BUFFERS.take();
    if buffers.len() < KEPT {
        buffers.push(buffer);
    }
    BUFFERS.set(buffers);
}

/// Keeps no more memory than what is left of a buffer needs: none for nothing.
pub(crate) fn settle(buffer: &mut Vec<u8>, rest: usize) {
    let is_settled = rest == 0 && buffer.capacity() == buffer.len();
    if is_settled {
        return;
    }
    let rest = buffer.get(rest..).unwrap_or_default().to_vec();
    give_back(std::mem::replace(buffer, rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_is_lent_again_and_empty() {
        let mut buffer = lend();
        buffer.extend_from_slice(b"left over");
        let place = buffer.as_ptr();
        give_back(buffer);
        let buffer = lend();
        assert_eq!((buffer.as_ptr(), buffer.as_slice()), (place, &b""[..]));
    }

    #[test]
    fn what_is_left_keeps_only_its_own_memory() {
        let mut buffer = lend();
        buffer.extend_from_slice(b"taken, left");
        settle(&mut buffer, 7);
        assert_eq!((buffer.as_slice(), buffer.capacity()), (&b"left"[..], 4));
        let place = buffer.as_ptr();
        settle(&mut buffer, 0);
        assert_eq!(buffer.as_ptr(), place, "it is not copied again");
        settle(&mut buffer, 4);
        assert_eq!(buffer.capacity(), 0);
    }

    #[test]
    fn a_buffer_that_has_grown_is_not_kept() {
        let mut buffer = lend();
        buffer.reserve(2 * LEN);
        give_back(buffer);
        assert_eq!(lend().capacity(), LEN);
    }
}
