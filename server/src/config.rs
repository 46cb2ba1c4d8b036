//! Configuration of a server and its limits, as values. `settings` reads the file.

use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use confique::{Config as _, Layer as _};
use recado_shared::limits::MAX_FRAME_LEN;
use serde::{Deserialize, Serialize};

use crate::connections::CLOSING_CONNECTIONS;
use crate::public_address::PublicAddress;

/// Largest [`Limits::max_users`]. The capacity of the outboxes depends on it.
pub const MAX_USERS_LIMIT: u32 = 100_000;

/// One in this many places of [`Limits::max_sessions`] is for users without a session. Our judgement.
const RESERVED_SHARE: usize = 8;

/// Who may register a new name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::Display)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Policy {
    /// People with an invite
    #[default]
    Invite,
    /// Anyone
    Open,
    /// No one, except local users of this machine
    Closed,
}

#[derive(Clone, Debug)]
pub struct Config {
    /// Folder of all durable data. One server per folder.
    pub data_dir: PathBuf,
    pub policy: Policy,
    /// The address in invites. `None`: the remembered one, or a guess of the machine's own.
    pub public_address: Option<PublicAddress>,
    /// Whether later starts use the same public address; `None` is forgotten then, too.
    pub remembers_public_address: bool,
    /// Whether the clock is right even if it is far from that of the last run.
    pub accept_clock: bool,
    /// Places for the local ticket, best first. If empty, no ticket is written.
    pub ticket_places: Vec<PathBuf>,
    /// Whether a new server starts where the key or the database of one is missing.
    pub is_new: bool,
    pub limits: Limits,
}

/// The part of the configuration that a running server takes over, see
/// [`Reloader`](crate::Reloader).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reloadable {
    pub policy: Policy,
    pub limits: Limits,
}

// The comments of the fields are those of the configuration file, see `settings::template`.
/// Limits. "Per address" means per IPv4 address, or per /64 network of IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, confique::Config)]
#[config(layer_attr(derive(Debug)))]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Limits {
    /// Connected clients. Each needs a file descriptor: see `ulimit -n`.
    #[config(default = 4_096)]
    pub max_sessions: usize,

    /// Connected clients of one user. The last eighth of all places is for users without any.
    #[config(default = 64)]
    pub max_sessions_per_user: usize,

    /// Connected clients that use the same device key, such as scripts beside the full screen.
    #[config(default = 32)]
    pub max_sessions_per_device: usize,

    /// Registered users, at most 100000.
    #[config(default = 10_000)]
    pub max_users: u64,

    /// Connections that have not signed in. At the bound, the address with the most of them loses the one
    /// that has been silent longest.
    #[config(default = 2_048)]
    pub max_unauthenticated: usize,

    /// New connections per minute and address; more are refused.
    #[config(default = 3_000)]
    pub connections_per_minute: u32,

    /// New users per hour and address, with the policy "open". Invites do not count.
    #[config(default = 100)]
    pub registrations_per_hour: u32,

    /// New users per hour from all addresses together, with the policy "open". Invites do not count.
    #[config(default = 500)]
    pub registrations_per_hour_in_all: u32,

    /// Frames (requests and other protocol units) per second of one user, sustained. Requests for lists
    /// count as 8. Users over a rate are throttled; nothing is lost.
    #[config(default = 200)]
    pub frames_per_second: NonZeroU32,

    /// Frames of one user in a burst.
    #[config(default = 400)]
    pub frame_burst: NonZeroU32,

    /// Bytes per second of one user, sustained.
    #[config(default = 262_144)]
    pub bytes_per_second: NonZeroU32,

    /// Bytes of one user in a burst.
    #[config(default = 1_048_576)]
    pub byte_burst: NonZeroU32,

    /// Bytes of messages and other entries that one user may add in 24 hours, since the server started.
    #[config(default = 268_435_456)]
    pub bytes_per_day: u64,

    /// Bytes that messages leave free on the disk of the data. With less, messages are refused, and
    /// reading works.
    #[config(default = 67_108_864)]
    pub disk_reserve: u64,

    /// Rooms that one user may create in 24 hours, since the server started.
    #[config(default = 100)]
    pub rooms_per_day: u32,

    /// Invitations to rooms that one user may send in an hour.
    #[config(default = 200)]
    pub invitations_per_hour: u32,
}

/// A setting is out of its range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the setting {setting} is {value}, but must be between {} and {}", range.start(), range.end())]
pub struct LimitError {
    pub setting: &'static str,
    pub value: u64,
    pub range: RangeInclusive<u64>,
}

impl Config {
    /// The default configuration for a data folder, without a local ticket.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            policy: Policy::default(),
            public_address: None,
            accept_clock: false,
            remembers_public_address: false,
            ticket_places: Vec::new(),
            is_new: false,
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        let defaults = <Self as confique::Config>::Layer::default_values();
        Self::from_layer(defaults).expect("each limit has a default")
    }
}

impl Limits {
    /// Checks the ranges.
    ///
    /// # Errors
    /// The first setting that is out of its range.
    pub fn check(&self) -> Result<(), LimitError> {
        let between = |setting, value, range: RangeInclusive<u64>| {
            let is_valid = range.contains(&value);
            let error = LimitError {
                setting,
                value,
                range,
            };
            is_valid.then_some(()).ok_or(error)
        };
        between("max_sessions", self.max_sessions as u64, 1..=1_000_000)?;
        let per_user = self.max_sessions_per_user as u64;
        between("max_sessions_per_user", per_user, 1..=1_000_000)?;
        let per_device = self.max_sessions_per_device as u64;
        between("max_sessions_per_device", per_device, 1..=1_000_000)?;
        between("max_users", self.max_users, 1..=MAX_USERS_LIMIT.into())?;
        let unauthenticated = self.max_unauthenticated as u64;
        between("max_unauthenticated", unauthenticated, 1..=1_000_000)?;
        let connections = self.connections_per_minute.into();
        between("connections_per_minute", connections, 1..=1_000_000)?;
        between(
            "bytes_per_day",
            self.bytes_per_day,
            MAX_FRAME_LEN as u64..=u64::MAX,
        )?;
        let burst = self.byte_burst.get().into();
        between("byte_burst", burst, MAX_FRAME_LEN as u64..=u32::MAX.into())
    }

    /// Sessions that users may open beside others of their own. The rest of the places is for users
    /// without a session, so that those with many do not lock them out.
    pub fn max_shared_sessions(&self) -> usize {
        self.max_sessions - self.max_sessions / RESERVED_SHARE
    }

    /// Connections of the whole server, with and without a session.
    pub fn max_connections(&self) -> usize {
        self.max_sessions + self.max_unauthenticated + CLOSING_CONNECTIONS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_valid() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn an_invalid_setting_is_named() {
        let mut limits = Limits {
            max_users: u64::from(MAX_USERS_LIMIT) + 1,
            ..Limits::default()
        };
        let error = limits.check().unwrap_err();
        assert_eq!(error.setting, "max_users");
        assert_eq!(
            error.to_string(),
            "the setting max_users is 100001, but must be between 1 and 100000"
        );
        limits.max_users = 1;
        limits.byte_burst = NonZeroU32::MIN;
        assert_eq!(limits.check().unwrap_err().setting, "byte_burst");
    }
}
