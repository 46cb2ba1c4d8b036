//! Slash commands: their table, how they are parsed, and those that wait for an answer.

pub(crate) mod devices;
pub(in crate::app) mod parse;
pub(in crate::app) mod table;
pub(in crate::app) mod waiting;

pub(in crate::app) use self::parse::{Parsed, parse};
pub(in crate::app) use self::table::{COMMANDS, Kind, Spec, find, title};
pub(in crate::app) use self::waiting::{Call, Commands, Wait, act};
