//! The settings of the program, given once at its start.

use jiff::tz::TimeZone;
use recado_shared::DeviceKey;

use super::action::Action;
use super::keymap::Keymap;
use crate::model::InviteLink;

/// Least and greatest width of the contact list, in columns between its borders.
const LIST_WIDTHS: (u16, u16) = (12, 60);

/// The width of the contact list where no other one was chosen and a key changes it.
const USUAL_LIST_WIDTH: u16 = 24;

/// The size of the contact list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListSize {
    /// Whether it is shown only while the keyboard is in it.
    pub is_hidden: bool,
    /// Columns between its borders; `None` for a share of the window.
    pub width: Option<u16>,
}

impl ListSize {
    /// A list of so many columns, as far as that is a sensible width.
    #[must_use]
    pub fn with_width(self, width: u16) -> Self {
        let (least, most) = LIST_WIDTHS;
        Self {
            width: Some(width.clamp(least, most)),
            ..self
        }
    }

    /// Makes the list two columns wider or narrower.
    pub(super) fn resize(&mut self, action: Action) {
        let columns = if action == Action::WidenList { 2 } else { -2 };
        let width = self.width.unwrap_or(USUAL_LIST_WIDTH);
        *self = self.with_width(width.saturating_add_signed(columns));
    }
}

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
    /// The contact list at the start; keys change it.
    pub list: ListSize,
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
