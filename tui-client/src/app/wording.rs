//! How what happened to a room is told.

use recado_shared::{HistoryVisibility, RoomEvent, Topic, UserId, Visibility};

use super::App;

impl App {
    /// What happened to a room, in a sentence.
    pub(super) fn event_text(&self, author: UserId, event: &RoomEvent) -> String {
        told(author, event, |user| self.told_name(user).to_owned())
    }

    fn told_name(&self, user: UserId) -> &str {
        if self.user() == Some(user) {
            "you"
        } else {
            self.name_of(user)
        }
    }
}

/// What somebody did to a room, in a sentence.
pub(crate) fn told(author: UserId, event: &RoomEvent, name: impl Fn(UserId) -> String) -> String {
    let who = name(author);
    let whom = |user: &UserId| name(*user);
    match event {
        RoomEvent::Created => format!("{who} made the room"),
        RoomEvent::Joined => format!("{who} joined"),
        RoomEvent::Left => format!("{who} left"),
        RoomEvent::Invited(user) => format!("{who} invited {}", whom(user)),
        RoomEvent::Renamed(name) => format!("{who} renamed the room to #{name}"),
        RoomEvent::Topic(Some(topic)) => {
            format!("{who} set the topic to {}", Topic::as_str(topic))
        }
        RoomEvent::Topic(None) => format!("{who} removed the topic"),
        RoomEvent::Visibility(Visibility::Public) => format!("{who} made the room public"),
        RoomEvent::Visibility(Visibility::Private) => format!("{who} made the room private"),
        RoomEvent::HistoryVisibility(HistoryVisibility::Visible) => {
            format!("{who} lets new members see the past")
        }
        RoomEvent::HistoryVisibility(HistoryVisibility::Hidden) => {
            format!("{who} hides the past from new members")
        }
        RoomEvent::Role { user, role } => {
            format!("{who} made {} {}", whom(user), with_article(role.name()))
        }
        RoomEvent::Muted { user, until: None } => format!("{who} muted {}", whom(user)),
        RoomEvent::Muted { user, .. } => format!("{who} muted {} for a while", whom(user)),
        RoomEvent::Unmuted(user) => format!("{who} unmuted {}", whom(user)),
        RoomEvent::Kicked(user) => format!("{who} sent {} out", whom(user)),
        RoomEvent::Banned(user) => format!("{who} banned {}", whom(user)),
        RoomEvent::Unbanned(user) => format!("{who} lifted the ban of {}", whom(user)),
        RoomEvent::Closed => "the room was closed".to_owned(),
    }
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o', 'u']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}
