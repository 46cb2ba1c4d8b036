//! Cursors of the user and the other members of a conversation, which only move forward.

use recado_shared::limits::MAX_MEMBERS_WITH_CURSORS;
use recado_shared::{MemberCursors, Seq, UserId};

use super::room::Room;
use super::state::Conversation;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) delivered: Seq,
    pub(crate) read: Seq,
}

impl Progress {
    const fn new(delivered: Seq, read: Seq) -> Self {
        Self { delivered, read }
    }

    pub(super) const fn at(seq: Seq) -> Self {
        Self::new(seq, seq)
    }

    pub(super) fn max(self, other: Self) -> Self {
        Self::new(
            self.delivered.max(other.delivered),
            self.read.max(other.read),
        )
    }

    pub(super) fn min(self, other: Self) -> Self {
        Self::new(
            self.delivered.min(other.delivered),
            self.read.min(other.read),
        )
    }
}

impl Conversation {
    pub(super) fn set_progress(&mut self, cursors: &[MemberCursors]) {
        for &member in cursors {
            let progress = Progress::new(member.delivered, member.read);
            if member.user == self.me {
                self.acked = self.acked.max(progress);
            }
            if self.is_other(member.user) {
                let known = self.others.entry(member.user).or_default();
                *known = known.max(progress);
            }
        }
    }

    /// Whether this user's progress is one that marks follow.
    pub(crate) fn is_other(&self, user: UserId) -> bool {
        if let Some(peer) = self.peer() {
            return user == peer;
        }
        let has_room = self.others.len() < MAX_MEMBERS_WITH_CURSORS;
        user != self.me && (has_room || self.others.contains_key(&user))
    }

    /// Adds a member, who has read all entries before the one that let them in.
    pub(super) fn add_member(&mut self, user: UserId, at: Seq) {
        if self.is_other(user) {
            self.others.entry(user).or_insert(Progress::at(at));
        }
    }

    pub(super) fn remove_member(&mut self, user: UserId) {
        self.others.remove(&user);
    }

    /// The least progress of the others; zero in rooms that are too large for cursors.
    pub(crate) fn others_progress(&self) -> Progress {
        if self.room().is_some_and(|room| !room.has_cursors()) {
            return Progress::default();
        }
        let all = self.others.values().copied();
        all.reduce(Progress::min).unwrap_or_default()
    }

    pub(crate) fn progress_of(&self, user: UserId) -> Progress {
        if user == self.me {
            return self.own;
        }
        self.others.get(&user).copied().unwrap_or_default()
    }

    pub(crate) fn cursors_of(&self, user: UserId) -> MemberCursors {
        let Progress { delivered, read } = self.progress_of(user);
        MemberCursors {
            user,
            delivered,
            read,
        }
    }

    /// The end of the run without a hole that goes on from the server's own delivered cursor.
    pub(super) fn contiguous(&self) -> Seq {
        self.log.held().run_end(self.acked.delivered)
    }

    /// Takes over a member's cursors. Returns whether anything changed.
    pub(crate) fn set_cursors(&mut self, cursors: MemberCursors) -> bool {
        let before = (self.own, self.acked, self.progress_of(cursors.user));
        self.set_progress(&[cursors]);
        self.follow_acked();
        before != (self.own, self.acked, self.progress_of(cursors.user))
    }

    pub(super) fn follow_acked(&mut self) {
        self.sent = self.sent.max(self.acked);
        self.own = self.own.max(self.acked);
        self.unread.advance(self.own.read);
    }

    pub(crate) fn see(&mut self, seq: Seq) {
        self.seen = self.seen.max(seq.min(self.log.newest));
    }

    /// Moves the own cursors as far as they go. Returns whether the read cursor moved over an
    /// entry of another user.
    pub(crate) fn move_cursors(&mut self) -> bool {
        self.own.delivered = self.own.delivered.max(self.contiguous());
        let read = self.seen.min(self.own.delivered);
        if read <= self.own.read {
            return false;
        }
        let unread = self.unread();
        let passes_others = self.own.read < self.last_of_others;
        self.own.read = read;
        self.unread.advance(read);
        passes_others || unread != self.unread()
    }

    /// Whether the server should hear of the own cursors.
    pub(crate) fn is_ahead(&self) -> bool {
        let passes = |own: Seq, sent: Seq| own > sent && sent < self.last_of_others;
        passes(self.own.delivered, self.sent.delivered) || passes(self.own.read, self.sent.read)
    }

    /// Whether a client waits for it: those of the others, or the user's own for a read cursor.
    pub(crate) fn is_heard(&self) -> bool {
        self.own.read > self.sent.read || self.room().is_none_or(Room::has_cursors)
    }
}
