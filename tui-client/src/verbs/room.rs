//! `recado room`: creates, joins and manages rooms. Each change is sent again under the same id until
//! the server answers.

use std::fmt;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use recado_shared::limits::MAX_USERS_PER_PAGE;
use recado_shared::{
    Answer, Content, ConversationId, HistoryVisibility, NameError, Request, Role, RoomEvent,
    RoomMember, RoomName, Timestamp, Topic, UserId, UserName, Visibility, text,
};
use serde::Serialize;
use tokio::time::timeout;

use super::VerbContext;
use super::ask;
use super::line::{self, utc_text};
use crate::client::{Client, Sent, wall_time};
use crate::exit::{Exit, Failure};
use crate::identity::Access;
use crate::model::MessageIdSource;
use crate::net::SessionError;
use crate::output::print_result;

const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) const HELP: &str = "\
Fields of the JSON object with --json: conversation; room (the name as you gave it); seq, id and time
of the new entry (as in 'recado tail --json'). Exit code 3 means that the server refused; the error
says why.";

const MEMBERS_FIELDS: &str = "\
Fields of a JSON line: name; id (the user's number as a string); role (owner, moderator or member);
presence (online, away or offline); muted; muted_until (UTC, or null); own (whether it is you).";

#[derive(Args, Debug)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Create a room
    Create {
        #[command(flatten)]
        room: RoomArguments,
        /// Make it private: only invited users can find and join it
        #[arg(long)]
        private: bool,
        /// Hide earlier messages from members who join later
        #[arg(long)]
        hide_history: bool,
    },
    /// Join a room
    Join(RoomArguments),
    /// Leave a room
    Leave(RoomArguments),
    /// Close a room whose only member you are, and erase its messages; this cannot be undone
    Close {
        #[command(flatten)]
        room: RoomArguments,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Invite a user to a room
    Invite(MemberArguments),
    /// List the members of a room
    #[command(after_help = MEMBERS_FIELDS)]
    Members(RoomArguments),
    /// Show, set or remove the topic
    Topic {
        #[command(flatten)]
        room: RoomArguments,
        /// The new topic; '-' removes it [default: show it]
        #[arg(value_parser = Topic::new)]
        topic: Option<Topic>,
    },
    /// Change the role of a member
    Role {
        #[command(flatten)]
        about: MemberArguments,
        /// The new role
        #[arg(value_enum)]
        role: RoleWord,
    },
    /// Mute a member
    Mute {
        #[command(flatten)]
        about: MemberArguments,
        /// Minutes until the mute ends [default: until you unmute]
        #[arg(long, value_name = "MINUTES", value_parser = minutes)]
        minutes: Option<Duration>,
    },
    /// Unmute a member of a room
    Unmute(MemberArguments),
    /// Remove a member, who may join again
    Kick(MemberArguments),
    /// Ban a user from a room
    Ban(MemberArguments),
    /// Unban a user from a room
    Unban(MemberArguments),
}

impl Action {
    const fn access(&self) -> Access {
        match self {
            Self::Members(_) | Self::Topic { topic: None, .. } => Access::Read,
            _ => Access::Write,
        }
    }
}

#[derive(Args, Debug)]
struct RoomArguments {
    /// The room: 'name', '#name' in quotes, or room:name
    #[arg(value_name = "ROOM", value_parser = room_name)]
    room: RoomName,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args, Debug)]
struct MemberArguments {
    #[command(flatten)]
    room: RoomArguments,
    /// Name of the user
    #[arg(value_name = "USER", value_parser = UserName::new)]
    user: UserName,
}

/// A [`Role`] with its help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RoleWord {
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

fn minutes(text: &str) -> Result<Duration, &'static str> {
    match text.parse::<u32>() {
        Ok(0) | Err(_) => Err("not a number of minutes"),
        Ok(minutes) => Ok(Duration::from_mins(minutes.into())),
    }
}

/// The line of `topic --json`: a stable interface.
#[derive(Serialize)]
struct TopicLine<'a> {
    room: &'a str,
    topic: Option<&'a str>,
}

impl fmt::Display for TopicLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::neutralise(self.topic.unwrap_or_default()))
    }
}

/// A line of `members --json`: a stable interface.
#[derive(Serialize)]
struct MemberLine<'a> {
    name: &'a str,
    id: String,
    role: &'static str,
    presence: &'static str,
    muted: bool,
    muted_until: Option<String>,
    own: bool,
}

impl fmt::Display for MemberLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, presence, .. } = self;
        let name = text::neutralise(self.name);
        let own = if self.own { " (you)" } else { "" };
        let muted = if self.muted { " muted" } else { "" };
        write!(f, "{presence:<8} {role:<9} {name}{own}{muted}")
    }
}

pub(crate) async fn run(context: &VerbContext, arguments: Arguments) -> Result<(), Failure> {
    if let Action::Close { room, yes: false } = &arguments.action {
        let question = format!("Close #{} for good and erase its messages?", room.room);
        ask::confirm(&question, "This cannot be undone. Confirm with --yes.")?;
    }
    let mut client = context.client(arguments.action.access()).await?;
    let done = timeout(TIMEOUT, carry_out(&mut client, arguments.action)).await;
    client.leave().await;
    done.unwrap_or_else(|_| {
        let seconds = TIMEOUT.as_secs();
        let text = format!(
            "The server did not answer within {seconds} s. The change may or may not have been \
             made; check with 'recado rooms' or 'recado room members ROOM'."
        );
        Err(Failure::new(Exit::Timeout, text))
    })
}

async fn carry_out(client: &mut Client, action: Action) -> Result<(), Failure> {
    match action {
        Action::Create {
            room,
            private,
            hide_history,
        } => create(client, &room, private, hide_history).await,
        Action::Members(room) => members(client, &room).await,
        Action::Join(room) => append(client, &room, RoomEvent::Joined).await,
        Action::Leave(room) => append(client, &room, RoomEvent::Left).await,
        Action::Close { room, .. } => append(client, &room, RoomEvent::Closed).await,
        Action::Topic { room, topic: None } => show_topic(client, &room).await,
        Action::Topic { room, topic } => {
            let topic = topic.filter(|topic| topic.as_str() != "-");
            append(client, &room, RoomEvent::Topic(topic)).await
        }
        Action::Invite(about) => append_about(client, &about, RoomEvent::Invited).await,
        Action::Kick(about) => append_about(client, &about, RoomEvent::Kicked).await,
        Action::Ban(about) => append_about(client, &about, RoomEvent::Banned).await,
        Action::Unban(about) => append_about(client, &about, RoomEvent::Unbanned).await,
        Action::Unmute(about) => append_about(client, &about, RoomEvent::Unmuted).await,
        Action::Role { about, role } => {
            let role = role.into();
            append_about(client, &about, |user| RoomEvent::Role { user, role }).await
        }
        Action::Mute { about, minutes } => {
            let millis = minutes.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX));
            let until = millis.map(|millis| Timestamp(wall_time().0.saturating_add(millis)));
            append_about(client, &about, |user| RoomEvent::Muted { user, until }).await
        }
    }
}

async fn create(
    client: &mut Client,
    arguments: &RoomArguments,
    is_private: bool,
    hides_history: bool,
) -> Result<(), Failure> {
    let id = MessageIdSource::new(fastrand::u64(..)).draw(wall_time());
    let request = Request::CreateRoom {
        id,
        name: arguments.room.clone(),
        visibility: if is_private {
            Visibility::Private
        } else {
            Visibility::Public
        },
        history: if hides_history {
            HistoryVisibility::Hidden
        } else {
            HistoryVisibility::Visible
        },
    };
    let Answer::RoomCreated { room, seq, time } = client.request(request).await? else {
        return Err(SessionError::unexpected_answer().into());
    };
    let conversation = ConversationId::Room(room);
    let sent = Sent {
        conversation,
        seq,
        id,
        time,
    };
    print_sent(arguments, &sent);
    Ok(())
}

async fn append(
    client: &mut Client,
    arguments: &RoomArguments,
    event: RoomEvent,
) -> Result<(), Failure> {
    let conversation = find(client, &arguments.room).await?;
    let sent = client.append(conversation, Content::Room(event)).await?;
    print_sent(arguments, &sent);
    Ok(())
}

async fn show_topic(client: &mut Client, arguments: &RoomArguments) -> Result<(), Failure> {
    let conversation = find(client, &arguments.room).await?;
    let request = Request::FindRooms {
        prefix: arguments.room.as_str().to_owned(),
        after: None,
        limit: 1,
    };
    let Answer::Rooms { rooms, .. } = client.request(request).await? else {
        return Err(SessionError::unexpected_answer().into());
    };
    let mut rooms = rooms.iter();
    let room = rooms.find(|room| ConversationId::Room(room.room) == conversation);
    let line = TopicLine {
        room: arguments.room.as_str(),
        topic: room.and_then(|room| room.topic.as_ref()).map(Topic::as_str),
    };
    // A closed pipe needs no more lines.
    let _ = print_result(&line, arguments.json);
    Ok(())
}

async fn append_about(
    client: &mut Client,
    arguments: &MemberArguments,
    event: impl FnOnce(UserId) -> RoomEvent,
) -> Result<(), Failure> {
    let direct = client.find(arguments.user.as_str()).await?;
    let me = client.me().0;
    let user = direct.peer_of(me).unwrap_or(me);
    append(client, &arguments.room, event(user)).await
}

async fn find(client: &mut Client, room: &RoomName) -> Result<ConversationId, Failure> {
    client.find(&format!("#{room}")).await
}

fn print_sent(arguments: &RoomArguments, sent: &Sent) {
    if arguments.json {
        line::print_sent(sent, Some(arguments.room.as_str()));
    }
}

async fn members(client: &mut Client, arguments: &RoomArguments) -> Result<(), Failure> {
    let conversation = find(client, &arguments.room).await?;
    let Some(room) = conversation.room() else {
        return Err(SessionError::unexpected_answer().into());
    };
    let mut after = None;
    loop {
        let request = Request::Members {
            room,
            after,
            limit: MAX_USERS_PER_PAGE,
        };
        let Answer::Members { members, more } = client.request(request).await? else {
            return Err(SessionError::unexpected_answer().into());
        };
        after = members.last().map(|member| member.person.user);
        let me = client.me().0;
        for member in &members {
            if print_result(&member_line(member, me), arguments.json).is_err() {
                return Ok(());
            }
        }
        if !more || after.is_none() {
            return Ok(());
        }
    }
}

fn member_line(member: &RoomMember, me: UserId) -> MemberLine<'_> {
    let mute = member.mute.filter(|mute| mute.holds_at(wall_time()));
    let until = mute.and_then(|mute| mute.until);
    MemberLine {
        name: member.person.name.as_str(),
        id: member.person.user.to_string(),
        role: member.role.name(),
        presence: member.person.presence.into(),
        muted: mute.is_some(),
        muted_until: until.map(utc_text),
        own: member.person.user == me,
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
