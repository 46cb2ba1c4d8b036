//! What the app knows of a room: its facts, kept up to date by the entries that change them, and
//! the lookups by name that commands need.

use recado_shared::limits::MAX_MEMBERS_WITH_CURSORS;
use recado_shared::{Entry, Membership, Mute, Role, RoomEvent, RoomId, RoomInfo, Seq, UserId};

use crate::app::conversation::state::Conversation;

/// A room as the app knows it.
#[derive(Debug)]
pub(in crate::app) struct Room {
    /// As the server last said, moved on by what came since; `None` before it has said anything.
    pub(in crate::app) facts: Option<RoomInfo>,
    /// Up to which entry the facts are true.
    facts_at: Seq,
    /// The name with the mark of rooms before it.
    label: String,
}

impl Room {
    pub(in crate::app) fn new(id: RoomId) -> Self {
        Self {
            facts: None,
            facts_at: Seq::ZERO,
            label: format!("#room-{id}"),
        }
    }

    pub(in crate::app) fn label(&self) -> &str {
        &self.label
    }

    pub(in crate::app) fn set_facts(&mut self, facts: RoomInfo, at: Seq) {
        if at >= self.facts_at {
            self.label = format!("#{}", facts.name);
            self.facts_at = at;
            self.facts = Some(facts);
        }
    }

    /// How the user stands to the room; a room of which nothing is known is one they are in.
    pub(in crate::app) fn membership(&self) -> Membership {
        let facts = self.facts.as_ref();
        facts.map_or(Membership::Member, |facts| facts.membership)
    }

    /// Whether everybody in the room is told how far the others have got.
    pub(in crate::app) fn has_cursors(&self) -> bool {
        self.facts.as_ref().is_some_and(|facts| {
            usize::try_from(facts.members).is_ok_and(|members| members <= MAX_MEMBERS_WITH_CURSORS)
        })
    }

    /// Takes over what an entry says of the room. `keeps_out` is whether it bans somebody who was
    /// not in it. Returns whether that was news.
    fn follow(&mut self, entry: &Entry, event: &RoomEvent, me: UserId, keeps_out: bool) -> bool {
        let Some(facts) = &mut self.facts else {
            return false;
        };
        if entry.seq <= self.facts_at {
            return false;
        }
        self.facts_at = entry.seq;
        if !keeps_out {
            apply(facts, entry.author, event, me);
        }
        if matches!(event, RoomEvent::Renamed(_)) {
            self.label = format!("#{}", facts.name);
        }
        true
    }
}

fn apply(facts: &mut RoomInfo, author: UserId, event: &RoomEvent, me: UserId) {
    let mut leaves = |user: UserId, membership: Membership| {
        facts.members = facts.members.saturating_sub(1);
        if user == me {
            facts.membership = membership;
            facts.role = Role::Member;
            facts.mute = None;
        }
    };
    match event {
        RoomEvent::Created => {}
        RoomEvent::Joined => {
            facts.members = facts.members.saturating_add(1);
            if author == me {
                facts.membership = Membership::Member;
            }
        }
        RoomEvent::Left => leaves(author, Membership::Left),
        RoomEvent::Kicked(user) => leaves(*user, Membership::Kicked),
        RoomEvent::Banned(user) => leaves(*user, Membership::Banned),
        RoomEvent::Unbanned(user) => {
            if *user == me {
                facts.membership = Membership::Left;
            }
        }
        RoomEvent::Invited(user) => {
            if *user == me && facts.membership != Membership::Member {
                facts.membership = Membership::Invited;
            }
        }
        RoomEvent::Renamed(name) => facts.name = name.clone(),
        RoomEvent::Topic(topic) => facts.topic.clone_from(topic),
        RoomEvent::Visibility(visibility) => facts.visibility = *visibility,
        RoomEvent::HistoryVisibility(history) => facts.history = *history,
        RoomEvent::Role { user, role } => {
            if *user == me {
                facts.role = *role;
            }
        }
        RoomEvent::Muted { user, until } => {
            if *user == me {
                facts.mute = Some(Mute { until: *until });
            }
        }
        RoomEvent::Unmuted(user) => {
            if *user == me {
                facts.mute = None;
            }
        }
        RoomEvent::Closed => facts.membership = Membership::Left,
    }
}

impl Conversation {
    /// Takes over what an entry says of the room and its members. Returns whether that was news.
    pub(in crate::app) fn follow_room(&mut self, entry: &Entry, event: &RoomEvent) -> bool {
        let me = self.me();
        let keeps_out = matches!(
            event,
            RoomEvent::Banned(user) if *user != me && !self.may_be_in(*user)
        );
        let Some(room) = self.room_mut() else {
            return false;
        };
        if !room.follow(entry, event, me, keeps_out) {
            return false;
        }
        match event {
            RoomEvent::Joined => self.add_member(entry.author, entry.seq),
            RoomEvent::Left => self.remove_member(entry.author),
            RoomEvent::Kicked(user) | RoomEvent::Banned(user) => self.remove_member(*user),
            RoomEvent::Created
            | RoomEvent::Unbanned(_)
            | RoomEvent::Invited(_)
            | RoomEvent::Renamed(_)
            | RoomEvent::Topic(_)
            | RoomEvent::Visibility(_)
            | RoomEvent::HistoryVisibility(_)
            | RoomEvent::Role { .. }
            | RoomEvent::Muted { .. }
            | RoomEvent::Unmuted(_)
            | RoomEvent::Closed => {}
        }
        true
    }

    /// How the user stands to it; they are always in a direct conversation.
    pub(in crate::app) fn membership(&self) -> Membership {
        self.room().map_or(Membership::Member, Room::membership)
    }
}
