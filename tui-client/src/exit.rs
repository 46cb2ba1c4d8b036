//! Exit codes, which are a stable interface, and failures with their texts.

use std::fmt;
use std::process::ExitCode;

use recado_shared::RequestError;
use recado_shared::io_reason::describe;

use crate::FileError;
use crate::config::ConfigError;
use crate::identity::{IdentityError, RegisterError};
use crate::net::{ConnectError, SessionError};
use crate::paths::PathsError;
use crate::store::StoreError;
use crate::strings;

/// How the program ended. Codes keep their meaning; new ones are added at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// What was asked is done.
    Done = 0,
    /// Something on this machine failed.
    Failure = 1,
    /// The command line, or the text to send, is not right.
    Usage = 2,
    /// The server refused: a name, an invite, an unknown recipient.
    Refused = 3,
    /// The server could not be reached.
    NoConnection = 4,
    /// It took too long.
    Timeout = 5,
    /// The server's key is not the pinned one.
    WrongKey = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why the program did not do what was asked: a code for scripts and a text for people.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Failure {
    pub exit: Exit,
    /// What happened, why, and what to do next.
    pub text: String,
}

impl Failure {
    /// A failure with this text.
    pub fn new(exit: Exit, text: impl fmt::Display) -> Self {
        let text = text.to_string();
        Self { exit, text }
    }

    /// A failure of the command line or of a text to send.
    pub(crate) fn usage(text: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, text)
    }
}

/// Makes these errors failures with the general code, [`Exit::Failure`], and their own text.
macro_rules! general_failures {
    ($($error:ty),* $(,)?) => {$(
        impl From<$error> for $crate::exit::Failure {
            fn from(error: $error) -> Self {
                Self::new($crate::exit::Exit::Failure, error)
            }
        }
    )*};
}

pub(crate) use general_failures;

general_failures!(
    ConfigError,
    FileError,
    IdentityError,
    PathsError,
    StoreError
);

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::new(Exit::Failure, strings::errors::system(&describe(&error)))
    }
}

impl From<ConnectError> for Failure {
    fn from(error: ConnectError) -> Self {
        let exit = match error {
            ConnectError::Refused { .. } | ConnectError::AccessRevoked { .. } => Exit::Refused,
            ConnectError::WrongKey { .. } => Exit::WrongKey,
            ConnectError::Key(_) => Exit::Failure,
            _ => Exit::NoConnection,
        };
        Self::new(exit, error)
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Request(error) => error.into(),
            error => Self::new(Exit::NoConnection, format!("{error}. Try again.")),
        }
    }
}

impl From<RequestError> for Failure {
    fn from(error: RequestError) -> Self {
        Self::new(Exit::Refused, error)
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Connect(error) => error.into(),
            RegisterError::Identity(error) => error.into(),
        }
    }
}
