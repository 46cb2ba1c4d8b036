//! The server as its clients see it: sessions over a pipe with paused time, and the whole server
//! over TLS on a free port.

mod client;
mod server;

mod doors;
mod drain;
mod session;
mod slow;
mod talk;
