//! The progress of reading the directory of users, once a session.

use recado_shared::UserName;

/// Most people that a session asks the directory for.
pub(super) const MAX_DIRECTORY: usize = 1_000;

/// How far the reading of the directory has got.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(super) found: usize,
    pub(super) next: DirectoryRequest,
}

/// What to ask the directory for next.
#[derive(Debug, Default)]
pub(super) enum DirectoryRequest {
    #[default]
    Nothing,
    FromStart,
    After(UserName),
}

impl Directory {
    pub(crate) fn begin_session(&mut self) {
        self.found = 0;
        self.next = DirectoryRequest::FromStart;
    }
}
