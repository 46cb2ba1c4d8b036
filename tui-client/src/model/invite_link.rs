//! Invite links of a server that this machine administers, and the wish for one.

use std::time::Duration;

use recado_shared::Timestamp;

/// A line that lets others join, with its terms at the moment of making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InviteLink {
    /// The command to run on another machine. It has no line break.
    pub line: String,
    /// Registrations that are left, at least 1.
    pub uses: u32,
    /// `None` if it does not expire.
    pub expires: Option<Timestamp>,
    /// What keeps other machines from using it, if anything does.
    pub warning: Option<String>,
}

/// Terms of a wanted invite link. Without any, the last link is meant as long as it is valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InviteTerms {
    pub uses: Option<u32>,
    pub lifetime: Option<Duration>,
}
