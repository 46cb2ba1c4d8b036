//! Arguments and help of `recado rooms` and `recado room`.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use recado_shared::{NameError, Role, RoomName, Topic, UserName};

pub(crate) const ROOMS_FIELDS: &str = "\
Lists the rooms that you are in or invited to, and public rooms.
Fields of a JSON line: room (its name); conversation (as in 'recado tail --json'); standing (member,
invited or none); role (owner, moderator or member; null if you are not a member); visibility
(public or private); topic (or null); members (their number); unread (your unread messages); muted
(whether you are muted there).";

pub(crate) const ROOM_HELP: &str = "\
Fields of the JSON object with --json: conversation; room (the name as you gave it); seq, id and time
of the new entry (as in 'recado tail --json'). Exit code 3 means that the server refused; the error
says why.";

pub(crate) const MEMBERS_FIELDS: &str = "\
Fields of a JSON line: name; id (the user's number as a string); role (owner, moderator or member);
presence (online, away or offline); muted; muted_until (UTC, or null); own (whether it is you).";

/// Arguments of `recado room`.
#[derive(Args, Debug)]
pub(crate) struct RoomArguments {
    #[command(subcommand)]
    pub(crate) act: RoomAct,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoomAct {
    /// Create a room
    Create {
        #[command(flatten)]
        room: InRoom,
        /// Make it private: only invited users can find and join it
        #[arg(long)]
        private: bool,
        /// Hide earlier messages from members who join later
        #[arg(long)]
        hide_history: bool,
    },
    /// Join a room
    Join(InRoom),
    /// Leave a room
    Leave(InRoom),
    /// Invite a user to a room
    Invite(InRoomAbout),
    /// List the members of a room
    #[command(after_help = MEMBERS_FIELDS)]
    Members(InRoom),
    /// Set the topic, or remove it if none is given
    Topic {
        #[command(flatten)]
        room: InRoom,
        /// The new topic [default: none]
        #[arg(value_parser = topic)]
        topic: Option<Topic>,
    },
    /// Change the role of a member
    Role {
        #[command(flatten)]
        about: InRoomAbout,
        /// The new role
        #[arg(value_enum)]
        role: RoleWord,
    },
    /// Mute a member
    Mute {
        #[command(flatten)]
        about: InRoomAbout,
        /// Minutes until the mute ends [default: until you unmute]
        #[arg(long, value_name = "MINUTES", value_parser = minutes)]
        minutes: Option<Duration>,
    },
    /// Unmute a member of a room
    Unmute(InRoomAbout),
    /// Remove a member, who may join again
    Kick(InRoomAbout),
    /// Ban a user from a room
    Ban(InRoomAbout),
    /// Unban a user from a room
    Unban(InRoomAbout),
}

/// A room, and the form of the result.
#[derive(Args, Debug)]
pub(crate) struct InRoom {
    /// The room: 'name', '#name' in quotes, or room:name
    #[arg(value_name = "ROOM", value_parser = room_name)]
    pub(crate) room: RoomName,
    /// Print the result as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A room and one of its users.
#[derive(Args, Debug)]
pub(crate) struct InRoomAbout {
    #[command(flatten)]
    pub(crate) room: InRoom,
    /// Name of the user
    #[arg(value_name = "USER", value_parser = UserName::new)]
    pub(crate) who: UserName,
}

/// A role on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleWord {
    /// Changes the room and its roles
    Owner,
    /// Mutes, removes and bans members
    Moderator,
    /// Reads and writes messages
    Member,
}

impl From<RoleWord> for Role {
    fn from(word: RoleWord) -> Self {
        match word {
            RoleWord::Owner => Self::Owner,
            RoleWord::Moderator => Self::Moderator,
            RoleWord::Member => Self::Member,
        }
    }
}

fn room_name(text: &str) -> Result<RoomName, NameError> {
    RoomName::new(text.strip_prefix("room:").unwrap_or(text))
}

fn topic(text: &str) -> Result<Topic, String> {
    Topic::new(text).map_err(|error| error.to_string())
}

fn minutes(text: &str) -> Result<Duration, &'static str> {
    match text.parse::<u32>() {
        Ok(0) | Err(_) => Err("not a number of minutes"),
        Ok(minutes) => Ok(Duration::from_secs(u64::from(minutes) * 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_is_named_in_three_ways() {
        for text in ["builds", "#builds", "room:builds"] {
            assert_eq!(room_name(text).unwrap().as_str(), "builds");
        }
        assert!(room_name("room:#").is_err());
    }

    #[test]
    fn minutes_are_a_positive_number() {
        assert_eq!(minutes("30"), Ok(Duration::from_mins(30)));
        for bad in ["0", "-1", "1h", ""] {
            assert!(minutes(bad).is_err(), "{bad}");
        }
    }
}
