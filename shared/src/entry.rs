//! Entries: the items of a conversation's log.

use serde::{Deserialize, Serialize};

use crate::content::Content;
use crate::id::{MessageId, Seq, Timestamp, UserId};

/// One item of a conversation's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the log.
    pub seq: Seq,
    /// The user who appended it.
    pub author: UserId,
    /// The id that the author gave it.
    pub id: MessageId,
    /// When the server accepted it. Never earlier than the entry before it.
    pub time: Timestamp,
    /// The message, the change or the event that it holds.
    pub content: Content,
}
