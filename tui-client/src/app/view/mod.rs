//! The description of one frame and its making from the core. It changes nothing.

mod contacts;
pub(super) mod hints;
pub(super) mod items;
pub(super) mod panes;
pub mod screen;
