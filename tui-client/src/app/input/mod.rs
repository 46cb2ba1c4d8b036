//! Keys, actions and the composer's completion.

pub(in crate::app) mod completion;

use self::completion::Completion;
use crate::app::keymap::Keymap;

/// The keymap and what the composer offers.
#[derive(Debug)]
pub(in crate::app) struct Input {
    pub(in crate::app) keymap: Keymap,
    pub(in crate::app) completion: Option<Completion>,
}
