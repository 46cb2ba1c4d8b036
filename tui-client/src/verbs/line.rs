//! Printed form of an entry: a line of JSON for programs, a line of text for people.

use clap::ValueEnum;
use jiff::tz::TimeZone;
use recado_shared::client::NameCache;
use recado_shared::{
    Content, ConversationId, ErasedKind, HistoryVisibility, Role, RoomEvent, UserName, Visibility,
    text,
};
use serde::Serialize;

use crate::client::Event;

/// Meaning of the JSON fields, for the help of the verbs that print them.
pub(crate) const FIELDS: &str = "\
Fields of a JSON line:
  conversation  direct/N/M with the numbers of both users, or room/N
  kind          message, reply, emote, edit, deletion, reaction-added, reaction-removed, event or
                erased (a message whose text was deleted)
  seq           number in that conversation, consecutive from 1
  id            message id
  time          time at which the server accepted it, in UTC
  with, with_id name and number of the other user, null in rooms
  room          name of the room, null in direct conversations
  author, author_id, own
                name and number of the author, and whether it is you
  mentions_me   whether the text mentions you (@name, @room or @all)
  text          the text, empty if there is none
Only where they apply: reply_to and target (seq of the message that it answers or changes); emoji;
event (the change to the room: created, joined, left, invited, renamed, topic, visibility, history,
role, muted, unmuted, kicked, banned, unbanned, closed, author-removed), with user and user_id (the
user concerned) and value (the new value). Numbers of users and ids are strings. Names that are not
known yet are null. New fields may be added; existing fields stay.";

/// The kind of an entry in JSON and in `--kinds`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A plain message
    Message,
    /// A reply to a message
    Reply,
    /// An action (/me)
    Emote,
    /// A message was edited
    Edit,
    /// A message was deleted
    Deletion,
    /// A reaction was added
    ReactionAdded,
    /// A reaction was removed
    ReactionRemoved,
    /// A room changed, or its members
    Event,
    /// A message or an edit whose text was deleted
    Erased,
}

impl Kind {
    pub(crate) fn of(content: &Content) -> Self {
        match content {
            Content::Message(_) => Self::Message,
            Content::Reply { .. } => Self::Reply,
            Content::Emote(_) => Self::Emote,
            Content::Edit { .. } => Self::Edit,
            Content::Deletion { .. } => Self::Deletion,
            Content::ReactionAdded { .. } => Self::ReactionAdded,
            Content::ReactionRemoved { .. } => Self::ReactionRemoved,
            Content::Room(_) | Content::AuthorRemoved => Self::Event,
            Content::Erased(ErasedKind::Message | ErasedKind::Edit) => Self::Erased,
        }
    }
}

/// A line of `--json`: a stable interface, see [`FIELDS`].
#[derive(Debug, Serialize)]
struct Line<'a> {
    conversation: String,
    kind: Kind,
    with: Option<&'a str>,
    with_id: Option<String>,
    room: Option<&'a str>,
    author: Option<&'a str>,
    author_id: String,
    own: bool,
    mentions_me: bool,
    seq: u64,
    id: String,
    time: String,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reply_to: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    emoji: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// A conversation as scripts see it.
pub(crate) fn conversation_text(conversation: ConversationId) -> String {
    match conversation {
        ConversationId::Direct(pair) => format!("direct/{}/{}", pair.low(), pair.high()),
        ConversationId::Room(room) => format!("room/{room}"),
    }
}

/// Writes an event as JSON. `after` is where a reader goes on that has read this line.
pub(crate) fn json(event: &Event, names: &NameCache, after: Option<String>) -> String {
    let content = &event.content;
    let emoji = match content {
        Content::ReactionAdded { emoji, .. } | Content::ReactionRemoved { emoji, .. } => {
            Some(emoji.as_str())
        }
        _ => None,
    };
    let user = event.subject();
    let (what, value) = match happened(content) {
        Some((what, value)) => (Some(what), value),
        None => (None, None),
    };
    let line = Line {
        conversation: conversation_text(event.conversation),
        kind: Kind::of(content),
        with: event.with_name.as_ref().map(UserName::as_str),
        with_id: event.with.map(|user| user.to_string()),
        room: event.room.as_ref().map(recado_shared::RoomName::as_str),
        author: event.author_name.as_ref().map(UserName::as_str),
        author_id: event.author.to_string(),
        own: event.is_own,
        mentions_me: event.mentions_me,
        seq: event.seq.0,
        id: event.id.to_string(),
        time: timestamp(event.time).to_string(),
        text: event.text(),
        reply_to: content.reply_to().map(|to| to.0),
        target: content.target().map(|target| target.0),
        emoji,
        event: what,
        user: user
            .and_then(|user| names.user(user))
            .map(|name| name.as_str().to_owned()),
        user_id: user.map(|user| user.to_string()),
        value,
        after,
    };
    serde_json::to_string(&line).expect("plain values can be written as JSON")
}

/// What happened to a room, and what it is now.
fn happened(content: &Content) -> Option<(&'static str, Option<String>)> {
    let event = match content {
        Content::Room(event) => event,
        Content::AuthorRemoved => return Some(("author-removed", None)),
        _ => return None,
    };
    Some(match event {
        RoomEvent::Created => ("created", None),
        RoomEvent::Joined => ("joined", None),
        RoomEvent::Left => ("left", None),
        RoomEvent::Invited(_) => ("invited", None),
        RoomEvent::Renamed(name) => ("renamed", Some(name.as_str().to_owned())),
        RoomEvent::Topic(topic) => {
            let topic = topic.as_ref().map(|topic| topic.as_str().to_owned());
            ("topic", Some(topic.unwrap_or_default()))
        }
        RoomEvent::Visibility(visibility) => {
            ("visibility", Some(visibility_word(*visibility).to_owned()))
        }
        RoomEvent::HistoryVisibility(HistoryVisibility::Visible) => {
            ("history", Some("visible".to_owned()))
        }
        RoomEvent::HistoryVisibility(HistoryVisibility::Hidden) => {
            ("history", Some("hidden".to_owned()))
        }
        RoomEvent::Role { role, .. } => ("role", Some(Role::name(*role).to_owned())),
        RoomEvent::Muted { until, .. } => {
            ("muted", until.map(|until| timestamp(until).to_string()))
        }
        RoomEvent::Unmuted(_) => ("unmuted", None),
        RoomEvent::Kicked(_) => ("kicked", None),
        RoomEvent::Banned(_) => ("banned", None),
        RoomEvent::Unbanned(_) => ("unbanned", None),
        RoomEvent::Closed => ("closed", None),
    })
}

/// The word for a visibility.
pub(crate) fn visibility_word(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "public",
        Visibility::Private => "private",
    }
}

/// Writes an event for a person, on one line, with the time as `format` says.
pub(crate) fn plain(event: &Event, names: &NameCache, zone: &TimeZone, format: &str) -> String {
    let time = timestamp(event.time).to_zoned(zone.clone());
    let time = time.strftime(format);
    let author = text::neutralise(&event.author()).into_owned();
    let place = match (&event.room, event.conversation.room(), event.with) {
        (Some(room), _, _) => format!("#{} ", text::neutralise(room.as_str())),
        (None, Some(room), _) => format!("room {room} "),
        (None, None, _) => String::new(),
    };
    let to = match event.with {
        Some(with) if with != event.author => {
            let with_name = event.with_name.as_ref();
            let with_name = with_name.map_or_else(|| format!("user {with}"), ToString::to_string);
            format!(" to {}", text::neutralise(&with_name))
        }
        _ => String::new(),
    };
    let what = what(event, names);
    match &event.content {
        Content::Message(_) | Content::Reply { .. } => {
            format!("{time} {place}{author}{to}: {what}")
        }
        _ => format!("{time} {place}* {author}{to} {what}"),
    }
}

fn what(event: &Event, names: &NameCache) -> String {
    let body = text::neutralise(event.text());
    match &event.content {
        Content::Message(_) | Content::Emote(_) => body.into_owned(),
        Content::Reply { to, .. } => format!("[to {to}] {body}"),
        Content::Edit { target, .. } => format!("edited {target}: {body}"),
        Content::Deletion { target } => format!("deleted {target}"),
        Content::ReactionAdded { target, emoji } => {
            format!(
                "reacted to {target} with {}",
                text::neutralise(emoji.as_str())
            )
        }
        Content::ReactionRemoved { target, emoji } => {
            let emoji = text::neutralise(emoji.as_str());
            format!("removed the reaction {emoji} from {target}")
        }
        Content::Erased(_) => "wrote a message that was deleted".to_owned(),
        content @ (Content::Room(_) | Content::AuthorRemoved) => {
            let (what, value) = happened(content).unwrap_or(("changed the room", None));
            let user = event.subject().map(|user| match names.user(user) {
                Some(name) => format!(" {name}"),
                None => format!(" user {user}"),
            });
            let value = value.map(|value| format!(" {value}")).unwrap_or_default();
            let text = format!("{what}{}{value}", user.unwrap_or_default());
            text::neutralise(&text).into_owned()
        }
    }
}

/// A time as it is printed; one beyond what can be a time is the latest that can.
pub(crate) fn timestamp(time: recado_shared::Timestamp) -> jiff::Timestamp {
    i64::try_from(time.0)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .unwrap_or(jiff::Timestamp::MAX)
}
