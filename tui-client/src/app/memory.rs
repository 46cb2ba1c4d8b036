//! State that outlives an overlay: the last search and the emoji of recent reactions.

use recado_shared::{ConversationId, Emoji, Seq};

#[derive(Debug, Default)]
pub(in crate::app) struct Memory {
    /// The number of the newest question to the store.
    pub(in crate::app) search_number: u32,
    pub(in crate::app) search_text: String,
    /// The message that the user went to from the last search.
    pub(in crate::app) search_place: Option<(ConversationId, Seq)>,
    /// The emoji of the last reactions in this run, newest first.
    pub(in crate::app) recent_emoji: Vec<Emoji>,
}
