//! Exit codes, a stable interface.

use std::process::ExitCode;

use crate::admin::client::CallError;
use crate::store::ChangeError;

/// Exit codes keep their meaning; new ones are added at the end. Clap exits with 2 after an invalid
/// command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    /// An error on this machine.
    Failure = 1,
    /// The request cannot be done: there is no such name, or it is taken.
    Refused = 3,
    /// The command needs a running server.
    NotRunning = 4,
}

/// The request cannot be done, for this reason.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(pub(super) String);

impl From<ChangeError> for Refused {
    fn from(error: ChangeError) -> Self {
        Self(error.to_string())
    }
}

/// The exit code of an error.
pub fn code_of(error: &anyhow::Error) -> ExitCode {
    let exit = if error.is::<Refused>() {
        Exit::Refused
    } else if matches!(error.downcast_ref(), Some(CallError::NotRunning { .. })) {
        Exit::NotRunning
    } else {
        Exit::Failure
    };
    ExitCode::from(exit as u8)
}
