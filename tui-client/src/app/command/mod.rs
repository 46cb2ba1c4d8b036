//! Slash commands: their table, how they are parsed, and those that wait for an answer.

pub(crate) mod devices;
pub(crate) mod parse;
pub(crate) mod table;
pub(crate) mod waiting;

pub(crate) use self::parse::{Parsed, parse};
pub(crate) use self::table::{COMMANDS, Kind, Spec, find, title};
pub(crate) use self::waiting::{Call, Commands, Wait, act};
