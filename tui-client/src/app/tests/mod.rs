//! Scripts: events and moved time in, effects and screens out.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a script looks for effects of one kind"
)]

mod acts;
mod agreement;
mod backfill;
mod commands;
mod cursors;
mod drafts;
mod epochs;
mod focus;
mod folding;
mod goto;
mod hints;
mod invite_link;
mod jumps;
mod keys;
mod link;
mod list;
mod log;
mod navigation;
mod notifications;
mod panels;
mod people;
mod questions;
mod refusals;
mod rooms;
mod search;
mod sending;
mod settings;
mod support;
mod switcher;
mod unread_overview;
mod writing;
