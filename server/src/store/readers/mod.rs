//! Reader threads, and the requests that they answer.

pub(crate) mod query;
pub(crate) mod read;
