//! From key to action: a table per context, rebindable.

use crossterm::event::KeyEvent;

use super::action::{Action, Context};

/// The bindings in force.
#[derive(Clone, Debug, Default)]
pub struct Keymap {}

impl Keymap {
    /// What `key` means in `context`: that context's binding, else the global one.
    pub fn action(&self, context: Context, key: KeyEvent) -> Option<Action> {
        let _ = (context, key);
        None
    }

    /// How the first key bound to `action` is written, such as `^K` or `M-a`; empty if none is.
    pub fn key_of(&self, context: Context, action: Action) -> String {
        let _ = (context, action);
        String::new()
    }

    /// All bindings as tables for the help: heading, then (keys, what they do).
    pub fn tables(&self) -> Vec<(&'static str, Vec<(String, &'static str)>)> {
        Vec::new()
    }
}
