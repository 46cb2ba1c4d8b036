//! The error for a request that cannot be done, with its exit code.

/// The request cannot be done, for this reason.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(pub(super) String);
