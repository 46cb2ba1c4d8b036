//! The only thread that changes the database, and the rules of each write.

pub(crate) mod admin;
pub(crate) mod batch;
pub(crate) mod contact;
pub(crate) mod content;
pub(crate) mod erase;
pub(crate) mod login;
pub(crate) mod profile;
pub(crate) mod room;
pub(crate) mod row_cache;
pub(crate) mod thread;
