//! Plain values that the store and the client core share. They depend on neither.

mod invite_link;
mod message_id;
mod roll_back;
mod scroll;

pub use invite_link::{InviteLink, InviteTerms};
pub(crate) use message_id::MessageIdSource;
pub(crate) use roll_back::content_after_roll_back;
pub use scroll::{ItemId, Place};
