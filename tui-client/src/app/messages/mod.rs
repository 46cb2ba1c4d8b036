//! The selection of a message and the actions on it: reply, edit, delete, react, copy, retry.

pub(in crate::app) mod actions;
pub(in crate::app) mod selection;
