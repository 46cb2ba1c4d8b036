//! The two times that a core is told: it never reads a clock itself.

use std::time::Instant;

use crate::id::Timestamp;

/// The moment at which an event happened, read once by the driver that passes it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// For deadlines: never goes back.
    pub instant: Instant,
    /// For display and for the log: wall-clock time, which may jump.
    pub wall: Timestamp,
}
