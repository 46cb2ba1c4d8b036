//! Verbs of the command line, a file each. A verb reads the identity it needs, talks to the server
//! through [`net`](crate::net), and returns how it ended.

mod ask;
mod companions;
mod devices;
mod export;
mod history;
mod join;
mod line;
mod link;
mod local_server;
mod open;
mod qr;
mod reading;
mod room;
mod rooms;
mod send;
mod tail;
mod who;

pub(crate) use devices::devices;
pub(crate) use export::export;
pub(crate) use history::history;
pub(crate) use join::join;
pub(crate) use line::{FIELDS, Kind};
pub(crate) use link::link;
pub(crate) use local_server::{demo, host};
pub(crate) use open::open;
pub(crate) use room::room;
pub(crate) use rooms::rooms;
pub(crate) use send::send;
pub(crate) use tail::tail;
pub(crate) use who::who;
