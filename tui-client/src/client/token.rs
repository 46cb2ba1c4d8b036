//! Resume token: the place where a reader stopped, as a short text that `--after` takes.
//!
//! A token is a time and some places. In a conversation that it names, the reader had everything up to
//! the place; in all others, everything that the server accepted up to the time, which follows the
//! newest entry at [`SETTLED_AFTER`]. Each named conversation adds about ten characters. The epochs say
//! of which history of the server's data the places are.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use recado_shared::{ConversationId, Epoch, EpochId, LogId, RoomId, Seq, Timestamp, UserId};

/// Milliseconds. All entries that are older than the newest one by this much are on the server's
/// disk.
pub(super) const SETTLED_AFTER: u64 = 60_000;

/// Longest token that is read.
const MAX_LEN: usize = 256 * 1024;

/// Epochs in a token: enough for a backup that is restored after a few starts of the server.
const MAX_TOKEN_EPOCHS: usize = 4;

/// The version of the format, at the start.
const FORM: &str = "1";

/// The place where a reader stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResumeToken {
    /// The first characters of the log's identity.
    pub(super) log: String,
    pub(super) time: Timestamp,
    /// Oldest first; empty in tokens of earlier versions.
    pub(super) epochs: Vec<Epoch>,
    pub(super) places: BTreeMap<ConversationId, Seq>,
}

/// A text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Not a resume token of 'recado tail --json'. Copy the whole field \"after\" of a line.")]
pub struct ResumeTokenError;

pub(super) fn newest_epochs(epochs: &[Epoch]) -> Vec<Epoch> {
    epochs[epochs.len().saturating_sub(MAX_TOKEN_EPOCHS)..].to_vec()
}

pub(super) fn log_part(log: LogId) -> String {
    log.to_string().chars().take(8).collect()
}

impl fmt::Display for ResumeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{FORM}.{}.{}", self.log, self.time)?;
        for epoch in &self.epochs {
            write!(f, ".e{}-{}", epoch.id, epoch.start)?;
        }
        for (conversation, seq) in &self.places {
            match conversation {
                ConversationId::Direct(pair) => {
                    write!(f, ".d{}-{}:{seq}", pair.low(), pair.high())?;
                }
                ConversationId::Room(room) => write!(f, ".r{room}:{seq}")?,
            }
        }
        Ok(())
    }
}

impl FromStr for ResumeToken {
    type Err = ResumeTokenError;

    fn from_str(text: &str) -> Result<Self, ResumeTokenError> {
        let text = text.trim();
        let mut parts = text.split('.');
        if text.len() > MAX_LEN || parts.next() != Some(FORM) {
            return Err(ResumeTokenError);
        }
        let log = parts.next().filter(|log| log.len() == 8);
        let time = parts.next().ok_or(ResumeTokenError).and_then(number)?;
        let mut epochs = Vec::new();
        let mut places = BTreeMap::new();
        for part in parts {
            match part.strip_prefix('e') {
                Some(part) => epochs.push(epoch(part)?),
                None => places.extend([place(part)?]),
            }
        }
        Ok(Self {
            log: log.ok_or(ResumeTokenError)?.to_owned(),
            time: Timestamp(time),
            epochs,
            places,
        })
    }
}

fn number(text: &str) -> Result<u64, ResumeTokenError> {
    text.parse().map_err(|_| ResumeTokenError)
}

fn epoch(text: &str) -> Result<Epoch, ResumeTokenError> {
    let (id, start) = text.split_once('-').ok_or(ResumeTokenError)?;
    let is_whole = id.len() == 16 && id.bytes().all(|digit| digit.is_ascii_hexdigit());
    let id = u64::from_str_radix(id, 16).ok().filter(|_| is_whole);
    Ok(Epoch {
        id: EpochId(id.ok_or(ResumeTokenError)?.to_be_bytes()),
        start: number(start)?,
    })
}

fn place(text: &str) -> Result<(ConversationId, Seq), ResumeTokenError> {
    let (name, seq) = text.split_once(':').ok_or(ResumeTokenError)?;
    let seq = Seq(number(seq)?);
    if let Some(room) = name.strip_prefix('r') {
        return Ok((ConversationId::Room(RoomId(number(room)?)), seq));
    }
    let pair = name.strip_prefix('d').and_then(|pair| pair.split_once('-'));
    let (low, high) = pair.ok_or(ResumeTokenError)?;
    let (low, high) = (UserId(number(low)?), UserId(number(high)?));
    Ok((ConversationId::direct(low, high), seq))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_written() {
        let token = ResumeToken {
            log: log_part(LogId([7; 16])),
            time: Timestamp(1_764_040_000_000),
            epochs: vec![Epoch {
                id: EpochId([0xab; 8]),
                start: 40,
            }],
            places: BTreeMap::from([
                (ConversationId::direct(UserId(9), UserId(3)), Seq(12)),
                (ConversationId::Room(RoomId(4)), Seq(7)),
            ]),
        };
        let text = token.to_string();
        assert_eq!(
            text,
            "1.07070707.1764040000000.eabababababababab-40.d3-9:12.r4:7"
        );
        assert_eq!(text.parse(), Ok(token.clone()));
        // As an earlier version wrote it.
        let epochs = Vec::new();
        let earlier = "1.07070707.1764040000000.d3-9:12.r4:7".parse();
        assert_eq!(earlier, Ok(ResumeToken { epochs, ..token }));
    }

    #[test]
    fn what_is_no_token_says_so() {
        for text in [
            "",
            "1",
            "2.07070707.1",
            "1.07.1",
            "1.07070707.x",
            "1.07070707.1.d3:1",
            "1.07070707.1.e0707-1",
            "1.07070707.1.e0707070707070707",
        ] {
            assert_eq!(text.parse::<ResumeToken>(), Err(ResumeTokenError), "{text}");
        }
    }
}
