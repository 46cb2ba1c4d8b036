//! Identifiers that only the server uses.

use std::fmt;

/// Number of a session, counted by the listener from 1 and not reused while the server runs, so a late
/// event cannot be taken for one of a newer session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub u64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Number of an administrator's request, counted by the driver and not reused while the server runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);
