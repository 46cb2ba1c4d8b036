//! Devices of one user, and the code by which a person links a new one.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::id::{DeviceKey, Timestamp};
use crate::line::DeviceName;

/// The [`Extension`](crate::Extension) with the suggested [`DeviceName`] of a device, in UTF-8.
pub const DEVICE_NAME_EXTENSION: u16 = 1;

/// The [`Extension`](crate::Extension) of an unknown device that asks to be linked. It has no value, and
/// is refused with [`LinkPending`](crate::Refusal::LinkPending) until a linked device approves it.
pub const LINK_EXTENSION: u16 = 2;

/// A device as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The key that identifies it.
    pub key: DeviceKey,
    /// What its user calls it.
    pub name: Option<DeviceName>,
    /// When it was added.
    pub added: Timestamp,
    /// When it last began a session; `None` if never since the server counts.
    pub seen: Option<Timestamp>,
    /// Whether it has a session now.
    pub is_online: bool,
}

/// A device that asks to be linked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingDevice {
    /// Its key. The user who approves it checks that the key makes the code that was compared.
    pub key: DeviceKey,
    /// What it would like to be called.
    pub name: Option<DeviceName>,
}

/// The code that a user compares on two screens: 50 bits of the SHA-256 digest of the key. A second
/// key with the same code takes about 2^50 key generations, within the minutes that a link waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LinkCode(u64);

/// A text is no [`LinkCode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a code has 10 letters and digits, like 4TG2X-9QRKM: look at the new device again")]
pub struct LinkCodeError;

/// Base 32 after Douglas Crockford: no I, L, O and U, which are easily misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Letters of a code.
const CODE_CHARS: usize = 10;

impl LinkCode {
    /// The code of a device's key.
    pub fn of(key: &DeviceKey) -> Self {
        let mut input = b"recado link code 1 ".to_vec();
        input.extend_from_slice(&key.0);
        let digest = digest(&SHA256, &input);
        let bytes = digest.as_ref().iter().take(7);
        let bits = bytes.fold(0, |bits: u64, &byte| (bits << 8) | u64::from(byte));
        Self(bits >> 6)
    }
}

impl fmt::Display for LinkCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = |at: usize| {
            let bits = (self.0 >> (5 * (CODE_CHARS - 1 - at))) & 31;
            let index = usize::try_from(bits).unwrap_or_default();
            char::from(ALPHABET[index])
        };
        let letters: String = (0..CODE_CHARS).map(letter).collect();
        let (left, right) = letters.split_at(CODE_CHARS / 2);
        f.pad(&format!("{left}-{right}"))
    }
}

/// Takes small letters, spaces and hyphens, and letters that are read for others.
impl FromStr for LinkCode {
    type Err = LinkCodeError;

    fn from_str(text: &str) -> Result<Self, LinkCodeError> {
        let letters = text.chars().filter(|c| !matches!(c, ' ' | '-'));
        if letters.clone().count() != CODE_CHARS {
            return Err(LinkCodeError);
        }
        let mut bits = 0;
        for c in letters {
            let c = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                c => c,
            };
            let place = ALPHABET.iter().position(|&letter| char::from(letter) == c);
            let place = place.and_then(|place| u64::try_from(place).ok());
            bits = (bits << 5) | place.ok_or(LinkCodeError)?;
        }
        Ok(Self(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_survives_being_read_aloud() {
        let code = LinkCode::of(&DeviceKey([7; 32]));
        let text = code.to_string();
        assert_eq!(text.len(), CODE_CHARS + 1);
        assert_eq!(text.parse(), Ok(code));
        assert_eq!(text.to_lowercase().replace('-', " ").parse(), Ok(code));
        assert_eq!("oiL00-00000".parse(), "01100-00000".parse::<LinkCode>());
        assert_ne!(LinkCode::of(&DeviceKey([8; 32])), code);
    }

    #[test]
    fn what_is_no_code_says_so() {
        for text in ["", "4TG2X", "4TG2X-9QRKMM", "4TG2X-9QRK!", "UUUUU-UUUUU"] {
            assert_eq!(text.parse::<LinkCode>(), Err(LinkCodeError), "{text}");
        }
    }
}
