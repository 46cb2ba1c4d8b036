//! Keys, actions and the composer's completion.

pub mod action;
pub(in crate::app) mod completion;
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "key codes are the list of another crate, and most of them have no binding"
)]
pub mod keymap;
pub(in crate::app) mod keys;
pub(in crate::app) mod message_actions;
pub(in crate::app) mod selection;

use self::completion::Completion;
use self::keymap::Keymap;

/// The keymap and what the composer offers.
#[derive(Debug)]
pub(in crate::app) struct Input {
    pub(in crate::app) keymap: Keymap,
    pub(in crate::app) completion: Option<Completion>,
}
