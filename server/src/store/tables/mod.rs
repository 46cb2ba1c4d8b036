//! SQL of each table, and the schema. Every function runs inside the caller's transaction.

pub(crate) mod conversations;
pub(crate) mod devices;
pub(crate) mod entries;
pub(crate) mod epochs;
pub(crate) mod erasures;
pub(crate) mod invites;
pub(crate) mod members;
pub(crate) mod names;
pub(crate) mod overview;
pub(crate) mod rooms;
pub(crate) mod schema;
pub(crate) mod settings;
pub(crate) mod statement;
pub(crate) mod users;
