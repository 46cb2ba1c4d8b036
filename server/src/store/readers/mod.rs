//! Reader threads, and the SQL of the queries that they answer.

mod heads;
pub(crate) mod query;
pub(crate) mod read;
