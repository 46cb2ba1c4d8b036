//! How the program ends: exit codes are a stable interface.

use std::process::ExitCode;

use crate::admin::client::CallError;
use crate::store::ChangeError;

/// How the program ended. Codes keep their meaning; new ones are added at the end. 2 is a wrong
/// command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    /// Something on this machine failed.
    Failure = 1,
    /// What was asked cannot be done: nobody has the name, or it is taken.
    Refused = 3,
    /// No server is running, and one is needed.
    NotRunning = 4,
}

/// What was asked cannot be done, for this reason.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Refused(pub(super) String);

impl From<ChangeError> for Refused {
    fn from(error: ChangeError) -> Self {
        Self(error.to_string())
    }
}

/// The code of an error.
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
