//! The session with the server: link, requests, outbox, cursors and what is synchronised.

pub(in crate::app) mod cursor_pace;
pub(in crate::app) mod cursors;
pub(in crate::app) mod directory;
pub(in crate::app) mod lifecycle;
pub(in crate::app) mod link;
pub(in crate::app) mod outbox;
pub(in crate::app) mod receive;
pub(in crate::app) mod requests;
pub(in crate::app) mod sending;
pub(in crate::app) mod state;
pub(in crate::app) mod sync;

pub(in crate::app) use self::state::Session;
