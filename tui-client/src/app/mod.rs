//! The client core: takes events, changes itself, returns effects. It knows no terminal, socket,
//! file, clock, task or random source.

pub mod action;
pub mod composer;
pub mod effect;
pub mod event;
pub mod keymap;
pub mod screen;

pub use effect::{Effect, Scroll};
pub use event::{ClickTarget, Event, Viewed};
