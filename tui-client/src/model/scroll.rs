//! Items of a conversation pane and the scroll position in it, as the store keeps them.

use recado_shared::{MessageId, Seq};
use serde::{Deserialize, Serialize};

/// The identity of an item, in the order of items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ItemId {
    /// An entry of the log, or the first missing one of a gap.
    Entry(Seq),
    /// A message in the outbox: ids grow with time.
    Pending(MessageId),
}

/// Where the scroll of a conversation stands. It names an item and never a row number, so that
/// neither arrivals nor another width move what is being read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// At the newest item, following what arrives.
    #[default]
    Newest,
    /// The top row of the pane is this row of this item.
    At {
        item: ItemId,
        /// Its row, counted from 0 at the width of the time; clamped at another width.
        row: u16,
    },
}

impl Place {
    /// The entry at the top of the pane; `None` at the newest item or a message of the outbox.
    pub(crate) const fn entry(self) -> Option<Seq> {
        match self {
            Self::At {
                item: ItemId::Entry(seq),
                ..
            } => Some(seq),
            _ => None,
        }
    }
}
