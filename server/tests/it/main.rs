//! The server as its clients see it: sessions over a pipe with paused time, and the whole server
//! over TLS on a free port.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod client;
mod machine;
mod server;

mod admin;
mod backup;
mod behind;
mod contacts;
mod devices;
mod direct;
mod drain;
mod erase;
#[cfg(target_os = "linux")]
mod full_disk;
mod limits;
mod program;
mod races;
mod refusals;
mod rooms;
mod session;
mod settings;
mod verify;
