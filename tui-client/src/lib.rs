//! The full-screen terminal client of Recado.
//!
//! # Bounds
//!
//! A full queue of network events stops reading from the server (`net::MAX_QUEUED_EVENTS`), a full queue of
//! frames ends the session, which comes back by its cursors (`net::MAX_QUEUED_FRAMES`), and a full queue to the disk takes nothing
//! more from the network (`store::queue::FULL_BYTES`). At most 16,000 entries are on their way from the server to the disk
//! (`session::backfill::MAX_UNSTORED`) besides those of the open conversation. A full outbox (1,000 messages) leaves the message in the composer and says why.
//! A search shows the 100 newest hits and says that there are more; a newer question ends the one that runs.
//! At most four questions to tmux wait (`terminal::tmux`); another copy goes to the terminal, and another question counts as
//! not answered. Arrivals ask at most once per second.
//! An escape sequence of a terminal over 128 bytes is dropped whole, and a paste over 64 KiB arrives in parts.
//! Of a text that comes back from the editor, the input box takes 60 KiB (`app::composer::MAX_LEN`) and says that the rest is left out.
//! The local store removes its oldest messages beyond `store_limit_mib` of the configuration (`app::chats`).
//! All network addresses of a host are tried; their timeouts and the pause between them (`net::race`) bound how many are tried
//! together. The log of a start has at most 1 MiB, and that of the last start as much (`telemetry`).
//! The list of all that is new has at most 50 conversations with 20 lines each, from the 200 oldest unread entries, and counts the rest.
//! An export holds one page of a log; as Markdown also a few dozen bytes for each edit, deletion and reaction, at most a million of
//! them (`export::transcript::MAX_CHANGES`), beyond which it asks for `jsonl`. The logs themselves, rooms without members, and the
//! invites that an administrator makes are bounded by the disk alone.

pub mod app;
pub mod cells;
pub mod cli;
pub mod client;
pub mod config;
pub mod driver;
pub mod exit;
mod files;
pub mod identity;
mod model;
pub mod net;
mod output;
pub mod paths;
mod spelling;
pub mod store;
mod strings;
pub mod telemetry;
pub mod terminal;
mod tokenizer;
pub mod ui;
mod verbs;

pub use files::FileError;
