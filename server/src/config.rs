//! The settings of the server, checked once. Reads nothing; `settings.rs` reads the file.

use std::num::NonZeroU32;
use std::path::PathBuf;

use recado_shared::ServerAddress;
use recado_shared::limits::MAX_FRAME_LEN;

use crate::policy::Policy;

/// The most that [`Limits::max_users`] may say: room in the sessions' queues depends on it.
pub const MAX_USERS_LIMIT: u32 = 100_000;

/// Connections that may exist beyond the sessions: those in a handshake, and those that are being
/// told why they are refused.
pub const CONNECTIONS_BEYOND_SESSIONS: usize = 1_024;

/// What a server is made with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where everything durable is. One server per folder.
    pub data_dir: PathBuf,
    /// Who may claim a new name.
    pub policy: Policy,
    /// The address that invites name; without it, the best guess of the machine's own.
    pub public_address: Option<ServerAddress>,
    /// Where to leave the ticket for the same user of this machine: the first place that can be
    /// used. Without any no ticket is left.
    pub ticket_places: Vec<PathBuf>,
    /// How much of everything.
    pub limits: Limits,
}

/// How much of everything a server allows.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Sessions at a time.
    pub max_sessions: usize,
    /// Users, at most [`MAX_USERS_LIMIT`].
    pub max_users: u64,
    /// Connections at a time from one address, or one /64 network of IPv6.
    pub max_connections_per_address: usize,
    /// TLS handshakes at a time; more wait.
    pub max_handshakes: usize,
    /// Those of one address, or one /64 network of IPv6, so that nobody takes all of them.
    pub max_handshakes_per_address: usize,
    /// New names per hour from one address, or one /64 network, under the policy `open`.
    pub registrations_per_hour: u32,
    /// How fast each session may send.
    pub rates: RateLimits,
}

/// A setting cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the setting {setting} is {value}, but must be {must}. Change it in the configuration")]
pub struct LimitError {
    /// Which one.
    pub setting: &'static str,
    /// What it says.
    pub value: u64,
    /// What it may say.
    pub must: String,
}

impl Config {
    /// The default settings for a data folder, without a ticket.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            policy: Policy::default(),
            public_address: None,
            ticket_places: Vec::new(),
            limits: Limits::default(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_sessions: 4_096,
            max_users: 10_000,
            max_connections_per_address: 256,
            max_handshakes: 64,
            max_handshakes_per_address: 16,
            registrations_per_hour: 20,
            rates: RateLimits::default(),
        }
    }
}

/// How fast a session may send in the long run, and how much at once.
#[derive(Clone, Copy, Debug)]
pub struct RateLimits {
    /// Frames per second.
    pub frames_per_second: NonZeroU32,
    /// Frames at once.
    pub frame_burst: NonZeroU32,
    /// Bytes per second.
    pub bytes_per_second: NonZeroU32,
    /// Bytes at once; at least the longest frame, which would never fit otherwise.
    pub byte_burst: NonZeroU32,
}

impl Default for RateLimits {
    fn default() -> Self {
        let number = |n| NonZeroU32::new(n).expect("the defaults are above zero");
        Self {
            frames_per_second: number(200),
            frame_burst: number(400),
            bytes_per_second: number(256 << 10),
            byte_burst: number(1 << 20),
        }
    }
}

impl Limits {
    /// Checks that the server can work with these.
    ///
    /// # Errors
    /// [`LimitError`] names the first that it cannot work with.
    pub fn check(&self) -> Result<(), LimitError> {
        let between = |setting, value, least, most| {
            if (least..=most).contains(&value) {
                return Ok(());
            }
            let must = format!("between {least} and {most}");
            Err(LimitError {
                setting,
                value,
                must,
            })
        };
        let number = |value: usize| u64::try_from(value).unwrap_or(u64::MAX);
        let longest = number(MAX_FRAME_LEN);
        between("max_sessions", number(self.max_sessions), 1, 1_000_000)?;
        between("max_users", self.max_users, 1, MAX_USERS_LIMIT.into())?;
        let per_address = number(self.max_connections_per_address);
        between("max_connections_per_address", per_address, 1, 1_000_000)?;
        between("max_handshakes", number(self.max_handshakes), 1, 65_536)?;
        let per_address = number(self.max_handshakes_per_address);
        between("max_handshakes_per_address", per_address, 1, 65_536)?;
        let burst = u64::from(self.rates.byte_burst.get());
        between("byte_burst", burst, longest, u64::from(u32::MAX))
    }

    /// Connections at a time.
    pub fn max_connections(&self) -> usize {
        self.max_sessions + CONNECTIONS_BEYOND_SESSIONS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_possible() {
        assert_eq!(Limits::default().check(), Ok(()));
    }

    #[test]
    fn an_impossible_setting_is_named() {
        let mut limits = Limits {
            max_users: u64::from(MAX_USERS_LIMIT) + 1,
            ..Limits::default()
        };
        let error = limits.check().unwrap_err();
        assert_eq!(error.setting, "max_users");
        assert_eq!(
            error.to_string(),
            "the setting max_users is 100001, but must be between 1 and 100000. Change it in the \
             configuration"
        );
        limits.max_users = 1;
        limits.rates.byte_burst = NonZeroU32::MIN;
        assert_eq!(limits.check().unwrap_err().setting, "byte_burst");
    }
}
