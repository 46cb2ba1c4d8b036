//! Epochs of a server's data, by which clients recognise data that was put back to an older state:
//! a restored backup, a copied file, or a write-ahead log that lost its end.
//!
//! Each opening of the data by a server starts an epoch with a random id. All entries of a server
//! have an order, and an epoch starts at a place in it. The list of epochs is thus the history of
//! the data. Two histories agree up to the end of the last epoch that both have: where the next
//! one starts in the one or in the other, whichever is earlier. (Kafka finds out in the same way how
//! far the logs of replicas agree: KIP-101, "leader epochs".)

use serde::{Deserialize, Serialize};

use crate::codec;
use crate::hello::{Extension, Hello};
use crate::id::{ConversationId, EpochId, Seq};
use crate::limits::MAX_EPOCHS;

/// The kind of the [`Extension`] with the epochs that a client knows: a list as in [`EpochsFrame`].
pub const EPOCHS_EXTENSION: u16 = 3;

/// An epoch, and where it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Epoch {
    /// Drawn by the server when it opened its data.
    pub id: EpochId,
    /// Its entries come after this place in the order of all entries of the server. The first
    /// entry has place 1.
    pub start: u64,
}

/// How the epochs that a client named relate to those of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Continuity {
    /// The client named none, or the present epoch: the heads since its sync point follow.
    Same,
    /// The present epoch is new to the client. [`AgreedPage`]s follow, then all heads.
    Compared,
    /// The client knows none of the server's epochs: nothing that it has is of this history. All heads
    /// follow.
    Unknown,
}

/// The epochs of the server's data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EpochsFrame {
    /// The newest [`MAX_EPOCHS`], oldest first. A client names them in its next [`Hello`], once it
    /// has the heads that follow.
    pub epochs: Vec<Epoch>,
    /// How they relate to those that the client named.
    pub continuity: Continuity,
}

/// Places up to which the logs of a client and the server agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgreedPage {
    /// Each conversation that the user is or was in, with the last place where both agree: at most
    /// [`MAX_AGREED_PER_FRAME`](crate::limits::MAX_AGREED_PER_FRAME). What the client has after it is
    /// not on the server any more. An entry up to it may have been erased since, or not any more.
    pub places: Vec<(ConversationId, Seq)>,
    /// Set on the last page: all conversations that no page named are not on the server.
    pub is_last: bool,
}

impl Hello {
    /// Adds the epochs that a client knows, the newest [`MAX_EPOCHS`] of them. None adds nothing.
    #[must_use]
    pub fn with_epochs(mut self, epochs: &[Epoch]) -> Self {
        let newest = &epochs[epochs.len().saturating_sub(MAX_EPOCHS)..];
        if !newest.is_empty()
            && let Ok(value) = codec::encode(&newest)
        {
            self.extensions.push(Extension {
                kind: EPOCHS_EXTENSION,
                value: value.into(),
            });
        }
        self
    }

    /// The epochs that the client knows, oldest first; empty if it named none that can be read.
    pub fn epochs(&self) -> Vec<Epoch> {
        let is_meant = |extension: &&Extension| extension.kind == EPOCHS_EXTENSION;
        let named = self.extensions.iter().find(is_meant);
        let epochs = named.and_then(|named| codec::decode::<Vec<Epoch>>(&named.value).ok());
        epochs
            .filter(|epochs| epochs.len() <= MAX_EPOCHS)
            .unwrap_or_default()
    }
}

/// How far a client's history, given by its newest epochs, agrees with that of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The newest epoch of the server is the client's too.
    Full,
    /// Up to this place in the order of all entries.
    UpTo(u64),
    /// No epoch is common.
    None,
}

/// Compares two histories, each the newest epochs of one, oldest first.
pub fn compare(server: &[Epoch], client: &[Epoch]) -> Agreement {
    let common = server.iter().enumerate().rev().find_map(|(at, epoch)| {
        let theirs = client.iter().position(|known| known == epoch)?;
        Some((server.get(at + 1), client.get(theirs + 1)))
    });
    match common {
        None => Agreement::None,
        // The server has appended nothing after this epoch, so that the client cannot have more.
        Some((None, None)) => Agreement::Full,
        Some((ours, theirs)) => {
            let ends = [ours, theirs].into_iter().flatten();
            Agreement::UpTo(ends.map(|next| next.start).min().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::hello;

    /// The history of a server, that of a client, and how far both agree.
    type Case = (&'static [(u8, u64)], &'static [(u8, u64)], Agreement);

    fn epochs(list: &[(u8, u64)]) -> Vec<Epoch> {
        let epoch = |&(id, start): &(u8, u64)| Epoch {
            id: EpochId([id; 8]),
            start,
        };
        list.iter().map(epoch).collect()
    }

    #[test]
    fn histories_agree_up_to_the_end_of_their_last_common_epoch() {
        let compare = |server: &[_], client: &[_]| compare(&epochs(server), &epochs(client));
        let cases: &[Case] = &[
            (&[(1, 0)], &[(1, 0)], Agreement::Full),
            (&[(1, 0), (2, 9)], &[(1, 0), (2, 9)], Agreement::Full),
            // A start of the server, with or without a loss before it.
            (&[(1, 0), (2, 9)], &[(1, 0)], Agreement::UpTo(9)),
            // Put back within the first epoch, after the second one.
            (&[(1, 0), (3, 5)], &[(1, 0), (2, 9)], Agreement::UpTo(5)),
            // Put forward again: the client only knew the older state.
            (
                &[(1, 0), (2, 9), (4, 12)],
                &[(1, 0), (3, 5)],
                Agreement::UpTo(5),
            ),
            // The server's newest epoch, and the client has seen another one since.
            (&[(1, 0)], &[(1, 0), (2, 9)], Agreement::UpTo(9)),
            (&[(4, 0)], &[(1, 0)], Agreement::None),
            // An id counts with its place only.
            (&[(1, 3)], &[(1, 0)], Agreement::None),
        ];
        for &(server, client, expected) in cases {
            assert_eq!(compare(server, client), expected, "{server:?} {client:?}");
        }
    }

    #[test]
    fn a_hello_names_the_newest_epochs_and_what_cannot_be_read_counts_as_none() {
        let many: Vec<_> = (0..100).map(|n| (n, u64::from(n))).collect();
        let many = epochs(&many);
        let named = hello("test").with_epochs(&many);
        assert_eq!(named.epochs(), many[100 - MAX_EPOCHS..]);
        assert!(codec::encode(&named).unwrap().len() < 2_048);
        assert_eq!(hello("test").with_epochs(&[]), hello("test"));
        let mut damaged = named.clone();
        damaged.extensions[0].value.truncate(20);
        assert_eq!(damaged.epochs(), []);
        let mut other = named;
        other.extensions[0].kind = 4;
        assert_eq!(other.epochs(), []);
        let mut too_many = hello("test");
        too_many.extensions.push(Extension {
            kind: EPOCHS_EXTENSION,
            value: codec::encode(&many).unwrap().into(),
        });
        assert_eq!(too_many.epochs(), []);
    }
}
