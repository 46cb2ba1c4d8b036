//! Plain values of the store and its errors. Nothing here knows the database but by its error type.

pub(crate) mod admin;
pub(crate) mod column;
pub(crate) mod config;
pub(crate) mod error;
pub(crate) mod failure;
pub(crate) mod request;
pub(crate) mod stats;
