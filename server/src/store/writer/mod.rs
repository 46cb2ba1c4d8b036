//! The only thread that changes the database, and the rules of each write.

pub(crate) mod admin;
pub(crate) mod append;
pub(crate) mod apply;
pub(crate) mod batch;
pub(crate) mod cursors;
pub(crate) mod device;
pub(crate) mod erase;
pub(crate) mod login;
pub(crate) mod profile;
pub(crate) mod room;
pub(crate) mod row_cache;
pub(crate) mod thread;
