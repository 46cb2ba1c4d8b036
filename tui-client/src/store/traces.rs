//! What a change leaves behind of a text that is gone from the tables.

use std::ops::BitOrAssign;

/// Whether the write-ahead log still has a text that the tables have no more. In the database
/// file itself `secure_delete` leaves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Traces {
    /// No text went.
    #[default]
    None,
    /// A text of the user's own went from the drafts or the outbox, or what is cached again from
    /// the server: the log is emptied when there is time.
    Stale,
    /// Somebody wants a text to be gone: the log is emptied at once.
    Erased,
}

impl Traces {
    /// Of a statement that removed so many rows.
    pub(super) const fn of_rows(count: usize) -> Self {
        if count == 0 { Self::None } else { Self::Stale }
    }
}

impl BitOrAssign for Traces {
    fn bitor_assign(&mut self, other: Self) {
        *self = (*self).max(other);
    }
}
