//! State of a room with its members, and of a room as one user sees it, moved on by room events.

use std::collections::BTreeMap;

use super::membership::{MemberChange, MemberState, RoomChange, ends_room};
use crate::content::RoomEvent;
use crate::id::UserId;
use crate::room::{Membership, Role, RoomInfo, Visibility};

/// Members of a room, its other users by membership, and its visibility.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomState {
    /// The users who can find and join it.
    pub visibility: Visibility,
    /// Whether it was closed, or all members have left.
    pub is_closed: bool,
    members: BTreeMap<UserId, MemberState>,
    /// Users with a relation to the room who are not in it.
    outsiders: BTreeMap<UserId, MemberState>,
    owners: usize,
}

impl RoomState {
    /// A room that no user has a relation to.
    pub const fn new(visibility: Visibility) -> Self {
        Self {
            visibility,
            is_closed: false,
            members: BTreeMap::new(),
            outsiders: BTreeMap::new(),
            owners: 0,
        }
    }

    /// Sets the relation of a user to the room.
    pub fn insert(&mut self, user: UserId, state: MemberState) {
        let before = if state.is_member() {
            self.outsiders.remove(&user);
            self.owners += usize::from(state.role == Role::Owner);
            self.members.insert(user, state)
        } else {
            self.outsiders.insert(user, state);
            self.members.remove(&user)
        };
        self.owners -= usize::from(before.is_some_and(|before| before.role == Role::Owner));
    }

    /// The state of a user who is in the room.
    pub fn member(&self, user: UserId) -> Option<MemberState> {
        self.members.get(&user).copied()
    }

    /// The state of a user who is not in the room.
    pub fn outsider(&self, user: UserId) -> Option<MemberState> {
        self.outsiders.get(&user).copied()
    }

    /// The members, in the order of their ids.
    pub fn members(&self) -> impl Iterator<Item = UserId> {
        self.members.keys().copied()
    }

    /// Users who are not in the room and have this membership, in the order of their ids.
    pub fn outsiders(&self, membership: Membership) -> impl Iterator<Item = UserId> {
        let all = self.outsiders.iter();
        let found = all.filter(move |(_, state)| state.membership == membership);
        found.map(|(&user, _)| user)
    }

    /// How many members the room has.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether the room has no members.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many of the members are owners.
    pub fn owners(&self) -> usize {
        self.owners
    }

    /// Applies a committed event. Returns its subject, if only the relation of one user changed.
    pub fn apply(&mut self, author: UserId, event: &RoomEvent) -> Option<UserId> {
        let is_ended = self.is_ended_by(event);
        match event.change(author) {
            RoomChange::Member(user, change) => {
                let before = self.member(user).or_else(|| self.outsider(user));
                let state = change.apply(before, self.is_empty())?;
                self.insert(user, state);
                if is_ended {
                    self.close();
                }
                return Some(user);
            }
            RoomChange::Visibility(visibility) => self.visibility = visibility,
            RoomChange::Close => self.close(),
            RoomChange::Name(_) | RoomChange::Topic(_) | RoomChange::History(_) => {}
        }
        None
    }

    /// Whether an event ends the room: its closing, or the last member who leaves.
    pub fn is_ended_by(&self, event: &RoomEvent) -> bool {
        ends_room(event, self.len())
    }

    fn close(&mut self) {
        self.is_closed = true;
        let all = self.members.iter().chain(&self.outsiders);
        let closed: Vec<_> = all.map(|(&user, state)| (user, state.close())).collect();
        for (user, state) in closed {
            self.insert(user, state);
        }
    }
}

impl RoomInfo {
    /// The user's own relation to the room.
    pub fn member_state(&self) -> MemberState {
        MemberState {
            membership: self.membership,
            role: self.role,
            mute: self.mute,
            may_read: self.membership != Membership::Invited,
        }
    }

    /// Applies an event as the user `me` sees the room. `was_member` tells whether the subject was in it
    /// before, as far as known: a ban changes the number of members only then.
    pub fn apply(&mut self, me: UserId, author: UserId, event: &RoomEvent, was_member: bool) {
        match event.change(author) {
            RoomChange::Name(name) => self.name = name.clone(),
            RoomChange::Topic(topic) => self.topic = topic.cloned(),
            RoomChange::Visibility(visibility) => self.visibility = visibility,
            RoomChange::History(history) => self.history = history,
            RoomChange::Close => self.set_member_state(self.member_state().close()),
            RoomChange::Member(user, change) => {
                let own = self.member_state();
                let was_member = if user == me {
                    own.is_member()
                } else {
                    was_member
                };
                let is_empty = self.members == 0;
                match (change, event) {
                    (MemberChange::Enter, RoomEvent::Joined) => {
                        self.members = self.members.saturating_add(1);
                    }
                    (MemberChange::Exit(_), RoomEvent::Left | RoomEvent::Kicked(_)) => {
                        self.members = self.members.saturating_sub(1);
                    }
                    (MemberChange::Exit(_), RoomEvent::Banned(_)) if was_member => {
                        self.members = self.members.saturating_sub(1);
                    }
                    _ => {}
                }
                if user == me
                    && let Some(state) = change.apply(Some(own), is_empty)
                {
                    self.set_member_state(state);
                }
            }
        }
    }

    fn set_member_state(&mut self, state: MemberState) {
        self.membership = state.membership;
        self.role = state.role;
        self.mute = state.mute;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::room::{HistoryVisibility, Mute, RoomName};

    const ALICE: UserId = UserId(1);
    const BOB: UserId = UserId(2);
    const CAROL: UserId = UserId(3);

    fn info(members: u32, role: Role) -> RoomInfo {
        RoomInfo {
            name: RoomName::new("tea").unwrap(),
            topic: None,
            visibility: Visibility::Public,
            history: HistoryVisibility::Visible,
            members,
            membership: Membership::Member,
            role,
            mute: None,
        }
    }

    #[test]
    fn the_state_follows_events_and_counts_owners() {
        let mut room = RoomState::new(Visibility::Private);
        assert_eq!(room.apply(ALICE, &RoomEvent::Created), Some(ALICE));
        assert_eq!(room.apply(ALICE, &RoomEvent::Invited(BOB)), Some(BOB));
        assert_eq!(room.outsiders(Membership::Invited).count(), 1);
        assert_eq!(room.apply(BOB, &RoomEvent::Joined), Some(BOB));
        assert_eq!((room.len(), room.owners()), (2, 1));
        let role = Role::Owner;
        room.apply(ALICE, &RoomEvent::Role { user: BOB, role });
        assert_eq!(room.owners(), 2);
        room.apply(BOB, &RoomEvent::Banned(ALICE));
        assert_eq!((room.len(), room.owners()), (1, 1));
        let alice = room.outsider(ALICE).unwrap();
        assert_eq!(
            (alice.membership, alice.may_read),
            (Membership::Banned, true)
        );
        assert_eq!(room.apply(BOB, &RoomEvent::Topic(None)), None);
        room.apply(BOB, &RoomEvent::Invited(CAROL));
        assert_eq!(room.apply(BOB, &RoomEvent::Closed), None);
        assert_eq!((room.len(), room.owners()), (0, 0));
        let left: Vec<_> = room.outsiders(Membership::Left).collect();
        assert_eq!(left, [BOB, CAROL]);
    }

    #[test]
    fn the_info_counts_members_and_follows_the_own_relation() {
        let mut room = info(3, Role::Moderator);
        room.apply(ALICE, BOB, &RoomEvent::Left, true);
        room.apply(ALICE, CAROL, &RoomEvent::Banned(BOB), false);
        assert_eq!(room.members, 2);
        let until = None;
        room.apply(ALICE, CAROL, &RoomEvent::Muted { user: ALICE, until }, true);
        assert_eq!(room.mute, Some(Mute { until }));
        room.apply(ALICE, CAROL, &RoomEvent::Kicked(ALICE), true);
        let own = (room.membership, room.role, room.members);
        assert_eq!(own, (Membership::Kicked, Role::Member, 1));
        room.apply(ALICE, ALICE, &RoomEvent::Joined, false);
        assert_eq!((room.membership, room.members), (Membership::Member, 2));
        let name = RoomName::new("coffee").unwrap();
        room.apply(ALICE, CAROL, &RoomEvent::Renamed(name.clone()), false);
        assert_eq!(room.name, name);
    }

    #[test]
    fn a_lifted_ban_is_the_same_to_the_room_and_to_its_info() {
        let mut room = RoomState::new(Visibility::Public);
        let mut seen = info(2, Role::Member);
        room.apply(ALICE, &RoomEvent::Created);
        room.apply(BOB, &RoomEvent::Joined);
        for event in [RoomEvent::Banned(BOB), RoomEvent::Unbanned(BOB)] {
            room.apply(ALICE, &event);
            seen.apply(BOB, ALICE, &event, true);
        }
        assert_eq!(room.outsider(BOB).unwrap().membership, Membership::Kicked);
        assert_eq!(seen.membership, Membership::Kicked);
    }
}
