//! The client's view of a room: its `RoomInfo`, kept up to date by the room events of the log.

use recado_shared::limits::MAX_MEMBERS_WITH_CURSORS;
use recado_shared::rules::membership::{MemberChange, RoomChange};
use recado_shared::{Content, Entry, Membership, RoomEvent, RoomId, RoomInfo, Seq, UserId};

use super::state::Conversation;

#[derive(Debug)]
pub(crate) struct Room {
    /// As the server last said, moved on by what came since; `None` before it has said anything.
    pub(crate) info: Option<RoomInfo>,
    /// The entry up to which `info` is true.
    info_at: Seq,
    /// The name with the mark of rooms before it.
    pub(crate) label: String,
}

impl Room {
    pub(crate) fn new(id: RoomId) -> Self {
        Self {
            info: None,
            info_at: Seq::ZERO,
            label: format!("#room-{id}"),
        }
    }

    pub(super) fn set_info(&mut self, info: RoomInfo, at: Seq) {
        if at >= self.info_at {
            self.label = format!("#{}", info.name);
            self.info_at = at;
            self.info = Some(info);
        }
    }

    /// The membership of the user, who is a member of a room of which nothing is known.
    pub(crate) fn membership(&self) -> Membership {
        let info = self.info.as_ref();
        info.map_or(Membership::Member, |info| info.membership)
    }

    /// Whether the room is small enough for its members to see the cursors of the others.
    pub(super) fn has_cursors(&self) -> bool {
        self.info.as_ref().is_some_and(|info| {
            usize::try_from(info.members).is_ok_and(|members| members <= MAX_MEMBERS_WITH_CURSORS)
        })
    }

    /// Applies an event of the log; `was_member` says whether its subject was in the room.
    /// Returns whether it is newer than `info`.
    fn follow(&mut self, entry: &Entry, event: &RoomEvent, me: UserId, was_member: bool) -> bool {
        let Some(info) = self.info.as_mut().filter(|_| entry.seq > self.info_at) else {
            return false;
        };
        self.info_at = entry.seq;
        info.apply(me, entry.author, event, was_member);
        self.label = format!("#{}", info.name);
        true
    }
}

impl Conversation {
    /// Takes over what an entry says of the room and its members. Returns whether that was news.
    pub(crate) fn follow_room(&mut self, entry: &Entry, event: &RoomEvent) -> bool {
        let change = event.change(entry.author);
        let was_member = event.subject().is_none_or(|user| self.may_be_in(user));
        let is_news =
            (self.room.as_mut()).is_some_and(|room| room.follow(entry, event, self.me, was_member));
        if is_news && let RoomChange::Member(user, MemberChange::Enter) = change {
            self.add_member(user, entry.seq);
        } else if is_news && let RoomChange::Member(user, MemberChange::Exit(_)) = change {
            self.remove_member(user);
        }
        is_news
    }

    /// Whether the room has ended: nothing follows its closing in the log, and its last member has left it.
    pub(crate) fn is_closed(&self) -> bool {
        let last = self.log.entry(self.log.newest);
        let info = self.room().and_then(|room| room.info.as_ref());
        last.is_some_and(|entry| entry.content == Content::Room(RoomEvent::Closed))
            || info.is_some_and(|info| info.members == 0 && info.membership == Membership::Left)
    }

    /// The membership of the user, who is always a member of a direct conversation.
    pub(crate) fn membership(&self) -> Membership {
        self.room().map_or(Membership::Member, Room::membership)
    }
}
