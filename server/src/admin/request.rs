//! What an administrator asks of a running server, and what it answers: plain values.

use std::net::IpAddr;
use std::time::Duration;

use recado_shared::{MessageBody, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::policy::Policy;
use crate::store::{Change, ChangeError, Changed, StoreStats};

/// Something that an administrator asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminRequest {
    /// Who may claim a new name; with a policy, from now on until the server stops.
    Policy(Option<Policy>),
    /// Tells everybody who is connected.
    Announce(MessageBody),
    /// Who is connected.
    Sessions,
    /// Changes something about a person.
    Change(Change),
    /// How much it has done since it was started.
    Stats,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminAnswer {
    /// The policy as it is now.
    Policy(Policy),
    /// The announcement went to this many sessions.
    Announced(u64),
    /// Who is connected, in the order of their coming.
    Sessions(Vec<SessionInfo>),
    /// What was changed, or why nothing.
    Changed(Result<Changed, ChangeError>),
    /// How much it has done.
    Stats(ServerStats),
    /// The server is stopping and does nothing more. What was asked may be done all the same, if
    /// it was under way.
    Stopping,
}

/// A session as an administrator sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// Its number.
    pub session: u64,
    /// Whose it is.
    pub user: UserId,
    /// Where it comes from.
    pub address: IpAddr,
    /// When it was let in.
    pub since: Timestamp,
    /// Whether nobody is at the device.
    pub is_away: bool,
    /// Whether it reads too slowly for what is sent.
    pub is_behind: bool,
}

/// How much a server has to do, and has done since it was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerStats {
    /// How long it has been running.
    pub uptime: Duration,
    /// Who is connected.
    pub present: Present,
    /// What its store has done.
    pub store: StoreStats,
}

/// How many are connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    /// Sessions that were let in.
    pub sessions: u64,
    /// People with at least one of them.
    pub people: u64,
}
