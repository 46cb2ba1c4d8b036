//! Entry of a conversation with the names that belong to it, as readers get it.

use recado_shared::client::NameCache;
use recado_shared::rules::mention::mentions;
use recado_shared::{
    Content, ConversationId, Entry, MessageBody, MessageId, RoomName, Seq, Timestamp, UserId,
    UserName,
};

/// Something that was appended to a conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub conversation: ConversationId,
    /// The name of a room, if it is known.
    pub room: Option<RoomName>,
    /// In a direct conversation, the other user.
    pub with: Option<UserId>,
    /// `None` if it is not known.
    pub with_name: Option<UserName>,
    pub author: UserId,
    /// `None` if it is not known.
    pub author_name: Option<UserName>,
    /// Whether the author is the user, on any device.
    pub is_own: bool,
    /// Whether its text mentions the user, by the rules of [`mentions`].
    pub mentions_me: bool,
    pub seq: Seq,
    pub id: MessageId,
    /// When the server accepted it.
    pub time: Timestamp,
    pub content: Content,
}

impl Event {
    /// The text of the message; empty for other contents.
    pub fn text(&self) -> &str {
        self.content.body().map_or("", MessageBody::as_str)
    }

    /// Whether it is a message, of the user or another one, that was not erased.
    pub fn is_message(&self) -> bool {
        self.content.is_message() && self.content.body().is_some()
    }

    /// The subject of a room event, such as the one who was invited.
    pub fn subject(&self) -> Option<UserId> {
        match &self.content {
            Content::Room(event) => event.subject(),
            _ => None,
        }
    }

    /// Whether it is in a direct conversation.
    pub fn is_direct(&self) -> bool {
        self.conversation.pair().is_some()
    }

    /// The author's name, or a stand-in where it is not known.
    pub fn author(&self) -> String {
        let name = self.author_name.as_ref();
        name.map_or_else(|| format!("user {}", self.author), ToString::to_string)
    }

    pub(crate) fn new(
        me: (UserId, &UserName),
        conversation: ConversationId,
        entry: Entry,
        names: &NameCache,
    ) -> Self {
        let name = |user| names.user(user).cloned();
        let with = conversation
            .pair()
            .map(|_| conversation.peer_of(me.0).unwrap_or(me.0));
        let body = entry.content.body().map_or("", MessageBody::as_str);
        Self {
            conversation,
            room: names.room(conversation).cloned(),
            with,
            with_name: with.and_then(name),
            author: entry.author,
            author_name: name(entry.author),
            is_own: entry.author == me.0,
            mentions_me: !mentions(body, me.1.as_str(), |name| names.has_user(name)).is_empty(),
            seq: entry.seq,
            id: entry.id,
            time: entry.time,
            content: entry.content,
        }
    }
}
