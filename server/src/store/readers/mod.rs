//! Reader threads, and the SQL of the queries that they answer.

pub(crate) mod query;
pub(crate) mod read;
