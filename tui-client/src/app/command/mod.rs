//! Slash commands: their table, their parser, and their requests that wait for an answer.

pub(crate) mod devices;
mod parse;
mod pending;
mod table;

pub(crate) use self::parse::{Parsed, parse};
pub(crate) use self::pending::{Call, CommandResult, DateSearch, PendingRequest, PendingRequests};
pub(crate) use self::table::{
    ArgumentKind, COMMANDS, Change, Command, CommandSpec, SettingCommand, find, title,
};
