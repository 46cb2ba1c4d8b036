//! State that outlives an overlay and is shared by all: the last search, the emoji of recent
//! reactions, the texts that were cut, a copied link.

use recado_shared::{ConversationId, Emoji, Seq};

use super::composer::kills::KillRing;
use super::input::frequent::Frequent;
use super::settings::ListSize;

#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The link that is being copied, to be shown with the answer.
    pub(super) copied_link: Option<String>,
    pub(super) search_number: u32,
    pub(super) search_text: String,
    /// The message that the user went to from the last search.
    pub(super) search_place: Option<(ConversationId, Seq)>,
    /// The emoji of the last reactions in this run, newest first.
    pub(super) recent_emoji: Vec<Emoji>,
    pub(super) kills: KillRing,
    pub(super) list: ListSize,
    pub(super) frequent: Frequent,
}

impl Memory {
    pub(super) fn new(list: ListSize) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }
}
