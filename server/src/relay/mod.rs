//! The relay core: takes events, changes itself, returns effects. It knows no socket, file,
//! clock, task or random source.

mod effect;
mod event;

pub use effect::Effect;
pub use event::{Event, Peer, SessionId};
