//! Message ids as the client makes them: UUID version 7 (RFC 9562), which grow with time.

use std::time::{SystemTime, UNIX_EPOCH};

use recado_shared::MessageId;

/// The twelve bits after the milliseconds.
const COUNTER_BITS: u16 = (1 << 12) - 1;

/// Source of ids that grow.
#[derive(Debug)]
pub(crate) struct MessageIds {
    random: fastrand::Rng,
    millis: u64,
    /// Increases within one millisecond.
    counter: u16,
}

impl MessageIds {
    pub(crate) fn new() -> Self {
        Self {
            random: fastrand::Rng::new(),
            millis: 0,
            counter: 0,
        }
    }

    pub(crate) fn next_id(&mut self) -> MessageId {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH);
        let millis = since_epoch.map_or(0, |time| time.as_millis());
        self.next_at(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    fn next_at(&mut self, millis: u64) -> MessageId {
        if millis > self.millis {
            self.millis = millis;
            // Half of the range is left for ids of the same millisecond.
            self.counter = self.random.u16(..=COUNTER_BITS / 2);
        } else if self.counter < COUNTER_BITS {
            self.counter += 1;
        } else {
            self.millis += 1;
            self.counter = 0;
        }
        let high = u128::from(self.millis) << 80;
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
        let mut ids = MessageIds::new();
        let mut last = ids.next_at(1_700_000_000_000);
        for millis in (0..10_000).map(|i| 1_700_000_000_000 - i / 2) {
            let next = ids.next_at(millis);
            assert!(next > last);
            last = next;
        }
    }

    #[test]
    fn an_id_has_the_layout_of_version_7() {
        let id = MessageIds::new().next_at(0x0123_4567_89ab).0;
        assert_eq!(id[..6], [0x01, 0x23, 0x45, 0x67, 0x89, 0xab]);
        assert_eq!((id[6] >> 4, id[8] >> 6), (7, 0b10));
    }
}
