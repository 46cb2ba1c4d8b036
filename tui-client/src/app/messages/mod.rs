//! The selection of a message and the actions on it: reply, edit, delete, react, copy, retry.

pub(super) mod actions;
pub(super) mod selection;
