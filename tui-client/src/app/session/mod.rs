//! The session with the server: link, requests, outbox, cursors and what is synchronised.

pub(super) mod announcements;
pub(super) mod backfill;
pub(super) mod cursors;
pub(super) mod directory;
pub(super) mod history;
pub(super) mod link;
pub(super) mod outbox;
pub(super) mod receive;
pub(super) mod requests;
pub(super) mod roll_back;
pub(super) mod sending;
pub(super) mod state;
pub(super) mod sync;

pub(super) use self::state::Session;
