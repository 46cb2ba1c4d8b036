//! The only thread that changes the database, and the rules of each write.

mod admin;
mod append;
mod batch;
mod cursors;
mod device;
mod erase;
mod login;
mod profile;
mod room;
pub(crate) mod row_cache;
pub(crate) mod thread;

#[cfg(test)]
pub(crate) use batch::Batch;
