//! The description of one frame and its making from the core. It changes nothing.

pub(in crate::app) mod items;
pub(in crate::app) mod panes;
pub mod screen;
