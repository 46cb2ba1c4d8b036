//! The progress of reading the directory of users, once a session.

use recado_shared::UserName;

/// Most people that a session asks the directory for.
pub(super) const MAX_DIRECTORY: usize = 1_000;

/// How far the reading of the directory has got.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    pub(super) found: usize,
    pub(super) next: NextAsk,
}

/// What to ask the directory for next.
#[derive(Debug, Default)]
pub(super) enum NextAsk {
    #[default]
    Nothing,
    FromStart,
    After(UserName),
}

impl Directory {
    pub(crate) fn begin_session(&mut self) {
        self.found = 0;
        self.next = NextAsk::FromStart;
    }
}
