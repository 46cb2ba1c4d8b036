//! What `recado rooms` and `recado room` take.

use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use recado_shared::{NameError, Role, RoomName, Topic, UserName};

pub(crate) const ROOMS_FIELDS: &str = "\
Rooms that you are in or invited to, and public ones.
Fields of a JSON line: room, the name; conversation, as 'recado tail --json' has it; standing, which
is member, invited or none; role, which is owner, moderator or member, and null where you are no
member; visibility, public or private; topic, or null; members, how many; unread, how many messages
you have not read; muted, whether you have no voice.";

pub(crate) const ROOM_HELP: &str = "\
Fields of the JSON object with --json: conversation, room (the name as you gave it), and of what was
done seq, id and time, as 'recado tail --json' has them. What the server refuses ends with 3 and its
own words.";

pub(crate) const MEMBERS_FIELDS: &str = "\
Fields of a JSON line: name; id, the person's number as a string; role, which is owner, moderator or
member; presence, which is online, away or offline; muted, and muted_until, in UTC or null; own,
whether it is you.";

/// What to do with a room.
#[derive(Args, Debug)]
pub(crate) struct RoomArguments {
    #[command(subcommand)]
    pub(crate) act: RoomAct,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RoomAct {
    /// Make a room
    Create {
        #[command(flatten)]
        room: InRoom,
        /// Only who is invited finds it and may come in
        #[arg(long)]
        private: bool,
        /// Who comes in later does not see what was said before
        #[arg(long)]
        hide_history: bool,
    },
    /// Come in
    Join(InRoom),
    /// Go
    Leave(InRoom),
    /// Ask somebody in
    Invite(InRoomAbout),
    /// Print who is in a room
    #[command(after_help = MEMBERS_FIELDS)]
    Members(InRoom),
    /// Set the topic; without one, remove it
    Topic {
        #[command(flatten)]
        room: InRoom,
        /// What the room is about
        #[arg(value_parser = topic)]
        topic: Option<Topic>,
    },
    /// Give a member a role
    Role {
        #[command(flatten)]
        about: InRoomAbout,
        /// Which one
        #[arg(value_enum)]
        role: RoleWord,
    },
    /// Take a member's voice
    Mute {
        #[command(flatten)]
        about: InRoomAbout,
        /// For how many minutes [default: until it is given back]
        #[arg(long, value_name = "MINUTES", value_parser = minutes)]
        minutes: Option<Duration>,
    },
    /// Give a member's voice back
    Unmute(InRoomAbout),
    /// Send a member out, who may come back
    Kick(InRoomAbout),
    /// Send somebody out for good
    Ban(InRoomAbout),
    /// Let somebody come back
    Unban(InRoomAbout),
}

/// A room, and how to say what became of it.
#[derive(Args, Debug)]
pub(crate) struct InRoom {
    /// The room: 'name', '#name' in quotes, or room:name
    #[arg(value_name = "ROOM", value_parser = room_name)]
    pub(crate) room: RoomName,
    /// Print it as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A room and a person.
#[derive(Args, Debug)]
pub(crate) struct InRoomAbout {
    #[command(flatten)]
    pub(crate) room: InRoom,
    /// Whom
    #[arg(value_name = "WHO", value_parser = UserName::new)]
    pub(crate) who: UserName,
}

/// A role as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleWord {
    /// Changes the room and gives roles.
    Owner,
    /// Keeps order.
    Moderator,
    /// Reads and writes.
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
        Ok(0) | Err(_) => Err("it is no number of minutes"),
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
