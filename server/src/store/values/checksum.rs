//! Checksum of an entry, against damage that `SQLite` does not see: it has checksums in its write-ahead
//! log only.

use recado_shared::{Entry, ErasedKind, MessageId, Seq, Timestamp, UserId};

/// Multiplier of a step: 2^64 divided by the golden ratio, as in Fibonacci hashing (Knuth, The Art of
/// Computer Programming, volume 3, 6.4).
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// Bits of a checksum. One more bit above them makes every checksum an integer of 6 bytes in a record
/// (<https://www.sqlite.org/fileformat2.html#record_format>), so that erasing does not change the
/// length of a row.
const BITS: u32 = 46;

/// The columns of an entry that a checksum covers, besides its content. `messages`, `is_message` and
/// `target` follow from other entries and from the content; `verify` compares them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChecksumKey {
    pub(crate) conversation: i64,
    pub(crate) seq: Seq,
    pub(crate) author: UserId,
    pub(crate) id: MessageId,
    pub(crate) time: Timestamp,
    /// What an erased entry was.
    pub(crate) erased: Option<ErasedKind>,
}

impl ChecksumKey {
    pub(crate) fn of_new(conversation: i64, entry: &Entry) -> Self {
        Self {
            conversation,
            seq: entry.seq,
            author: entry.author,
            id: entry.id,
            time: entry.time,
            erased: None,
        }
    }

    /// The checksum as its column stores it, in `2^46..2^47`.
    pub(crate) fn checksum(&self, content: &[u8]) -> i64 {
        let id = u128::from_be_bytes(self.id.0);
        let kind = self.erased.map_or(0, |erased| 1 + erased as u64);
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the halves of an identifier"
        )]
        let key = [
            self.conversation.cast_unsigned(),
            self.seq.0,
            self.author.0,
            (id >> 64) as u64,
            id as u64,
            self.time.0,
            kind << 32 | content.len() as u64,
        ];
        let mut state = key.into_iter().fold(FACTOR, step);
        let (words, rest) = content.as_chunks();
        for word in words {
            state = step(state, u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        state = step(state, u64::from_le_bytes(last));
        (1 << BITS) | (state >> (u64::BITS - BITS)).cast_signed()
    }
}

/// Both operations can be undone, so that two contents that differ in one word have different states.
fn step(state: u64, word: u64) -> u64 {
    let product = (state ^ word).wrapping_mul(FACTOR);
    product ^ (product >> 32)
}
