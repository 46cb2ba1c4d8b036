//! The client against real servers, over real sockets and real files; the binaries in real
//! pseudo-terminals.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as the tests do: by panicking where it happened"
)]

mod accounts;
mod bots;
mod contacts;
mod crash;
mod demo;
mod driver;
mod editor;
mod erasing;
mod export;
mod history;
mod joining;
mod keys;
mod link;
mod log;
mod machine;
mod net;
mod pty;
mod restore;
mod rooms;
mod rooms_verbs;
mod searching;
mod settings;
mod support;
mod terminal;
mod tmux;
mod two_people;
mod unread_overview;
mod verbs;
