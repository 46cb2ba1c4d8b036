//! Who stands how to which room: read from the store at the start, then following what was
//! committed.

use std::collections::{BTreeMap, BTreeSet};

use recado_shared::{
    Content, ConversationId, Entry, Membership, Mute, Role, RoomEvent, RoomId, UserId, Visibility,
};

use crate::store::{NewRoom, RosterMember, StoredRoster};

/// All rooms, and how people stand to each other.
#[derive(Debug, Default)]
pub(super) struct Roster {
    rooms: BTreeMap<RoomId, Room>,
    /// The rooms that a user is in.
    rooms_of: BTreeMap<UserId, BTreeSet<RoomId>>,
    /// Who blocks whom.
    blocks: BTreeSet<(UserId, UserId)>,
    /// Users who are not let in.
    closed: BTreeSet<UserId>,
}

/// One room.
#[derive(Debug)]
pub(super) struct Room {
    pub(super) visibility: Visibility,
    pub(super) is_closed: bool,
    /// Who is in it.
    members: BTreeMap<UserId, Member>,
    /// Everybody else who stands to it in some way.
    outside: BTreeMap<UserId, Outsider>,
    owners: usize,
}

/// Somebody in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) role: Role,
    pub(super) mute: Option<Mute>,
}

/// Somebody who is not in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outsider {
    pub(super) standing: Membership,
    /// Whether they were a member once.
    pub(super) has_read: bool,
    /// Kept, so that leaving does not end it.
    mute: Option<Mute>,
}

impl Room {
    fn new(visibility: Visibility) -> Self {
        Self {
            visibility,
            is_closed: false,
            members: BTreeMap::new(),
            outside: BTreeMap::new(),
            owners: 0,
        }
    }

    pub(super) fn member(&self, user: UserId) -> Option<Member> {
        self.members.get(&user).copied()
    }

    pub(super) fn outsider(&self, user: UserId) -> Option<Outsider> {
        self.outside.get(&user).copied()
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn owners(&self) -> usize {
        self.owners
    }

    /// How many people stand to the room like this without being in it.
    pub(super) fn outsiders(&self, standing: Membership) -> usize {
        let is_so = |outsider: &&Outsider| outsider.standing == standing;
        self.outside.values().filter(is_so).count()
    }

    /// Who is asked in and has not come.
    pub(super) fn invited(&self) -> Vec<UserId> {
        let outside = self.outside.iter();
        let invited = outside.filter(|(_, outsider)| outsider.standing == Membership::Invited);
        invited.map(|(&user, _)| user).collect()
    }

    fn set_member(&mut self, user: UserId, member: Member) {
        self.outside.remove(&user);
        let before = self.members.insert(user, member);
        let was_owner = before.is_some_and(|member| member.role == Role::Owner);
        self.owners += usize::from(member.role == Role::Owner);
        self.owners -= usize::from(was_owner);
    }

    /// Takes over what happened. Returns whose standing it changed.
    fn follow(&mut self, author: UserId, event: &RoomEvent) -> Option<UserId> {
        match event {
            RoomEvent::Joined => {
                let mute = self.outsider(author).and_then(|outsider| outsider.mute);
                // Whoever comes into a room that everybody left has it.
                let role = if self.members.is_empty() {
                    Role::Owner
                } else {
                    Role::Member
                };
                self.set_member(author, Member { role, mute });
                Some(author)
            }
            RoomEvent::Left => Some(self.set_outside(author, Membership::Left)),
            RoomEvent::Kicked(user) | RoomEvent::Unbanned(user) => {
                Some(self.set_outside(*user, Membership::Kicked))
            }
            RoomEvent::Banned(user) => Some(self.set_outside(*user, Membership::Banned)),
            RoomEvent::Invited(user) => Some(self.set_outside(*user, Membership::Invited)),
            RoomEvent::Role { user, role } => {
                let role = *role;
                self.change(*user, |member| Member { role, ..member })
            }
            RoomEvent::Muted { user, until } => {
                let mute = Some(Mute { until: *until });
                self.change(*user, |member| Member { mute, ..member })
            }
            RoomEvent::Unmuted(user) => self.change(*user, |member| Member {
                mute: None,
                ..member
            }),
            RoomEvent::Visibility(visibility) => {
                self.visibility = *visibility;
                None
            }
            RoomEvent::Closed => {
                self.is_closed = true;
                let members: Vec<_> = self.members.keys().copied().collect();
                for user in members.into_iter().chain(self.invited()) {
                    self.set_outside(user, Membership::Left);
                }
                None
            }
            RoomEvent::Created
            | RoomEvent::Renamed(_)
            | RoomEvent::Topic(_)
            | RoomEvent::HistoryVisibility(_) => None,
        }
    }

    fn change(&mut self, user: UserId, how: impl FnOnce(Member) -> Member) -> Option<UserId> {
        let member = self.member(user)?;
        self.set_member(user, how(member));
        Some(user)
    }

    fn set_outside(&mut self, user: UserId, standing: Membership) -> UserId {
        let member = self.members.remove(&user);
        let before = self.outside.get(&user);
        let outsider = Outsider {
            standing,
            has_read: member.is_some() || before.is_some_and(|before| before.has_read),
            mute: member.map_or_else(
                || before.and_then(|before| before.mute),
                |member| member.mute,
            ),
        };
        self.owners -= usize::from(member.is_some_and(|member| member.role == Role::Owner));
        self.outside.insert(user, outsider);
        user
    }
}

impl Roster {
    pub(super) fn new(stored: StoredRoster) -> Self {
        let mut roster = Self {
            blocks: stored.blocks.into_iter().collect(),
            closed: stored.closed.into_iter().collect(),
            ..Self::default()
        };
        for stored in stored.rooms {
            let mut room = Room::new(stored.visibility);
            room.is_closed = stored.is_closed;
            for (user, found) in stored.members {
                let RosterMember {
                    standing,
                    role,
                    mute,
                    has_read,
                } = found;
                if standing == Membership::Member {
                    room.set_member(user, Member { role, mute });
                    roster.rooms_of.entry(user).or_default().insert(stored.room);
                } else {
                    let outsider = Outsider {
                        standing,
                        has_read,
                        mute,
                    };
                    room.outside.insert(user, outsider);
                }
            }
            roster.rooms.insert(stored.room, room);
        }
        roster
    }

    pub(super) fn room(&self, room: RoomId) -> Option<&Room> {
        self.rooms.get(&room)
    }

    /// How many rooms a user is in.
    pub(super) fn rooms_of(&self, user: UserId) -> usize {
        self.rooms_of.get(&user).map_or(0, BTreeSet::len)
    }

    /// The members of a room; empty if there is no such room.
    pub(super) fn members(&self, room: RoomId) -> impl Iterator<Item = UserId> {
        let room = self.rooms.get(&room).into_iter();
        room.flat_map(|room| room.members.keys().copied())
    }

    /// Whether a user is in a conversation.
    pub(super) fn is_member(&self, conversation: ConversationId, user: UserId) -> bool {
        match conversation {
            ConversationId::Direct(_) => conversation.peer_of(user).is_some(),
            ConversationId::Room(room) => {
                let room = self.rooms.get(&room);
                room.is_some_and(|room| room.members.contains_key(&user))
            }
        }
    }

    /// Whether a user blocks another one.
    pub(super) fn blocks(&self, user: UserId, other: UserId) -> bool {
        self.blocks.contains(&(user, other))
    }

    /// Whether something of one user may reach the other: messages, invitations.
    pub(super) fn takes_from(&self, user: UserId, from: UserId) -> bool {
        user == from || !(self.closed.contains(&user) || self.blocks(user, from))
    }

    /// A user blocks another one, or no longer. Returns whether that is new.
    pub(super) fn set_blocked(&mut self, user: UserId, other: UserId, is_on: bool) -> bool {
        if is_on {
            self.blocks.insert((user, other))
        } else {
            self.blocks.remove(&(user, other))
        }
    }

    /// A user is let in, or not.
    pub(super) fn set_closed(&mut self, user: UserId, is_closed: bool) {
        if is_closed {
            self.closed.insert(user);
        } else {
            self.closed.remove(&user);
        }
    }

    /// A room was made.
    pub(super) fn created(&mut self, id: RoomId, new: &NewRoom) {
        let mut room = Room::new(new.visibility);
        let owner = Member {
            role: Role::Owner,
            mute: None,
        };
        room.set_member(new.author, owner);
        self.rooms.insert(id, room);
        self.rooms_of.entry(new.author).or_default().insert(id);
    }

    /// An entry was committed. Returns whose own standing it changed.
    pub(super) fn follow(&mut self, conversation: ConversationId, entry: &Entry) -> Option<UserId> {
        let (ConversationId::Room(id), Content::Room(event)) = (conversation, &entry.content)
        else {
            return None;
        };
        let room = self.rooms.get_mut(&id)?;
        let before: Vec<_> = if *event == RoomEvent::Closed {
            room.members.keys().copied().collect()
        } else {
            Vec::new()
        };
        let concerned = room.follow(entry.author, event);
        for user in before.into_iter().chain(concerned) {
            let rooms = self.rooms_of.entry(user).or_default();
            if room.members.contains_key(&user) {
                rooms.insert(id);
            } else {
                rooms.remove(&id);
            }
            if rooms.is_empty() {
                self.rooms_of.remove(&user);
            }
        }
        concerned
    }
}
