//! The supply of message ids: UUID version 7 (RFC 9562) made from the wall time that the app is
//! told and a seeded random source, growing even when the wall clock goes back.

use recado_shared::{MessageId, Timestamp};

#[derive(Debug)]
pub(crate) struct MessageIdSource {
    random: fastrand::Rng,
    /// Milliseconds of the last id.
    millis: u64,
    /// The twelve bits after the milliseconds, counted up within one millisecond.
    counter: u16,
}

const MILLIS_BITS: u64 = (1 << 48) - 1;
const COUNTER_BITS: u16 = (1 << 12) - 1;

impl MessageIdSource {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: fastrand::Rng::with_seed(seed),
            millis: 0,
            counter: 0,
        }
    }

    /// Makes the next ids larger than `id`, which an earlier run of the program drew.
    pub(crate) fn follow(&mut self, id: MessageId) {
        let bytes = id.0;
        let millis = bytes[..6]
            .iter()
            .fold(0, |millis, &byte| millis << 8 | u64::from(byte));
        let counter = (u16::from(bytes[6]) << 8 | u16::from(bytes[7])) & COUNTER_BITS;
        (self.millis, self.counter) = (self.millis, self.counter).max((millis, counter));
    }

    pub(crate) fn draw(&mut self, wall: Timestamp) -> MessageId {
        let wall = wall.0 & MILLIS_BITS;
        if wall > self.millis {
            self.millis = wall;
            // Half of the range is left for ids of the same millisecond.
            self.counter = self.random.u16(..=COUNTER_BITS / 2);
        } else if self.counter < COUNTER_BITS {
            self.counter += 1;
        } else {
            self.millis += 1;
            self.counter = 0;
        }
        let high = u128::from(self.millis & MILLIS_BITS) << 80;
        let version = 0x7 << 76 | u128::from(self.counter) << 64;
        let variant = 0b10 << 62 | u128::from(self.random.u64(..) >> 2);
        MessageId((high | version | variant).to_be_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_even_when_the_clock_goes_back() {
        let mut ids = MessageIdSource::new(1);
        let mut last = ids.draw(Timestamp(1_700_000_000_000));
        for wall in (0..10_000).map(|i| 1_700_000_000_000 - i) {
            let next = ids.draw(Timestamp(wall));
            assert!(next > last);
            last = next;
        }
    }

    #[test]
    fn an_id_has_the_layout_of_version_7() {
        let id =
            uuid::Uuid::from_bytes(MessageIdSource::new(2).draw(Timestamp(0x0123_4567_89ab)).0);
        assert_eq!(id.get_version_num(), 7);
        assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        assert!(id.to_string().starts_with("01234567-89ab-7"));
    }

    #[test]
    fn ids_of_a_later_run_follow_those_of_an_earlier_one() {
        let earlier = MessageIdSource::new(3).draw(Timestamp(5_000));
        let mut ids = MessageIdSource::new(4);
        ids.follow(earlier);
        assert!(ids.draw(Timestamp(1)) > earlier);
    }
}
