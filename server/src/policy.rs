//! Registration policy: set by the configuration and by operators, enforced by the relay.

use serde::{Deserialize, Serialize};

/// Who may register a new name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// People with an invite
    #[default]
    Invite,
    /// Anyone
    Open,
    /// No one, except local users of this machine
    Closed,
}

impl Policy {
    /// The value in the configuration and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}
