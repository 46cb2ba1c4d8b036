//! The client against a real server in this process, over real sockets and real files.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as the tests do: by panicking where it happened"
)]

mod demo;
mod driver;
mod net;
mod program;
mod pty;
mod support;
mod terminal;
mod verbs;
