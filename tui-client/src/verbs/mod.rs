//! Verbs of the command line, one file each, with its arguments, its help and its `run`. They reach the
//! server by [`net`](crate::net) and know nothing of the parser in [`cli`](crate::cli).

mod ask;
mod companions;
pub(crate) mod devices;
pub(crate) mod export;
pub(crate) mod history;
pub(crate) mod join;
pub(crate) mod line;
pub(crate) mod link;
pub(crate) mod local_server;
pub(crate) mod open;
mod qr;
mod reading;
pub(crate) mod room;
pub(crate) mod rooms;
pub(crate) mod send;
pub(crate) mod tail;
pub(crate) mod who;
