//! Room events as sentences.

use std::time::Duration;

use recado_shared::{HistoryVisibility, RoomEvent, Timestamp, UserId, Visibility};

use super::time::duration;

/// A sentence about a room event at `time`. `name` gives the name of a user, or `you`.
pub(crate) fn describe_event(
    author: UserId,
    event: &RoomEvent,
    time: Timestamp,
    name: impl Fn(UserId) -> String,
) -> String {
    let predicate = match event {
        RoomEvent::Created => "created the room".to_owned(),
        RoomEvent::Joined => "joined".to_owned(),
        RoomEvent::Left => "left".to_owned(),
        RoomEvent::Invited(user) => format!("invited {}", name(*user)),
        RoomEvent::Renamed(room) => format!("renamed the room to #{room}"),
        RoomEvent::Topic(Some(topic)) => {
            format!(
                "set the topic to {}",
                super::conversation::shown(topic.as_str())
            )
        }
        RoomEvent::Topic(None) => "removed the topic".to_owned(),
        RoomEvent::Visibility(Visibility::Public) => "made the room public".to_owned(),
        RoomEvent::Visibility(Visibility::Private) => "made the room private".to_owned(),
        RoomEvent::HistoryVisibility(HistoryVisibility::Visible) => {
            "made the history visible to new members".to_owned()
        }
        RoomEvent::HistoryVisibility(HistoryVisibility::Hidden) => {
            "hid the history from new members".to_owned()
        }
        RoomEvent::Role { user, role } => {
            format!("made {} {}", name(*user), with_article(role.name()))
        }
        RoomEvent::Muted { user, until } => {
            let left = until.map(|until| Duration::from_millis(until.0.saturating_sub(time.0)));
            match left {
                Some(left) => format!("muted {} for {}", name(*user), duration(left)),
                None => format!("muted {}", name(*user)),
            }
        }
        RoomEvent::Unmuted(user) => format!("unmuted {}", name(*user)),
        RoomEvent::Kicked(user) => format!("removed {}", name(*user)),
        RoomEvent::Banned(user) => format!("banned {}", name(*user)),
        RoomEvent::Unbanned(user) => format!("unbanned {}", name(*user)),
        RoomEvent::Closed => return "the room was closed".to_owned(),
    };
    format!("{} {predicate}", name(author))
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}
