//! All texts that the client shows, so that one place holds what a translation has to replace.
//!
//! Constants, and functions that put typed values into a sentence. They decide nothing: the caller
//! chooses the text, and `shared` words the refusals of the server.

pub(crate) mod accounts;
pub(crate) mod cli;
pub(crate) mod commands;
pub(crate) mod conversation;
pub(crate) mod editor;
pub(crate) mod errors;
pub(crate) mod hints;
pub(crate) mod host;
pub(crate) mod keys;
pub(crate) mod overlays;
pub(crate) mod rooms;
pub(crate) mod status;
pub(crate) mod themes;
pub(crate) mod time;

/// `1 message`, `2 messages`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}
