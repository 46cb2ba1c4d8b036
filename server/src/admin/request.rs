//! Requests and answers of the admin socket, as plain values.

use std::net::IpAddr;
use std::time::Duration;

use recado_shared::{MessageBody, Timestamp, UserId};
use serde::{Deserialize, Serialize};

use crate::config::Policy;
use crate::store::{AdminChange, AdminOutcome, ChangeError, StoreStats};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminRequest {
    /// Reads the registration policy, or sets it until the server stops.
    Policy(Option<Policy>),
    Announce(MessageBody),
    Sessions,
    Change(AdminChange),
    /// Reads the statistics since the server's start.
    Stats,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumTryAs)]
pub enum AdminAnswer {
    Policy(Policy),
    /// The number of sessions that get the announcement.
    Announced(u64),
    /// Sessions in the order of their start.
    Sessions(Vec<SessionInfo>),
    Changed(Result<AdminOutcome, ChangeError>),
    Stats(ServerStats),
    /// The server is stopping. A request that was in progress may still be done.
    Stopping,
}

/// An open session, as shown to the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    pub session: u64,
    pub user: UserId,
    pub address: IpAddr,
    pub since: Timestamp,
    pub is_away: bool,
    /// Whether it gets heads instead of live entries, because it did not keep up.
    pub is_behind: bool,
}

/// Load of a server, and its work since its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerStats {
    pub uptime: Duration,
    pub present: Present,
    pub store: StoreStats,
}

/// Numbers of connected clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Present {
    pub sessions: u64,
    /// Users with at least one open session.
    pub users: u64,
}
