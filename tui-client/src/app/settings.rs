//! The settings of the program, given once at its start.

use jiff::tz::TimeZone;
use recado_shared::DeviceKey;

use super::keymap::Keymap;
use crate::model::InviteLink;

/// What the program is told once, at its start.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The name to show before the server has said one.
    pub name: String,
    /// The bindings in force.
    pub keymap: Keymap,
    /// Where the random part of message ids starts; differs with every start.
    pub seed: u64,
    /// Whether to ring the bell for messages while the terminal has no focus.
    pub bell: bool,
    /// Bytes of the local store beyond which the oldest messages go.
    pub store_limit: u64,
    /// Whether the program runs in a pane of tmux, which can be asked about it.
    pub is_in_tmux: bool,
    /// Where the user lives: what "yesterday" means in a search.
    pub time_zone: TimeZone,
    /// The key of this device, to know it in the list of all.
    pub device: DeviceKey,
    /// What the user should know at once, until the next key.
    pub notice: Option<String>,
    /// The invite link to show at the start, until it is closed.
    pub invite_link: Option<InviteLink>,
}
