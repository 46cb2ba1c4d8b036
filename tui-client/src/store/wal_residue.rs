//! Texts that a change removed from the tables and that the write-ahead log still holds. In the
//! database file itself `secure_delete` leaves nothing.

use std::ops::BitOrAssign;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum WalResidue {
    #[default]
    None,
    /// The user's own drafts or outbox texts, or cached entries: the log is emptied when idle.
    Stale,
    /// Texts that a user deleted: the log is emptied at once.
    Erased,
}

impl WalResidue {
    /// The residue of a statement that removed `count` rows.
    pub(super) const fn of_rows(count: usize) -> Self {
        if count == 0 { Self::None } else { Self::Stale }
    }
}

impl BitOrAssign for WalResidue {
    fn bitor_assign(&mut self, other: Self) {
        *self = (*self).max(other);
    }
}
