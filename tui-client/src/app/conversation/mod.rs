//! One conversation as the client knows it: log, unread count, cursors, folded messages, room.
//! It changes only itself; its callers decide what follows for the link and the store.

pub(in crate::app) mod log;
pub(in crate::app) mod mentions;
pub(in crate::app) mod originals;
pub(in crate::app) mod progress;
pub(in crate::app) mod ranges;
pub(in crate::app) mod room;
pub(in crate::app) mod state;
pub(in crate::app) mod typing;
pub(in crate::app) mod unread;
