//! Profiles of users as other users see them, with their presence.

use serde::{Deserialize, Serialize};

use crate::id::UserId;
use crate::line::DisplayName;
use crate::name::UserName;

/// A user as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserProfile {
    /// The id of the user.
    pub user: UserId,
    /// The name, unique on the server.
    pub name: UserName,
    /// The display name, which is not unique.
    pub display: Option<DisplayName>,
    /// The best presence of their devices.
    pub presence: Presence,
}

/// How reachable a user is: the best of all their devices.
#[derive(strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Presence {
    /// A user is at one of the devices.
    Online,
    /// A device is connected, but the user is idle.
    Away,
    /// No device is connected.
    Offline,
}
