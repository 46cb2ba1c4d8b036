//! The bytes of every frame, in hex. They are added to and never edited: a change here means that
//! older programs do not understand newer ones. Version 2 is the oldest that is spoken.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

mod contents;
mod fits;
mod frames;
mod requests;
mod rooms;
