//! Pure rules of conversations, written once for the relay, the store, the client and the export:
//! room state, permissions, folding, links and mentions. They hold no clock and do no input or output.

pub mod folding;
pub mod link;
pub mod membership;
pub mod mention;
pub mod permission;
pub mod room;
