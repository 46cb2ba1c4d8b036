//! Plain values that the store and the client core share. They depend on neither.

mod message_id;
mod scroll;

pub(crate) use message_id::MessageIdSource;
pub use scroll::{ItemId, Place};
