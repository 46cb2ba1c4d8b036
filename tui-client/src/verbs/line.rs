//! Printed form of an entry: a line of JSON for programs, a line of text for people.

use clap::ValueEnum;
use jiff::tz::TimeZone;
use recado_shared::client::NameCache;
use recado_shared::{
    Content, ConversationId, ErasedKind, RoomEvent, RoomName, Timestamp, Topic, UserId, UserName,
    text,
};
use serde::Serialize;

use crate::client::{Event, Sent};
use crate::output::{json_text, print};

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
    /// Whether `--kinds` has the kind of this event; none stands for all.
    pub(super) fn is_among(kinds: &[Self], event: &Event) -> bool {
        kinds.is_empty() || kinds.contains(&Self::of(&event.content))
    }

    fn of(content: &Content) -> Self {
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
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

pub(super) fn conversation_text(conversation: ConversationId) -> String {
    match conversation {
        ConversationId::Direct(pair) => format!("direct/{}/{}", pair.low(), pair.high()),
        ConversationId::Room(room) => format!("room/{room}"),
    }
}

/// Writes an event as JSON. `after` is the resume token.
pub(super) fn json(event: &Event, names: &NameCache, after: Option<String>) -> String {
    let content = &event.content;
    let emoji = match content {
        Content::ReactionAdded { emoji, .. } | Content::ReactionRemoved { emoji, .. } => {
            Some(emoji.as_str())
        }
        _ => None,
    };
    let user = event.subject();
    let (change, value) = room_change(content).unzip();
    let line = Line {
        conversation: conversation_text(event.conversation),
        kind: Kind::of(content),
        with: event.with_name.as_ref().map(UserName::as_str),
        with_id: event.with.map(|user| user.to_string()),
        room: event.room.as_ref().map(RoomName::as_str),
        author: event.author_name.as_ref().map(UserName::as_str),
        author_id: event.author.to_string(),
        own: event.is_own,
        mentions_me: event.mentions_me,
        seq: event.seq.0,
        id: event.id.to_string(),
        time: utc_text(event.time),
        text: event.text(),
        reply_to: content.reply_to().map(|to| to.0),
        target: content.target().map(|target| target.0),
        emoji,
        event: change,
        user: user.and_then(|user| names.user(user)).map(UserName::as_str),
        user_id: user.map(|user| user.to_string()),
        value: value.flatten(),
        after,
    };
    json_text(&line)
}

/// The name of a change to a room, and the new value.
fn room_change(content: &Content) -> Option<(&'static str, Option<String>)> {
    let event = match content {
        Content::Room(event) => event,
        Content::AuthorRemoved => return Some(("author-removed", None)),
        _ => return None,
    };
    let value = match event {
        RoomEvent::Renamed(name) => Some(name.to_string()),
        RoomEvent::Topic(topic) => Some(topic.as_ref().map(Topic::to_string).unwrap_or_default()),
        RoomEvent::Visibility(visibility) => Some(<&str>::from(visibility).to_owned()),
        RoomEvent::HistoryVisibility(history) => Some(<&str>::from(history).to_owned()),
        RoomEvent::Role { role, .. } => Some(role.name().to_owned()),
        RoomEvent::Muted { until, .. } => until.map(utc_text),
        _ => None,
    };
    Some((event.into(), value))
}

pub(super) fn plain(
    event: &Event,
    names: &NameCache,
    zone: &TimeZone,
    time_format: &str,
) -> String {
    let time = timestamp(event.time).to_zoned(zone.clone());
    let time = time.strftime(time_format);
    let author = text::neutralise(&event.author()).into_owned();
    let place = match (&event.room, event.conversation.room()) {
        (Some(room), _) => format!("#{} ", text::neutralise(room.as_str())),
        (None, Some(room)) => format!("room {room} "),
        (None, None) => String::new(),
    };
    let peer = event.with.filter(|&peer| peer != event.author);
    let to = peer.map(|peer| format!(" to {}", text::neutralise(&user_label(names, peer))));
    let to = to.unwrap_or_default();
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
            let emoji = text::neutralise(emoji.as_str());
            format!("reacted to {target} with {emoji}")
        }
        Content::ReactionRemoved { target, emoji } => {
            let emoji = text::neutralise(emoji.as_str());
            format!("removed the reaction {emoji} from {target}")
        }
        Content::Erased(_) => "wrote a message that was deleted".to_owned(),
        content @ (Content::Room(_) | Content::AuthorRemoved) => {
            let (change, value) = room_change(content).unwrap_or_default();
            let user = event.subject().map(|user| user_label(names, user));
            let words = [Some(change.to_owned()), user, value];
            let text = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
            text::neutralise(&text).into_owned()
        }
    }
}

pub(super) fn utc_text(time: Timestamp) -> String {
    timestamp(time).to_string()
}

/// What `--json` prints of an accepted entry: a stable interface.
#[derive(Serialize)]
struct SentLine<'a> {
    conversation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    room: Option<&'a str>,
    seq: u64,
    id: String,
    time: String,
}

pub(super) fn print_sent(sent: &Sent, room: Option<&str>) {
    let line = SentLine {
        conversation: conversation_text(sent.conversation),
        room,
        seq: sent.seq.0,
        id: sent.id.to_string(),
        time: utc_text(sent.time),
    };
    // A reader that has gone is no error.
    let _ = print(&json_text(&line));
}

pub(super) fn user_label(names: &NameCache, user: UserId) -> String {
    let name = names.user(user);
    name.map_or_else(|| format!("user {user}"), ToString::to_string)
}

/// A time to print; one beyond what can be a time is the latest that can.
pub(super) fn timestamp(time: Timestamp) -> jiff::Timestamp {
    i64::try_from(time.0)
        .ok()
        .and_then(|millis| jiff::Timestamp::from_millisecond(millis).ok())
        .unwrap_or(jiff::Timestamp::MAX)
}
