//! One conversation as the client knows it: log, unread count, cursors, folded messages, room.
//! It changes only itself; its callers decide what follows for the link and the store.

pub(super) mod log;
pub(super) mod mentions;
pub(super) mod progress;
pub(super) mod ranges;
pub(super) mod room;
pub(super) mod state;
pub(super) mod unread;
