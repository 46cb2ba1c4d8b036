//! All texts that the client shows, so that one place holds what a translation has to replace.
//!
//! Constants, and functions that put typed values into a sentence. They decide nothing: the caller
//! chooses the text, and `shared` words the refusals of the server.

pub(crate) mod cli;
pub(crate) mod rooms;
pub(crate) mod time;
