//! Who may claim a new name: said by settings and administrators, heeded by the relay.

use serde::{Deserialize, Serialize};

/// Who may claim a new name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Who brings an invite.
    #[default]
    Invite,
    /// Everybody.
    Open,
    /// Nobody but the bearer of the local ticket.
    Closed,
}

impl Policy {
    /// As it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invite => "invite",
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}
