//! Results of requests that the database cannot serve.

use recado_shared::{Refusal, RequestError, Stamp};

use super::admin::ChangeError;
use super::request::{Left, Write, WriteResult};

/// Reason why a request of the writer was rolled back. Nothing of it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It needs data that is damaged.
    Damaged,
    /// The disk is full.
    NoSpace,
}

impl Refused {
    fn error(self) -> RequestError {
        match self {
            Self::Damaged => RequestError::Damaged,
            Self::NoSpace => RequestError::Unavailable,
        }
    }
}

impl Write {
    /// The result of this request if it was rolled back, at the stamp before it.
    pub(crate) fn refused(&self, why: Refused, stamp: Stamp) -> WriteResult {
        match self {
            Self::Login(login) => WriteResult::Login {
                session: login.session,
                result: Err(Refusal::Unavailable),
            },
            Self::Append { origin, new } => WriteResult::Append {
                origin: *origin,
                conversation: new.conversation,
                result: Err(why.error()),
                stamp,
            },
            Self::CreateRoom { origin, new } => WriteResult::CreateRoom {
                origin: *origin,
                new: new.clone(),
                result: Err(why.error()),
                stamp,
            },
            Self::Advance { advance, .. } => WriteResult::Advance {
                conversation: advance.conversation,
                moved: None,
                stamp,
            },
            Self::Device {
                origin,
                user,
                change,
                ..
            } => WriteResult::Device {
                origin: *origin,
                user: *user,
                change: change.clone(),
                result: Err(why.error()),
            },
            Self::User { origin, user, .. } => WriteResult::User {
                origin: *origin,
                user: *user,
                result: Err(why.error()),
                stamp,
            },
            Self::Erase { .. } => WriteResult::Erased {
                entries: Vec::new(),
                since: stamp,
                left: Some(Left::Later),
            },
            Self::Admin { ticket, .. } => WriteResult::Admin {
                ticket: *ticket,
                result: Err(match why {
                    Refused::Damaged => ChangeError::Damaged,
                    Refused::NoSpace => ChangeError::NoSpace,
                }),
                entries: Vec::new(),
                since: stamp,
            },
        }
    }
}
