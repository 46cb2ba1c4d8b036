//! The only thread that changes the database, and the rules of each write.

mod admin;
mod append;
mod batch;
mod careful;
mod cursors;
mod erasure;
mod login;
pub(crate) mod reserve;
mod room;
pub(crate) mod row_cache;
mod start;
pub(crate) mod thread;
mod user;

#[cfg(test)]
pub(crate) use batch::Batch;
