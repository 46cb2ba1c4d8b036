//! Views above the panes that take the keys while they are open. One type per overlay behind the
//! trait [`Overlay`]; the app does not know which one is open.

mod choice;
mod confirm;
mod fuzzy;
mod help;
mod open;
mod panel;
mod picker;
mod search;
mod switcher;
mod switcher_rooms;
mod traits;
pub(crate) mod unread_overview;

pub(crate) use self::open::open;
pub(crate) use self::traits::Overlay;
