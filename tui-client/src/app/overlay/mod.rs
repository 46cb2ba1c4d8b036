//! Views above the panes that take the keys while they are open.

pub(in crate::app) mod catch_up;
pub(in crate::app) mod confirm;
pub(in crate::app) mod panel;
pub(in crate::app) mod picker;
pub(in crate::app) mod search;
pub(in crate::app) mod switcher;
pub(in crate::app) mod switcher_rooms;
